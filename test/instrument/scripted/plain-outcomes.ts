import type { ColumnName } from "./clients.ts";
import type { RowName } from "./rows.ts";

/** What a caller without any instrument sees of a row, by column, as `inShort` says it; `undefined` where n/a. */
type Seen = readonly [
	openaiChat: string | undefined,
	openaiResponses: string | undefined,
	anthropic: string | undefined,
	gemini: string | undefined,
	aiSdk: string | undefined,
	langchain: string | undefined,
	fetch: string | undefined,
];

const ORDER: readonly ColumnName[] = [
	"openai-chat",
	"openai-responses",
	"anthropic",
	"gemini",
	"ai-sdk",
	"langchain",
	"fetch",
];

const VALUE: Seen = ["value", "value", "value", "value", "value", "value", "value"];

/** As a stream that tells its usage, without the chunk that does. */
const NOT_ASKED: Seen = ["10 events", undefined, undefined, undefined, undefined, "10 events", "11 events"];

/** What `fetch` throws of an abort: a DOMException, whose code for it is 20, and 23 for a time limit. */
const ABORTED = "DOMException (AbortError) 20";
const TIMED_OUT = "DOMException (TimeoutError) 23";

/**
 * As the libraries' documentation and sources have it: their error classes, what their streams begin and end with.
 * `fetch` throws nothing for a status.
 */
