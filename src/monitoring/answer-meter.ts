import { WRONG_FORM } from "../wire/body-error.ts";
import { classifyError } from "../wire/classify-error.ts";
import type { ParsedUsage } from "../wire/parsed-usage.ts";
import { UsageChunkFilter } from "../wire/usage-chunk-filter.ts";
import { latin1 } from "../wire/wire-text.ts";
import { AnswerContent } from "./answer-content.ts";
import type { BodyTap } from "./body-tap.ts";
import type { Exchange } from "./exchange.ts";
import { reportInternalError } from "./internal-errors.ts";
import { quietly } from "./quietly.ts";
import type { Question } from "./question.ts";
import { ReadWatch } from "./read-watch.ts";

/** Meters the answer to one question while its reader reads it, and ends the call with it where that is its to end. */
export class AnswerMeter implements BodyTap {
	readonly #question: Question;
	/** Whether the call ends with this answer. */
	readonly #endsCall: boolean;
	readonly #exchange: Exchange;
	/** Begun only for what is not read at once. */
	#watch: ReadWatch | undefined = undefined;
	/** Reads under way. */
	#reads = 0;
	readonly #signal: AbortSignal | undefined;
	#filter: UsageChunkFilter | undefined;
	/** What the header `content-type` says. */
	readonly #type: string | null;
	/** Made when there is something to read; nothing of an answer is held longer than until all is said. */
	#content: AnswerContent | undefined = undefined;
	#isOver = false;
	#usage: ParsedUsage | undefined = undefined;
	#wasRead = false;

