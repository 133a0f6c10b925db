import type { Attempt, Sender } from "./attempt.ts";
import { currentCall } from "./current-call.ts";
import { isInFetch, isNodeFetch, runInFetch } from "./fetch-scope.ts";
import { quietly } from "./quietly.ts";
import { isRetry } from "./request-headers.ts";

/**
 * A `fetch` that tells the call under way of each HTTP request: its status, and what its headers say of rate limits. For
 * who reads the answer itself: it reads no body and changes nothing; outside a call it is the `fetch` that it was given.
 */
export function attemptFetch(fetch: typeof globalThis.fetch, sender: Sender): typeof globalThis.fetch {
	const isLast = isNodeFetch(fetch);
	return async (input, init) => {
		const call = currentCall();
		if (call === undefined || isInFetch(input, init)) return fetch(input, init);
		let attempt: Attempt | undefined;
		const tell = (fn: () => void): void => quietly("call", "An attempt could not be recorded.", fn);
		tell(() => (attempt = call.startAttempt(sender, isRetry(input, init))));
		try {
			const sent = isLast ? fetch(input, init) : runInFetch(input, init, () => fetch(input, init));
			const response = await sent;
			tell(() => attempt?.answered(response.status, response.headers));
			return response;
		} catch (error) {
			tell(() => attempt?.failed());
			throw error;
		}
	};
}
