import type { DatabaseSync, StatementSync } from "node:sqlite";

/** The longest steps: a time that begins anew does so with whole ones. */
const LONGEST_MS = 10_800_000;

/** Since when things are kept, as `meta` says it, in milliseconds since the epoch. */
export class Horizons {
	readonly #now: () => number;
	readonly #find: StatementSync;
	readonly #heal: StatementSync;

	/** @param now milliseconds since the epoch */
	constructor(db: DatabaseSync, now: () => number) {
		this.#now = now;
		this.#find = db.prepare("SELECT value FROM meta WHERE key = ?");
		this.#heal = db.prepare("UPDATE meta SET value = ? WHERE key = ?");
	}

	/** In a transaction that may write. */
	since(key: string): number {
		const since = Number(this.#find.get(key)?.["value"] ?? Number.NEGATIVE_INFINITY);
		const now = this.#now();
		if (since <= now + LONGEST_MS) return since;
		// A clock was wrong when that was forgotten: by it nothing would be kept until then.
		const healed = Math.ceil(now / LONGEST_MS) * LONGEST_MS;
		this.#heal.run(healed, key);
		return healed;
	}
}
