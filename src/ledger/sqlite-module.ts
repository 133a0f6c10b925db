import type * as Sqlite from "node:sqlite";
import { HyperAgentError } from "../core/hyperagent-error.ts";

/** Node's own SQLite, as `node:sqlite` exports it. */
export type SqliteModule = typeof Sqlite;

/**
 * Node's own SQLite, loaded only when it is needed. Node 22 calls it experimental: that one warning is held back, all
 * others are not.
 *
 * @throws HyperAgentError `LEDGER` where this Node.js was built without it
 */
export function loadSqlite(): SqliteModule {
	// oxlint-disable-next-line typescript/unbound-method -- it is put back as it was
	const { emitWarning } = process;
	process.emitWarning = (...args: readonly unknown[]): void => {
		if (String(args[0]).includes("SQLite is an experimental feature")) return;
		// The arguments of one of its signatures, whichever it is.
		Reflect.apply(emitWarning, process, args);
	};
	try {
		const sqlite = process.getBuiltinModule("node:sqlite");
		if (sqlite !== undefined) return sqlite;
	} finally {
		process.emitWarning = emitWarning;
	}
	throw new HyperAgentError("LEDGER", "The ledger needs node:sqlite, which this Node.js was built without.");
}
