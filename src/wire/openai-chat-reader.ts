import { isRecord } from "./is-record.ts";
import { openAIChunkUsage, parseOpenAIChatUsage } from "./openai-chat.ts";
import { NOT_REPORTED, type ParsedUsage } from "./parsed-usage.ts";
import { latin1Json, wireText } from "./wire-text.ts";
import type { WireReader } from "./wire-reader.ts";

/** Reads a chat completion, or one of the older completions API, whole or in chunks. */
export class OpenAIChatReader implements WireReader {
	usage: ParsedUsage = NOT_REPORTED;
	model: string | undefined = undefined;
	firstToken: "answer" | "reasoning" | undefined = undefined;
	isEmpty = true;
	isComplete = false;
	isEnded = false;
	error: unknown = undefined;

	event(name: string | undefined, data: string): void {
		if (data.startsWith("[DONE]")) {
			this.isEnded = true;
			return;
		}
		// A quote in a text is escaped, so these names are names. What was seen already is not read again.
		const isKnown = this.model !== undefined && this.firstToken !== undefined && this.isComplete;
		const matters = name === "error" || data.includes('"usage"') || data.includes('"error"');
		if (isKnown && !matters) return;
		if (this.model !== undefined && this.firstToken !== undefined && !matters && !FINISH.test(data)) return;
		const chunk = latin1Json(data);
		if (isRecord(chunk)) this.#chunk(name, chunk);
	}

	body(value: unknown): void {
		if (!isRecord(value)) return;
		const { choices, error, model, usage } = value;
		if (error !== undefined && error !== null && !Array.isArray(choices)) {
			this.error = value;
			return;
		}
		if (!Array.isArray(choices)) {
			this.error = { message: "no body of the form that the API promises", name: "SyntaxError" };
			return;
		}
		this.isEmpty = false;
		this.isComplete = true;
		if (typeof model === "string" && model !== "") this.model = model;
		this.usage = parseOpenAIChatUsage(usage, value);
	}

	#chunk(name: string | undefined, chunk: Readonly<Record<string, unknown>>): void {
		const { choices, error, model } = chunk;
		this.isEmpty = false;
		if (name === "error" || (error !== undefined && error !== null)) {
			this.error = isRecord(error) || typeof error === "string" ? { error } : chunk;
			return;
		}
		if (typeof model === "string" && model !== "") this.model = wireText(model);
		const usage = openAIChunkUsage(chunk);
		if (usage !== undefined) this.usage = parseOpenAIChatUsage(usage, chunk);
		const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
		if (!isRecord(choice)) return;
		const { delta, finish_reason: reason, text } = choice;
		if (reason !== undefined && reason !== null) this.isComplete = true;
		if (typeof text === "string" && text !== "") this.firstToken ??= "answer";
		if (isRecord(delta)) this.firstToken ??= tokenIn(delta);
	}
}

/** A reason to have ended, in any chunk of a stream. */
const FINISH = /"finish_reason"\s*:\s*"/;

/** What a delta has a token of; its role alone is none. */
function tokenIn(delta: Readonly<Record<string, unknown>>): "answer" | "reasoning" | undefined {
	const { audio, content, function_call: call, refusal, tool_calls: tools } = delta;
	const isAnswer =
		isText(content) ||
		isText(refusal) ||
		isRecord(audio) ||
		isRecord(call) ||
		(Array.isArray(tools) && tools.length > 0);
	if (isAnswer) return "answer";
	return isText(delta["reasoning_content"]) || isText(delta["reasoning"]) ? "reasoning" : undefined;
}

function isText(value: unknown): boolean {
	return (typeof value === "string" && value !== "") || (Array.isArray(value) && value.length > 0);
}
