import { LlmError } from "../core/llm-error.ts";
import { classifyError } from "../wire/classify-error.ts";
import type { ParsedUsage } from "../wire/parsed-usage.ts";
import { readerFor } from "../wire/reader-for.ts";
import { SseParser } from "../wire/sse-parser.ts";
import { UsageChunkFilter } from "../wire/usage-chunk-filter.ts";
import type { WireReader } from "../wire/wire-reader.ts";
import type { BodyTap } from "./body-tap.ts";
import type { Exchange } from "./exchange.ts";
import { reportInternalError } from "./internal-errors.ts";
import { ReadWatch } from "./read-watch.ts";
import type { Question } from "./question.ts";

/** How much of an answer that is no stream is kept until its end, where it is read by the byte: 64 MiB. */
const MAX_WHOLE_BYTES: number = 64 * 1024 * 1024;

/** Meters the answer to one question while its reader reads it, and ends the call with it where that is its to end. */
export class AnswerMeter implements BodyTap {
	readonly #question: Question;
	readonly #exchange: Exchange;
	readonly #reader: WireReader;
	readonly #watch: ReadWatch | undefined;
	readonly #filter: UsageChunkFilter | undefined;
	/** Whether the bytes are those of an event stream; what begins like JSON is none, whatever was asked for. */
	#isEvents: boolean | undefined;
	#events: SseParser | undefined = undefined;
	#whole: Uint8Array[] = [];
	#wholeBytes = 0;
	#usage: ParsedUsage | undefined = undefined;
	#isOver = false;
	#wasRead = false;

	constructor(question: Question, exchange: Exchange, response: Response) {
		this.#question = question;
		this.#exchange = exchange;
		this.#reader = readerFor(question.format);
		const type = response.headers.get("content-type") ?? "";
		this.#isEvents = /^\s*text\/event-stream/i.test(type) ? true : question.isStream ? undefined : false;
		this.#filter = question.hidesUsage && question.isStream ? new UsageChunkFilter() : undefined;
		if (question.endsWith === "neither") return;
		const { call } = question;
		const watch = new ReadWatch(call);
		this.#watch = watch;
		call.onSettled = () => watch.stop();
		call.watchSignal();
	}

	/** Whether the answer comes in pieces. */
	get isStream(): boolean {
		return this.#isEvents !== false;
	}

	bytes(chunk: Uint8Array): Uint8Array {
		const filter = this.#filter;
		if (!this.#isOver) {
			try {
				this.#read(chunk);
			} catch (cause) {
				reportInternalError("usage", "A part of an answer could not be read.", cause);
			}
		}
		return filter === undefined ? chunk : filter.push(chunk);
	}

	end(): Uint8Array | undefined {
		const rest = this.#filter?.end();
		if (!this.#isOver) {
			try {
				this.#events?.end();
				if (this.#isEvents === true) this.#observe();
				if (!this.#isOver) this.#ended();
			} catch (cause) {
				reportInternalError("usage", "The end of an answer could not be read.", cause);
			}
		}
		return rest;
	}

	json(value: unknown): void {
		if (this.#isOver) return;
		try {
			this.#reader.body(value);
			this.#observe();
			if (!this.#isOver) this.#finish();
		} catch (cause) {
			reportInternalError("usage", "An answer could not be read.", cause);
		}
	}

	text(text: string): void {
		if (this.#isOver) return;
		const value = parseJson(text);
		if (value !== undefined) this.json(value);
		else this.#fail(notJson(text === ""));
	}

	failed(error: unknown): void {
		if (this.#isOver) return;
		const { call, endsWith, hasController, isStream, retriesLeft } = this.#question;
		if (endsWith !== "neither" && !call.isSignalled && isAbort(error)) {
			if (isStream && hasController) {
				this.left();
				return;
			}
			// A deadline of the client's own has passed, after which it may ask again.
			if (retriesLeft > 0) {
				this.#isOver = true;
				this.#exchange.isFailed = true;
				return;
			}
		}
		this.#fail(error);
	}

	left(): void {
		if (this.#isOver) return;
		this.#isOver = true;
		if (this.#question.endsWith !== "neither") this.#question.call.leave();
	}

	/** How it is read cannot be seen: so it counts as read, and its usage as not told. */
	unwatched(): void {
		this.#finish();
	}

	forgotten(): void {
		if (!this.#wasRead) this.dropped();
	}

	dropped(): void {
		if (this.#isOver) return;
		this.#isOver = true;
		if (this.#question.endsWith !== "neither") this.#question.call.abandon();
	}

	reading(): void {
		this.#wasRead = true;
		if (this.#watch !== undefined) this.#watch.reads += 1;
	}

	rested(): void {
		if (this.#watch === undefined) return;
		this.#watch.reads -= 1;
		if (!this.#isOver) this.#watch.deadline.refresh();
	}

	#read(chunk: Uint8Array): void {
		this.#isEvents ??= !/^\s*[[{]/.test(
			Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.length, 64)).toString("latin1"),
		);
		if (!this.#isEvents) {
			this.#keep(chunk);
			return;
		}
		this.#events ??= new SseParser((name, data) => this.#reader.event(name, data));
		this.#events.push(chunk);
		this.#observe();
	}

	#keep(chunk: Uint8Array): void {
		this.#wholeBytes += chunk.length;
		if (this.#wholeBytes <= MAX_WHOLE_BYTES) this.#whole.push(chunk);
		else this.#whole = [];
	}

	/** What the answer has said by now. */
	#observe(): void {
		const reader = this.#reader;
		const exchange = this.#exchange;
		if (reader.model !== exchange.answeredModel) exchange.reportModel(reader.model);
		if (reader.firstToken !== undefined) exchange.firstToken(reader.firstToken);
		if (reader.usage !== this.#usage) {
			this.#usage = reader.usage;
			exchange.reportUsage(reader.usage);
		}
		if (reader.error !== undefined) this.#fail(reader.error);
		else if (reader.isEnded) this.#finish();
	}

	/** The bytes have come to their end. */
	#ended(): void {
		if (this.#isEvents === true) {
			if (this.#reader.isEmpty)
				this.#fail(new LlmError("invalid_response", "The stream ended before its first event."));
			else this.#finish();
			return;
		}
		if (this.#wholeBytes > MAX_WHOLE_BYTES) {
			this.#finish();
			return;
		}
		this.text(Buffer.concat(this.#whole).toString("utf8"));
	}

	#finish(): void {
		this.#isOver = true;
		this.#exchange.done(this.#reader.isComplete);
		if (this.#question.endsWith !== "neither") this.#question.call.succeed();
	}

	#fail(error: unknown): void {
		this.#isOver = true;
		const { call, endsWith } = this.#question;
		// The call knows best whether it was the caller who left.
		if (endsWith === "neither")
			this.#exchange.failed(call.callerLeft ? undefined : classifyError(error).errorType);
		else {
			this.#exchange.isFailed = true;
			call.fail(error);
		}
	}
}

/** What is no JSON is no answer: an `invalid_response`. */
function notJson(isEmpty: boolean): LlmError {
	return new LlmError("invalid_response", isEmpty ? "The answer is empty." : "The answer is no JSON.");
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function isAbort(error: unknown): boolean {
	return error instanceof Error && error.name === "AbortError";
}
