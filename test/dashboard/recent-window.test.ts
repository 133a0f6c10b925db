import { describe, expect, test, vi } from "vitest";
import { collectHistory } from "../../src/dashboard/history.ts";
import {
	grown,
	hitRateBetween,
	percentilesBetween,
	type RunningSums,
	ZERO,
} from "../../src/dashboard/reading.ts";
import { RecentWindow } from "../../src/dashboard/recent-window.ts";

const MINUTE = 60_000;

function counting(): {
	window: (origin: number) => RecentWindow;
	sums: { -readonly [k in keyof RunningSums]: RunningSums[k] };
} {
	const sums = { ...ZERO };
	return { sums, window: (origin) => new RecentWindow(() => ({ ...sums }), origin) };
}

describe("RecentWindow", () => {
	test("looks back to the origin as long as that is in reach", () => {
		const { sums, window: create } = counting();
		const window = create(0);
		sums.errors = 7;
		const last = { at: 40_000, sums: { ...sums } };
		expect(window.before(last, 300)).toEqual({ at: 0, sums: ZERO });
		expect(window.before(last, 30)).toBe(last); // nothing in reach: an empty window, not a wrong one
	});

	test("finds the oldest reading in reach, and is never longer than asked for", () => {
		const { sums, window: create } = counting();
		const window = create(-10 * MINUTE);
		for (let at = 0; at <= 10 * MINUTE; at += 5000) {
			sums.errors = at / 1000;
			window.record(at);
		}
		const last = { at: 10 * MINUTE + 2000, sums: { ...sums, errors: 602 } };
		expect(window.before(last, 300).at).toBe(5 * MINUTE + 5000);
		expect(window.before(last, 60).at).toBe(9 * MINUTE + 5000);
		expect(window.readings.length).toBe(74); // 365 s, both ends
		expect(collectHistory(window, []).errors).toEqual(Array(60).fill(5));
	});

	test("reads every five seconds from start to stop, and lets the process end", () => {
		vi.useFakeTimers();
		try {
			const read = vi.fn<() => RunningSums>(() => ZERO);
			const window = new RecentWindow(read, 0);
			window.start();
			vi.advanceTimersByTime(20_000);
			expect(read).toHaveBeenCalledTimes(5);
			window.stop();
			vi.advanceTimersByTime(20_000);
			expect(read).toHaveBeenCalledTimes(5);
		} finally {
			vi.useRealTimers();
		}
	});
});

test("what a sum grew by is never negative", () => {
	expect(grown(3, 5)).toBe(2);
	expect(grown(undefined, 5)).toBe(5);
	expect(grown(5, 3)).toBe(0);
});

test("between two readings only what came between them counts", () => {
	const before = { ...ZERO, latencyCounts: [10, 0, 0], cacheHits: 3, cacheMisses: 1 };
	const after = { ...ZERO, latencyCounts: [10, 4, 0], cacheHits: 4, cacheMisses: 4 };
	// Four in (100, 200]: ranks 2, 3.6 and 3.96 of 4.
	expect(percentilesBetween([100, 200], before, after)).toEqual({ count: 4, p50: 150, p90: 190, p99: 199 });
	expect(hitRateBetween(before, after)).toEqual({ hits: 1, misses: 3, rate: 0.25 });
	expect(percentilesBetween([100, 200], after, after)).toEqual({ count: 0, p50: null, p90: null, p99: null });
	expect(hitRateBetween(after, after)).toEqual({ hits: 0, misses: 0, rate: null });
});

test("the history has a point for each step, with what happened in it", () => {
	const { sums, window: create } = counting();
	const window = create(0);
	window.record(1000);
	Object.assign(sums, { costUsd: 0.5, errors: 2, active: 3, latencyCounts: [2, 0], cacheHits: 1 });
	window.record(6000);
	Object.assign(sums, { costUsd: 0.75, active: 1 });
	window.record(11_000);
	expect(collectHistory(window, [100])).toEqual({
		stepSeconds: 5,
		costUsd: [0.5, 0.25],
		p50: [50, 50],
		p99: [99, 99],
		hitRate: [1, 1],
		errors: [2, 0],
		active: [3, 1],
	});
	expect(collectHistory(create(0), [100]).costUsd).toEqual([]);
});
