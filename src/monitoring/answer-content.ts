import { LlmError } from "../core/llm-error.ts";
import { readerFor } from "../wire/reader-for.ts";
import { SseParser } from "../wire/sse-parser.ts";
import type { WireReader } from "../wire/wire-reader.ts";
import { AwsEvents, isAwsEvents } from "../wire/aws-events.ts";
import { reportInternalError } from "./internal-errors.ts";
import { digestOf, JsonDigest } from "./json-digest.ts";
import type { Question } from "./question.ts";

/** What an answer says, read from its bytes while they pass, or from its JSON. */
export class AnswerContent {
	readonly reader: WireReader;
	/** Whether the bytes are those of an event stream; what begins like JSON is none, whatever was asked for. */
	isEvents: boolean | undefined;
	#isTorn = false;
	readonly #isAws: boolean;
	#events: SseParser | AwsEvents | undefined = undefined;
	#json: JsonDigest | undefined = undefined;

	/** @param type what the header `content-type` says */
	constructor(question: Question, type: string | null) {
		this.reader = readerFor(question.format, question.model);
		// What nearly all say is told without looking closer.
		const isJson = type === "application/json";
		const isSse = !isJson && /^\s*text\/event-stream/i.test(type ?? "");
		this.#isAws = !isJson && !isSse && isAwsEvents(type);
		this.isEvents = isSse || this.#isAws || (question.isStream ? undefined : false);
	}

	/** A part of it could not be read. */
	get isTorn(): boolean {
		return this.#isTorn || this.#events?.hasSkipped === true || this.#json?.isTooLarge === true;
	}

	/** Reading it has gone wrong, through a fault of ours. */
	tear(cause: unknown): void {
		this.#isTorn = true;
		reportInternalError("usage", "A part of an answer could not be read.", cause);
	}

	/** The next bytes, and the same as Latin-1 text where somebody has that; none are kept. */
	push(chunk: Uint8Array, text?: string): void {
		this.isEvents ??= looksLikeEvents(chunk);
		if (this.isEvents === true) this.#eventsOf().push(chunk, text);
		else if (this.isEvents === false) (this.#json ??= new JsonDigest()).push(chunk);
	}

	/** There are no more bytes. The answer is what is wrong with them, if anything. */
	end(): LlmError | undefined {
		if (this.isEvents === true) {
			this.#eventsOf().end();
			const isEmpty = this.reader.isEmpty && !this.isTorn;
			return isEmpty ? notAnAnswer("The stream ended before its first event.") : undefined;
		}
		const json = this.#json;
		if (json === undefined || json.isEmpty) return notAnAnswer("The answer is empty.");
		return json.isTooLarge ? undefined : this.#value(json.value());
	}

	/** The whole answer, as text. The answer is what is wrong with it, if anything. */
	text(text: string): LlmError | undefined {
		if (this.isEvents === true) {
			this.push(Buffer.from(text));
			return this.end();
		}
		return text.trim() === "" ? notAnAnswer("The answer is empty.") : this.#value(digestOf(text));
	}

	#value(value: unknown): LlmError | undefined {
		if (value === undefined) return notAnAnswer("The answer is no JSON.");
		this.reader.body(value);
		return undefined;
	}

	#eventsOf(): SseParser | AwsEvents {
		if (this.#events !== undefined) return this.#events;
		const onEvent = (name: string | undefined, data: string): void => {
			// What begins like JSON and is cut off may have been the usage.
			if (data.charCodeAt(0) === OPEN && data.charCodeAt(data.length - 1) !== CLOSE) this.#isTorn = true;
			try {
				this.reader.event(name, data);
			} catch (cause) {
				// There may be others after it.
				this.tear(cause);
			}
		};
		this.#events = this.#isAws ? new AwsEvents(onEvent) : new SseParser(onEvent);
		return this.#events;
	}
}

const OPEN = "{".charCodeAt(0);
const CLOSE = "}".charCodeAt(0);

/** What the first bytes say; white space says nothing, and means nothing in either. */
function looksLikeEvents(chunk: Uint8Array): boolean | undefined {
	const start = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
		.toString("latin1", 0, 256)
		.replace(/^(?:\u00ef\u00bb\u00bf)?\s+/, "");
	return start === "" ? undefined : !/^(?:\u00ef\u00bb\u00bf)?[[{]/.test(start);
}

/** What is no JSON is no answer: an `invalid_response`. */
function notAnAnswer(message: string): LlmError {
	return new LlmError("invalid_response", message);
}
