import type { ErrorForm, RefusalName } from "./api-script.ts";

/** What the server does with one request. */
export type Step =
	/** Answers, as a stream or whole, as the request asks; a broken stream is broken after its first pieces. */
	| { readonly do: "answer"; readonly then?: StreamEnd }
	/** Refuses with an HTTP error; with `onlyIf` it answers requests whose body has no such field. */
	| { readonly do: "refuse"; readonly refusal: RefusalName; readonly onlyIf?: string }
	/** The first half of the answer under HTTP 200 as `application/json`. */
	| { readonly do: "half-json" }
	/** No byte under HTTP 200, with its length or in chunks, or as a stream of events that has none. */
	| { readonly do: "nothing"; readonly as: "content-length" | "chunked" | "events" }
	/** Sends no headers and waits for the client to leave. */
	| { readonly do: "hold" }
	/** Resets the connection without a byte. */
	| { readonly do: "reset" }
	/** A stream of that many megabytes, written no faster than it is read. */
	| { readonly do: "flood" };

/** How an answer that is a stream ends; one that is not a stream stops half way where this holds or destroys. */
export type StreamEnd =
	/** Whole. */
	| "whole"
	/** Nothing more comes, and the connection stays open until the client leaves. */
	| "hold"
	/** The connection is reset. */
	| "destroy"
	/** An error event, and a clean end. */
	| "error"
	/** A clean end in the middle. */
	| "stop"
	/** A clean end just before the last event, by which a client would know that it has the whole. */
	| "stop-before-end-mark";

/** What a test may change in a scenario. */
export interface Overrides {
	/** What the model says (a text). */
	readonly answer?: "text" | "tool";
	/** How many pieces a broken stream sends first (2). */
	readonly pieces?: number;
	/** How long the headers keep a client waiting, in milliseconds. */
	readonly headersAfterMs?: number;
	/** How long the first piece, or a body that is not a stream, keeps it waiting after that. */
	readonly firstPieceAfterMs?: number;
	/** Cuts what is sent at every so many bytes, in the middle of a line or a character, instead of after each event. */
	readonly chunkBytes?: number;
	/** How many requests are refused before one is answered (1). */
	readonly refusals?: number;
	readonly errorForm?: ErrorForm;
	/** The size of a flood (1). */
	readonly megabytes?: number;
}

export type ScenarioName =
	| "complete"
	/** The same server three times; it is the client that asks for the usage or does not. */
	| "stream"
	| "stream-no-usage"
	/** With `headersAfterMs` and `firstPieceAfterMs`. */
	| "delayed"
	| "stream-usage-refused"
	| "stream-usage-refused-422"
	| "hold-stream"
	| "hold-headers"
	| "error-in-stream"
	| "cut-stream"
	| "ends-without-end-mark"
	| "ends-before-end-mark"
	| "ends-without-any-event"
	| "429-then-success"
	| "429-exhausted"
	| "429-quota"
	| "401"
	| "400-context-length"
	| "404-model"
	| "529-or-503"
	| "malformed-json"
	| "connection-reset"
	| "empty-body"
	| "empty-body-chunked"
	| "big-stream";

/**
 * What the server does with every request; where there are two steps, the first is for as many requests as `refusals`
 * says, and the second for all that follow.
 */
const SCENARIOS: Readonly<Record<ScenarioName, readonly [Step, Step?]>> = {
	complete: [{ do: "answer" }],
	stream: [{ do: "answer" }],
	"stream-no-usage": [{ do: "answer" }],
	delayed: [{ do: "answer" }],
	"stream-usage-refused": [{ do: "refuse", refusal: "no-stream-options", onlyIf: "stream_options" }],
	"stream-usage-refused-422": [{ do: "refuse", refusal: "no-stream-options-422", onlyIf: "stream_options" }],
	"hold-stream": [{ do: "answer", then: "hold" }],
	"hold-headers": [{ do: "hold" }],
	"error-in-stream": [{ do: "answer", then: "error" }],
	"cut-stream": [{ do: "answer", then: "destroy" }],
	"ends-without-end-mark": [{ do: "answer", then: "stop" }],
	"ends-before-end-mark": [{ do: "answer", then: "stop-before-end-mark" }],
	"ends-without-any-event": [{ do: "nothing", as: "events" }],
	"429-then-success": [{ do: "refuse", refusal: "rate-limit" }, { do: "answer" }],
	"429-exhausted": [{ do: "refuse", refusal: "rate-limit" }],
	"429-quota": [{ do: "refuse", refusal: "quota" }],
	"401": [{ do: "refuse", refusal: "bad-key" }],
	"400-context-length": [{ do: "refuse", refusal: "context-length" }],
	"404-model": [{ do: "refuse", refusal: "no-such-model" }],
	"529-or-503": [{ do: "refuse", refusal: "overloaded" }],
	"malformed-json": [{ do: "half-json" }],
	"connection-reset": [{ do: "reset" }],
	"empty-body": [{ do: "nothing", as: "content-length" }],
	"empty-body-chunked": [{ do: "nothing", as: "chunked" }],
	"big-stream": [{ do: "flood" }],
};

/** The step for the request of that number, counted from 0. */
export function stepFor(scenario: ScenarioName, number: number, overrides: Overrides): Step {
	const [first, then] = SCENARIOS[scenario];
	return then !== undefined && number >= (overrides.refusals ?? 1) ? then : first;
}
