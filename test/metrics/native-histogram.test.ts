import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NativeBuckets, type NativeSchema } from "../../src/metrics/native-histogram.ts";
import { isAtMostBound } from "./native-bound.ts";

const SCHEMAS: readonly NativeSchema[] = [0, 1, 2, 3, 4, 5];

/** Doubles and their neighbours. */
function around(value: number): number[] {
	const bits = new BigInt64Array(Float64Array.of(value).buffer)[0] ?? 0n;
	return [bits - 1n, bits, bits + 1n].map((own) => new Float64Array(BigInt64Array.of(own).buffer)[0] ?? 0);
}

/** By the definition, base^(i-1) < v <= base^i in exact arithmetic, within the limits. */
function isRight(buckets: NativeBuckets, value: number): boolean {
	const slot = buckets.slot(value);
	if (value <= 0.125) return slot === 0;
	if (value > 2 ** 27) return slot === buckets.width - 1;
	const index = buckets.firstIndex + slot - 1;
	return isAtMostBound(value, index, buckets.schema) && !isAtMostBound(value, index - 1, buckets.schema);
}

describe.each(SCHEMAS)("native buckets of schema %i", (schema) => {
	const buckets = new NativeBuckets(schema);

	test("any value is where the definition puts it", () => {
		const byExponent = fc
			.tuple(fc.double({ min: 1, max: 2, noNaN: true }), fc.integer({ min: -6, max: 30 }))
			.map(([mantissa, exponent]) => mantissa * 2 ** exponent);
		const any = fc.oneof(
			byExponent,
			fc.double({ min: 0, noNaN: true }),
			fc.double({ min: 0.1, max: 700_000, noNaN: true }),
		);
		fc.assert(fc.property(any, (value) => isRight(buckets, value)));
	});

	test("so is every bound, as near as a double gets to it, and its neighbours", () => {
		for (let slot = 0; slot < buckets.width; slot += 1) {
			const bound = 2 ** ((buckets.firstIndex + slot - 1) / 2 ** schema);
			expect(around(bound).filter((value) => !isRight(buckets, value))).toEqual([]);
		}
	});

	test("the limits are 0.125 and 2^27, and nothing is outside of the slots", () => {
		expect(buckets.zeroThreshold).toBe(0.125);
		expect(buckets.slot(0.125)).toBe(0);
		expect(buckets.slot(0.125 + Number.EPSILON)).toBe(1);
		expect(buckets.slot(2 ** 27)).toBe(buckets.width - 1);
		for (const value of [2 ** 27 + 1, 1e300, Number.POSITIVE_INFINITY]) {
			expect(buckets.slot(value)).toBe(buckets.width - 1);
		}
		for (const value of [0, -1, 5e-324, Number.NaN]) expect(buckets.slot(value)).toBe(0);
	});
});
