/** What is said under HTTP 200 of a failure, and what `classifyError` makes of it. */
import { describe, expect, test } from "vitest";
import type { ErrorType } from "../../src/core/llm-error.ts";
import { bodyError } from "../../src/wire/body-error.ts";
import { classifyError } from "../../src/wire/classify-error.ts";
import type { WireFormat } from "../../src/wire/wire-format.ts";
import { readBody, readEvents, readPieces } from "./streams.ts";

/** As the references of the APIs have them, and as OpenRouter, Azure and Google send them. */
const IN_STREAMS: readonly (readonly [
	name: string,
	WireFormat,
	ErrorType,
	...events: (string | object)[],
])[] = [
	[
		"OpenAI's chat",
		"openai-chat",
		"api_error",
		{ error: { message: "The server had an error", type: "server_error", param: null, code: null } },
	],
	[
		"OpenAI's chat, a rate",
		"openai-chat",
		"rate_limit",
		{ choices: [{ delta: { content: "x" } }] },
		{ error: { message: "Slow down", type: "requests", code: "rate_limit_exceeded" } },
	],
	[
		"OpenAI's chat, a purse",
		"openai-chat",
		"quota",
		{ error: { type: "insufficient_quota", code: "insufficient_quota" } },
	],
	[
		"Groq's, a status for a code",
		"openai-chat",
		"model_unavailable",
		{ error: { message: "over capacity, overloaded", code: 503 } },
	],
	[
		"OpenRouter's, beside choices",
		"openai-chat",
		"rate_limit",
		{
			id: "gen-1",
			model: "m",
			error: { code: 429, message: "Provider returned error" },
			choices: [{ delta: { content: "" }, finish_reason: "error" }],
		},
	],
	[
		"a text for an error",
		"openai-chat",
		"token_limit",
		{ error: "prompt is too long: 210000 tokens > 200000 maximum" },
	],
	[
		"completions",
		"openai-completions",
		"model_unavailable",
		{ error: { message: "overloaded", code: "server_is_overloaded" } },
	],
	[
		"Responses, flat",
		"openai-responses",
		"rate_limit",
		{
			type: "error",
			code: "rate_limit_exceeded",
			message: "Rate limit reached",
			param: null,
			sequence_number: 1,
		},
	],
	[
		"Responses, flat, of a server",
		"openai-responses",
		"api_error",
		{ type: "error", code: "server_error", message: "The server had an error", param: null },
	],
	[
		"Responses, nested",
		"openai-responses",
		"quota",
		{
			type: "error",
			sequence_number: 2,
			error: {
				type: "insufficient_quota",
				code: "insufficient_quota",
				message: "You exceeded your current quota",
			},
		},
	],
	[
		"Responses, nested, too long",
		"openai-responses",
		"token_limit",
		{
			type: "error",
			error: { type: "invalid_request_error", code: "context_length_exceeded", message: "…" },
		},
	],
	[
		"response.failed, a rate",
		"openai-responses",
		"rate_limit",
		{
			type: "response.failed",
			response: {
				object: "response",
				status: "failed",
				error: { code: "rate_limit_exceeded", message: "…" },
			},
		},
	],
	[
		"response.failed, of a server",
		"openai-responses",
		"api_error",
		{
			type: "response.failed",
			response: { object: "response", status: "failed", error: { code: "server_error", message: "…" } },
		},
	],
	[
		"response.failed without a word",
		"openai-responses",
		"api_error",
		{ type: "response.failed", response: { object: "response", status: "failed", error: null } },
	],
	[
		"Anthropic, overloaded",
		"anthropic-messages",
		"model_unavailable",
		{ type: "message_start", message: {} },
		{ type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
	],
	[
		"Anthropic, a rate",
		"anthropic-messages",
		"rate_limit",
		{ type: "error", error: { type: "rate_limit_error", message: "…" } },
	],
	[
		"Anthropic, inside",
		"anthropic-messages",
		"api_error",
		{ type: "error", error: { type: "api_error", message: "Internal server error" } },
	],
	[
		"Gemini",
		"gemini-generate",
		"model_unavailable",
		{ candidates: [] },
		{ error: { code: 503, message: "The model is overloaded.", status: "UNAVAILABLE" } },
	],
	[
		"Gemini, a deadline",
		"gemini-generate",
		"timeout",
		{ error: { code: 504, message: "…", status: "DEADLINE_EXCEEDED" } },
	],
];

describe("an error in a stream", () => {
	const cases = IN_STREAMS.map(([name, format, errorType, ...events]) => ({
		name,
		format,
		errorType,
		events,
	}));
	test.each(cases)("$name: $errorType", ({ errorType, events, format }) => {
		const { error, isEmpty } = readEvents(format, ...events);
		expect(classifyError(error).errorType).toBe(errorType);
		expect(isEmpty).toBe(false);
	});

	// Above is the name in the event; here it stands only before it, or the data is no JSON.
	test.each<readonly [WireFormat, string, ErrorType]>([
		["openai-chat", '{"message":"Slow down","code":"rate_limit_exceeded"}', "rate_limit"],
		["openai-chat", '{"error":{"code":"rate_limit_exceeded"}}', "rate_limit"],
		["openai-chat", "prompt is too long", "token_limit"],
		["openai-responses", '{"code":"server_is_overloaded"}', "model_unavailable"],
		["openai-responses", "prompt is too long", "token_limit"],
		["openai-responses", "[]", "api_error"],
		["anthropic-messages", '{"error":{"type":"overloaded_error"}}', "model_unavailable"],
		["anthropic-messages", "prompt is too long", "token_limit"],
	])("%s: event: error, data: %s", (format, data, errorType) => {
		const { error } = readPieces(format, [Buffer.from(`event: error\ndata: ${data}\n\n`)]);
		expect(classifyError(error).errorType).toBe(errorType);
	});

	test.each(["", null, false, 0])("an `error` of %j is none, as for the SDK", (error) => {
		expect(
			readEvents("openai-chat", { error, model: "m", choices: [{ delta: { content: "x" } }] }),
		).toMatchObject({
			error: undefined,
			model: "m",
			firstToken: "answer",
		});
	});

	test("what was said with it counts", () => {
		const usage = { prompt_tokens: 5, completion_tokens: 2 };
		expect(readEvents("openai-chat", { model: "m", choices: [], usage, error: { code: 502 } })).toMatchObject(
			{
				model: "m",
				usage: { usage: { inputUncached: 5, output: 2 } },
			},
		);
		const response = {
			status: "failed",
			model: "m",
			usage: { input_tokens: 5, output_tokens: 2 },
			error: { code: "server_error" },
		};
		expect(readEvents("openai-responses", { type: "response.failed", response })).toMatchObject({
			model: "m",
			usage: { usage: { inputUncached: 5, output: 2 } },
			isEnded: true,
		});
	});
});

const BODIES: readonly (readonly [WireFormat, unknown, ErrorType])[] = [
	["openai-chat", { error: { message: "…", code: "rate_limit_exceeded" } }, "rate_limit"],
	["openai-chat", { error: "model `x` does not exist" }, "model_unavailable"],
	["openai-chat", [{ error: { code: 503, status: "UNAVAILABLE" } }], "model_unavailable"],
	["openai-embeddings", { error: { code: "insufficient_quota" } }, "quota"],
	["openai-responses", { error: { type: "insufficient_quota", code: "insufficient_quota" } }, "quota"],
	[
		"openai-responses",
		{ object: "response", status: "failed", output: [], error: { code: "server_error" } },
		"api_error",
	],
	["anthropic-messages", { type: "error", error: { type: "overloaded_error" } }, "model_unavailable"],
	["gemini-generate", { error: { code: 503, status: "UNAVAILABLE" } }, "model_unavailable"],
	["gemini-generate", [{ error: { code: 503, status: "UNAVAILABLE" } }], "model_unavailable"],
	["gemini-embed", { error: { code: 403, status: "PERMISSION_DENIED" } }, "auth_failed"],
];

describe("a body", () => {
	test.each(BODIES)("%s: %j is an error", (format, body, errorType) => {
		const { error, isComplete } = readBody(format, body);
		expect(classifyError(error).errorType).toBe(errorType);
		expect(isComplete).toBe(false);
	});

	const formats: readonly WireFormat[] = [
		"openai-chat",
		"openai-completions",
		"openai-responses",
		"openai-embeddings",
		"anthropic-messages",
		"gemini-generate",
		"gemini-embed",
	];
	const wrong = [
		{},
		[],
		null,
		7,
		"text",
		true,
		{ choices: null, data: null, content: null, output: null },
		{ error: null },
		[[]],
		[{}],
	];
	test.each(formats.flatMap((format) => wrong.map((body) => [format, body] as const)))(
		"%s: %j has not its form",
		(format, body) => {
			const { error, isComplete, isEmpty } = readBody(format, body);
			expect(classifyError(error).errorType).toBe("invalid_response");
			expect([isComplete, isEmpty]).toEqual([false, true]);
		},
	);

	test("an error is known by its words", () => {
		const body = { error: { message: "…" } };
		expect(bodyError(body)).toBe(body);
		expect(bodyError([body])).toBe(body);
		for (const none of [undefined, { error: "" }, { error: 5 }]) {
			expect(classifyError(bodyError(none)).errorType).toBe("invalid_response");
		}
	});
});
