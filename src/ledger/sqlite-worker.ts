/** A thread that owns a connection to the file: one writes, another answers questions, and the program waits for neither. */
import { parentPort, workerData } from "node:worker_threads";
import type { LedgerStore } from "./ledger-store.ts";
import { LedgerWriter } from "./ledger-writer.ts";
import { remember } from "./memory-thread.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type {
	FromReader,
	FromWriter,
	RowsMessage,
	ToReader,
	ToWriter,
	WorkerStart,
} from "./worker-messages.ts";

// What ledger-thread.ts has put in.
const start = workerData as WorkerStart;
if (start.role === "write") write(start);
else if (start.role === "memory") remember(start);
else read(start.path);

function write({ options, safe }: Extract<WorkerStart, { role: "write" }>): void {
	const writer = new LedgerWriter(options, (state) => {
		Atomics.store(safe, 1, state.spooledRows);
		Atomics.store(safe, 0, state.safe);
		Atomics.notify(safe, 0);
		tell({ kind: "state", state });
	});
	let page: { readonly values: Float64Array; readonly names: string[] } = {
		values: new Float64Array(),
		names: [],
	};
	const slice = ({ from, names, number, to, values }: RowsMessage): void => {
		if (values !== undefined) page = { values, names: [] };
		page.names.push(...names);
		writer.add({ number, slice: { ...page, from, to } });
	};
	let isScheduled = false;
	parentPort?.on("message", (message: ToWriter) => {
		if (message.kind === "rows") {
			slice(message);
			if (isScheduled) return;
			isScheduled = true;
			// All that has come by then goes into one transaction.
			setImmediate(() => {
				isScheduled = false;
				void writer.drain();
			});
			return;
		}
		void writer.close().then(() => {
			tell({ kind: "closed" });
			parentPort?.close();
		});
	});
	void writer.start();
}

function tell(message: FromWriter): void {
	parentPort?.postMessage(message);
}

function read(path: string): void {
	let store: SqliteStore | undefined;
	parentPort?.on("message", (message: ToReader) => {
		const answer = (reply: FromReader): void => parentPort?.postMessage(reply);
		try {
			if (store?.isInPlace === false) {
				void store.close();
				store = undefined;
			}
			store ??= new SqliteStore(path, { readOnly: true });
			void ask(store, message).then(
				(found) => answer({ id: message.id, answer: found }),
				(error: unknown) => answer({ id: message.id, error: String(error) }),
			);
		} catch (error) {
			answer({ id: message.id, error: String(error) });
		}
	});
}

async function ask(store: LedgerStore, { args, question }: ToReader): Promise<unknown> {
	// The arguments are those of the question: ledger-thread.ts takes them by its types.
	return Reflect.apply(store[question], store, args) as Promise<unknown>;
}
