import { Worker } from "node:worker_threads";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import type { FromReader, Questions, RowsMessage, ToReader, WorkerStart } from "./worker-messages.ts";
import { WORKER_URL } from "./worker-url.ts";

interface Waiting {
	readonly resolve: (answer: unknown) => void;
	readonly reject: (error: Error) => void;
}

/** Asks a ledger's file, or its memory, in a thread of its own, which starts with the first question. */
export class LedgerReader {
	readonly #workerData: WorkerStart;
	readonly #onGone: (reason: string) => void;
	readonly #waiting = new Map<number, Waiting>();
	#worker: Worker | undefined;
	#lastId = 0;
	#isClosed = false;

	/** @param onGone told when the thread has ended by itself; the next question starts another one */
	constructor(workerData: WorkerStart, onGone: (reason: string) => void = () => undefined) {
		this.#workerData = workerData;
		this.#onGone = onGone;
	}

	/** @throws HyperAgentError `LEDGER` with what SQLite said */
	async ask<Q extends keyof Questions>(
		question: Q,
		...args: Parameters<Questions[Q]>
	): Promise<Awaited<ReturnType<Questions[Q]>>> {
		if (this.#isClosed) throw ledgerError("The ledger has been closed: ask it before close().");
		const worker = this.#worker ?? this.#start();
		const id = (this.#lastId += 1);
		const message: ToReader = { id, question, args };
		const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
		worker.ref();
		worker.postMessage(message);
		// The worker answers a question by the store's method of that name.
		return (await answer) as Awaited<ReturnType<Questions[Q]>>;
	}

	/** Gives rows to a thread that keeps them in its memory. */
	send(rows: RowsMessage): void {
		(this.#worker ?? this.#start()).postMessage(rows);
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#worker?.terminate();
	}

	#start(): Worker {
		const workerData = this.#workerData;
		const worker = new Worker(WORKER_URL, { workerData, name: "hyperagent-ledger-reader" });
		worker.on("message", (reply: FromReader) => {
			const waiting = this.#waiting.get(reply.id);
			this.#waiting.delete(reply.id);
			if (this.#waiting.size === 0) worker.unref();
			if ("error" in reply) waiting?.reject(ledgerError(`The ledger could not be read: ${reply.error}`));
			else waiting?.resolve(reply.answer);
		});
		const gone = (reason: string): void => {
			// A worker that fails also ends: the questions by then are another one's.
			if (this.#worker !== worker) return;
			this.#worker = undefined;
			for (const { reject } of this.#waiting.values())
				reject(ledgerError(`The ledger's reader has ended: ${reason}`));
			this.#waiting.clear();
			this.#onGone(reason);
		};
		worker.on("error", (error) => gone(String(error)));
		worker.on("exit", () => gone("its thread is gone."));
		worker.unref();
		this.#worker = worker;
		return worker;
	}
}

function ledgerError(message: string): HyperAgentError {
	return new HyperAgentError("LEDGER", message);
}
