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

/** `POST /v1/chat/completions`, as https://platform.openai.com/docs/api-reference/chat describes it. */
export const openaiWire: SimulatedWire = {
	family: "openai",
	requestId: (hex) => `req_${hex}`,
	hasKey: (headers) => /^Bearer ./.test(headers.authorization ?? ""),
	headers: (requestId, limits) => ({
		"openai-organization": "simulated",
		"openai-version": "2020-10-01",
		"x-request-id": requestId,
		"x-ratelimit-limit-requests": String(limits.requestLimit),
		"x-ratelimit-limit-tokens": String(limits.tokenLimit),
		"x-ratelimit-remaining-requests": String(limits.requestsLeft),
		"x-ratelimit-remaining-tokens": String(limits.tokensLeft),
		"x-ratelimit-reset-requests": resetIn(limits, limits.requestsLeft / limits.requestLimit),
		"x-ratelimit-reset-tokens": resetIn(limits, limits.tokensLeft / limits.tokenLimit),
	}),
	read: readRequest,
	error: openaiError,
	body: (answer) => ({
		id: `chatcmpl-${answer.id}`,
		object: "chat.completion",
		created: answer.created,
		model: answer.model,
		choices: [
			{
				index: 0,
				message: {
					role: "assistant",
					content: answer.toolCall === undefined ? answer.pieces.join("") : null,
					...(answer.toolCall && { tool_calls: [toolCall(answer, answer.toolCall.argumentPieces.join(""))] }),
					refusal: null,
					annotations: [],
				},
				logprobs: null,
				finish_reason: FINISH_REASONS[answer.stop],
			},
		],
		usage: usage(answer),
		service_tier: "default",
		system_fingerprint: fingerprint(answer),
	}),
	frames,
	errorFrame: () => `data: ${JSON.stringify(openaiError({ kind: "server_error" }).body)}\n\n`,
};

const FINISH_REASONS = { end: "stop", length: "length", tool: "tool_calls" } as const;

/** How long until an allowance is whole again, in OpenAI's way of writing it: "12ms", "1.2s", "1m12s". */
function resetIn({ resetMs }: RateLimitState, left: number): string {
	const ms = Math.ceil(resetMs * (1 - left));
	if (ms < 1000) return `${ms}ms`;
	const minutes = Math.floor(ms / 60_000);
	return `${minutes > 0 ? `${minutes}m` : ""}${(ms % 60_000) / 1000}s`;
}

function readRequest(body: Readonly<Record<string, unknown>>): ChatRequest | string {
	const { max_completion_tokens, max_tokens, messages, model, stream, stream_options, tools } = body;
	if (typeof model !== "string") return "you must provide a model parameter";
	if (!Array.isArray(messages) || messages.length === 0) return "Missing required parameter: 'messages'.";
	const prompt = messages.map((message) => (isRecord(message) ? textOf(message["content"]) : "")).join("\n");
	return {
		model,
		prompt,
		// OpenAI caches by itself, from 1,024 tokens on.
		cacheable: prompt.length < CACHEABLE_CHARACTERS ? "" : prompt.slice(0, CACHEABLE_CHARACTERS),
		tools: body["tool_choice"] === "none" ? [] : list(tools).flatMap(readTool),
		maxTokens: integer(max_completion_tokens) ?? integer(max_tokens),
		stream: stream === true,
		includeUsage: isRecord(stream_options) && stream_options["include_usage"] === true,
	};
}

function readTool(tool: unknown): SimulatedTool[] {
	const fn = isRecord(tool) ? tool["function"] : undefined;
	if (!isRecord(fn) || typeof fn["name"] !== "string") return [];
	return [{ name: fn["name"], parameters: fn["parameters"] }];
}

function usage(answer: Answer): unknown {
	return {
		prompt_tokens: answer.inputTokens,
		completion_tokens: answer.outputTokens,
		total_tokens: answer.inputTokens + answer.outputTokens,
		prompt_tokens_details: { cached_tokens: answer.cachedTokens, audio_tokens: 0 },
		completion_tokens_details: {
			reasoning_tokens: answer.reasoningTokens,
			audio_tokens: 0,
			accepted_prediction_tokens: 0,
			rejected_prediction_tokens: 0,
		},
	};
}

