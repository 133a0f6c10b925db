import { type Refusal, type RefusalName, RETRY_AT_ONCE } from "./api-script.ts";

/** https://platform.openai.com/docs/guides/error-codes; both of OpenAI's APIs say the same. */
export const OPENAI_REFUSALS: Readonly<Record<RefusalName, Refusal>> = {
	"rate-limit": {
		...error(
			429,
			"requests",
			"rate_limit_exceeded",
			"Rate limit reached: limit 5000, used 5000, requested 1.",
		),
		headers: { ...RETRY_AT_ONCE, ...rateLimits(0, 120_000) },
	},
	quota: {
		...error(
			429,
			"insufficient_quota",
			"insufficient_quota",
			"You exceeded your current quota: see your billing.",
		),
		headers: RETRY_AT_ONCE,
	},
	"bad-key": error(
		401,
		"invalid_request_error",
		"invalid_api_key",
		"Incorrect API key provided: scr****ted.",
	),
	"context-length": error(
		400,
		"invalid_request_error",
		"context_length_exceeded",
		"This model's maximum context length is 400000 tokens, the messages have 512345.",
		"messages",
	),
	"no-such-model": error(
		404,
		"invalid_request_error",
		"model_not_found",
		"The model `gpt-5-mini` does not exist or you do not have access to it.",
	),
	overloaded: error(503, "service_unavailable_error", "server_is_overloaded", "The servers are overloaded."),
	"no-stream-options": error(
		400,
		"invalid_request_error",
		null,
		"Unrecognized request argument supplied: stream_options",
	),
	"no-stream-options-422": {
		status: 422,
		body: {
			detail: [
				{ type: "extra_forbidden", loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" },
			],
		},
	},
};

/** What OpenAI says of its limits with every answer. */
export function rateLimits(requestsLeft: number, tokensLeft: number): Readonly<Record<string, string>> {
	return {
		"x-ratelimit-limit-requests": "5000",
		"x-ratelimit-limit-tokens": "200000",
		"x-ratelimit-remaining-requests": String(requestsLeft),
		"x-ratelimit-remaining-tokens": String(tokensLeft),
		"x-ratelimit-reset-requests": "12ms",
		"x-ratelimit-reset-tokens": "1.2s",
	};
}

/** The error object, as an answer has it and as chat streams have it. */
export function errorObject(
	type: string,
	code: string | null,
	message: string,
	param: string | null = null,
): {
	readonly message: string;
	readonly type: string;
	readonly param: string | null;
	readonly code: string | null;
} {
	return { message, type, param, code };
}

function error(status: number, type: string, code: string | null, message: string, param?: string): Refusal {
	return { status, body: { error: errorObject(type, code, message, param) } };
}
