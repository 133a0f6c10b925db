import type { RateLimitState } from "./simulated-wire.ts";

const REQUESTS_PER_MINUTE = 500;
const TOKENS_PER_MINUTE = 200_000;
const MINUTE_MS = 60_000;

/** What is left of each model's allowance a minute; it fills up again as time goes by. It refuses nothing. */
export class RateLimits {
	readonly #perMs: number;
	readonly #left = new Map<string, { requests: number; tokens: number; at: number }>();

	/** @param speed how many times faster than life the allowance comes back */
	constructor(speed: number) {
		this.#perMs = speed / MINUTE_MS;
	}

	/** Counts a request with its tokens, and says what is left of the model's allowance. */
	take(model: string, tokens: number, nowMs: number): RateLimitState {
		const before = this.#left.get(model) ?? {
			requests: REQUESTS_PER_MINUTE,
			tokens: TOKENS_PER_MINUTE,
			at: nowMs,
		};
		const refilled = (nowMs - before.at) * this.#perMs;
		const left = {
			requests: take(before.requests + refilled * REQUESTS_PER_MINUTE, 1, REQUESTS_PER_MINUTE),
			tokens: take(before.tokens + refilled * TOKENS_PER_MINUTE, tokens, TOKENS_PER_MINUTE),
			at: nowMs,
		};
		this.#left.set(model, left);
		return {
			requestLimit: REQUESTS_PER_MINUTE,
			requestsLeft: Math.floor(left.requests),
			tokenLimit: TOKENS_PER_MINUTE,
			tokensLeft: Math.floor(left.tokens),
			resetMs: Math.ceil(1 / this.#perMs),
		};
	}
}

function take(available: number, taken: number, limit: number): number {
	return Math.max(0, Math.min(available, limit) - taken);
}
