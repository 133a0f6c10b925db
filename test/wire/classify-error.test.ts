import Anthropic from "@anthropic-ai/sdk";
import fc from "fast-check";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { ERROR_TYPES, type ErrorType, LlmError } from "../../src/core/llm-error.ts";
import { classifyError } from "../../src/wire/classify-error.ts";
import { recordedBody, recordingsAbsent } from "./recordings.ts";

function openai(status: number, error: object | undefined, headers: Record<string, string> = {}): Error {
	return OpenAI.APIError.generate(
		status,
		error === undefined ? undefined : { error },
		undefined,
		new Headers(headers),
	);
}

function anthropic(status: number, type: string, message: string, errorCode?: string): Error {
	const details = errorCode === undefined ? undefined : { error_code: errorCode };
	const body = { type: "error", error: { type, message, details }, request_id: "req_1" };
	return Anthropic.APIError.generate(status, body, undefined, new Headers());
}

/** As Google's SDK throws it: the body as JSON in the message. */
function gemini(
	status: number,
	name: string,
	details: readonly object[] = [],
	message = "said Google",
): Error {
	const body = { error: { code: status, message, status: name, details } };
	return Object.assign(new Error(JSON.stringify(body)), { name: "ApiError", status });
}

function quotaFailure(...quotaIds: string[]): object {
	return {
		"@type": "type.googleapis.com/google.rpc.QuotaFailure",
		violations: quotaIds.map((quotaId) => ({ quotaId })),
	};
}

/** As AWS' SDK throws it; inside a stream it has no status. */
function aws(name: string, httpStatusCode?: number, message = "said AWS"): Error {
	return Object.assign(new Error(message), { name, $fault: "client", $metadata: { httpStatusCode } });
}

/** As Ollama's client throws it. */
function ollama(status: number, message: string): Error {
	return Object.assign(new Error(message), { name: "ResponseError", error: message, status_code: status });
}

function withCode(code: string, cause?: Error): Error {
	return Object.assign(new Error("low level", cause === undefined ? {} : { cause }), { code });
}

function fetchFailed(cause: Error): Error {
	return new TypeError("fetch failed", { cause });
}

function circular(): unknown {
	const loop: { self?: unknown } = {};
	loop.self = loop;
	return thrownBy(() => JSON.stringify(loop));
}

function thrownBy(fn: () => unknown): unknown {
	try {
		fn();
	} catch (error) {
		return error;
	}
	throw new Error("it did not throw");
}