const PLAIN: Readonly<Record<RowName, Seen>> = {
	complete: VALUE,
	// Eight pieces. Chat: the role, the end, the usage. Responses: four before and four after. Anthropic: two before
	// (a ping is swallowed), three after. Gemini: one after. AI SDK: start, start-step, text-start; text-end,
	// finish-step, finish. LangChain: as chat, the last with the usage only. fetch: as chat, and the end mark.
	stream: ["11 events", "16 events", "13 events", "9 events", "14 events", "11 events", "12 events"],
	"stream without asking for usage": NOT_ASKED,
	"stream, usage option refused": NOT_ASKED,
	"tool call": VALUE,
	// Five pieces. Responses: three before, three after. AI SDK: start, start-step, tool-input-start; tool-input-end,
	// tool-call, finish-step, finish.
	"tool call in a stream": [
		"8 events",
		"11 events",
		"10 events",
		"6 events",
		"12 events",
		"8 events",
		"9 events",
	],
	"early break": ["2 events", "5 events", "3 events", "1 events", "4 events", "2 events", "2 events"],
	"abort before headers": [
		"APIUserAbortError",
		"APIUserAbortError",
		"APIUserAbortError",
		ABORTED,
		ABORTED,
		"Error (AbortError)",
		ABORTED,
	],
	// The AI SDK: start, abort. LangChain looks at the signal itself, and so is first to throw.
	"abort before headers, stream": [
		"0 events, then APIUserAbortError",
		"0 events, then APIUserAbortError",
		"0 events, then APIUserAbortError",
		`0 events, then ${ABORTED}`,
		"2 events",
		`0 events, then ${ABORTED}`,
		`0 events, then ${ABORTED}`,
	],
	// The SDKs of OpenAI and Anthropic end silently; the AI SDK says it in a last part.
	"abort mid-stream": [
		"2 events",
		"5 events",
		"3 events",
		`1 events, then ${ABORTED}`,
		"5 events",
		`2 events, then ${ABORTED}`,
		`2 events, then ${ABORTED}`,
	],
	"error in stream": [
		"3 events, then APIError server_error",
		"6 events, then APIError server_error",
		"4 events, then APIError overloaded_error",
		"2 events, then ApiError 503",
		"5 events, then StreamProviderError 500 server_error",
		"3 events, then APIError server_error",
		"4 events",
	],
	"429 then success": ["value", "value", "value", "value", "value", "value", undefined],
	"429 then success, stream": [
		"11 events",
		"16 events",
		"13 events",
		"9 events",
		"14 events",
		"11 events",
		undefined,
	],
	"429 exhausted": [
		"RateLimitError 429 rate_limit_exceeded",
		"RateLimitError 429 rate_limit_exceeded",
		"RateLimitError 429 rate_limit_error",
		"ApiError 429",
		"RetryError",
		"RateLimitError 429 rate_limit_exceeded",
		"value",
	],
	"429 quota": [
		"RateLimitError 429 insufficient_quota",
		"RateLimitError 429 insufficient_quota",
		"PaymentRequiredError 402 billing_error",
		"ApiError 429",
		"APICallError 429",
		"RateLimitError (InsufficientQuotaError) 429 insufficient_quota",
		"value",
	],
	"401 bad key": [
		"AuthenticationError 401 invalid_api_key",
		"AuthenticationError 401 invalid_api_key",
		"AuthenticationError 401 authentication_error",
		"ApiError 400",
		"APICallError 401",
		"AuthenticationError 401 invalid_api_key",
		"value",
	],
	// The AI SDK: start. A body that is no stream of events is one piece to fetch.
	"401 bad key, stream": [
		"0 events, then AuthenticationError 401 invalid_api_key",
		"0 events, then AuthenticationError 401 invalid_api_key",
		"0 events, then AuthenticationError 401 authentication_error",
		"0 events, then ApiError 400",
		"1 events, then APICallError 401",
		"0 events, then AuthenticationError 401 invalid_api_key",
		"1 events",
	],
	"400 context length": [
		"BadRequestError 400 context_length_exceeded",
		"BadRequestError 400 context_length_exceeded",
		"BadRequestError 400 invalid_request_error",
		"ApiError 400",
		"APICallError 400",
		"ContextOverflowError",
		"value",
	],
	"404 model": [
		"NotFoundError 404 model_not_found",
		"NotFoundError 404 model_not_found",
		"NotFoundError 404 not_found_error",
		"ApiError 404",
		"APICallError 404",
		"NotFoundError 404 model_not_found",
		"value",
	],
	"529/503": [
		"InternalServerError 503 server_is_overloaded",
		"InternalServerError 503 server_is_overloaded",
		"OverloadedError 529 overloaded_error",
		"ApiError 503",
		"APICallError 503",
		"InternalServerError 503 server_is_overloaded",
		"value",
	],
	// Google's client says the same of its time limit as of the caller's abort.
	timeout: [
		"APIConnectionTimeoutError",
		"APIConnectionTimeoutError",
		"APIConnectionTimeoutError",
		ABORTED,
		TIMED_OUT,
		"Error (TimeoutError)",
		TIMED_OUT,
	],
	"malformed JSON": [
		"SyntaxError",
		"SyntaxError",
		"SyntaxError",
		"SyntaxError",
		"APICallError 200",
		"SyntaxError",
		"value",
	],
	"connection reset": [
		"APIConnectionError",
		"APIConnectionError",
		"APIConnectionError",
		"TypeError",
		"APICallError",
		"APIConnectionError",
		"TypeError",
	],
	"cut stream": [
		"3 events, then TypeError",
		"6 events, then TypeError",
		"4 events, then TypeError",
		"2 events, then TypeError",
		"5 events, then APICallError 200",
		"3 events, then TypeError",
		"3 events, then TypeError",
	],
	// A body of no length is `undefined` to the SDKs of OpenAI and Anthropic; what looks into it fails.
	"empty body": [
		"no value",
		"TypeError",
		"no value",
		"SyntaxError",
		"APICallError 200",
		"TypeError",
		"value",
	],
	// The AI SDK: start, start-step, finish-step, finish.
	"empty stream": ["0 events", "0 events", "0 events", "0 events", "4 events", "0 events", "0 events"],
	"stream without end mark": [
		"3 events",
		"6 events",
		"4 events",
		"2 events",
		"8 events",
		"3 events",
		"3 events",
	],
	"10 concurrent calls": VALUE,
};

/** What a plain caller sees of a row in a column. */
export function plainOutcome(row: RowName, column: ColumnName): string | undefined {
	return PLAIN[row][ORDER.indexOf(column)];
}

/**
 * Columns in which the plain library leaves the connection open when its stream is left: Google's client gives the
 * reader back without cancelling it, and the AI SDK keeps another branch of the stream.
 */
export const STAYS_OPEN_AT_BREAK: ReadonlySet<ColumnName> = new Set<ColumnName>(["gemini", "ai-sdk"]);
