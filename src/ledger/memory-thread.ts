import { parentPort } from "node:worker_threads";
import type { RowsMessage, ToReader, WorkerStart } from "./worker-messages.ts";
import { readRow } from "./read-row.ts";
import { SqliteStore } from "./sqlite-store.ts";

/** After how many rows what is too much is forgotten. */
const LIMIT_EVERY_ROWS = 2048;

/** The thread of a ledger in memory: it owns the database, takes rows in and answers questions, in the order in which they come. */
export function remember({ limits, taken }: Extract<WorkerStart, { role: "memory" }>): void {
	const store = new SqliteStore(":memory:");
	let page: { readonly values: Float64Array; readonly names: string[] } = {
		values: new Float64Array(),
		names: [],
	};
	let sinceLimited = 0;

	const take = async ({ from, names, to, values }: RowsMessage): Promise<void> => {
		if (values !== undefined) page = { values, names: [] };
		page.names.push(...names);
		const slice = { ...page, from, to };
		await store.append(Array.from({ length: to - from }, (_, i) => readRow(slice, from + i)));
		sinceLimited += to - from;
		if (sinceLimited >= LIMIT_EVERY_ROWS) {
			sinceLimited = 0;
			store.keepWithin(limits, Date.now());
		}
		Atomics.add(taken, 0, to - from);
	};

	const answer = async ({ args, id, question }: ToReader): Promise<void> => {
		store.keepWithin(limits, Date.now());
		try {
			// The arguments are those of the question: ledger-reader.ts takes them by its types.
			const found: unknown = await Reflect.apply(store[question], store, args);
			parentPort?.postMessage({ id, answer: found });
		} catch (error) {
			parentPort?.postMessage({ id, error: String(error) });
		}
	};

	let last = Promise.resolve();
	parentPort?.on("message", (message: RowsMessage | ToReader) => {
		// Rows that cannot be taken end the thread: what it holds is told to be lost, and another one begins anew.
		last = last.then(() => ("kind" in message ? take(message) : answer(message)));
	});
}
