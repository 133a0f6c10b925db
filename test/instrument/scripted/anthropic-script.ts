import {
	type Answer,
	type ApiScript,
	namedEvent,
	type Refusal,
	RETRY_AT_ONCE,
	type StreamScript,
	TOOL,
	TOOL_CALL_ID,
	type WireRequest,
} from "./api-script.ts";
import { ANSWERED_MODEL } from "./expected.ts";

/** https://docs.anthropic.com/en/api/messages, /en/api/messages-streaming and /en/api/errors. */
export const anthropicScript: ApiScript = {
	owns: (path) => path.endsWith("/v1/messages"),
	basePath: "",
	isStream: ({ body }) => body["stream"] === true,
	headers: { "request-id": "req_messages_1", ...rateLimits(998) },
	body: (_, answer) =>
		message([block(answer)], answer.kind === "text" ? "end_turn" : "tool_use", {
			...INPUT,
			cache_creation: CACHE_CREATION,
			...OUTPUT,
			service_tier: "standard",
		}),
	stream,
	refusals: {
		"rate-limit": {
			...error(429, "rate_limit_error", "This request would exceed your limit of requests per minute."),
			headers: { ...RETRY_AT_ONCE, ...rateLimits(0) },
		},
		quota: error(402, "billing_error", "There is a problem with your billing or payment information."),
		"bad-key": error(401, "authentication_error", "invalid x-api-key"),
		"context-length": error(
			400,
			"invalid_request_error",
			"prompt is too long: 212345 tokens > 200000 maximum",
		),
		"no-such-model": error(404, "not_found_error", "model: claude-haiku-4-5"),
		overloaded: error(529, "overloaded_error", "Overloaded"),
		...noStreamOptions(),
	},
};

/** What is known of a message when it starts. `input_tokens` does not count what the cache read or wrote. */
const INPUT = { input_tokens: 37, cache_creation_input_tokens: 400, cache_read_input_tokens: 1500 };
const CACHE_CREATION = { ephemeral_5m_input_tokens: 240, ephemeral_1h_input_tokens: 160 };
const OUTPUT = { output_tokens: 290, output_tokens_details: { thinking_tokens: 110 } };
const OUTPUT_AT_START = { output_tokens: 3 };

function rateLimits(requestsLeft: number): Readonly<Record<string, string>> {
	return {
		"anthropic-ratelimit-requests-limit": "1000",
		"anthropic-ratelimit-requests-remaining": String(requestsLeft),
		"anthropic-ratelimit-requests-reset": "2026-01-01T00:00:00Z",
		"anthropic-ratelimit-input-tokens-limit": "450000",
		"anthropic-ratelimit-input-tokens-remaining": "447000",
		"anthropic-ratelimit-input-tokens-reset": "2026-01-01T00:00:00Z",
		"anthropic-ratelimit-output-tokens-limit": "90000",
		"anthropic-ratelimit-output-tokens-remaining": "89000",
		"anthropic-ratelimit-output-tokens-reset": "2026-01-01T00:00:00Z",
		"anthropic-ratelimit-tokens-limit": "540000",
		"anthropic-ratelimit-tokens-remaining": "536000",
		"anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:00Z",
	};
}

function message(content: readonly object[], reason: string | null, usage: object): object {
	return {
		id: "msg_scripted1",
		type: "message",
		role: "assistant",
		model: ANSWERED_MODEL.anthropic,
		content,
		stop_reason: reason,
		stop_sequence: null,
		usage,
	};
}

function block(answer: Answer): object {
	const said = answer.pieces.join("");
	if (answer.kind === "text") return { type: "text", text: said };
	const input: unknown = JSON.parse(said);
	return { type: "tool_use", id: TOOL_CALL_ID, name: TOOL.name, input };
}

function stream(_: WireRequest, answer: Answer): StreamScript {
	const isText = answer.kind === "text";
	const start = isText
		? { type: "text", text: "" }
		: { type: "tool_use", id: TOOL_CALL_ID, name: TOOL.name, input: {} };
	const usage = { ...INPUT, cache_creation: CACHE_CREATION, ...OUTPUT_AT_START, service_tier: "standard" };
	return {
		head: [
			namedEvent({ type: "message_start", message: message([], null, usage) }),
			namedEvent({ type: "content_block_start", index: 0, content_block: start }),
			namedEvent({ type: "ping" }),
		],
		piece: (text) =>
			namedEvent({
				type: "content_block_delta",
				index: 0,
				delta: isText ? { type: "text_delta", text } : { type: "input_json_delta", partial_json: text },
			}),
		tail: () => [
			namedEvent({ type: "content_block_stop", index: 0 }),
			namedEvent({
				type: "message_delta",
				delta: { stop_reason: isText ? "end_turn" : "tool_use", stop_sequence: null },
				// Cumulative: what it repeats of the start is not to be added.
				usage: { ...INPUT, ...OUTPUT },
			}),
			namedEvent({ type: "message_stop" }),
		],
		error: () => [namedEvent({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } })],
	};
}

function error(status: number, type: string, words: string): Refusal {
	return {
		status,
		headers: { "request-id": "req_messages_1" },
		body: { type: "error", error: { type, message: words }, request_id: "req_messages_1" },
	};
}

/** What the API says of a field that it does not know. */
function noStreamOptions(): Readonly<Record<"no-stream-options" | "no-stream-options-422", Refusal>> {
	const refusal = error(400, "invalid_request_error", "stream_options: Extra inputs are not permitted");
	return { "no-stream-options": refusal, "no-stream-options-422": refusal };
}
