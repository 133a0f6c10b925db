import { mergeAnthropicUsage } from "../wire/anthropic-messages.ts";
import { isRecord } from "../wire/is-record.ts";
import { anthropicFinishReason } from "./anthropic-response.ts";
import type { FinishReason, StreamEvent } from "./llm-backend.ts";
import type { TokenUsage } from "../core/token-usage.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Turns the events of a message's stream into ours. */
export class AnthropicStreamReader {
	/** In the provider's words, once it has said so. */
	model: string | undefined = undefined;
	/** Whether anything came at all. */
	isEmpty = true;
	/** Whether the API has said how much the answer was in the end; at the start it counts one token of output. */
	isComplete = false;
	/** What the first token was of, once it is here. */
	firstToken: "answer" | "reasoning" | undefined = undefined;
	/** The usage as far as it was said, in the provider's own form. */
	usage: unknown = undefined;
	#finishReason: FinishReason = "other";
	/** The tool calls under way, by the index of their block. */
	readonly #open: Map<unknown, { id: string; input: unknown; hasArguments: boolean }> = new Map();

	/** The events of one event of the API. */
	read(event: unknown): StreamEvent[] {
		if (!isRecord(event)) return [];
		this.isEmpty = false;
		switch (event["type"]) {
			case "message_start":
				this.#start(event["message"]);
				return [];
			case "content_block_start":
				return isRecord(event["content_block"])
					? this.#startBlock(event["index"], event["content_block"])
					: [];
			case "content_block_delta":
				return isRecord(event["delta"]) ? this.#readDelta(event["index"], event["delta"]) : [];
			case "content_block_stop":
				return this.#endBlock(event["index"]);
			case "message_delta": {
				const reason = isRecord(event["delta"]) ? event["delta"]["stop_reason"] : undefined;
				if (typeof reason === "string") this.#finishReason = anthropicFinishReason(reason);
				this.usage = mergeAnthropicUsage(this.usage, event["usage"]);
				this.isComplete ||= isRecord(event["usage"]);
				return [];
			}
			default:
				return [];
		}
	}

	/** The last events. A stream that was cut, so without a stop reason, ends with `other`. */
	end(usage: TokenUsage | undefined): StreamEvent[] {
		return [
			...[...this.#open.keys()].flatMap((index) => this.#endBlock(index)),
			{
				type: "done",
				finishReason: this.#finishReason,
				...(this.model === undefined ? undefined : { model: this.model }),
				...(usage === undefined ? undefined : { usage }),
			},
		];
	}

	#start(message: unknown): void {
		if (!isRecord(message)) return;
		if (typeof message["model"] === "string") this.model = message["model"];
		this.usage = mergeAnthropicUsage(this.usage, message["usage"]);
	}

	#startBlock(index: unknown, block: Fields): StreamEvent[] {
		const { type, id, name, input, text } = block;
		// A text block begins empty; of a tool, its name is a token, and hidden thinking comes whole.
		if (type === "redacted_thinking") this.firstToken ??= "reasoning";
		else if (type !== "text" && type !== "thinking") this.firstToken ??= "answer";
		if (type === "text") return typeof text === "string" && text !== "" ? [{ type: "text-delta", text }] : [];
		if (type !== "tool_use" || typeof id !== "string" || typeof name !== "string") return [];
		this.#open.set(index, { id, input, hasArguments: false });
		return [{ type: "tool-call-start", id, name }];
	}

	#readDelta(index: unknown, delta: Fields): StreamEvent[] {
		const { type, text, partial_json: json } = delta;
		// Of hidden thinking only the signature comes.
		this.firstToken ??= type === "thinking_delta" || type === "signature_delta" ? "reasoning" : "answer";
		if (type === "text_delta")
			return typeof text === "string" && text !== "" ? [{ type: "text-delta", text }] : [];
		const call = this.#open.get(index);
		if (type !== "input_json_delta" || call === undefined || typeof json !== "string" || json === "")
			return [];
		call.hasArguments = true;
		return [{ type: "tool-call-delta", id: call.id, argumentsDelta: json }];
	}

	/** A tool without arguments has an empty text on the wire; the block's own `input` is JSON. */
	#endBlock(index: unknown): StreamEvent[] {
		const call = this.#open.get(index);
		if (call === undefined) return [];
		this.#open.delete(index);
		const end: StreamEvent = { type: "tool-call-end", id: call.id };
		if (call.hasArguments) return [end];
		return [{ type: "tool-call-delta", id: call.id, argumentsDelta: JSON.stringify(call.input ?? {}) }, end];
	}
}
