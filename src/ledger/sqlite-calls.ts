import type { DatabaseSync } from "node:sqlite";
import { type CallHours, callHours } from "./call-hours.ts";
import { parseCallsCursor } from "./calls-cursor.ts";
import { readDearest } from "./dearest-calls.ts";
import type { LedgerRow } from "./ledger-row.ts";
import type { CallsQuery } from "./ledger-store.ts";
import { type CallIds, callIds, idsClause, isNothing } from "./name-ids.ts";
import { processNumber, rowKey } from "./row-key.ts";
import { rowOf } from "./sqlite-reader.ts";
import { CALL_VIEW } from "./sqlite-schema.ts";

/** A time that all calls lie in. */
const ALWAYS: CallHours = { since: -1e16, until: 1e16 };

/** The latest, or the dearest, that are meant. */
export function readCalls(db: DatabaseSync, query: CallsQuery): LedgerRow[] {
	const { since = ALWAYS.since, until = ALWAYS.until } = query;
	// Rows begin at whole milliseconds.
	const range = { since: Math.ceil(since), until: Math.ceil(until) };
	const ids = callIds(db, query);
	if (isNothing(ids)) return [];
	const keys =
		query.order === "dearest" ? readDearest(db, query, ids, range) : readLatest(db, query, ids, range);
	const find = db.prepare(`SELECT ${CALL_VIEW} FROM call_rows WHERE key = ?`);
	return keys.flatMap((key) => {
		const columns = find.get(key);
		return columns === undefined ? [] : [rowOf(columns)];
	});
}

function readLatest(db: DatabaseSync, query: CallsQuery, ids: CallIds, range: CallHours): bigint[] {
	const where = idsClause(ids);
	const cursor = query.after === undefined ? undefined : parseCallsCursor(query.after, "latest");
	const until = cursor?.at === undefined ? range.until : Math.min(range.until, cursor.at + 1);
	const key = cursor === undefined ? undefined : rowKey(processNumber(db, cursor.process), cursor.sequence);
	const select = db.prepare(
		`SELECT key FROM call_rows WHERE at >= ? AND at < ? AND (at < ? OR key < ?)${where}
		ORDER BY at DESC, key DESC LIMIT ?`,
	);
	select.setReadBigInts(true);
	const all = { since: range.since, until };
	const found: bigint[] = [];
	for (const hours of where === "" ? [all] : callHours(db, ids, all)) {
		const left = query.limit - found.length;
		if (left <= 0) break;
		const rows = select.all(hours.since, hours.until, cursor?.at ?? 1e16, key ?? 0, left);
		for (const { key: next } of rows) if (typeof next === "bigint") found.push(next);
	}
	return found;
}
