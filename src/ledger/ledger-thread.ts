import { Worker } from "node:worker_threads";
import { PageSender } from "./page-sender.ts";
import type { PageSlice, RowPage } from "./row-page.ts";
import type { WriterOptions, WriterState } from "./writer-state.ts";
import type { FromWriter, ToWriter, WorkerStart } from "./worker-messages.ts";
import { WORKER_URL } from "./worker-url.ts";

/** A worker that ends by itself is started anew, after so long. */
const RESTART_MS = 1000;

interface Posted {
	readonly number: number;
	readonly page: RowPage;
	readonly from: number;
	readonly to: number;
	/** How many of the page's names are known by then. */
	readonly names: number;
}

/** The writing worker, and what it was given and has not yet made safe. Whatever becomes of the worker, nothing of that is lost. */
export class LedgerThread {
	/** Rows that were posted and are not safe. */
	pendingRows = 0;
	readonly #options: WriterOptions;
	readonly #onState: (state: WriterState) => void;
	readonly #onLost: (error: unknown) => void;
	/** The number of the last batch that is safe, and the rows in the spool: as the worker knows them. */
	readonly #safe = new Int32Array(new SharedArrayBuffer(8));
	readonly #posted: Posted[] = [];
	#worker: Worker | undefined;
	#sender = new PageSender();
	#last = 0;
	#restart: NodeJS.Timeout | undefined;
	#closing: ((isClosed: boolean) => void) | undefined;
	#isClosed = false;

	constructor(
		options: WriterOptions,
		onState: (state: WriterState) => void,
		onLost: (error: unknown) => void,
	) {
		this.#options = options;
		this.#onState = onState;
		this.#onLost = onLost;
		this.#start();
	}

	/** The number of the batch that was posted last. */
	get last(): number {
		return this.#last;
	}

	/** Whether the worker's spool holds rows. */
	get hasSpooled(): boolean {
		return Atomics.load(this.#safe, 1) > 0;
	}

	/** Hands over rows of a page; they must not change any more. */
	post(page: RowPage, from: number, to: number): void {
		const posted: Posted = { number: (this.#last += 1), page, from, to, names: page.names.length };
		this.#posted.push(posted);
		this.pendingRows += to - from;
		this.#send(posted);
	}

	/** Keeps the process alive while something waits for the worker. */
	hold(isHeld: boolean): void {
		if (isHeld) this.#worker?.ref();
		else this.#worker?.unref();
	}

	/**
	 * Waits, doing nothing else, until all that was posted is safe.
	 *
	 * @returns what is not safe by then
	 */
	waitForAll(ms: number): PageSlice[] {
		const until = performance.now() + ms;
		for (let left = ms; left > 0 && this.#worker !== undefined; left = until - performance.now()) {
			const safe = Atomics.load(this.#safe, 0);
			// A worker that was started anew does not know what was safe before it.
			this.#forget(safe);
			if (this.#posted.length === 0) break;
			Atomics.wait(this.#safe, 0, safe, left);
		}
		this.#forget(Atomics.load(this.#safe, 0));
		return this.#posted.map(({ from, page, to }) => ({ values: page.values, names: page.names, from, to }));
	}

	/** Lets the worker finish and end. */
	async close(): Promise<void> {
		this.#isClosed = true;
		clearTimeout(this.#restart);
		const worker = this.#worker;
		if (worker === undefined) return;
		worker.ref();
		await new Promise<unknown>((resolve) => {
			this.#closing = resolve;
			worker.postMessage({ kind: "close" } satisfies ToWriter);
		});
		await worker.terminate();
	}

	#start(): void {
		const workerData: WorkerStart = { role: "write", options: this.#options, safe: this.#safe };
		let worker: Worker;
		try {
			worker = new Worker(WORKER_URL, { workerData, name: "hyperagent-ledger" });
		} catch (error) {
			this.#startLater(error);
			return;
		}
		worker.on("message", (message: FromWriter) => this.#hear(message));
		worker.on("error", (error) => this.#lost(worker, error));
		worker.on("exit", () => this.#lost(worker, new Error("The ledger's thread has ended.")));
		worker.unref();
		this.#worker = worker;
		this.#sender = new PageSender();
		for (const posted of this.#posted) this.#send(posted);
	}

	#send({ from, names, number, page, to }: Posted): void {
		this.#worker?.postMessage(this.#sender.message(number, page, from, to, names));
	}

	#hear(message: FromWriter): void {
		if (message.kind === "closed") {
			this.#closing?.(true);
			return;
		}
		this.#forget(message.state.safe);
		this.#onState(message.state);
	}

	#forget(safe: number): void {
		while (this.#posted[0] !== undefined && this.#posted[0].number <= safe) {
			this.pendingRows -= this.#posted[0].to - this.#posted[0].from;
			this.#posted.shift();
		}
	}

	#lost(worker: Worker, error: unknown): void {
		if (this.#worker !== worker) return;
		this.#worker = undefined;
		this.#closing?.(false);
		if (!this.#isClosed) this.#startLater(error);
	}

	#startLater(error: unknown): void {
		this.#onLost(error);
		this.#restart = setTimeout(() => this.#start(), RESTART_MS);
		this.#restart.unref();
	}
}
