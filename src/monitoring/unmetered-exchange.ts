import { catchUp } from "../core/afterwards.ts";
import { installedRecorder } from "../metrics/recorder.ts";
import { headOf, type HttpExchange } from "./http-exchange.ts";
import { observeNoted } from "./observer.ts";
import { quietly } from "./quietly.ts";

/** What is known of a request of which only that can be told. */
export interface UnmeteredRequest {
	readonly route: string;
	readonly provider: string;
	readonly model: string;
	/** Whether its sender says so. */
	readonly isRetry: boolean;
	readonly signal: AbortSignal | undefined;
}

/** A request that costs money, to an API that we do not read: an attempt, and no price. */
export class UnmeteredExchange implements HttpExchange {
	readonly #request: UnmeteredRequest;

	constructor(request: UnmeteredRequest) {
		this.#request = request;
		const { isRetry, model, provider } = request;
		const { value: recorder } = installedRecorder;
		if (!isRetry) return;
		catchUp();
		recorder?.retry(recorder.target(provider, model));
	}

	answered(response: Response): void {
		const { value: recorder } = installedRecorder;
		if (recorder === undefined) return;
		const { model, provider, route } = this.#request;
		quietly("call", "An attempt could not be recorded.", () => {
			catchUp();
			const status = headOf(response)?.status ?? 500;
			const target = recorder.target(provider, model);
			recorder.attempt(target, status === 429 ? "rate_limited" : status < 400 ? "success" : "error");
			if (status === 429) observeNoted("rate_limited", route, model, provider);
			if (status >= 400) return;
			recorder.unpriced(recorder.pair(route, model), "unmetered_api");
			observeNoted("unpriced", route, model, provider);
		});
	}

	failed(): void {
		const { value: recorder } = installedRecorder;
		if (recorder === undefined) return;
		const { model, provider, signal } = this.#request;
		quietly("call", "An attempt could not be recorded.", () => {
			catchUp();
			const hasLeft = signal?.aborted === true && !isTimeout(signal.reason);
			recorder.attempt(recorder.target(provider, model), hasLeft ? "aborted" : "error");
		});
	}
}

function isTimeout(reason: unknown): boolean {
	return reason instanceof Error && reason.name === "TimeoutError";
}
