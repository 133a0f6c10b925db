import type { DatabaseSync } from "node:sqlite";
import { SCHEMA_VERSION, SEQUENCE_BITS } from "./sqlite-schema.ts";
import { DearBatch, pruneDear, SqliteDear } from "./sqlite-dear.ts";
import { readRowFacts } from "./sqlite-row-facts.ts";
import { pruneSteps, SqliteSteps } from "./sqlite-steps.ts";
import { COUNT_PLACES, type StepCount } from "./step-facts.ts";
import { KEEP_STEPS_MS, LONG_SPANS, SHORT_SPANS, STEP_SCHEMA, type StepSpan } from "./step-schema.ts";
import { StepSums } from "./step-sums.ts";

const HOUR_MS = 3_600_000;
/** How far back steps are reckoned from single rows, and how many rows at most, which takes ten seconds: calls wait meanwhile. */
const FROM_ROWS_MS = 31 * 24 * HOUR_MS;
const MOST_ROWS = 1_000_000;

/** What `totals` sums up, and where a step counts it; the cost's dollars are told apart. */
const FROM_TOTALS: readonly (readonly [sql: string, count: StepCount])[] = [
	["success", "success"],
	["error", "error"],
	["aborted", "aborted"],
	["abandoned", "abandoned"],
	["input_tokens", "inputTokens"],
	["output_tokens", "outputTokens"],
	["cache_read_tokens", "cacheReadTokens"],
	["unpriced", "unpricedCalls"],
	["without_usage", "callsWithoutUsage"],
	["CAST(cost_usd AS INTEGER) / 1000000000", "costBillions"],
	["CAST(cost_usd AS INTEGER) % 1000000000", "costDollars"],
	["cost_pico", "costPico"],
];

/**
 * Makes a file of version 1 one of this version: it gets steps. Those of the last 31 days are reckoned from the rows, as
 * far as they are kept and are not too many; older hours from totals, which know no latencies and no types of errors.
 *
 * @param now milliseconds since the epoch
 */
export function migrateFrom1(db: DatabaseSync, now: number): void {
	db.exec(STEP_SCHEMA);
	const value = (sql: string): number => Number(db.prepare(sql).get()?.["value"] ?? 0);
	const from = Math.max(
		value("SELECT value FROM meta WHERE key = 'calls_since'"),
		value(`SELECT at AS value FROM call_rows ORDER BY at DESC LIMIT 1 OFFSET ${MOST_ROWS}`),
		now - FROM_ROWS_MS,
	);
	const cut = Math.ceil(from / HOUR_MS) * HOUR_MS;
	for (const span of SHORT_SPANS) pruneSteps(db, span, Math.max(cut, now - KEEP_STEPS_MS[span]));
	// A step of three hours may be made of both.
	for (const span of LONG_SPANS) fillFromTotals(db, span, cut);
	fillFromRows(db, cut, now);
	pruneDear(db, cut);
	db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

function fillFromTotals(db: DatabaseSync, span: StepSpan, until: number): void {
	const columns = FROM_TOTALS.map(([sql, count]) => `(${sql}) + 0.0 AS ${count}`).join(", ");
	const rows = db.prepare(
		`SELECT start - start % ${span} AS first, route, model, provider, ${columns} FROM totals WHERE span = 3600 AND start < ?
		ORDER BY first, route, model, provider`,
	);
	const put = db.prepare("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, NULL)");
	let key: readonly number[] = [];
	let sums = new StepSums();
	const write = (): void => {
		if (key.length > 0) put.run(span, ...key, sums.toKept().sums);
	};
	for (const row of rows.iterate(until / 1000)) {
		const next = [row["first"], row["route"], row["model"], row["provider"]].map(Number);
		if (next.some((value, i) => value !== key[i])) {
			write();
			[key, sums] = [next, new StepSums()];
		}
		// Those of another hour, or set of tags.
		const more = new StepSums();
		for (const [, count] of FROM_TOTALS) more.counts[COUNT_PLACES[count]] = Number(row[count]);
		sums.add(more);
	}
	write();
}

function fillFromRows(db: DatabaseSync, since: number, now: number): void {
	const steps = new SqliteSteps(db, () => now);
	const dear = new SqliteDear(db, () => now);
	const costs = db.prepare(
		`SELECT key >> ${SEQUENCE_BITS} AS process, key & ${2 ** SEQUENCE_BITS - 1} AS sequence, route, model, provider,
		cost_usd AS whole, cost_pico AS pico FROM call_rows WHERE at >= ? AND at < ? AND cost_usd IS NOT NULL`,
	);
	const last = Number(db.prepare("SELECT MAX(at) AS last FROM call_rows").get()?.["last"] ?? 0);
	// Hour by hour, so that memory has its bound.
	for (let hour = since; hour <= last; hour += HOUR_MS) {
		const batch = steps.batch();
		const dearest = new DearBatch();
		readRowFacts(db, hour, hour + HOUR_MS, (...row) => batch.add(...row));
		steps.write(batch);
		for (const row of costs.iterate(hour, hour + HOUR_MS)) {
			const [process, sequence, whole, pico] = [
				row["process"],
				row["sequence"],
				row["whole"],
				row["pico"],
			].map(Number);
			const call = { whole: whole ?? 0, pico: pico ?? 0, process: process ?? 0, sequence: sequence ?? 0 };
			dearest.add(hour, Number(row["route"]), Number(row["model"]), Number(row["provider"]), call);
		}
		dear.write(dearest);
	}
}
