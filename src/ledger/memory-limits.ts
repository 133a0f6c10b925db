import type { DatabaseSync } from "node:sqlite";
import { pruneDear } from "./sqlite-dear.ts";
import { STEP_SPANS, type StepSpan } from "./step-schema.ts";
import { pruneSteps } from "./sqlite-steps.ts";

/** How much a ledger in memory remembers. */
export interface MemoryLimits {
	/** The latest calls, and as many other events. */
	readonly calls: number;
	/** How long steps are remembered, in milliseconds. */
	readonly stepsMs: Readonly<Record<StepSpan, number>>;
	/** The most steps of each length, whatever their time: each is one route, model and provider. */
	readonly steps: number;
	/** The most hours of totals: each is one route, model, provider and set of tags. Their days come on top, and stay. */
	readonly totals: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A page's range begins with the step that it lies in, which may be a longer one than is kept, and is asked a moment later. */
const MARGIN_MS = 600_000;

/**
 * A page's ranges: an hour by ten seconds, three hours by minutes, a day by five, and 30 days by one and three hours. Some
 * 40 MB: sums of an hour have 60 bytes each, and steps 240 while their calls are few; sums of days come on top.
 */
export const MEMORY_LIMITS: MemoryLimits = {
	calls: 10_000,
	stepsMs: {
		10: HOUR_MS + MARGIN_MS,
		60: 3 * HOUR_MS + MARGIN_MS,
		300: 25 * HOUR_MS,
		3600: 30 * DAY_MS,
		10800: 31 * DAY_MS,
	},
	steps: 20_000,
	totals: 100_000,
};

/**
 * Forgets what is more.
 *
 * @param now milliseconds since the epoch
 */
export function keepWithin(
	db: DatabaseSync,
	{ calls, steps, stepsMs, totals }: MemoryLimits,
	now: number,
): void {
	forgetRows(db, calls);
	for (const span of STEP_SPANS) {
		const beyond = db
			.prepare("SELECT start FROM steps WHERE span = ? ORDER BY start DESC LIMIT 1 OFFSET ?")
			.get(span, steps)?.["start"];
		// The step that is the first too many goes as a whole: a part of it would be no answer.
		const after = typeof beyond === "number" ? (beyond + span) * 1000 : Number.NEGATIVE_INFINITY;
		pruneSteps(db, span, Math.max(now - stepsMs[span], after));
	}
	forgetTotals(db, totals, now - stepsMs[10800]);
}

/** Days that begin before a time; of the others the oldest hours where there are too many. A day keeps its own sum. */
function forgetTotals(db: DatabaseSync, most: number, before: number): void {
	const beyond = db
		.prepare("SELECT start FROM totals WHERE span = 3600 ORDER BY start DESC LIMIT 1 OFFSET ?")
		.get(most)?.["start"];
	if (typeof beyond === "number")
		db.prepare("DELETE FROM totals WHERE span = 3600 AND start <= ?").run(beyond);
	const start = Math.floor(before / DAY_MS) * (DAY_MS / 1000);
	db.prepare("DELETE FROM totals WHERE span IN (3600, 86400) AND start < ?").run(start);
}

/** A row that comes late, since its call was long, is still taken: so there is no time before which none is. */
function forgetRows(db: DatabaseSync, most: number): void {
	let since = Number.NEGATIVE_INFINITY;
	for (const table of ["call_rows", "event_rows"]) {
		const beyond = db
			.prepare(`SELECT at, key FROM ${table} ORDER BY at DESC, key DESC LIMIT 1 OFFSET ?`)
			.get(most);
		if (beyond === undefined) continue;
		const { at, key } = beyond;
		db.prepare(`DELETE FROM ${table} WHERE at < ? OR (at = ? AND key <= ?)`).run(
			Number(at),
			Number(at),
			Number(key),
		);
		since = Math.max(since, Number(at) + 1);
	}
	if (since === Number.NEGATIVE_INFINITY) return;
	// Single rows before it are not all that there were.
	db.prepare(
		"INSERT INTO meta VALUES ('rows_since', ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
	).run(since);
	// Without its calls a list tells nothing; the few rows that are left are read themselves.
	pruneDear(db, since);
}
