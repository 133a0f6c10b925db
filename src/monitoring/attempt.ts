import { catchUp } from "../core/afterwards.ts";
import type { ErrorType } from "../core/llm-error.ts";
import { RATE_LIMIT_RESOURCES } from "../metrics/catalog.ts";
import { installedRecorder, type Recorder } from "../metrics/recorder.ts";
import { parseRemaining } from "../wire/rate-limit-headers.ts";
import type { WireFormat } from "../wire/wire-format.ts";
import type { Call } from "./call.ts";
import { observeNoted } from "./observer.ts";
import { quietly } from "./quietly.ts";

/** Whose HTTP request it is. */
export interface Sender {
	readonly provider: string;
	readonly model: string;
	/** The API that it asks, where that is known. */
	readonly format?: WireFormat | undefined;
}

interface AnswerHeaders {
	get(name: string): string | null;
}

/** One HTTP request of a call. Its methods do not throw; the first of them counts. */
export class Attempt {
	/** The HTTP status, once there is one. */
	status: number | undefined = undefined;
	readonly #call: Call;
	readonly #sender: Sender;

	constructor(call: Call, sender: Sender) {
		this.#call = call;
		this.#sender = sender;
	}

	/** Whether an answer has begun, which may be billed however it ends. */
	get isOk(): boolean {
		return this.status !== undefined && this.status < 300;
	}

	/** Whether it ended as only something passing does, so that one asks again. */
	get isRetryable(): boolean {
		const { status } = this;
		return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
	}

	/** Its sender says that another one came before it. */
	isRetry(): void {
		const { value: recorder } = installedRecorder;
		recorder?.retry(this.#target(recorder));
	}

	/** The provider has answered: its headers are here. */
	answered(status: number, headers: AnswerHeaders): void {
		this.begun(status);
		this.counted(headers);
	}

	/** The same, to be counted later; only of what is no error. */
	begun(status: number): void {
		this.status = status;
		this.#call.lastAttempt = this;
	}

	/** What has {@link begun} counts, and what its headers say of limits. */
	counted(headers: AnswerHeaders): void {
		const { value: recorder } = installedRecorder;
		const { status = 0 } = this;
		const call = this.#call;
		if (recorder === undefined) return;
		quietly("call", "An attempt could not be recorded.", () => {
			const target = this.#target(recorder);
			if ((status === 429 || status === 503) && !call.isSettled) call.undecided = [...call.undecided, this];
			else if (status === 429) this.#rateLimited(recorder);
			else recorder.attempt(target, status < 400 ? "success" : "error");
			for (const [resource, remaining] of parseRemaining(headers, this.#sender.format)) {
				if (RATE_LIMIT_RESOURCES.includes(resource)) recorder.rateLimitRemaining(target, resource, remaining);
			}
		});
	}

	/** There was no answer. */
	failed(): void {
		const { value: recorder } = installedRecorder;
		this.#call.lastAttempt = this;
		recorder?.attempt(this.#target(recorder), this.#call.callerLeft ? "aborted" : "error");
	}

	/**
	 * What a 429 or 503 meant.
	 *
	 * @param errorType of what failed in the end; none where a later attempt was answered
	 */
	decide(errorType: ErrorType | undefined): void {
		const { value: recorder } = installedRecorder;
		if (recorder === undefined) return;
		const isLimit = this.status === 429 ? errorType !== "quota" : errorType === "rate_limit";
		if (isLimit) this.#rateLimited(recorder);
		else recorder.attempt(this.#target(recorder), "error");
	}

	#rateLimited(recorder: Recorder): void {
		recorder.attempt(this.#target(recorder), "rate_limited");
		const { provider, model } = this.#labels;
		observeNoted("rate_limited", this.#call.route, model, provider);
	}

	/** Under the call's own labels, but where another provider is asked in it. */
	get #labels(): Sender {
		return this.#sender.provider === this.#call.priceProvider ? this.#call : this.#sender;
	}

	/** Whose place it is shows in which order they came: what was put off has its own before it. */
	#target(recorder: Recorder): number {
		catchUp();
		const { model, provider } = this.#labels;
		return recorder.target(provider, model);
	}
}
