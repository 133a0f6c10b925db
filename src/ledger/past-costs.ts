import { existsSync } from "node:fs";
import type { WindowCosts, WindowCostsQuery } from "./ledger-store.ts";
import { loadSqlite } from "./sqlite-module.ts";
import { readWindowCosts } from "./window-costs.ts";

/**
 * What a ledger's file holds since a moment, read at once: some milliseconds, for a program that starts.
 *
 * @returns `undefined` where there is no file yet, or nothing in it
 * @throws what SQLite throws
 */
export function readPastCosts(path: string, query: WindowCostsQuery): WindowCosts | undefined {
	if (!existsSync(path)) return undefined;
	const { DatabaseSync: Database } = loadSqlite();
	const db = new Database(path, { readOnly: true });
	try {
		db.exec("PRAGMA busy_timeout = 100");
		// The ledger's thread may be about to create its tables.
		if (db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined) return undefined;
		return readWindowCosts(db, query);
	} finally {
		db.close();
	}
}
