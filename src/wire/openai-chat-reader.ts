import { bodyError, WRONG_FORM } from "./body-error.ts";
import { isRecord } from "./is-record.ts";
import { openAIChunkUsage, parseOpenAIChatUsage } from "./openai-chat.ts";
import { NOT_REPORTED, type ParsedUsage } from "./parsed-usage.ts";
import type { WireReader } from "./wire-reader.ts";
import { isBroken, latin1Json, wireText } from "./wire-text.ts";

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
		// What was seen already is not read again.
		const isKnown = this.model !== undefined && this.firstToken !== undefined;
		if (isKnown && name !== "error" && data.endsWith("}") && !hasNews(data, this.isComplete)) return;
		const chunk = latin1Json(data);
		if (isRecord(chunk)) this.#chunk(name, chunk);
		else if (name === "error") this.error = { message: wireText(data) };
		else if (isBroken(data)) this.error = WRONG_FORM;
	}

	body(value: unknown): void {
		const body = isRecord(value) ? value : {};
		const { choices, model, usage } = body;
		if (typeof model === "string" && model !== "") this.model = model;
		this.usage = parseOpenAIChatUsage(usage, body);
		if (Array.isArray(choices) || isReceipt(body)) {
			this.isEmpty = false;
			// What is deferred has its usage when it is fetched.
			this.isComplete = Array.isArray(choices);
		} else this.error = bodyError(value);
	}

	#chunk(name: string | undefined, chunk: Readonly<Record<string, unknown>>): void {
		const { choices, error, model } = chunk;
		this.isEmpty = false;
		if (typeof model === "string" && model !== "") this.model = wireText(model);
		const usage = openAIChunkUsage(chunk);
		if (usage !== undefined) this.usage = parseOpenAIChatUsage(usage, chunk);
		// The SDK throws in just these cases.
		if (name === "error" || Boolean(error)) {
			this.error = isRecord(error) || typeof error === "string" ? { error } : chunk;
			return;
		}
		const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
		if (!isRecord(choice)) return;
		const { delta, finish_reason: reason, text } = choice;
		if (reason !== undefined && reason !== null) this.isComplete = true;
		if (typeof text === "string" && text !== "") this.firstToken ??= "answer";
		if (isRecord(delta)) this.firstToken ??= tokenIn(delta);
	}
}

/** What xAI answers to `deferred: true`: a number to fetch the completion by, and nothing else. */
function isReceipt(body: Readonly<Record<string, unknown>>): boolean {
	return typeof body["request_id"] === "string" && Object.keys(body).length === 1;
}

/**
 * Whether there may be more in a chunk than a piece of the answer: an error, a usage, a reason to have ended. A quote inside
 * a text is escaped, so what stands between bare quotes is a name, or a text that is only this. The names are looked for
 * by their ends, which begin with something rarer than a quote: that is several times as fast.
 */
function hasNews(data: string, isComplete: boolean): boolean {
	if (data.includes('rror"') && data.includes('"error"')) return true;
	return hasValue(data, 'usage"') || (!isComplete && hasValue(data, '_reason"'));
}

/** Whether a field whose name ends so is there and is not `null`. */
function hasValue(data: string, name: string): boolean {
	for (let at = data.indexOf(name); at !== -1; at = data.indexOf(name, at + name.length)) {
		const end = at + name.length;
		if (data.startsWith(":null", end)) continue;
		NULL.lastIndex = end;
		if (!NULL.test(data)) return true;
	}
	return false;
}

const NULL = /\s*:\s*null/y;

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
	// DeepSeek's and xAI's name; that of OpenRouter and Groq; Mistral's parts that are no text are of thinking.
	const isReasoning = isText(delta["reasoning_content"]) || isText(delta["reasoning"]) || hasParts(content);
	return isReasoning ? "reasoning" : undefined;
}

function isText(value: unknown): boolean {
	if (typeof value === "string") return value !== "";
	return (
		Array.isArray(value) &&
		value.some((part) => isRecord(part) && part["type"] === "text" && isText(part["text"]))
	);
}

function hasParts(content: unknown): boolean {
	return Array.isArray(content) && content.some((part) => isRecord(part) && part["type"] === "thinking");
}
