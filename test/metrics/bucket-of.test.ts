import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketOf, searchable } from "../../src/metrics/bucket-of.ts";

test("the bucket is the first whose bound is at least the value, on its bound too", () => {
	const bounds = fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), {
		minLength: 0,
		maxLength: 100,
	});
	fc.assert(
		fc.property(bounds, fc.array(fc.double({ noNaN: true, min: 0 })), (unsorted, values) => {
			const sorted = unsorted.toSorted((a, b) => a - b);
			const filled = searchable(sorted);
			for (const value of [...values, ...sorted.filter((bound) => bound >= 0)]) {
				const linear = sorted.findIndex((bound) => value <= bound);
				expect(bucketOf(filled, value)).toBe(linear === -1 ? sorted.length : linear);
			}
		}),
	);
});
