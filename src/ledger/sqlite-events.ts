import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LedgerRow } from "./ledger-row.ts";
import type { SqliteNames } from "./sqlite-names.ts";
import { SEQUENCE_BITS } from "./sqlite-schema.ts";

/** Writes the rows that are no calls. */
export class SqliteEvents {
	readonly #add: StatementSync;

	constructor(db: DatabaseSync) {
		this.#add = db.prepare(
			`INSERT OR IGNORE INTO event_rows VALUES ((? << ${SEQUENCE_BITS}) | ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		);
	}

	/** Whether it was not there yet. */
	add(row: LedgerRow, process: number | null, names: SqliteNames): boolean {
		const { changes } = this.#add.run(
			process,
			row.sequence,
			names.numberOf(row.event),
			row.at,
			names.numberOf(row.route),
			names.numberOf(row.model),
			names.numberOf(row.provider),
			names.numberOf(row.errorType),
			row.latencyMs ?? null,
			row.saved?.whole ?? null,
			row.saved?.pico ?? null,
		);
		return changes > 0;
	}
}