	/** @param type what the header `content-type` says */
	constructor(question: Question, exchange: Exchange, type: string | null, signal?: AbortSignal) {
		this.#signal = signal;
		this.#question = question;
		this.#exchange = exchange;
		this.#type = type;
		this.#filter = question.hidesUsage && question.isStream ? new UsageChunkFilter() : undefined;
		const { call, endsWith } = question;
		this.#endsCall = endsWith === "fetch" || endsWith === "answer";
		if (!this.#endsCall) return;
		// The client's own controller, with which a reader leaves between two reads.
		const left = (): void => {
			if (!call.isSignalled) this.left();
		};
		const own = question.isStream && question.hasController ? signal : undefined;
		own?.addEventListener("abort", left, { once: true });
		call.onSettled = () => {
			own?.removeEventListener("abort", left);
			this.#watch?.stop();
			this.#close();
		};
		call.watchSignal();
	}

	waits(): void {
		if (this.#isOver || !this.#endsCall || this.#watch !== undefined) return;
		this.#watch = new ReadWatch(this.#question.call);
		this.#watch.reads = this.#reads;
		this.#watch.start();
	}

	get isOver(): boolean {
		return this.#isOver;
	}

	get altersBytes(): boolean {
		return this.#filter !== undefined;
	}

	bytes(chunk: Uint8Array): Uint8Array {
		const filter = this.#filter;
		let text: string | undefined;
		if (!this.#isOver) {
			const content = this.#open();
			try {
				// Both of them look at it.
				if (filter !== undefined) text = latin1(chunk);
				content.push(chunk, text);
				if (content.isEvents === true) this.#observe(content);
			} catch (cause) {
				content.tear(cause);
			}
		}
		return filter === undefined ? chunk : this.#filtered(filter, chunk, text);
	}

	end(): Uint8Array | undefined {
		if (!this.#isOver) {
			const content = this.#open();
			// What was asked for as a stream tells its first token by its end, whatever it came as.
			if (this.#question.isStream || content.isEvents === true) this.#ended(content);
			else this.#whole(() => content.end(), content);
		}
		return this.#filter?.end();
	}

	json(value: unknown): void {
		if (this.#isOver) return;
		const content = this.#open();
		// It is its reader's own, who may change it at once.
		const wrong = this.#read(content, () => content.reader.body(value));
		this.#whole(() => wrong, content);
	}

	text(text: string): void {
		if (!this.#isOver) this.#whole((content) => content.text(text));
	}

	failed(error: unknown): void {
		if (this.#isOver) return;
		if (this.#content?.reader.error !== undefined) return this.#fail(this.#content.reader.error);
		const { call, hasController, isStream, retriesLeft } = this.#question;
		if (this.#endsCall && !call.isSignalled && isAbort(error)) {
			if (isStream && hasController) {
				this.left();
				return;
			}
			// A deadline of the client's own has passed, after which it may ask again.
			if (retriesLeft > 0 && this.#signal?.aborted === true) {
				this.#close();
				this.#watch?.stop();
				this.#exchange.isFailed = true;
				return;
			}
		}
		this.#fail(error);
	}

	left(): void {
		if (this.#isOver) return;
		const content = this.#content;
		if (content?.reader.error !== undefined) return this.#fail(content.reader.error);
		this.#close();
		if (this.#endsCall) this.#question.call.leave();
		// Who reads it for somebody else has got what it looked for.
		else if (content?.reader.isComplete === true) this.#complete(content);
	}

	/** It counts as read, and its usage as not told. */
	unwatched(): void {
		if (!this.#isOver) this.#finish(this.#open());
	}

	forgotten(): void {
		if (!this.#wasRead) this.dropped();
	}

	dropped(): void {
		if (this.#isOver) return;
		if (this.#content?.reader.error !== undefined) return this.#fail(this.#content.reader.error);
		this.#close();
		if (this.#endsCall) this.#question.call.abandon();
	}

	reading(): void {
		this.#wasRead = true;
		this.#reads += 1;
		if (this.#watch !== undefined) this.#watch.reads = this.#reads;
	}

	rested(): void {
		this.#reads -= 1;
		if (this.#watch === undefined) return;
		this.#watch.reads = this.#reads;
		if (!this.#isOver) this.#watch.refresh();
	}

	#open(): AnswerContent {
		return (this.#content ??= new AnswerContent(this.#question, this.#type));
	}

	#close(): void {
		this.#isOver = true;
		this.#content = undefined;
	}

	/** Bytes that their reader may keep, and hand on, as those that it would have got. */
	#filtered(filter: UsageChunkFilter, chunk: Uint8Array, text: string | undefined): Uint8Array {
		try {
			return filter.push(chunk, text);
		} catch (cause) {
			this.#filter = undefined;
			reportInternalError("usage", "A part of an answer could not be filtered.", cause);
			return chunk;
		}
	}

	/** What the answer has said by now. */
	#report({ reader }: AnswerContent): void {
		const exchange = this.#exchange;
		if (reader.model !== exchange.answeredModel) exchange.reportModel(reader.model);
		if (reader.firstToken !== undefined) exchange.firstToken(reader.firstToken);
		if (reader.usage === this.#usage) return;
		this.#usage = reader.usage;
		exchange.reportUsage(reader.usage);
	}

	/** The same of a stream, which may have ended by that. */
	#observe(content: AnswerContent): void {
		this.#report(content);
		const { reader } = content;
		const { error } = reader;
		if (error !== undefined && (error !== WRONG_FORM || reader.isEnded)) this.#fail(error);
		else if (reader.isEnded && !this.#isOver) this.#finish(content);
	}

	/** The whole answer has come, at once: `read` reads it, and says what is wrong with it. */
	#whole(read: (content: AnswerContent) => unknown, begun?: AnswerContent): void {
		this.#close();
		const told = (): unknown => {
			const content = begun ?? new AnswerContent(this.#question, this.#type);
			const wrong = this.#read(content, read);
			if (wrong === undefined) this.#complete(content);
			else this.#exchangeFailed(wrong);
			return wrong;
		};
		if (this.#endsCall) this.#question.call.answered(told);
		else told();
	}

	#read(content: AnswerContent, read: (content: AnswerContent) => unknown): unknown {
		let wrong: unknown;
		try {
			wrong = read(content);
			this.#report(content);
		} catch (cause) {
			content.tear(cause);
		}
		return wrong ?? content.reader.error;
	}

	/** A stream has come to its end. */
	#ended(content: AnswerContent): void {
		let wrong: unknown;
		try {
			wrong = content.end();
			this.#observe(content);
		} catch (cause) {
			content.tear(cause);
		}
		if (this.#isOver) return;
		wrong ??= content.reader.error;
		if (wrong === undefined) this.#finish(content);
		else this.#fail(wrong);
	}

	#finish(content: AnswerContent): void {
		this.#close();
		this.#complete(content);
		if (this.#endsCall) this.#question.call.succeed();
	}

	#complete({ isTorn, reader }: AnswerContent): void {
		quietly("call", "The end of an answer could not be recorded.", () => {
			// What we have not read may have been the usage.
			if (isTorn && !(reader.isComplete && "usage" in reader.usage)) this.#exchange.isUnreadable = true;
			this.#exchange.done(reader.isComplete);
		});
	}

	#fail(error: unknown): void {
		this.#close();
		this.#exchangeFailed(error);
		if (this.#endsCall) this.#question.call.fail(error);
	}

	#exchangeFailed(error: unknown): void {
		if (this.#endsCall) {
			this.#exchange.isFailed = true;
			return;
		}
		const { call } = this.#question;
		quietly("call", "The failure of an answer could not be recorded.", () => {
			// The call knows best whether it was the caller who left.
			this.#exchange.failed(call.callerLeft ? undefined : classifyError(error).errorType);
		});
	}
}

function isAbort(error: unknown): boolean {
	return error instanceof Error && error.name === "AbortError";
}
