import { RATE_LIMIT_RESOURCES } from "../metrics/catalog.ts";
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

	/** The provider has answered: its headers are here. */
	answered(status: number, headers: { get(name: string): string | null }): void {
		const { recorder, target } = this.#call;
		this.status = status;
		this.#call.lastAttempt = this;
		if (recorder === undefined) return;
		try {
			if (status !== 429) recorder.attempt(target, status < 400 ? "success" : "error");
			else if (this.#call.isSettled) recorder.attempt(target, "rate_limited");
			else this.#call.undecidedRefusals += 1;
			for (const [resource, remaining] of parseRateLimitHeaders(headers).remaining) {
				if (RATE_LIMIT_RESOURCES.includes(resource)) recorder.rateLimitRemaining(target, resource, remaining);
			}
		} catch (cause) {
			reportInternalError("call", "An attempt could not be recorded.", cause);
		}
	}

	/** There was no answer. */
	failed(): void {
		const { recorder, target } = this.#call;
		this.#call.lastAttempt = this;
		recorder?.attempt(target, this.#call.callerLeft ? "aborted" : "error");
	}
}
