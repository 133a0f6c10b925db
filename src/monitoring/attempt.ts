import { RATE_LIMIT_RESOURCES } from "../metrics/catalog.ts";
import { installedRecorder } from "../metrics/recorder.ts";
import { parseRateLimitHeaders } from "../wire/rate-limit-headers.ts";
import type { Call } from "./call.ts";
import { reportInternalError } from "./internal-errors.ts";

/** One HTTP request of a call. Its methods do not throw; the first of them counts. */
export class Attempt {
	/** The HTTP status, once there is one. */
	status: number | undefined = undefined;
	readonly #call: Call;

	constructor(call: Call) {
		this.#call = call;
	}

	/** Whether an answer has begun, which may be billed however it ends. */
	get isOk(): boolean {
		return this.status !== undefined && this.status < 300;
	}

	/** The provider has answered: its headers are here. */
	answered(status: number, headers: { get(name: string): string | null }): void {
		const call = this.#call;
		const { value: recorder } = installedRecorder;
		this.status = status;
		call.lastAttempt = this;
		if (recorder === undefined) return;
		try {
			const { target } = call;
			if (status === 429 && !call.isSettled) call.undecided429 += 1;
			else if (status === 503 && !call.isSettled) call.undecided503 += 1;
			else recorder.attempt(target, status === 429 ? "rate_limited" : status < 400 ? "success" : "error");
			for (const [resource, remaining] of parseRateLimitHeaders(headers).remaining) {
				if (RATE_LIMIT_RESOURCES.includes(resource)) recorder.rateLimitRemaining(target, resource, remaining);
			}
		} catch (cause) {
			reportInternalError("call", "An attempt could not be recorded.", cause);
		}
	}

	/** There was no answer. */
	failed(): void {
		this.#call.lastAttempt = this;
		installedRecorder.value?.attempt(this.#call.target, this.#call.callerLeft ? "aborted" : "error");
	}
}