const CASES: readonly (readonly [string, unknown, ErrorType])[] = [
	// Amazon Bedrock: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
	["throttled", aws("ThrottlingException", 429, "Too many tokens, please wait."), "rate_limit"],
	["throttled in a stream", aws("ThrottlingException", undefined, "Too many tokens."), "rate_limit"],
	["a quota of the account", aws("ServiceQuotaExceededException", 400), "quota"],
	["no access", aws("AccessDeniedException", 403), "auth_failed"],
	["an old token", aws("ExpiredTokenException", 403), "auth_failed"],
	["no such model", aws("ResourceNotFoundException", 404), "model_unavailable"],
	["a cold model", aws("ModelNotReadyException", 429), "model_unavailable"],
	["too busy", aws("ServiceUnavailableException", 503), "model_unavailable"],
	["a slow model", aws("ModelTimeoutException", 408), "timeout"],
	["a slow model in a stream", aws("ModelTimeoutException"), "timeout"],
	["a model that failed", aws("ModelErrorException", 424), "api_error"],
	["a stream that failed", aws("ModelStreamErrorException"), "api_error"],
	["AWS failed", aws("InternalServerException", 500), "api_error"],
	["a bad request", aws("ValidationException", 400), "validation"],
	["a bad request in a stream", aws("ValidationException"), "validation"],
	["a long one", aws("ValidationException", 400, "Input is too long for requested model."), "token_limit"],
	// Ollama
	["Ollama's 429", ollama(429, "too many requests"), "rate_limit"],
	["Ollama's 401", ollama(401, "unauthorized"), "auth_failed"],
	["Ollama's 404", ollama(404, 'model "x" not found'), "model_unavailable"],
	["Ollama's 400", ollama(400, "bad"), "validation"],
	// OpenAI
	[
		"429 insufficient_quota",
		openai(429, { type: "insufficient_quota", code: "insufficient_quota", message: "m" }),
		"quota",
	],
	[
		"429 billing_hard_limit_reached",
		openai(429, { type: "x", code: "billing_hard_limit_reached", message: "m" }),
		"quota",
	],
	["429 else", openai(429, { type: "requests", code: "rate_limit_exceeded", message: "m" }), "rate_limit"],
	["429 without a body", openai(429, undefined), "rate_limit"],
	[
		"401",
		openai(401, { type: "invalid_request_error", code: "invalid_api_key", message: "m" }),
		"auth_failed",
	],
	[
		"401 without a code",
		openai(401, { type: "invalid_request_error", code: null, message: "m" }),
		"auth_failed",
	],
	["403", openai(403, { type: "x", code: null, message: "m" }), "auth_failed"],
	[
		"400 context_length_exceeded",
		openai(400, { type: "invalid_request_error", code: "context_length_exceeded", message: "m" }),
		"token_limit",
	],
	[
		"400 by message",
		openai(400, {
			type: "invalid_request_error",
			code: null,
			message: "This model's maximum context length is 8192 tokens.",
		}),
		"token_limit",
	],
	[
		"404 model_not_found",
		openai(404, { type: "invalid_request_error", code: "model_not_found", message: "m" }),
		"model_unavailable",
	],
	[
		"403 model_not_found",
		openai(403, { type: "invalid_request_error", code: "model_not_found", message: "m" }),
		"model_unavailable",
	],
	[
		"503 server_is_overloaded",
		openai(503, { type: "server_error", code: "server_is_overloaded", message: "m" }),
		"model_unavailable",
	],
	["503 else", openai(503, undefined), "api_error"],
	[
		"400 else",
		openai(400, { type: "invalid_request_error", code: "unsupported_parameter", message: "m" }),
		"validation",
	],
	["413", openai(413, undefined), "validation"],
	["422", openai(422, { message: "m" }), "validation"],
	["408", openai(408, undefined), "timeout"],
	["504", openai(504, undefined), "timeout"],
	["500", openai(500, { type: "server_error", message: "m" }), "api_error"],
	[
		"502 with HTML",
		OpenAI.APIError.generate(502, undefined, "<html>bad gateway</html>", new Headers()),
		"api_error",
	],
	[
		"a stream's quota",
		new OpenAI.APIError(
			undefined,
			{ type: "insufficient_quota", code: "insufficient_quota", message: "m" },
			undefined,
			new Headers(),
		),
		"quota",
	],
	[
		"a stream's server_error",
		new OpenAI.APIError(
			undefined,
			{ type: "server_error", code: null, message: "m" },
			undefined,
			new Headers(),
		),
		"api_error",
	],
	[
		"a stream's length",
		new OpenAI.APIError(
			undefined,
			{ type: "invalid_request_error", message: "context length exceeded" },
			undefined,
			new Headers(),
		),
		"token_limit",
	],
	[
		"a stream's numeric code (OpenRouter)",
		new OpenAI.APIError(undefined, { code: 429, message: "m" }, undefined, new Headers()),
		"rate_limit",
	],
	["402 (OpenRouter, DeepSeek)", openai(402, { code: 402, message: "Insufficient credits" }), "quota"],
	[
		"400 with a text for an error (xAI)",
		OpenAI.APIError.generate(
			400,
			{ code: "Client specified an invalid argument", error: "Incorrect API key provided: ab***yz." },
			undefined,
			new Headers(),
		),
		"auth_failed",
	],
	[
		"403 with a text for an error (xAI)",
		OpenAI.APIError.generate(
			403,
			{ code: "The caller does not have permission", error: "Your team has used all available credits" },
			undefined,
			new Headers(),
		),
		"quota",
	],
	[
		"400 model_decommissioned (Groq)",
		openai(400, { type: "invalid_request_error", code: "model_decommissioned", message: "m" }),
		"model_unavailable",
	],
	[
		"413 rate_limit_exceeded (Groq)",
		openai(413, {
			type: "tokens",
			code: "rate_limit_exceeded",
			message: "Request too large for model on tokens per minute",
		}),
		"rate_limit",
	],
	[
		"400 Model Not Exist (DeepSeek)",
		openai(400, { type: "invalid_request_error", code: "invalid_request_error", message: "Model Not Exist" }),
		"model_unavailable",
	],
	[
		"404 DeploymentNotFound (Azure)",
		openai(404, { code: "DeploymentNotFound", message: "m" }),
		"model_unavailable",
	],
	// Anthropic
	["402 billing_error", anthropic(402, "billing_error", "m"), "quota"],
	["429", anthropic(429, "rate_limit_error", "m"), "rate_limit"],
	[
		"429 with a spend limit",
		anthropic(429, "rate_limit_error", "m", "enforced_spend_limit_reached"),
		"quota",
	],
	[
		"400 prompt is too long",
		anthropic(400, "invalid_request_error", "prompt is too long: 212345 tokens > 200000 maximum"),
		"token_limit",
	],
	[
		"400 credit balance",
		anthropic(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
		"quota",
	],
	["413", anthropic(413, "request_too_large", "Request too large"), "token_limit"],
	[
		"413 by bytes",
		anthropic(413, "request_too_large", "m", "request_body_too_large_after_decoding"),
		"validation",
	],
	["404", anthropic(404, "not_found_error", "model: claude-9"), "model_unavailable"],
	["529", anthropic(529, "overloaded_error", "Overloaded"), "model_unavailable"],
	["408", Anthropic.APIError.generate(408, undefined, "m", new Headers()), "timeout"],
	["504", anthropic(504, "timeout_error", "m"), "timeout"],
	["401", anthropic(401, "authentication_error", "invalid x-api-key"), "auth_failed"],
	["403", anthropic(403, "permission_error", "m"), "auth_failed"],
	[
		"400 else",
		anthropic(
			400,
			"invalid_request_error",
			"max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens",
		),
		"validation",
	],
	["500", anthropic(500, "api_error", "Internal server error"), "api_error"],
	[
		"a stream's overload",
		new Anthropic.APIError(
			undefined,
			{ type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
			undefined,
			new Headers(),
			"overloaded_error",
		),
		"model_unavailable",
	],
	[
		"a stream's api_error",
		new Anthropic.APIError(
			undefined,
			{ type: "error", error: { type: "api_error", message: "m" } },
			undefined,
			new Headers(),
		),
		"api_error",
	],
	// Gemini
	[
		"429 per minute",
		gemini(429, "RESOURCE_EXHAUSTED", [quotaFailure("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")]),
		"rate_limit",
	],
	[
		"429 per day",
		gemini(429, "RESOURCE_EXHAUSTED", [quotaFailure("GenerateRequestsPerDayPerProjectPerModel-FreeTier")]),
		"rate_limit",
	],
	["429 without details", gemini(429, "RESOURCE_EXHAUSTED"), "rate_limit"],
	[
		"429 by another measure",
		gemini(429, "RESOURCE_EXHAUSTED", [quotaFailure("BillingBudgetExhausted")]),
		"quota",
	],
	["403", gemini(403, "PERMISSION_DENIED"), "auth_failed"],
	["400 API_KEY_INVALID", gemini(400, "INVALID_ARGUMENT", [{ reason: "API_KEY_INVALID" }]), "auth_failed"],
	[
		"400 too long",
		gemini(
			400,
			"INVALID_ARGUMENT",
			[],
			"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
		),
		"token_limit",
	],
	["400", gemini(400, "INVALID_ARGUMENT"), "validation"],
	["404", gemini(404, "NOT_FOUND"), "model_unavailable"],
	["503", gemini(503, "UNAVAILABLE"), "model_unavailable"],
	["504", gemini(504, "DEADLINE_EXCEEDED"), "timeout"],
	["500", gemini(500, "INTERNAL"), "api_error"],
	// bodies under HTTP 200
	[
		"an SSE body of Anthropic",
		{ type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
		"model_unavailable",
	],
	[
		"an SSE body of OpenAI",
		{ error: { type: "server_error", code: "rate_limit_exceeded", message: "m" } },
		"rate_limit",
	],
	[
		"a response.failed of OpenAI",
		{ type: "response.failed", response: { error: { code: "insufficient_quota", message: "m" } } },
		"quota",
	],
	["a list of Gemini", [{ error: { code: 503, message: "m", status: "UNAVAILABLE" } }], "model_unavailable"],
	// connections
	[
		"the SDK's timeout (OpenAI)",
		Object.assign(new OpenAI.APIConnectionTimeoutError(), {
			cause: new DOMException("aborted", "AbortError"),
		}),
		"timeout",
	],
	["the SDK's timeout (Anthropic)", new Anthropic.APIConnectionTimeoutError(), "timeout"],
	[
		"the SDK's connection error",
		new OpenAI.APIConnectionError({ cause: fetchFailed(withCode("ECONNREFUSED")) }),
		"network",
	],
	[
		"the SDK's connection error without a cause",
		new Anthropic.APIConnectionError({ cause: undefined }),
		"network",
	],
	[
		"a connection error by a slow socket",
		new Anthropic.APIConnectionError({ cause: fetchFailed(withCode("UND_ERR_CONNECT_TIMEOUT")) }),
		"timeout",
	],
	["fetch, refused", fetchFailed(withCode("ECONNREFUSED")), "network"],
	["fetch, reset", fetchFailed(withCode("ECONNRESET")), "network"],
	["node-fetch, cut", withCode("ERR_STREAM_PREMATURE_CLOSE"), "network"],
	["fetch, unknown host", fetchFailed(withCode("ENOTFOUND")), "network"],
	["fetch, slow headers", fetchFailed(withCode("UND_ERR_HEADERS_TIMEOUT")), "timeout"],
	["fetch, several addresses", fetchFailed(new AggregateError([withCode("ETIMEDOUT")])), "timeout"],
	["a body cut", new TypeError("terminated", { cause: withCode("UND_ERR_SOCKET") }), "network"],
	["a stalled body", new TypeError("terminated", { cause: withCode("UND_ERR_BODY_TIMEOUT") }), "timeout"],
	[
		"AbortSignal.timeout()",
		new DOMException("The operation was aborted due to timeout", "TimeoutError"),
		"timeout",
	],
	[
		"an abort for a timeout",
		Object.assign(new OpenAI.APIUserAbortError(), { cause: new DOMException("t", "TimeoutError") }),
		"timeout",
	],
	// ours and anything else
	["an LlmError", new LlmError("token_limit", "m"), "token_limit"],
	["an LlmError as the cause", new Error("outer", { cause: new LlmError("quota", "m") }), "quota"],
	["JSON.parse", thrownBy(() => JSON.parse("{")), "invalid_response"],
	["a circular request", circular(), "serialization"],
	["a BigInt in a request", thrownBy(() => JSON.stringify({ n: 1n })), "serialization"],
	[
		"the SDK's own refusal",
		new Anthropic.AnthropicError(
			"Streaming is required for operations that may take longer than 10 minutes.",
		),
		"validation",
	],
	[
		"an empty body of a stream",
		new OpenAI.OpenAIError("Attempted to iterate over a response with no body"),
		"invalid_response",
	],
	["a plain error", new Error("boom"), "api_error"],
	["a text", "boom", "api_error"],
	["nothing", undefined, "api_error"],
];

test.each(CASES)("%s", (_name, error, expected) => {
	expect(classifyError(error).errorType).toBe(expected);
});

test("the recorded errors", ({ skip }) => {
	skip(recordingsAbsent !== undefined, recordingsAbsent);
	expect(classifyError(recordedBody("openai-chat", "error-400-legacy-parameter.json")).errorType).toBe(
		"validation",
	);
	expect(classifyError(recordedBody("openai-responses", "error.1.json")).errorType).toBe("quota");
	expect(classifyError(recordedBody("google-generate-content", "error-429-retry-info.json"))).toEqual({
		errorType: "rate_limit",
		status: 429,
		retryAfterMs: 34_400,
	});
});

test("classes that a minifier has renamed are known by their messages", () => {
	class a extends Error {}
	expect(classifyError(new a("Request timed out.")).errorType).toBe("timeout");
	expect(classifyError(new a("Connection error.")).errorType).toBe("network");
	expect(classifyError(new a("Request was aborted.")).errorType).toBe("timeout");
});

test("status and retry-after come along", () => {
	expect(classifyError(openai(429, undefined, { "retry-after": "3" }))).toEqual({
		errorType: "rate_limit",
		status: 429,
		retryAfterMs: 3000,
	});
	expect(classifyError(new LlmError("rate_limit", "m", { status: 429, retryAfterMs: 20 }))).toEqual({
		errorType: "rate_limit",
		status: 429,
		retryAfterMs: 20,
	});
	expect(classifyError(new Error("boom"))).toEqual({ errorType: "api_error" });
});

test("it never throws, and the type is one of ours, whatever was thrown", () => {
	const errorLike = fc.record(
		{
			name: fc.anything(),
			message: fc.anything(),
			status: fc.anything(),
			code: fc.anything(),
			type: fc.anything(),
			error: fc.anything(),
			cause: fc.anything(),
			headers: fc.anything(),
			details: fc.anything(),
		},
		{ requiredKeys: [] },
	);
	fc.assert(
		fc.property(fc.oneof(errorLike, fc.jsonValue(), fc.anything({ withNullPrototype: true })), (thrown) => {
			expect(ERROR_TYPES).toContain(classifyError(thrown).errorType);
		}),
	);
	const hostile = new Proxy(
		{},
		{
			get: () => {
				throw new Error("no");
			},
		},
	);
	expect(classifyError(hostile)).toEqual({ errorType: "api_error" });
	const loop: { cause?: unknown } = new Error("loop");
	loop.cause = loop;
	expect(classifyError(loop)).toEqual({ errorType: "api_error" });
});
