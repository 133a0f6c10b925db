import { isRecord } from "../wire/is-record.ts";
import type { FinishReason, LLMResponse, ToolCall } from "./llm-backend.ts";

/**
 * The answer in a message's body, its usage aside; `undefined` when there is none in it. Thinking, and the tools that
 * Anthropic runs by itself, are not part of it.
 */
export function parseAnthropicMessage(body: unknown): LLMResponse | undefined {
	if (!isRecord(body) || !Array.isArray(body["content"])) return undefined;
	const blocks = body["content"].filter(isRecord);
	const { model } = body;
	return {
		content: blocks.map(textOf).join(""),
		toolCalls: blocks.map(toToolCall).filter((call) => call !== undefined),
		finishReason: anthropicFinishReason(body["stop_reason"]),
		...(typeof model === "string" ? { model } : undefined),
	};
}

/** Anthropic's stop reasons; `pause_turn` and what is new are `other`. */
export function anthropicFinishReason(reason: unknown): FinishReason {
	switch (reason) {
		case "end_turn":
		case "stop_sequence":
			return "stop";
		case "max_tokens":
		case "model_context_window_exceeded":
			return "length";
		case "tool_use":
			return "tool_calls";
		case "refusal":
			return "content_filter";
		default:
			return "other";
	}
}

function textOf(block: Readonly<Record<string, unknown>>): string {
	return block["type"] === "text" && typeof block["text"] === "string" ? block["text"] : "";
}

function toToolCall(block: Readonly<Record<string, unknown>>): ToolCall | undefined {
	const { type, id, name, input } = block;
	if (type !== "tool_use" || typeof id !== "string" || typeof name !== "string") return undefined;
	return { id, name, arguments: JSON.stringify(input ?? {}) };
}