function fingerprint(answer: Answer): string {
	return `fp_${Buffer.from(answer.model).toString("hex").slice(-10)}`;
}

function toolCall(answer: Answer, argumentText: string): Record<string, unknown> {
	const call = { name: answer.toolCall?.name, arguments: argumentText };
	return { id: `call_${answer.id.slice(0, 24)}`, type: "function", function: call };
}

/** The order, the nulls and the padding are those of the real API. */
function* frames(answer: Answer, includeUsage: boolean): Generator<WireFrame> {
	let sent = 0;
	let atToken = answer.reasoningTokens;
	const frame = (choices: readonly unknown[], streamUsage: unknown): WireFrame => {
		const chunk = {
			id: `chatcmpl-${answer.id}`,
			object: "chat.completion.chunk",
			created: answer.created,
			model: answer.model,
			service_tier: "default",
			system_fingerprint: fingerprint(answer),
			choices,
			...(includeUsage && { usage: streamUsage }),
			obfuscation: answer.id.slice((sent * 7) % 15),
		};
		sent += 1;
		return { text: `data: ${JSON.stringify(chunk)}\n\n`, atToken };
	};
	const delta = (content: unknown, finishReason: string | null = null): WireFrame =>
		frame([{ index: 0, delta: content, logprobs: null, finish_reason: finishReason }], null);

	if (answer.toolCall === undefined) {
		yield delta({ role: "assistant", content: "", refusal: null });
		for (const content of answer.pieces) {
			atToken += 1;
			yield delta({ content });
		}
	} else {
		const call = { index: 0, ...toolCall(answer, "") };
		yield delta({ role: "assistant", content: null, tool_calls: [call], refusal: null });
		for (const piece of answer.toolCall.argumentPieces) {
			atToken += 1;
			yield delta({ tool_calls: [{ index: 0, function: { arguments: piece } }] });
		}
	}
	yield delta({}, FINISH_REASONS[answer.stop]);
	if (includeUsage) yield frame([], usage(answer));
	yield { text: "data: [DONE]\n\n", atToken };
}

/** The bodies of https://platform.openai.com/docs/guides/error-codes. */
function openaiError(failure: Failure): WireError {
	const invalid = "invalid_request_error";
	switch (failure.kind) {
		case "rate_limit": {
			const { model, retryAfterMs } = failure;
			const message = `Rate limit reached for ${model} in organization simulated on tokens per min (TPM). Please try again in ${retryAfterMs / 1000}s.`;
			return error(429, message, "tokens", "rate_limit_exceeded", null, {
				"retry-after": String(Math.ceil(retryAfterMs / 1000)),
				"retry-after-ms": String(retryAfterMs),
			});
		}
		case "quota": {
			const message = "You exceeded your current quota, please check your plan and billing details.";
			return error(429, message, "insufficient_quota", "insufficient_quota", null, {
				"x-should-retry": "false",
			});
		}
		case "overloaded": {
			const message = "Our servers are currently overloaded. Please try again later.";
			return error(503, message, "service_unavailable_error", "server_is_overloaded");
		}
		case "server_error": {
			const message = "The server had an error while processing your request. Sorry about that!";
			return error(500, message, "server_error", null);
		}
		case "bad_key":
			return error(401, "Incorrect API key provided.", invalid, "invalid_api_key");
		case "context_length": {
			const message = `This model's maximum context length is ${failure.limit} tokens. However, your messages resulted in ${failure.tokens} tokens. Please reduce the length of the messages.`;
			return error(400, message, invalid, "context_length_exceeded", "messages");
		}
		case "unknown_model": {
			const message = `The model \`${failure.model}\` does not exist or you do not have access to it.`;
			return error(404, message, invalid, "model_not_found");
		}
		case "unknown_path":
			return error(404, `Invalid URL (${failure.method} ${failure.path})`, invalid, null);
		case "invalid_request":
			return error(400, failure.message, invalid, null);
	}
}

function error(
	status: number,
	message: string,
	type: string,
	code: string | null,
	param: string | null = null,
	headers: Readonly<Record<string, string>> = {},
): WireError {
	return { status, headers, body: { error: { message, type, param, code } } };
}
