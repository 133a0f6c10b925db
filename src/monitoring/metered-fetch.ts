import type { Sender } from "./attempt.ts";
import { currentCall } from "./current-call.ts";

/** Both official SDKs number their attempts in it, from 0. */
const RETRY_COUNT = "x-stainless-retry-count";

/**
 * A `fetch` that tells the call under way of each HTTP request: its status, and what its headers say of rate limits.
 * It reads no body and changes nothing; outside a call it is the `fetch` that it was given.
 */
export function meteredFetch(fetch: typeof globalThis.fetch, sender: Sender): typeof globalThis.fetch {
	return async (input, init) => {
		const call = currentCall();
		if (call === undefined) return fetch(input, init);
		const attempt = call.startAttempt(sender, isRetry(input, init));
		try {
			const response = await fetch(input, init);
			attempt.answered(response.status, response.headers);
			return response;
		} catch (error) {
			attempt.failed();
			throw error;
		}
	};
}

function isRetry(input: string | URL | Request, init: RequestInit | undefined): boolean {
	try {
		const headers = init?.headers ?? (input instanceof Request ? input.headers : undefined);
		if (headers === undefined) return false;
		const count =
			headers instanceof Headers ? headers.get(RETRY_COUNT) : new Headers(headers).get(RETRY_COUNT);
		return Number(count) > 0;
	} catch {
		// Headers that fetch will refuse, and say so itself.
		return false;
	}
}
