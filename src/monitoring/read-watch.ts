/** How long nobody may read an answer until it counts as abandoned, in milliseconds: 15 minutes. */
export const ABANDONED_AFTER_MS: number = 15 * 60 * 1000;

/**
 * Waits for the deadline. It knows nothing of the answer: a timer that held it would keep it reachable, and nobody would
 * ever see that it no longer is.
 */
export class ReadWatch {
	/** Reads under way. While somebody waits it is the provider who is slow: that is no abandoned answer. */
	reads = 0;
	#deadline: NodeJS.Timeout | undefined = undefined;
	readonly #call: { abandon(): void };
	readonly #afterMs: number;

	/** @param afterMs how long nobody may read */
	constructor(call: { abandon(): void }, afterMs: number = ABANDONED_AFTER_MS) {
		this.#call = call;
		this.#afterMs = afterMs;
	}

	/** The time begins. */
	start(): void {
		this.#deadline = setTimeout(() => {
			if (this.reads > 0) this.refresh();
			else this.#call.abandon();
		}, this.#afterMs).unref();
	}

	/** The time begins anew. */
	refresh(): void {
		this.#deadline?.refresh();
	}

	stop(): void {
		if (this.#deadline !== undefined) clearTimeout(this.#deadline);
	}
}
