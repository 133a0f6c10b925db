import { quantile } from "./quantile.ts";
import type { HitRate, Percentiles } from "./stats.ts";

/** Sums that only ever grow, but for `active`, as of one instant. */
export interface RunningSums {
	/** Of each bucket of `llm_latency_ms`, over all series; the last is beyond the last bound. */
	readonly latencyCounts: readonly number[];
	/** The same of `llm_time_to_first_token_ms`. */
	readonly firstTokenCounts: readonly number[];
	readonly cacheHits: number;
	readonly cacheMisses: number;
	readonly errorsByType: Readonly<Record<string, number>>;
	readonly errors: number;
	readonly costUsd: number;
	readonly active: number;
}

/** The sums at one time; `at` is in milliseconds of a clock that never jumps. */
export interface Reading {
	readonly at: number;
	readonly sums: RunningSums;
}

/** Before anything was counted. */
export const ZERO: RunningSums = {
	latencyCounts: [],
	firstTokenCounts: [],
	cacheHits: 0,
	cacheMisses: 0,
	errorsByType: {},
	errors: 0,
	costUsd: 0,
	active: 0,
};

/** What a sum grew by. Nothing ever goes down; a difference below 0 could only be a fault, and is shown as none. */
export function grown(before: number | undefined, after: number): number {
	return Math.max(0, after - (before ?? 0));
}

/** The seconds between two readings. */
export function secondsBetween(before: Reading, after: Reading): number {
	return Math.max(0, (after.at - before.at) / 1000);
}

/** Percentiles of what was observed between the two. */
export function percentilesBetween(
	bounds: readonly number[],
	before: RunningSums,
	after: RunningSums,
	of: "latencyCounts" | "firstTokenCounts" = "latencyCounts",
): Percentiles {
	const counts = after[of].map((count, i) => grown(before[of][i], count));
	return {
		count: counts.reduce((sum, count) => sum + count, 0),
		p50: quantile(0.5, bounds, counts),
		p90: quantile(0.9, bounds, counts),
		p99: quantile(0.99, bounds, counts),
	};
}

/** The hit rate of the lookups between the two. */
export function hitRateBetween(before: RunningSums, after: RunningSums): HitRate {
	const hits = grown(before.cacheHits, after.cacheHits);
	const misses = grown(before.cacheMisses, after.cacheMisses);
	return { hits, misses, rate: hits + misses > 0 ? hits / (hits + misses) : null };
}
