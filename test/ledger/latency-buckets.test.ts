import fc from "fast-check";
import { expect, test } from "vitest";
import { LATENCY_BUCKETS, latencyBucket, latencyPercentiles } from "../../src/ledger/latency-buckets.ts";
import { readBuckets, stepParts, writeStep } from "../../src/ledger/step-bytes.ts";

test("a bucket begins 2^(1/16) times where the one before does, from a sixteenth of a millisecond on", () => {
	// 1 ms is four doublings above 2⁻⁴: 64 buckets after the first one, which is number 1.
	expect(latencyBucket(1)).toBe(65);
	expect(latencyBucket(2)).toBe(81);
	expect(latencyBucket(2 * 2 ** (1 / 16) * 1.0001)).toBe(82);
	expect([latencyBucket(0), latencyBucket(0.06), latencyBucket(0.0625)]).toEqual([0, 0, 1]);
	expect(latencyBucket(Number.MAX_VALUE)).toBe(LATENCY_BUCKETS - 1);
});

test("one value is the middle of its bucket, and several are spread over it", () => {
	const counts = new Float64Array(LATENCY_BUCKETS);
	expect(latencyPercentiles(counts)).toBeUndefined();
	counts[latencyBucket(1)] = 1;
	const middle = 2 ** (0.5 / 16);
	expect(latencyPercentiles(counts)).toEqual({ p50: middle, p90: middle, p99: middle });
	counts[latencyBucket(1)] = 100;
	// The 50th, the 90th and the 99th of a hundred, each in the middle of its hundredth.
	expect(latencyPercentiles(counts)?.p50).toBeCloseTo(2 ** (0.495 / 16), 12);
	expect(latencyPercentiles(counts)?.p90).toBeCloseTo(2 ** (0.895 / 16), 12);
	expect(latencyPercentiles(counts)?.p99).toBeCloseTo(2 ** (0.985 / 16), 12);
});

test("counts come out of their bytes as they went in, and add up", () => {
	const buckets = fc
		.array(fc.tuple(fc.nat({ max: LATENCY_BUCKETS - 1 }), fc.maxSafeNat()), { maxLength: 40 })
		.map((pairs) => {
			const counts = new Float64Array(LATENCY_BUCKETS);
			for (const [bucket, count] of pairs) counts[bucket] = count;
			return counts;
		});
	fc.assert(
		fc.property(fc.array(fc.double({ noNaN: true })), buckets, buckets, (numbers, latency, firstToken) => {
			const bytes = writeStep(Float64Array.from(numbers), latency, firstToken);
			const { firstTokenAt, latencyAt, numbers: read } = stepParts(bytes);
			expect([...read]).toEqual(numbers);
			const sums = new Float64Array(LATENCY_BUCKETS);
			const twice = new Float64Array(LATENCY_BUCKETS);
			readBuckets(bytes, latencyAt, firstTokenAt, sums, twice);
			expect(sums).toEqual(latency);
			readBuckets(bytes, latencyAt, firstTokenAt, twice, undefined);
			expect(twice).toEqual(latency.map((count) => 2 * count));
			sums.fill(0);
			readBuckets(bytes, firstTokenAt, bytes.length, sums, undefined);
			expect(sums).toEqual(firstToken);
		}),
	);
});
