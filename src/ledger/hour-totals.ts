import { OUTCOMES } from "../core/settled-call.ts";
import { totalInput } from "../core/token-usage.ts";
import type { LedgerRow } from "./ledger-row.ts";
import { TOTAL_COLUMNS } from "./sqlite-schema.ts";

const HOUR_MS = 3_600_000;
const PICO = 1e12;
/** The columns of totals, but for the two of the cost. */
const COUNTS = TOTAL_COLUMNS.slice(0, -2);

/** What totals of an hour are told apart by: its start, and the numbers of the names. */
export type HourKey = readonly [start: number, ...names: (number | null)[]];

/** The sums of the rows of a batch, in the order of `TOTAL_COLUMNS`. */
export interface HourSums {
	readonly key: HourKey;
	/** All but the cost. */
	readonly sums: number[];
	/** Whole dollars of many rows may be more than a number holds. */
	whole: bigint;
	pico: number;
}

/** Adds up a batch before it goes into the totals: thousands of rows are a few hours' sums. */
export class HourTotals {
	readonly #byKey = new Map<string, HourSums>();

	/** @param names the numbers of route, model, provider and tags */
	add(row: LedgerRow, names: readonly (number | null)[]): void {
		// In seconds, as everything in the totals.
		const start = (Math.floor(row.at / HOUR_MS) * HOUR_MS) / 1000;
		// No tags are 0 here: NULLs in a key would all be different.
		const numbers = names.map((name) => name ?? 0);
		const text = `${start},${numbers.join(",")}`;
		let found = this.#byKey.get(text);
		if (found === undefined) {
			found = { key: [start, ...numbers], sums: COUNTS.map(() => 0), whole: 0n, pico: 0 };
			this.#byKey.set(text, found);
		}
		addRow(found.sums, row);
		addCost(found, row);
	}

	values(): Iterable<HourSums> {
		return this.#byKey.values();
	}
}

function addRow(sums: number[], row: LedgerRow): void {
	const { usage } = row;
	const add = (at: number, value: number): void => {
		sums[at] = (sums[at] ?? 0) + value;
	};
	const outcome = OUTCOMES.findIndex((one) => one === row.outcome);
	add(outcome === -1 ? OUTCOMES.length : outcome, 1);
	if (usage !== undefined) {
		add(5, totalInput(usage) ?? 0);
		add(6, usage.output ?? 0);
		add(7, usage.cacheRead ?? 0);
		add(8, (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0));
		add(9, Math.min(usage.reasoning ?? 0, usage.output ?? 0));
	}
	if (row.unpriced !== undefined) add(10, 1);
	if (row.usageMissing !== undefined) add(11, 1);
}

function addCost(total: HourSums, { cost }: LedgerRow): void {
	if (cost === undefined) return;
	const pico = total.pico + cost.pico;
	const carry = pico >= PICO ? 1 : 0;
	if (cost.whole + carry > 0) total.whole += BigInt(cost.whole + carry);
	total.pico = pico - carry * PICO;
}
