import type { DatabaseSync } from "node:sqlite";
import type { WindowCosts, WindowCostsQuery } from "./ledger-store.ts";
import { parsedTags } from "./row-page.ts";
import { SEQUENCE_BITS } from "./sqlite-schema.ts";
import { forgottenKey } from "./step-schema.ts";

const HOUR_MS = 3_600_000;

/** Names are looked up once a group, not once a row; the millions of 10⁻¹² dollars and their rest are summed apart, to stay within 64 bits. */
const grouped = (from: string): string => `SELECT
	(SELECT name FROM names WHERE id = route) AS route, (SELECT name FROM names WHERE id = model) AS model,
	(SELECT name FROM names WHERE id = provider) AS provider, (SELECT name FROM names WHERE id = tags) AS tags, usd, micro, rest
	FROM (SELECT route, model, provider, tags,
		SUM(cost_usd) AS usd, SUM(cost_pico / 1000000) AS micro, SUM(cost_pico % 1000000) AS rest
		FROM ${from} GROUP BY route, model, provider, tags)`;

const WHOLE_HOURS: string = grouped("totals WHERE span = 3600 AND start >= ?");
const SINGLE_CALLS: string = grouped("call_rows WHERE at >= ? AND at < ?");
const OF_PROCESS: string = grouped(
	`call_rows, (SELECT no << ${SEQUENCE_BITS} AS first FROM processes WHERE id = ?)
	WHERE key BETWEEN first AND first + ${2 ** SEQUENCE_BITS - 1} AND at >= ?`,
);

/** All as of one moment. */
export function readWindowCosts(db: DatabaseSync, { process, since }: WindowCostsQuery): WindowCosts {
	db.exec("BEGIN");
	try {
		// Totals are forgotten with the steps of an hour, and maybe before calls.
		const forgotten = horizonOf(db, forgottenKey(3600));
		const wholeFrom = Math.max(Math.ceil(since / HOUR_MS) * HOUR_MS, forgotten);
		return {
			all: [...read(db, WHOLE_HOURS, wholeFrom / 1000), ...read(db, SINGLE_CALLS, since, wholeFrom)],
			own: read(db, OF_PROCESS, process, since),
			isWhole: horizonOf(db, "calls_since") <= since,
		};
	} finally {
		db.exec("COMMIT");
	}
}

/** In milliseconds since the epoch. */
function horizonOf(db: DatabaseSync, key: string): number {
	const value = db.prepare("SELECT value FROM meta WHERE key = ?").get(key)?.["value"];
	return typeof value === "number" ? value : Number.NEGATIVE_INFINITY;
}

function read(db: DatabaseSync, sql: string, ...values: readonly (string | number)[]): WindowCosts["all"] {
	const statement = db.prepare(sql);
	statement.setReadBigInts(true);
	return statement.all(...values).map(({ micro, model, provider, rest, route, tags, usd }) => ({
		route: text(route),
		model: text(model),
		provider: text(provider),
		tags: typeof tags === "string" ? parsedTags(tags) : undefined,
		costPico: whole(usd) * 1_000_000_000_000n + whole(micro) * 1_000_000n + whole(rest),
	}));
}

function text(value: unknown): string {
	return typeof value === "string" ? value : "";
}

/** A sum of nothing is NULL. */
function whole(sum: unknown): bigint {
	return typeof sum === "bigint" ? sum : 0n;
}
