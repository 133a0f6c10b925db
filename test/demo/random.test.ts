import { describe, expect, test } from "vitest";
import { hash, Random } from "../../src/demo/random.ts";

const draw = (random: Random): number[] => Array.from({ length: 20_000 }, () => random.next());

describe("Random", () => {
	test("gives the same sequence for the same seeds, and another for others", () => {
		expect(draw(new Random(7, 3))).toEqual(draw(new Random(7, 3)));
		expect(draw(new Random(7, 3))).not.toEqual(draw(new Random(3, 7)));
		expect(new Random(1, 1).next()).not.toBe(new Random(1, 2).next());
	});

	test("is spread evenly from 0 to 1", () => {
		const numbers = draw(new Random(1));
		const tenths = Array.from(
			{ length: 10 },
			(_, i) => numbers.filter((n) => Math.floor(n * 10) === i).length,
		);
		// 2,000 expected each; five standard deviations of the binomial are 5·√(20000·0.1·0.9) ≈ 212.
		for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(212);
	});

	test("branches of a seed start far from each other", () => {
		const firsts = Array.from({ length: 10_000 }, (_, i) => new Random(1, i).next());
		const mean = firsts.reduce((sum, n) => sum + n, 0) / firsts.length;
		// The mean of 10,000 even numbers has a standard deviation of √(1/12)/100 ≈ 0.0029.
		expect(Math.abs(mean - 0.5)).toBeLessThan(0.0145);
	});

	test("the median of logNormal is the one asked for", () => {
		const random = new Random(5);
		const sorted = Array.from({ length: 9_999 }, () => random.logNormal(600, 0.35)).toSorted((a, b) => a - b);
		expect(sorted[0]).toBeGreaterThan(0);
		expect(sorted[4_999]).toBeGreaterThan(580);
		expect(sorted[4_999]).toBeLessThan(620);
	});

	test("integer stays within its bounds and reaches both; weighted follows the weights", () => {
		const random = new Random(2);
		expect(new Set(Array.from({ length: 1000 }, () => random.integer(3, 5)))).toEqual(new Set([3, 4, 5]));
		const picks = Array.from({ length: 10_000 }, () =>
			random.weighted([
				["often", 9],
				["never", 0],
				["seldom", 1],
			]),
		);
		expect(picks.filter((pick) => pick === "never")).toHaveLength(0);
		// 1,000 expected; five standard deviations are 150.
		expect(Math.abs(picks.filter((pick) => pick === "seldom").length - 1000)).toBeLessThan(150);
	});

	test("id and hex have the length and the letters of ids", () => {
		expect(new Random(1).id(29)).toMatch(/^[A-Za-z0-9]{29}$/);
		expect(new Random(1).hex(32)).toMatch(/^[0-9a-f]{32}$/);
	});
});

test("hash is 32-bit FNV-1a", () => {
	// Vectors of http://www.isthe.com/chongo/tech/comp/fnv/ for 32 bits.
	expect(hash("")).toBe(0x811c9dc5);
	expect(hash("a")).toBe(0xe40c292c);
	expect(hash("foobar")).toBe(0xbf9cf968);
});
