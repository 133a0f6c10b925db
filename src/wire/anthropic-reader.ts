import { mergeAnthropicUsage, parseAnthropicUsage } from "./anthropic-messages.ts";
import { bodyError, WRONG_FORM } from "./body-error.ts";
import { isRecord } from "./is-record.ts";
import { NOT_REPORTED, type ParsedUsage } from "./parsed-usage.ts";
import type { WireReader } from "./wire-reader.ts";
import { isBroken, latin1Json, wireText } from "./wire-text.ts";

/** Reads a message, whole or in events. */
export class AnthropicReader implements WireReader {
	usage: ParsedUsage = NOT_REPORTED;
	model: string | undefined = undefined;
	firstToken: "answer" | "reasoning" | undefined = undefined;
	isEmpty = true;
	isComplete = false;
	isEnded = false;
	error: unknown = undefined;
	#said: unknown = undefined;

	event(name: string | undefined, data: string): void {
		// Each event has its type as its name, too; what the first token was of is asked once.
		if (name === "content_block_delta" && this.firstToken !== undefined && data.endsWith("}")) return;
		const event = latin1Json(data);
		if (name === "error") {
			this.isEmpty = false;
			this.error = isRecord(event) ? event : { message: wireText(data) };
			return;
		}
		if (!isRecord(event)) {
			// The SDK reads no ping.
			if (name !== "ping" && isBroken(data)) this.error = WRONG_FORM;
			return;
		}
		const { type } = event;
		if (type !== "ping") this.isEmpty = false;
		if (type === "message_start") this.#start(event["message"]);
		else if (type === "content_block_start") this.#block(event["content_block"]);
		else if (type === "content_block_delta") this.#delta(event["delta"]);
		else if (type === "message_delta") this.#usage(event["usage"]);
		else if (type === "message_stop") this.isEnded = true;
		else if (type === "error") this.error = event;
	}

	body(value: unknown): void {
		const body = isRecord(value) ? value : {};
		const { content, model, type, usage } = body;
		if (typeof model === "string" && model !== "") this.model = model;
		this.usage = parseAnthropicUsage(usage);
		if (type === "error" || !Array.isArray(content)) {
			this.error = bodyError(value);
			return;
		}
		this.isEmpty = false;
		this.isComplete = true;
	}

	#start(message: unknown): void {
		if (!isRecord(message)) return;
		const { model, usage } = message;
		if (typeof model === "string" && model !== "") this.model = wireText(model);
		this.#said = mergeAnthropicUsage(this.#said, usage);
		this.usage = parseAnthropicUsage(this.#said);
	}

	/** A text block begins empty; of a tool, its name is a token, and hidden thinking comes whole. */
	#block(block: unknown): void {
		if (!isRecord(block)) return;
		const { type } = block;
		if (type === "redacted_thinking") this.firstToken ??= "reasoning";
		else if (type !== "text" && type !== "thinking") this.firstToken ??= "answer";
	}

	#delta(delta: unknown): void {
		if (!isRecord(delta)) return;
		// Of hidden thinking only the signature comes.
		const isThinking = delta["type"] === "thinking_delta" || delta["type"] === "signature_delta";
		this.firstToken ??= isThinking ? "reasoning" : "answer";
	}

	#usage(usage: unknown): void {
		this.isComplete ||= isRecord(usage);
		this.#said = mergeAnthropicUsage(this.#said, usage);
		this.usage = parseAnthropicUsage(this.#said);
	}
}
