import { bodyError, WRONG_FORM } from "./body-error.ts";
import { isRecord } from "./is-record.ts";
import { parseOpenAIResponsesUsage } from "./openai-responses.ts";
import { NOT_REPORTED, type ParsedUsage } from "./parsed-usage.ts";
import type { WireReader } from "./wire-reader.ts";
import { isBroken, latin1Json, wireText } from "./wire-text.ts";

/** Reads an answer of the Responses API, whole or in events. */
export class OpenAIResponsesReader implements WireReader {
	usage: ParsedUsage = NOT_REPORTED;
	model: string | undefined = undefined;
	firstToken: "answer" | "reasoning" | undefined = undefined;
	isEmpty = true;
	isComplete = false;
	isEnded = false;
	error: unknown = undefined;

	event(name: string | undefined, data: string): void {
		// The name is the type; a name that is none is a proxy's.
		const type = name === "error" || name?.startsWith("response.") === true ? name : typeOf(data);
		if (type === "error") this.#failed(data);
		else if (!data.endsWith("}") && isBroken(data)) this.error = WRONG_FORM;
		else if (type === undefined) return;
		else if (type.endsWith(".delta")) this.#delta(type);
		else if (LAST.test(type) || type === "response.created") this.#response(type, latin1Json(data));
		else this.isEmpty &&= !type.startsWith("response.");
	}

	body(value: unknown): void {
		if (isRecord(value) && (value["object"] === "response" || Array.isArray(value["output"])))
			this.#take(value, (text) => text);
		else this.error = bodyError(value);
	}

	#delta(type: string): void {
		this.isEmpty = false;
		this.firstToken ??= type.includes("reasoning") ? "reasoning" : "answer";
	}

	#response(type: string, event: unknown): void {
		const response = isRecord(event) ? event["response"] : undefined;
		if (event === undefined) this.error = WRONG_FORM;
		if (!isRecord(response)) return;
		this.#take(response, wireText);
		this.isEnded ||= LAST.test(type);
		// Of a beginning nothing is the whole, whatever it leaves out.
		this.isComplete &&= this.isEnded;
	}

	#take(response: Readonly<Record<string, unknown>>, decode: (text: string) => string): void {
		const { error, model, status } = response;
		this.isEmpty = false;
		if (typeof model === "string" && model !== "") this.model = decode(model);
		const parsed = parseOpenAIResponsesUsage(response);
		if (parsed !== NOT_REPORTED) this.usage = parsed;
		if (status === "failed") this.error = isRecord(error) ? { error } : { message: "The response failed." };
		// In the background it is still being made.
		this.isComplete = status === undefined || status === "completed" || status === "incomplete";
	}

	/** OpenAI's error stands flat in the event, Azure's in an `error` of it. */
	#failed(data: string): void {
		this.isEmpty = false;
		const event = latin1Json(data);
		const inner = isRecord(event) ? event["error"] : undefined;
		this.error = isRecord(inner) ? { error: inner } : (withoutType(event) ?? { message: wireText(data) });
	}
}

const LAST = /^response\.(completed|incomplete|failed|cancelled)$/;

/** The type stands first in what the API sends; where it does not, the whole is read. */
function typeOf(data: string): string | undefined {
	const first = /^\s*\{\s*"type"\s*:\s*"([a-z_.]+)"/.exec(data)?.[1];
	if (first !== undefined) return first;
	const event = latin1Json(data);
	return isRecord(event) && typeof event["type"] === "string" ? event["type"] : undefined;
}

/** `type: "error"` is the event's and says nothing of the error. */
function withoutType(event: unknown): unknown {
	if (!isRecord(event)) return undefined;
	const { type: _, ...said } = event;
	return said;
}
