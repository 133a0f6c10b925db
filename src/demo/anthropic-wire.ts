import { isRecord } from "../wire/is-record.ts";
import type { Answer } from "./answer.ts";
import type { Failure } from "./fault.ts";
import { integer, list, textOf } from "./request-body.ts";
import {
	CACHEABLE_CHARACTERS,
	type ChatRequest,
	type RateLimitState,
	type SimulatedTool,
	type SimulatedWire,
	type WireError,
	type WireFrame,
} from "./simulated-wire.ts";

/** `POST /v1/messages`, as https://docs.claude.com/en/api/messages describes it. */
export const anthropicWire: SimulatedWire = {
	family: "anthropic",
	requestId: (hex) => `req_011${hex.slice(0, 21)}`,
	hasKey: (headers) => (headers["x-api-key"] ?? headers.authorization ?? "") !== "",
	headers: (requestId, limits, nowMs) => ({
		"request-id": requestId,
		"anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
		...rateLimit("requests", limits, nowMs, limits.requestLimit, limits.requestsLeft),
		...rateLimit("tokens", limits, nowMs, limits.tokenLimit, limits.tokensLeft),
		...rateLimit("input-tokens", limits, nowMs, limits.tokenLimit, limits.tokensLeft),
	}),
	read: readRequest,
	error: anthropicError,
	body: (answer) => ({
		...message(answer, usage(answer, answer.outputTokens)),
		content: [content(answer, answer.pieces.join(""), answer.toolCall?.argumentPieces.join(""))],
		stop_reason: STOP_REASONS[answer.stop],
	}),
	frames,
	errorFrame: (requestId) => {
		const overloaded = { type: "overloaded_error", message: "Overloaded" };
		return frameText({ type: "error", error: overloaded, request_id: requestId });
	},
};

const STOP_REASONS = { end: "end_turn", length: "max_tokens", tool: "tool_use" } as const;

function rateLimit(
	resource: string,
	{ resetMs }: RateLimitState,
	nowMs: number,
	limit: number,
	left: number,
): Record<string, string> {
	// RFC 3339, to the second.
	const reset = new Date(nowMs + resetMs * (1 - left / limit)).toISOString().replace(/\.\d+Z$/, "Z");
	const name = `anthropic-ratelimit-${resource}`;
	return { [`${name}-limit`]: String(limit), [`${name}-remaining`]: String(left), [`${name}-reset`]: reset };
}

function readRequest(body: Readonly<Record<string, unknown>>): ChatRequest | string {
	const { max_tokens, messages, model, stream, system, tools } = body;
	if (typeof model !== "string") return "model: Field required";
	if (integer(max_tokens) === undefined) return "max_tokens: Field required";
	if (!Array.isArray(messages) || messages.length === 0) return "messages: Field required";
	const systemText = textOf(system);
	const said = messages.map((turn) => (isRecord(turn) ? textOf(turn["content"]) : ""));
	const marked = list(system).some((part) => isRecord(part) && isRecord(part["cache_control"]));
	return {
		model,
		prompt: [systemText, ...said].join("\n"),
		// Anthropic caches only what the caller marks; here that can be the system prompt.
		cacheable: marked && systemText.length >= CACHEABLE_CHARACTERS ? systemText : "",
		tools:
			isRecord(body["tool_choice"]) && body["tool_choice"]["type"] === "none"
				? []
				: list(tools).flatMap(readTool),
		maxTokens: integer(max_tokens),
		stream: stream === true,
		includeUsage: true,
	};
}

function readTool(tool: unknown): SimulatedTool[] {
	if (!isRecord(tool) || typeof tool["name"] !== "string") return [];
	return [{ name: tool["name"], parameters: tool["input_schema"] }];
}

