/**
 * test/instrument/scripted/: a provider on loopback that answers as its script says, the official clients that ask it,
 * and what each row of the conformance matrix does with them. This file: what one API has to say to take part.
 */

export type ApiName = "openai-chat" | "openai-responses" | "anthropic" | "gemini";

/** One request, as far as an API has to read it. */
export interface WireRequest {
	/** The path behind the base URL that is the API's root: "/v1/chat/completions". */
	readonly path: string;
	readonly body: Readonly<Record<string, unknown>>;
}

/** What the model says: a text, or the arguments of a call of the tool, piece by piece. */
export interface Answer {
	readonly kind: "text" | "tool";
	readonly pieces: readonly string[];
}

/** An HTTP error in the words of the API. */
export interface Refusal {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body: unknown;
}

/** Why a request is refused. */
export type RefusalName =
	| "rate-limit"
	| "quota"
	| "bad-key"
	| "context-length"
	| "no-such-model"
	| "overloaded"
	/** The request has a field `stream_options`, which this server does not know: OpenAI's older form, a 400. */
	| "no-stream-options"
	/** The same in the words of Mistral and of others that are built on pydantic: a 422. */
	| "no-stream-options-422";

/**
 * How an error inside a stream is written. "usual" is the API's own way; the others are ways of the Responses API,
 * and the usual one in every other API: only `response.failed`, or an `error` event as the API reference shows it.
 */
export type ErrorForm = "usual" | "failed" | "flat";

/** The stream that answers one request. Each text is one event with its line ends. */
export interface StreamScript {
	/** What comes before the first piece. */
	readonly head: readonly string[];
	piece(text: string): string;
	/** What follows the last piece. Its last event is the one by which a client knows that the answer is whole. */
	tail(): readonly string[];
	error(form: ErrorForm): readonly string[];
}

/** How one API speaks. */
export interface ApiScript {
	/** Whether a path behind the root is this API's. */
	owns(path: string): boolean;
	/** What a client's base URL has behind the root: OpenAI's "/v1". */
	readonly basePath: string;
	isStream(request: WireRequest): boolean;
	/** Headers of every answer that is no error. */
	readonly headers: Readonly<Record<string, string>>;
	body(request: WireRequest, answer: Answer): unknown;
	stream(request: WireRequest, answer: Answer): StreamScript;
	readonly refusals: Readonly<Record<RefusalName, Refusal>>;
}

/** What the model says unless a test wants the tool: characters of two, three and four bytes are among it. */
export const TEXT_ANSWER: Answer = {
	kind: "text",
	pieces: ["Un café", " à ", "東京", ": 日本", "語, ", "s’il vous plaît", " 🎉", "."],
};

/** A call of `TOOL` with the arguments `{"city":"Orléans 🏰","days":3}`. */
export const TOOL_ANSWER: Answer = {
	kind: "tool",
	pieces: ['{"city":', '"Orlé', 'ans 🏰"', ',"days"', ":3}"],
};

/** The tool of the tool calls, as JSON schema. */
export const TOOL: { readonly name: string; readonly description: string; readonly parameters: object } = {
	name: "forecast",
	description: "The weather of the coming days",
	parameters: {
		type: "object",
		properties: { city: { type: "string" }, days: { type: "integer" } },
		required: ["city", "days"],
		additionalProperties: false,
	},
};

export const TOOL_CALL_ID: string = "call_forecast_1";

/** When the scripted answers were made, in seconds since the epoch. */
export const CREATED: number = 1_760_000_000;

/** How long a refused client is asked to wait: as short as its library allows. LangChain reads only the second. */
export const RETRY_AT_ONCE: Readonly<Record<string, string>> = { "retry-after-ms": "1", "retry-after": "0" };

/** An event that has nothing but data. */
export function dataEvent(data: unknown): string {
	return `data: ${JSON.stringify(data)}\n\n`;
}

/** An event with a name, which is the `type` of its data. */
export function namedEvent(data: { readonly type: string; readonly [field: string]: unknown }): string {
	return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}
