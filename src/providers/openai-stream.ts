import type { TokenUsage } from "../core/token-usage.ts";
import { isRecord } from "../wire/is-record.ts";
import type { FinishReason, StreamEvent } from "./llm-backend.ts";
import { openAIFinishReason, openAIText } from "./openai-response.ts";

interface OpenToolCall {
	id: string;
	name: string;
	/** Arguments that came before the name did. */
	waiting: string;
	isStarted: boolean;
}

/**
 * Turns the chunks of a chat completion into our events. Tool calls are told apart by their index and may come
 * interleaved, so each ends when the answer does.
 */
export class OpenAIStreamReader {
	/** In the provider's words, once it has said so. */
	model: string | undefined = undefined;
	/** Whether anything came at all. */
	isEmpty = true;
	/** Whether the server has ended the answer, and not something in between. */
	isComplete = false;
	/** What the first token was of, once it is here. */
	firstToken: "answer" | "reasoning" | undefined = undefined;
	#finishReason: FinishReason = "other";
	readonly #calls: OpenToolCall[] = [];
	readonly #byIndex: Map<unknown, OpenToolCall> = new Map();

	/** The events of one chunk. */
	read(chunk: unknown): StreamEvent[] {
		if (!isRecord(chunk)) return [];
		this.isEmpty = false;
		const { model } = chunk;
		if (typeof model === "string" && model !== "") this.model = model;
		const choice: unknown = Array.isArray(chunk["choices"]) ? chunk["choices"][0] : undefined;
		if (!isRecord(choice)) return [];
		const reason = choice["finish_reason"];
		if (reason !== undefined && reason !== null) {
			this.isComplete = true;
			this.#finishReason = openAIFinishReason(reason);
		}
		const delta = choice["delta"];
		return isRecord(delta) ? this.#readDelta(delta) : [];
	}

	/** The last events. A stream that was cut, so without a finish reason, ends with `other`. */
	end(usage: TokenUsage | undefined): StreamEvent[] {
		const started = this.#calls.filter((call) => call.isStarted);
		return [
			...started.map(({ id }): StreamEvent => ({ type: "tool-call-end", id })),
			{
				type: "done",
				finishReason: this.#finishReason,
				...(this.model === undefined ? undefined : { model: this.model }),
				...(usage === undefined ? undefined : { usage }),
			},
		];
	}

	#readDelta(delta: Readonly<Record<string, unknown>>): StreamEvent[] {
		const text = openAIText(delta["content"]) + openAIText(delta["refusal"]);
		const calls = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"].filter(isRecord) : [];
		if (text !== "" || calls.length > 0) this.firstToken ??= "answer";
		// DeepSeek's and xAI's name, and that of OpenRouter and Groq.
		else if (delta["reasoning_content"] || delta["reasoning"]) this.firstToken ??= "reasoning";
		return [
			...(text === "" ? [] : [{ type: "text-delta", text } as const]),
			...calls.flatMap((part) => this.#readToolCall(part)),
		];
	}

	#readToolCall(part: Readonly<Record<string, unknown>>): StreamEvent[] {
		const fn = isRecord(part["function"]) ? part["function"] : {};
		const name = typeof fn["name"] === "string" ? fn["name"] : "";
		const args = typeof fn["arguments"] === "string" ? fn["arguments"] : "";
		const call = this.#callOf(part, name);
		if (!call.isStarted) {
			call.name += name;
			call.waiting += args;
			if (call.name === "") return [];
			call.isStarted = true;
			const start: StreamEvent = { type: "tool-call-start", id: call.id, name: call.name };
			return call.waiting === "" ? [start] : [start, argumentsOf(call, call.waiting)];
		}
		return args === "" ? [] : [argumentsOf(call, args)];
	}

	#callOf(part: Readonly<Record<string, unknown>>, name: string): OpenToolCall {
		const id = typeof part["id"] === "string" ? part["id"] : "";
		// Gemini's compatible endpoint has left the index out, and has given every call the index 0.
		const index = part["index"] ?? (id === "" ? this.#calls.length - 1 : id);
		const known = this.#byIndex.get(index);
		const isAnother = known !== undefined && id !== "" && id !== known.id && name !== "";
		if (known !== undefined && !isAnother) return known;
		const position = this.#calls.length;
		const call = { id: id === "" ? `call_${position}` : id, name: "", waiting: "", isStarted: false };
		this.#calls.push(call);
		this.#byIndex.set(index, call);
		return call;
	}
}

function argumentsOf(call: OpenToolCall, argumentsDelta: string): StreamEvent {
	return { type: "tool-call-delta", id: call.id, argumentsDelta };
}
