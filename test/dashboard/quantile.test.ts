import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quantile } from "../../src/dashboard/quantile.ts";

describe("quantile", () => {
	const bounds = [100, 250, 500, 1000];

	test("is linear inside the bucket that the rank falls into", () => {
		// 4 up to 100, 4 up to 250, 2 up to 500: rank 5 is the first of four in (100, 250].
		const counts = [4, 4, 2, 0, 0];
		expect(quantile(0.5, bounds, counts)).toBeCloseTo(100 + (150 * 1) / 4, 9);
		expect(quantile(0.9, bounds, counts)).toBeCloseTo(250 + (250 * 1) / 2, 9);
		expect(quantile(0.99, bounds, counts)).toBeCloseTo(250 + (250 * 1.9) / 2, 9);
	});

	test("the first bucket starts at 0", () => {
		expect(quantile(0.5, bounds, [2, 0, 0, 0, 0])).toBe(50);
	});

	test("a rank on the edge of a bucket is its upper bound", () => {
		expect(quantile(0.5, bounds, [1, 0, 1, 0, 0])).toBe(100);
		expect(quantile(1, bounds, [0, 3, 0, 0, 0])).toBe(250);
	});

	test("beyond the last bound it is the last bound", () => {
		expect(quantile(0.99, bounds, [1, 0, 0, 0, 9])).toBe(1000);
		expect(quantile(0.5, bounds, [0, 0, 0, 0, 1])).toBe(1000);
	});

	test("a first bound that is not positive stands for its bucket", () => {
		expect(quantile(0.5, [-5, 10], [2, 0, 0])).toBe(-5);
	});

	test("there is none without observations or bounds", () => {
		expect(quantile(0.5, bounds, [0, 0, 0, 0, 0])).toBeNull();
		expect(quantile(0.5, bounds, [])).toBeNull();
		expect(quantile(0.5, [], [3])).toBeNull();
	});

	test("it never leaves the bounds, grows with q, and is never NaN", () => {
		const counts = fc.array(fc.nat(1000), { minLength: 5, maxLength: 5 });
		const q = fc.double({ min: 0, max: 1, noNaN: true });
		fc.assert(
			fc.property(counts, q, q, (counts, a, b) => {
				const [low, high] = [
					quantile(Math.min(a, b), bounds, counts),
					quantile(Math.max(a, b), bounds, counts),
				];
				if (low === null || high === null) return counts.every((count) => count === 0);
				return low >= 0 && low <= high + 1e-9 && high <= 1000;
			}),
		);
	});
});
