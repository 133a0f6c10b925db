import type { DatabaseSync } from "node:sqlite";
import type { LedgerRow } from "./ledger-row.ts";
import type { ProcessPair, TimeRange, UnpricedModel } from "./ledger-store.ts";
import { parsedTags, parsedUsage } from "./row-page.ts";
import { SEQUENCE_BITS } from "./sqlite-schema.ts";

const HOUR_MS = 3_600_000;

/** The range in milliseconds: whole hours, as for totals. */
function bounds({ since, until }: TimeRange): readonly [from: number, to: number] {
	return [
		since === undefined ? -1e16 : Math.floor(since / HOUR_MS) * HOUR_MS,
		until === undefined ? 1e16 : Math.ceil(until / HOUR_MS) * HOUR_MS,
	];
}

/** A row as SQLite gives it. */
export type Columns = Readonly<Record<string, unknown>>;

/** A row of the view `calls`. */
export function rowOf(columns: Columns): LedgerRow {
	const text = (name: string): string | undefined => {
		const value = columns[name];
		return typeof value === "string" ? value : undefined;
	};
	const count = (name: string): number | undefined => {
		const value = columns[name];
		return typeof value === "number" ? value : undefined;
	};
	const [tags, more, whole, pico] = [text("tags"), text("more_usage"), count("cost_usd"), count("cost_pico")];
	const usage = Object.fromEntries(
		Object.entries({
			inputUncached: count("input_uncached"),
			cacheRead: count("cache_read"),
			cacheWrite5m: count("cache_write_5m"),
			cacheWrite1h: count("cache_write_1h"),
			output: count("output"),
			reasoning: count("reasoning"),
			...(more === undefined ? undefined : parsedUsage(more)),
		}).filter(([, value]) => value !== undefined),
	);
	return {
		process: text("process") ?? "",
		sequence: count("sequence") ?? 0,
		source: text("outcome") === undefined ? "manual" : "call",
		at: count("at") ?? 0,
		route: text("route") ?? "",
		model: text("model") ?? "",
		answeredModel: text("answered_model"),
		provider: text("provider") ?? "",
		operation: text("operation"),
		outcome: text("outcome"),
		errorType: text("error_type"),
		usage: Object.keys(usage).length === 0 ? undefined : usage,
		usageMissing: text("usage_missing"),
		cost: whole === undefined || pico === undefined ? undefined : { whole, pico },
		unpriced: text("unpriced"),
		priceSource: text("price_source"),
		pricedModel: text("priced_model"),
		latencyMs: count("latency_ms"),
		timeToFirstTokenMs: count("first_token_ms"),
		attempts: count("attempts") ?? 0,
		tags: tags === undefined ? undefined : parsedTags(tags),
	};
}

/** Those with the most calls first. */
export function readUnpriced(db: DatabaseSync, range: TimeRange): UnpricedModel[] {
	const rows = db
		.prepare(
			`SELECT (SELECT name FROM names WHERE id = provider) AS provider, (SELECT name FROM names WHERE id = model) AS model,
			(SELECT name FROM names WHERE id = unpriced) AS reason, COUNT(*) AS calls, MAX(at) AS last
			FROM call_rows WHERE unpriced IS NOT NULL AND at >= ? AND at < ?
			GROUP BY call_rows.provider, call_rows.model, call_rows.unpriced ORDER BY calls DESC, provider, model, reason`,
		)
		.all(...bounds(range));
	return rows.map(({ calls, last, model, provider, reason }) => ({
		provider: String(provider),
		model: String(model),
		reason: String(reason),
		calls: Number(calls),
		lastAt: Number(last),
	}));
}

/** Exact sums over the rows themselves, not over totals. */
export function readProcessPairs(db: DatabaseSync, process: string): ProcessPair[] {
	const statement = db.prepare(
		`SELECT (SELECT name FROM names WHERE id = route) AS route, (SELECT name FROM names WHERE id = model) AS model,
		SUM(cost_usd) AS usd, SUM(cost_pico / 1000000) AS micro, SUM(cost_pico % 1000000) AS rest
		FROM call_rows, (SELECT no << ${SEQUENCE_BITS} AS first FROM processes WHERE id = ?)
		WHERE key BETWEEN first AND first + ${2 ** SEQUENCE_BITS - 1} GROUP BY call_rows.route, call_rows.model ORDER BY 1, 2`,
	);
	statement.setReadBigInts(true);
	return statement.all(process).map(({ micro, model, rest, route, usd }) => ({
		route: String(route),
		model: String(model),
		costPico: whole(usd) * 1_000_000_000_000n + whole(micro) * 1_000_000n + whole(rest),
	}));
}

/** A sum of nothing is NULL, and one that no integer of SQLite holds is a real number, with nothing behind its point. */
function whole(sum: unknown): bigint {
	return typeof sum === "bigint" || typeof sum === "number" ? BigInt(sum) : 0n;
}
