import { formatPico } from "../core/exact-usd.ts";
import { sumTotals } from "./cost-report.ts";
import type { GroupTotals } from "./ledger-store.ts";

/** What a month has cost, and what it will have if it goes on so. */
export interface MonthCosts {
	/** The first day of the month, of UTC: "2026-11-01". */
	readonly month: string;
	/** What it has cost so far, exactly, in US dollars: "12.5". */
	readonly costUsd: string;
	/**
	 * A linear projection and no more: what was spent until now, times the month's length over the time that has passed of
	 * it. In US dollars; `undefined` in the month's first day, which tells too little.
	 */
	readonly projectedUsd: number | undefined;
}

/** The same with what was saved. */
export interface MonthReport extends MonthCosts {
	/** What answers from response caches would have cost, exactly, in US dollars: those whose usage and price are known. */
	readonly savedByCacheUsd: string;
}

const DAY_MS = 86_400_000;

/** When a month began and ends, of UTC, in milliseconds since the epoch. */
export function monthOf(now: number): { readonly since: number; readonly until: number } {
	const date = new Date(now);
	const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
	return { since: Date.UTC(year, month), until: Date.UTC(year, month + 1) };
}

/** @param totals those of the month so far */
export function monthCosts(totals: readonly GroupTotals[], now: number): MonthCosts {
	const { since, until } = monthOf(now);
	const { costPico } = sumTotals(totals);
	const passed = now - since;
	return {
		month: new Date(since).toISOString().slice(0, 10),
		costUsd: formatPico(costPico),
		projectedUsd: passed < DAY_MS ? undefined : ((Number(costPico) / 1e12) * (until - since)) / passed,
	};
}
