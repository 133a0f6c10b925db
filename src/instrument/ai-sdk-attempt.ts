import type { Call } from "../monitoring/call.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import { isRecord } from "../wire/is-record.ts";

/*
 * A model asks its provider once: retries are made above it, each a call of its own. So where no instrumented `fetch` or
 * client below has told of the HTTP request, its answer tells of it. A model that makes no HTTP request has no headers.
 */

/** A model's answer: `response.headers` are those of the HTTP answer. */
export function countAnswered(call: Call, response: unknown): void {
	if (!isUnseen(call) || !isRecord(response) || !isRecord(response["headers"])) return;
	start(call)?.answered(200, readerOf(response["headers"]));
}

/** A model's failure: an `APICallError` has the status, or there was no answer to the request. */
export function countRefused(call: Call, error: unknown): void {
	if (!isUnseen(call) || !isRecord(error)) return;
	const { name, responseHeaders, statusCode, url } = error;
	const headers = isRecord(responseHeaders) ? responseHeaders : {};
	if (typeof statusCode === "number" && typeof url === "string") {
		// What a provider says at the start of a stream is thrown with a status that nobody sent.
		const isStream = /^text\/event-stream\b/i.test(String(headers["content-type"]));
		start(call)?.answered(isStream ? 200 : statusCode, readerOf(headers));
	} else if (typeof url === "string" || call.callerLeft || name === "AbortError" || name === "TimeoutError") {
		start(call)?.failed();
	}
}

function isUnseen(call: Call): boolean {
	return call.attempts === 0 && !call.isSettled;
}

function start(call: Call): ReturnType<Call["startAttempt"]> | undefined {
	try {
		return call.startAttempt({ provider: call.priceProvider, model: call.model }, false);
	} catch (cause) {
		reportInternalError("call", "An attempt could not be recorded.", cause);
		return undefined;
	}
}

/** The AI SDK's headers are an object with names in lower case. */
function readerOf(headers: Readonly<Record<string, unknown>>): { get(name: string): string | null } {
	return {
		get: (name) => {
			const value = headers[name];
			return typeof value === "string" ? value : null;
		},
	};
}
