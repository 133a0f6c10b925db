import type { ContenderName } from "./contender.ts";

/** How long a case measures, in milliseconds. */
export interface MeasureOptions {
	readonly ms: number;
}

/** What one run of one case found, in the unit of the case. */
export interface Figure {
	readonly value: number;
	/** The 99th percentile, or the worst where there were fewer than a hundred samples. */
	readonly p99?: number;
	readonly samples: number;
	/** Series lines of the exposition. */
	readonly lines?: number;
}

/** One case of one contender over all rounds. */
export interface CaseResult {
	readonly contender: ContenderName;
	readonly case: string;
	/** The median of the rounds. */
	readonly value: number;
	readonly p99?: number;
	readonly lines?: number;
	/** The value of each round, in their order: those of one round were measured one after the other. */
	readonly rounds: readonly number[];
}

/** Everything that one run of the benchmark found. */
export interface BenchResult {
	readonly node: string;
	readonly cpu: string;
	readonly cores: number;
	/** As in 2026-01-31. */
	readonly day: string;
	/** Of the packages measured, by contender. */
	readonly versions: Readonly<Partial<Record<ContenderName, string>>>;
	/** How long each case measured, in milliseconds. */
	readonly ms: number;
	readonly results: readonly CaseResult[];
}

/** The result of a case of a contender. */
export function find(
	{ results }: BenchResult,
	contender: ContenderName,
	name: string,
): CaseResult | undefined {
	return results.find((result) => result.contender === contender && result.case === name);
}

/** How many times as long theirs takes as ours: the median over rounds, so that a slow minute slows both. */
export function timesOf(ours: readonly number[], theirs: readonly number[]): number {
	return median(ours.map((own, round) => (theirs[round] ?? Number.NaN) / own));
}

/**
 * The rounds of a case without what the measuring itself takes: the baseline of the same round, where there is one. What
 * is shorter than the clock can tell counts as a tenth of a nanosecond.
 */
export function net(result: BenchResult, { case: name, contender, rounds }: CaseResult): readonly number[] {
	const baseline = contender === "baseline" ? undefined : find(result, "baseline", name)?.rounds;
	if (baseline === undefined) return rounds;
	return rounds.map((value, round) => Math.max(0.1, value - (baseline[round] ?? Number.NaN)));
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
	return quantile(values, 0.5);
}

/** The value that the share `q` of them does not exceed. */
export function quantile(values: readonly number[], q: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
