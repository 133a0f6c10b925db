/** After the start, rows that an earlier process left in its spool are taken into the file. */
const FIRST_MS = 2000;
const EVERY_MS = 30_000;
/** How much longer than a question it is waited until the next: it takes a fiftieth of a thread at most. */
const REST = 50;

/** Asks again and again what other processes have spent. */
export class OthersRefresh {
	readonly #ask: () => Promise<void>;
	readonly #failed: (cause: unknown) => void;
	#timer: NodeJS.Timeout;
	#isStopped = false;

	/** @param failed told of a first failure, and again only after a success */
	constructor(ask: () => Promise<void>, failed: (cause: unknown) => void) {
		this.#ask = ask;
		this.#failed = failed;
		this.#timer = this.#after(FIRST_MS);
	}

	/** A new window has begun. */
	soon(): void {
		clearTimeout(this.#timer);
		if (!this.#isStopped) this.#timer = this.#after(FIRST_MS);
	}

	stop(): void {
		this.#isStopped = true;
		clearTimeout(this.#timer);
	}

	#after(ms: number, hasFailed = false): NodeJS.Timeout {
		return setTimeout(() => void this.#run(hasFailed), ms).unref();
	}

	async #run(hadFailed: boolean): Promise<void> {
		const timer = this.#timer;
		const start = performance.now();
		let hasFailed = false;
		try {
			await this.#ask();
		} catch (cause) {
			hasFailed = true;
			if (!hadFailed && !this.#isStopped) this.#failed(cause);
		}
		const took = performance.now() - start;
		// A new window may have set another one meanwhile.
		if (!this.#isStopped && timer === this.#timer)
			this.#timer = this.#after(Math.max(EVERY_MS, took * REST), hasFailed);
	}
}
