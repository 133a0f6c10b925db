import { AnswerError, ask } from "./api.ts";

/** What is wanted now. */
export interface Want {
	/** The path with its query. */
	readonly path: string;
	/** Changes when the same path has a new answer. */
	readonly version: string;
	/** Changes where the answer that is shown is one to another question: then it is asked at once. */
	readonly question: string;
	/** How often it is asked at most, in milliseconds. */
	readonly everyMs: number;
}

/** Who wants to know. */
export interface FeedListener<T> {
	answer(answer: T, question: string): void;
	/** "" once an answer has come. */
	problem(reason: string): void;
}

const TICK_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** A server that takes long is asked the less: a fifth of the time at most it works for this page. */
const PAUSE_PER_ANSWER = 5;

/**
 * Keeps an answer of the server up to date while somebody looks: asks again when another is due, never twice at once,
 * and drops what comes for a question that is no longer asked.
 */
export class Feed<T> {
	readonly #listener: FeedListener<T>;
	#want: Want | undefined;
	#asked: Want | undefined;
	#askedAt = 0;
	#pause = 0;
	#took = 0;
	#running: AbortController | undefined;

	constructor(listener: FeedListener<T>) {
		this.#listener = listener;
	}

	start(current: () => Want | undefined): () => void {
		const look = (): void => this.#look(current());
		const timer = setInterval(look, TICK_MS);
		document.addEventListener("visibilitychange", look);
		look();
		return () => {
			clearInterval(timer);
			document.removeEventListener("visibilitychange", look);
			this.#running?.abort();
		};
	}

	/** Asks where there is a reason to. */
	#look(want: Want | undefined): void {
		this.#want = want;
		if (want === undefined || document.hidden) return;
		if (want.question !== this.#asked?.question) {
			this.#running?.abort();
			void this.#ask(want);
			return;
		}
		// What failed is asked again soon, however seldom a new answer is due.
		const wait = this.#pause || Math.max(want.everyMs, this.#took * PAUSE_PER_ANSWER);
		const isDue = performance.now() - this.#askedAt >= wait;
		const isNew = want.path !== this.#asked.path || want.version !== this.#asked.version || this.#pause > 0;
		if (isNew && isDue && this.#running === undefined) void this.#ask(want);
	}

	async #ask(want: Want): Promise<void> {
		const running = new AbortController();
		this.#running = running;
		this.#asked = want;
		this.#askedAt = performance.now();
		try {
			const answer = await ask<T>(want.path, running.signal);
			if (running.signal.aborted || this.#want?.question !== want.question) return;
			this.#pause = 0;
			this.#took = performance.now() - this.#askedAt;
			this.#listener.answer(answer, want.question);
			this.#listener.problem("");
		} catch (error) {
			if (running.signal.aborted) return;
			this.#pause = Math.min(Math.max(1000, this.#pause * 2), LONGEST_PAUSE_MS);
			this.#listener.problem(error instanceof AnswerError ? error.message : String(error));
		} finally {
			if (this.#running === running) this.#running = undefined;
		}
	}
}