function usage(answer: Answer, outputTokens: number): Record<string, unknown> {
	return {
		// Without what the cache gave or took: the three are to be added up.
		input_tokens: answer.inputTokens - answer.cachedTokens - answer.cacheWriteTokens,
		cache_creation_input_tokens: answer.cacheWriteTokens,
		cache_read_input_tokens: answer.cachedTokens,
		cache_creation: { ephemeral_5m_input_tokens: answer.cacheWriteTokens, ephemeral_1h_input_tokens: 0 },
		output_tokens: outputTokens,
		service_tier: "standard",
		inference_geo: "not_available",
	};
}

function message(answer: Answer, messageUsage: unknown): Record<string, unknown> {
	return {
		model: answer.model,
		id: `msg_01${answer.id.slice(0, 22)}`,
		type: "message",
		role: "assistant",
		content: [],
		stop_reason: null,
		stop_sequence: null,
		usage: messageUsage,
	};
}

function content(answer: Answer, text: string, argumentText: string | undefined): Record<string, unknown> {
	if (answer.toolCall === undefined) return { type: "text", text };
	const input: unknown = JSON.parse(argumentText ?? "{}");
	return { type: "tool_use", id: `toolu_01${answer.id.slice(0, 22)}`, name: answer.toolCall.name, input };
}

/** An event of a stream by its name, which its data repeats. */
interface StreamEvent {
	readonly type: string;
	readonly [field: string]: unknown;
}

/** The order of the events is that of the real API, its ping included. */
function* frames(answer: Answer): Generator<WireFrame> {
	let atToken = answer.reasoningTokens;
	const frame = (event: StreamEvent): WireFrame => ({
		text: frameText(event),
		atToken,
	});
	yield frame({ type: "message_start", message: message(answer, usage(answer, 1)) });
	yield frame({ type: "content_block_start", index: 0, content_block: content(answer, "", undefined) });
	yield frame({ type: "ping" });
	for (const piece of answer.toolCall?.argumentPieces ?? answer.pieces) {
		atToken += 1;
		const delta =
			answer.toolCall === undefined
				? { type: "text_delta", text: piece }
				: { type: "input_json_delta", partial_json: piece };
		yield frame({ type: "content_block_delta", index: 0, delta });
	}
	yield frame({ type: "content_block_stop", index: 0 });
	const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usage(answer, 0);
	yield frame({
		type: "message_delta",
		delta: { stop_reason: STOP_REASONS[answer.stop], stop_sequence: null },
		usage: {
			input_tokens,
			cache_creation_input_tokens,
			cache_read_input_tokens,
			output_tokens: answer.outputTokens,
		},
	});
	yield frame({ type: "message_stop" });
}

function frameText(event: StreamEvent): string {
	return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** The bodies of https://docs.claude.com/en/api/errors. */
function anthropicError(failure: Failure, requestId: string): WireError {
	const error = (
		status: number,
		type: string,
		text: string,
		headers: Readonly<Record<string, string>> = {},
	): WireError => ({
		status,
		headers,
		body: { type: "error", error: { type, message: text }, request_id: requestId },
	});
	switch (failure.kind) {
		case "rate_limit":
			return error(429, "rate_limit_error", "This request would exceed your organization's rate limit.", {
				"retry-after": String(failure.retryAfterMs / 1000),
				"x-should-retry": "true",
			});
		case "quota":
			return error(402, "billing_error", "Your credit balance is too low to access the Anthropic API.");
		case "overloaded":
			return error(529, "overloaded_error", "Overloaded", { "x-should-retry": "true" });
		case "server_error":
			return error(500, "api_error", "Internal server error", { "x-should-retry": "true" });
		case "bad_key":
			return error(401, "authentication_error", "invalid x-api-key");
		case "context_length": {
			const text = `prompt is too long: ${failure.tokens} tokens > ${failure.limit} maximum`;
			return error(400, "invalid_request_error", text);
		}
		case "unknown_model":
			return error(404, "not_found_error", `model: ${failure.model}`);
		case "unknown_path":
			return error(404, "not_found_error", "Not found");
		case "invalid_request":
			return error(400, "invalid_request_error", failure.message);
	}
}
