import { isRecord } from "../wire/is-record.ts";
import type { FinishReason, LLMResponse, ToolCall } from "./llm-backend.ts";

/** The answer in a chat completion's body, its usage aside; `undefined` when there is none in it. */
export function parseChatCompletion(body: unknown): LLMResponse | undefined {
	const choices = isRecord(body) && Array.isArray(body["choices"]) ? body["choices"] : [];
	const choice: unknown = choices[0];
	const message = isRecord(choice) ? choice["message"] : undefined;
	if (!isRecord(body) || !isRecord(choice) || !isRecord(message)) return undefined;
	const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"] : [];
	const model = body["model"];
	return {
		content: openAIText(message["content"]) || openAIText(message["refusal"]),
		toolCalls: calls.map(toToolCall).filter((call) => call !== undefined),
		finishReason: openAIFinishReason(choice["finish_reason"]),
		...(typeof model === "string" && model !== "" ? { model } : undefined),
	};
}

/** The vector in an embeddings body; `undefined` when there is none in it. */
export function parseEmbedding(body: unknown): readonly number[] | undefined {
	const data = isRecord(body) && Array.isArray(body["data"]) ? body["data"] : [];
	const first: unknown = data[0];
	const vector = isRecord(first) ? first["embedding"] : undefined;
	const isVector = Array.isArray(vector) && vector.every((value) => typeof value === "number");
	return isVector ? vector : undefined;
}

/** The text of a message or a delta: a string, or (Mistral's reasoning models) parts of which some are text. */
export function openAIText(content: unknown): string {
	if (typeof content === "string") return content;
	if (!Array.isArray(content)) return "";
	return content
		.filter(isRecord)
		.map((part) => (part["type"] === "text" && typeof part["text"] === "string" ? part["text"] : ""))
		.join("");
}

/** OpenAI's finish reasons, and Mistral's name for a full context. */
export function openAIFinishReason(reason: unknown): FinishReason {
	switch (reason) {
		case "stop":
		case "length":
		case "tool_calls":
		case "content_filter":
			return reason;
		case "function_call":
			return "tool_calls";
		case "model_length":
			return "length";
		default:
			return "other";
	}
}

function toToolCall(call: unknown, index: number): ToolCall | undefined {
	const fn = isRecord(call) ? call["function"] : undefined;
	if (!isRecord(call) || !isRecord(fn) || typeof fn["name"] !== "string") return undefined;
	const { id } = call;
	const args = fn["arguments"];
	return {
		id: typeof id === "string" && id !== "" ? id : `call_${index}`,
		name: fn["name"],
		// Ollama, among others, has sent the arguments as an object.
		arguments: typeof args === "string" ? args : JSON.stringify(args ?? {}),
	};
}
