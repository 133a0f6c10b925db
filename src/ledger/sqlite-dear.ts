import type { DatabaseSync, StatementSync } from "node:sqlite";
import { DearBytes, type DearCall, DearList } from "./dear-list.ts";
import { Horizons } from "./horizons.ts";
import { DEAR_SINCE } from "./step-schema.ts";

const HOUR_MS = 3_600_000;

/** The lists of the dearest calls that a batch adds to. */
export class DearBatch {
	readonly #lists = new Map<string, { readonly key: readonly number[]; readonly list: DearList }>();

	/** @param at when the call has started, in milliseconds since the epoch */
	add(at: number, route: number, model: number, provider: number, call: DearCall): void {
		const start = Math.floor(at / HOUR_MS) * 3600;
		const text = `${start},${route},${model},${provider}`;
		let found = this.#lists.get(text);
		if (found === undefined) {
			found = { key: [start, route, model, provider], list: new DearList() };
			this.#lists.set(text, found);
		}
		found.list.add(call);
	}

	lists(): Iterable<{ readonly key: readonly number[]; readonly list: DearList }> {
		return this.#lists.values();
	}
}

/** Writes lists, in the transaction that is open. */
export class SqliteDear {
	readonly #find: StatementSync;
	readonly #put: StatementSync;
	readonly #horizons: Horizons;

	/** @param now milliseconds since the epoch */
	constructor(db: DatabaseSync, now: () => number) {
		const key = "start = ? AND route = ? AND model = ? AND provider = ?";
		this.#find = db.prepare(`SELECT calls FROM dear_calls WHERE ${key}`);
		this.#put = db.prepare("INSERT OR REPLACE INTO dear_calls VALUES (?, ?, ?, ?, ?)");
		this.#horizons = new Horizons(db, now);
	}

	write(batch: DearBatch): void {
		const since = this.#horizons.since(DEAR_SINCE);
		for (const { key, list } of batch.lists()) {
			// An hour that has no list any more must not get a part of one.
			if ((key[0] ?? 0) * 1000 < since) continue;
			const bytes = this.#find.get(...key)?.["calls"];
			const whole = new DearList();
			if (bytes instanceof Uint8Array) whole.addAll(new DearBytes(bytes));
			let isChanged = false;
			for (const call of list.calls) isChanged = whole.add(call) || isChanged;
			if (isChanged) this.#put.run(...key, whole.toBytes());
		}
	}
}

/**
 * Forgets the lists of hours that begin before a time.
 *
 * @param before in milliseconds since the epoch
 */
export function pruneDear(db: DatabaseSync, before: number): void {
	const hour = Math.ceil(before / HOUR_MS);
	const since = "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)";
	db.prepare(since).run(DEAR_SINCE, hour * HOUR_MS);
	db.prepare("DELETE FROM dear_calls WHERE start < ?").run(hour * 3600);
}
