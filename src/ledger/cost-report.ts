import { formatPico } from "../core/exact-usd.ts";
import { OUTCOMES, type Outcome } from "../core/settled-call.ts";
import type { GroupBy, GroupTotals, TotalsQuery } from "./ledger-store.ts";

const HOUR_MS = 3_600_000;

/** What a group came to, as programs read it. */
export interface ReportedTotals {
	readonly calls: Readonly<Record<Outcome, number>> & { readonly total: number };
	readonly manualRecords: number;
	/** All of them, cached ones included. */
	readonly inputTokens: number;
	readonly outputTokens: number;
	readonly cacheReadTokens: number;
	readonly cacheWriteTokens: number;
	readonly reasoningTokens: number;
	/** The exact cost in US dollars, as a decimal: "0.0025". */
	readonly costUsd: string;
	/** Calls of which at least a part has no known price, so that the cost misses it. */
	readonly unpricedCalls: number;
	readonly callsWithoutUsage: number;
}

/** The answer to a question for costs: that of `/api/costs`, and of `hyperagent costs --json`. */
export interface CostReport {
	/** The whole hours that were asked for, of UTC; `null` where there is no bound. */
	readonly since: string | null;
	readonly until: string | null;
	readonly by: readonly GroupBy[];
	readonly groups: readonly (ReportedTotals & { readonly group: Readonly<Record<string, string>> })[];
	readonly total: ReportedTotals;
}

/** Puts the totals of a question into words, with their sum. */
export function costReport({ by, since, until }: TotalsQuery, totals: readonly GroupTotals[]): CostReport {
	return {
		since: since === undefined ? null : hour(Math.floor(since / HOUR_MS)),
		until: until === undefined ? null : hour(Math.ceil(until / HOUR_MS)),
		by,
		groups: totals.map((one) => ({
			group: Object.fromEntries(by.map((name, i) => [name, one.group[i] ?? ""])),
			...reported(one),
		})),
		total: reported(sumTotals(totals)),
	};
}

function hour(hours: number): string {
	return new Date(hours * HOUR_MS).toISOString().replace(":00.000Z", "Z");
}

function reported({ calls, costPico, group: _, ...counts }: GroupTotals): ReportedTotals {
	const total = OUTCOMES.reduce((sum, outcome) => sum + calls[outcome], 0);
	return { calls: { total, ...calls }, costUsd: formatPico(costPico), ...counts };
}

/** All groups as one. */
export function sumTotals(totals: readonly GroupTotals[]): GroupTotals {
	const calls = { success: 0, error: 0, aborted: 0, abandoned: 0 };
	const sum = { manualRecords: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
	const more = { reasoningTokens: 0, unpricedCalls: 0, callsWithoutUsage: 0, costPico: 0n };
	for (const one of totals) {
		for (const outcome of OUTCOMES) calls[outcome] += one.calls[outcome];
		sum.manualRecords += one.manualRecords;
		sum.inputTokens += one.inputTokens;
		sum.outputTokens += one.outputTokens;
		sum.cacheReadTokens += one.cacheReadTokens;
		sum.cacheWriteTokens += one.cacheWriteTokens;
		more.reasoningTokens += one.reasoningTokens;
		more.unpricedCalls += one.unpricedCalls;
		more.callsWithoutUsage += one.callsWithoutUsage;
		more.costPico += one.costPico;
	}
	return { group: [], calls, ...sum, ...more };
}
