import { OUTCOMES } from "../core/settled-call.ts";
import { totalInput } from "../core/token-usage.ts";
import type { ExactCost, LedgerRow } from "./ledger-row.ts";

/** What a step counts, in the order in which it is kept: a file says them by their place, so new ones come last. */
export const STEP_COUNTS = [
	"success",
	"error",
	"aborted",
	"abandoned",
	"errorsByHand",
	"inputTokens",
	"outputTokens",
	"cacheReadTokens",
	"unpricedCalls",
	"callsWithoutUsage",
	"cacheHits",
	"cacheMisses",
	"rateLimited",
	"costBillions",
	"costDollars",
	"costPico",
	"savedBillions",
	"savedDollars",
	"savedPico",
] as const;

/** One of {@link STEP_COUNTS}. */
export type StepCount = (typeof STEP_COUNTS)[number];

/** Where each of them stands. */
export const COUNT_PLACES: Readonly<Record<StepCount, number>> =
	// Each name has its own place.
	Object.fromEntries(STEP_COUNTS.map((name, place) => [name, place])) as Record<StepCount, number>;

/** What a row adds to a step. */
export interface StepFacts {
	/** Which of {@link STEP_COUNTS} it is one of. */
	readonly counts: readonly StepCount[];
	/** Whose failure it is: the number of the error type's name. */
	readonly error: number | undefined;
	readonly inputTokens: number;
	readonly outputTokens: number;
	readonly cacheReadTokens: number;
	readonly cost: ExactCost | undefined;
	readonly saved: ExactCost | undefined;
	readonly latencyMs: number | undefined;
	readonly firstTokenMs: number | undefined;
}

/** What of a row matters to a step. */
export type FactsRow = Pick<
	LedgerRow,
	| "cost"
	| "event"
	| "latencyMs"
	| "outcome"
	| "saved"
	| "timeToFirstTokenMs"
	| "unpriced"
	| "usage"
	| "usageMissing"
>;

/** @param error the number of the row's error type among the names, where it has one */
export function stepFacts(row: FactsRow, error: number | undefined): StepFacts {
	const { cost, event, latencyMs, outcome, saved, timeToFirstTokenMs, usage } = row;
	const counts: StepCount[] = [];
	const ended = OUTCOMES.find((one) => one === outcome);
	if (ended !== undefined) counts.push(ended);
	if (row.unpriced !== undefined) counts.push("unpricedCalls");
	if (row.usageMissing !== undefined) counts.push("callsWithoutUsage");
	if (event === "error") counts.push("errorsByHand");
	else if (event === "cache_hit") counts.push("cacheHits");
	else if (event === "cache_miss") counts.push("cacheMisses");
	else if (event === "rate_limited") counts.push("rateLimited");
	else if (event === "unpriced") counts.push("unpricedCalls");
	return {
		counts,
		error: outcome === "error" || event === "error" ? error : undefined,
		inputTokens: usage === undefined ? 0 : (totalInput(usage) ?? 0),
		outputTokens: usage?.output ?? 0,
		cacheReadTokens: usage?.cacheRead ?? 0,
		cost,
		saved,
		// As `llm_latency_ms`: how long nobody has read a stream is no latency.
		latencyMs: outcome === "abandoned" ? undefined : latencyMs,
		firstTokenMs: timeToFirstTokenMs,
	};
}
