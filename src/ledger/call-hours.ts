import type { DatabaseSync } from "node:sqlite";
import { isMissingFrom } from "./name-ids.ts";
import { keptStep } from "./sqlite-steps.ts";
import { COUNT_PLACES } from "./step-facts.ts";
import { forgottenKey } from "./step-schema.ts";
import { StepSums } from "./step-sums.ts";
import type { CallIds } from "./name-ids.ts";

const HOUR_MS = 3_600_000;

/** An hour, as its number since the epoch, or all before a time of which the hours are forgotten. */
export interface CallHours {
	/** In milliseconds since the epoch: from this on, and before that. */
	readonly since: number;
	readonly until: number;
}

/**
 * The hours of a time, the latest first, that have calls which are meant: by the kept steps, so that what is rare is not
 * looked for in all rows. Where hours are forgotten before calls, the last stretch is all that lies before.
 */
export function* callHours(
	db: DatabaseSync,
	ids: CallIds,
	{ since, until }: CallHours,
): Generator<CallHours> {
	const forgotten = db.prepare("SELECT value FROM meta WHERE key = ?").get(forgottenKey(3600))?.["value"];
	const kept = typeof forgotten === "number" ? forgotten : Number.NEGATIVE_INFINITY;
	const from = Math.max(since, kept);
	const steps = db.prepare(
		"SELECT * FROM steps WHERE span = 3600 AND start > ? AND start < ? ORDER BY start DESC",
	);
	let last: unknown;
	for (const columns of steps.iterate((from - HOUR_MS) / 1000, until / 1000)) {
		const { start } = columns;
		if (start === last || !hasMeant(columns, ids)) continue;
		last = start;
		const begin = Number(start) * 1000;
		yield { since: Math.max(begin, since), until: Math.min(begin + HOUR_MS, until) };
	}
	if (since < kept) yield { since, until: Math.min(kept, until) };
}

function hasMeant(columns: Readonly<Record<string, unknown>>, ids: CallIds): boolean {
	const { model, provider, route } = columns;
	if (isMissingFrom(ids.routes, route) || isMissingFrom(ids.models, model)) return false;
	if (isMissingFrom(ids.providers, provider)) return false;
	if (ids.outcomeNames === undefined && ids.errorTypes === undefined) return true;
	const sums = new StepSums();
	sums.addKept(keptStep(columns));
	const { counts, errors } = sums;
	const hasOutcome = ids.outcomeNames?.some((name) => (counts[COUNT_PLACES[name]] ?? 0) > 0) ?? true;
	if (!hasOutcome || ids.errorTypes === undefined) return hasOutcome;
	let untold = (counts[COUNT_PLACES.error] ?? 0) + (counts[COUNT_PLACES.errorsByHand] ?? 0);
	for (const count of errors?.values() ?? []) untold -= count;
	// Hours of a file of version 1 may know how many failed, and not of what.
	return untold > 0 || ids.errorTypes.some((type) => errors?.has(type) === true);
}
