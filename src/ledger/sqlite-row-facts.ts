import type { DatabaseSync } from "node:sqlite";
import type { LedgerRow } from "./ledger-row.ts";
import { isLedgerEvent } from "./ledger-event.ts";
import { nameLookup } from "./name-lookup.ts";
import { type FactsRow, type StepFacts, stepFacts } from "./step-facts.ts";

/** Told of each row: when it was, and the numbers of its names. */
export type FactsHeard = (
	at: number,
	route: number,
	model: number,
	provider: number,
	facts: StepFacts,
) => void;

const CALLS = `SELECT at, route, model, provider, outcome, NULL AS event, error_type, usage_missing, unpriced,
	input_uncached, cache_read, cache_write_5m, cache_write_1h, output, cost_usd, cost_pico, latency_ms, first_token_ms
	FROM call_rows WHERE at >= ? AND at < ?`;
const EVENTS = `SELECT at, route, model, provider, event, error_type, latency_ms, saved_usd, saved_pico
	FROM event_rows WHERE at >= ? AND at < ?`;

/** Reads what the single rows of a time, calls and events, add to steps. */
export function readRowFacts(db: DatabaseSync, since: number, until: number, heard: FactsHeard): void {
	const lookUp = nameLookup(db);
	const nameOf = (id: unknown): string | undefined => (typeof id === "number" ? lookUp(id) : undefined);
	for (const sql of [CALLS, EVENTS]) {
		for (const columns of db.prepare(sql).iterate(since, until)) {
			const { at, error_type: error, model, provider, route } = columns;
			const facts = stepFacts(rowOf(columns, nameOf), typeof error === "number" ? error : undefined);
			heard(Number(at), Number(route), Number(model), Number(provider), facts);
		}
	}
}

function rowOf(
	columns: Readonly<Record<string, unknown>>,
	nameOf: (id: unknown) => string | undefined,
): FactsRow {
	const count = (name: string): number | undefined => {
		const value = columns[name];
		return typeof value === "number" ? value : undefined;
	};
	const amount = (of: string): LedgerRow["cost"] => {
		const [whole, pico] = [count(`${of}_usd`), count(`${of}_pico`)];
		return whole === undefined || pico === undefined ? undefined : { whole, pico };
	};
	const event = nameOf(columns["event"]);
	return {
		event: isLedgerEvent(event) ? event : undefined,
		outcome: nameOf(columns["outcome"]),
		unpriced: nameOf(columns["unpriced"]),
		usageMissing: nameOf(columns["usage_missing"]),
		usage: {
			inputUncached: count("input_uncached") ?? 0,
			cacheRead: count("cache_read") ?? 0,
			cacheWrite5m: count("cache_write_5m") ?? 0,
			cacheWrite1h: count("cache_write_1h") ?? 0,
			output: count("output") ?? 0,
		},
		cost: amount("cost"),
		saved: amount("saved"),
		latencyMs: count("latency_ms"),
		timeToFirstTokenMs: count("first_token_ms"),
	};
}
