import { currentCall } from "./current-call.ts";

/**
 * A `fetch` that tells the call under way of each HTTP request: its status, and what its headers say of rate limits.
 * It reads no body and changes nothing; outside a call it is the `fetch` that it was given.
 */
export function meteredFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
	return async (input, init) => {
		const call = currentCall();
		if (call === undefined) return fetch(input, init);
		const attempt = call.startAttempt();
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
