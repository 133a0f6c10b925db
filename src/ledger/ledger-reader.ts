import { Worker } from "node:worker_threads";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import type { FromReader, Questions, ToReader, WorkerStart } from "./worker-messages.ts";
import { WORKER_URL } from "./worker-url.ts";

interface Waiting {
	readonly resolve: (answer: unknown) => void;
	readonly reject: (error: Error) => void;
}

/** Asks a ledger's file in a thread of its own, which starts with the first question. */
export class LedgerReader {
	readonly #path: string;
	readonly #waiting = new Map<number, Waiting>();
	#worker: Worker | undefined;
	#lastId = 0;
	#isClosed = false;

	constructor(path: string) {
		this.#path = path;
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

	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#worker?.terminate();
	}

	#start(): Worker {
		const workerData: WorkerStart = { role: "read", path: this.#path };
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
