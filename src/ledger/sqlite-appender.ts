import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LedgerRow } from "./ledger-row.ts";
import type { Appended } from "./ledger-store.ts";
import { HourTotals } from "./hour-totals.ts";
import { CALL_NAMES, CALL_NUMBERS, SEQUENCE_BITS, TOTAL_COLUMNS, TOTAL_KEYS } from "./sqlite-schema.ts";
import { DearBatch, SqliteDear } from "./sqlite-dear.ts";
import { SqliteEvents } from "./sqlite-events.ts";
import { SqliteNames } from "./sqlite-names.ts";
import { SqliteSteps } from "./sqlite-steps.ts";
import type { StepBatch } from "./step-batch.ts";
import { stepFacts } from "./step-facts.ts";

const MARKS = [...CALL_NAMES, ...CALL_NUMBERS].map(() => "?").join(", ");
const ADD_CALL = `INSERT OR IGNORE INTO call_rows VALUES ((? << ${SEQUENCE_BITS}) | ?, ${MARKS})`;

/** All but the cost, whose 10⁻¹² dollars carry over into dollars. */
const COUNTS = TOTAL_COLUMNS.slice(0, -2).map((name) => `${name} = ${name} + excluded.${name}`);
const ADD_TOTALS = `INSERT INTO totals VALUES (${["span", ...TOTAL_KEYS, ...TOTAL_COLUMNS].map(() => "?").join(", ")})
	ON CONFLICT DO UPDATE SET ${COUNTS.join(", ")},
	cost_usd = cost_usd + excluded.cost_usd + (cost_pico + excluded.cost_pico) / 1000000000000,
	cost_pico = (cost_pico + excluded.cost_pico) % 1000000000000`;

const HOUR = 3600;
const DAY = 86_400;
const MOST_DOLLARS = 2n ** 63n - 1n;

/** Puts rows, and what they add to the totals, into the file in one transaction. */
export class SqliteAppender {
	readonly #db: DatabaseSync;
	readonly #names: SqliteNames;
	readonly #processes: SqliteNames;
	readonly #addCall: StatementSync;
	readonly #addTotals: StatementSync;
	readonly #horizon: StatementSync;
	readonly #events: SqliteEvents;
	readonly #steps: SqliteSteps;
	readonly #dear: SqliteDear;

	/** @param now milliseconds since the epoch */
	constructor(db: DatabaseSync, now: () => number = Date.now) {
		this.#db = db;
		this.#names = new SqliteNames(db, "names");
		this.#processes = new SqliteNames(db, "processes");
		this.#addCall = db.prepare(ADD_CALL);
		this.#addTotals = db.prepare(ADD_TOTALS);
		this.#horizon = db.prepare("SELECT value FROM meta WHERE key = 'calls_since'");
		this.#events = new SqliteEvents(db);
		this.#steps = new SqliteSteps(db, now);
		this.#dear = new SqliteDear(db, now);
	}

	append(rows: readonly LedgerRow[]): Appended {
		this.#db.exec("BEGIN IMMEDIATE");
		let isCommitted = false;
		try {
			const appended = this.#appendAll(rows);
			this.#db.exec("COMMIT");
			isCommitted = true;
			return appended;
		} finally {
			if (!isCommitted) this.#rollBack();
			this.#names.ended(isCommitted);
			this.#processes.ended(isCommitted);
		}
	}

	#rollBack(): void {
		try {
			this.#db.exec("ROLLBACK");
		} catch {
			// On a full disk SQLite has done so by itself, and then says that there is nothing to roll back.
		}
	}

	#appendAll(rows: readonly LedgerRow[]): Appended {
		const totals = new HourTotals();
		const steps = this.#steps.batch();
		const dear = new DearBatch();
		const horizon = Number(this.#horizon.get()?.["value"] ?? Number.NEGATIVE_INFINITY);
		// One in the future is that of a clock which was wrong: by it every row would be too old.
		const since = horizon <= Date.now() ? horizon : Number.NEGATIVE_INFINITY;
		let added = 0;
		let tooOld = 0;
		for (const row of rows) {
			if (row.at < since) tooOld += 1;
			else if (this.#appendRow(row, totals, steps, dear)) added += 1;
		}
		for (const { key, pico, sums, whole } of totals.values()) {
			const [hour, ...names] = key;
			// What no integer of SQLite holds is no real cost, and must not keep the others out.
			const usd = whole <= MOST_DOLLARS ? whole : Number(whole);
			this.#addTotals.run(HOUR, hour, ...names, ...sums, usd, pico);
			this.#addTotals.run(DAY, hour - (hour % DAY), ...names, ...sums, usd, pico);
		}
		this.#steps.write(steps);
		this.#dear.write(dear);
		return { added, tooOld };
	}

	#appendRow(row: LedgerRow, totals: HourTotals, steps: StepBatch, dear: DearBatch): boolean {
		const { at, cost, sequence } = row;
		const names = this.#names;
		const process = this.#processes.numberOf(row.process);
		const isAdded =
			row.event === undefined ? this.#appendOne(row, totals) : this.#events.add(row, process, names);
		if (!isAdded) return false;
		// A row has all three of them.
		const route = names.numberOf(row.route) ?? 0;
		const model = names.numberOf(row.model) ?? 0;
		const provider = names.numberOf(row.provider) ?? 0;
		steps.add(at, route, model, provider, stepFacts(row, names.numberOf(row.errorType) ?? undefined));
		if (cost !== undefined)
			dear.add(at, route, model, provider, { ...cost, process: process ?? 0, sequence });
		return true;
	}

	#appendOne(row: LedgerRow, totals: HourTotals): boolean {
		const { cost, usage = {} } = row;
		const names = this.#names;
		const route = names.numberOf(row.route);
		const model = names.numberOf(row.model);
		const provider = names.numberOf(row.provider);
		const tags = names.numberOf(row.tags === undefined ? undefined : JSON.stringify(row.tags));
		const { changes } = this.#addCall.run(
			this.#processes.numberOf(row.process),
			row.sequence,
			route,
			model,
			names.numberOf(row.answeredModel),
			provider,
			names.numberOf(row.operation),
			names.numberOf(row.outcome),
			names.numberOf(row.errorType),
			names.numberOf(row.usageMissing),
			names.numberOf(row.unpriced),
			names.numberOf(row.priceSource),
			names.numberOf(row.pricedModel),
			tags,
			row.at,
			row.latencyMs ?? null,
			row.timeToFirstTokenMs ?? null,
			row.attempts,
			usage.inputUncached ?? null,
			usage.cacheRead ?? null,
			usage.cacheWrite5m ?? null,
			usage.cacheWrite1h ?? null,
			usage.output ?? null,
			usage.reasoning ?? null,
			cost?.whole ?? null,
			cost?.pico ?? null,
			moreUsage(row) ?? null,
		);
		if (changes === 0) return false;
		totals.add(row, [route, model, provider, tags]);
		return true;
	}
}

/** What has no column of its own, as JSON. */
function moreUsage({ usage }: LedgerRow): string | undefined {
	if (usage === undefined) return undefined;
	const { cacheRead, cacheWrite1h, cacheWrite5m, inputUncached, output, reasoning, ...more } = usage;
	for (const _ in more) return JSON.stringify(more);
	return undefined;
}
