import type { Percentiles } from "./series-query.ts";

/** Buckets for each doubling: the next one begins at 2^(1/16) times where this one does, 4.43 % above it. */
const PER_DOUBLING = 16;
/** Below 2⁻⁴ ms, a sixteenth of a millisecond, is one bucket, number 0. */
const LOWEST = -4;
/** What takes longer than 2³² ms (50 days) is counted in the last bucket. */
const HIGHEST = 32;

/** How many buckets there are. */
export const LATENCY_BUCKETS: number = (HIGHEST - LOWEST) * PER_DOUBLING + 1;

/** The number of the bucket that so many milliseconds lie in. */
export function latencyBucket(ms: number): number {
	const place = Math.floor((Math.log2(ms) - LOWEST) * PER_DOUBLING) + 1;
	// Of 0 the logarithm is -Infinity.
	return Math.min(Math.max(place, 0), LATENCY_BUCKETS - 1);
}

/**
 * The percentiles of values by bucket; `undefined` of none.
 *
 * A percentile is the value at its nearest rank: of n values, sorted, the ⌈q·n⌉th. It lies in a known bucket, and the
 * values of a bucket are taken to be spread evenly over it, by their logarithms. So the answer is never further from the
 * true value than the bucket is wide, 4.43 %, and mostly within 1 %.
 */
export function latencyPercentiles(counts: Float64Array): Percentiles | undefined {
	let total = 0;
	for (const count of counts) total += count;
	if (total === 0) return undefined;
	const [p50 = 0, p90 = 0, p99 = 0] = ranked(counts, [total * 0.5, total * 0.9, total * 0.99].map(ceil));
	return { p50, p90, p99 };
}

/** A product such as 100 × 0.99 may be a hair above the whole number that it stands for. */
function ceil(rank: number): number {
	return Math.max(1, Math.ceil(rank - 1e-9 * rank));
}

/** @param ranks increasing, from 1 on */
function ranked(counts: Float64Array, ranks: readonly number[]): number[] {
	const found: number[] = [];
	let below = 0;
	for (const [bucket, count] of counts.entries()) {
		if (count === 0) continue;
		for (let rank = ranks[found.length]; rank !== undefined && rank <= below + count; ) {
			found.push(within(bucket, (rank - below - 0.5) / count));
			rank = ranks[found.length];
		}
		below += count;
		if (found.length === ranks.length) break;
	}
	return found;
}

/** @param part how far into the bucket, from 0 to 1 */
function within(bucket: number, part: number): number {
	if (bucket === 0) return 2 ** LOWEST * part;
	return 2 ** (LOWEST + (bucket - 1 + part) / PER_DOUBLING);
}
