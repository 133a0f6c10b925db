import { grown, hitRateBetween, percentilesBetween, type Reading } from "./reading.ts";
import { type RecentWindow, STEP_SECONDS, WINDOW_SECONDS } from "./recent-window.ts";
import type { History } from "./stats.ts";

/** How far back each point of the history's percentiles and hit rate looks, in seconds. */
const POINT_SECONDS = 60;

/** The steps between the window's readings, for the page's small charts. */
export function collectHistory(window: RecentWindow, bounds: readonly number[]): History {
	const all = window.readings.slice(1).map((after, i) => [window.readings[i] ?? after, after] as const);
	const steps = all.slice(-WINDOW_SECONDS / STEP_SECONDS);
	const percentiles = steps.map(([, after]) =>
		percentilesBetween(bounds, minuteBefore(window, after), after.sums),
	);
	return {
		stepSeconds: STEP_SECONDS,
		costUsd: steps.map(([before, after]) => grown(before.sums.costUsd, after.sums.costUsd)),
		p50: percentiles.map(({ p50 }) => p50),
		p99: percentiles.map(({ p99 }) => p99),
		hitRate: steps.map(([, after]) => hitRateBetween(minuteBefore(window, after), after.sums).rate),
		errors: steps.map(([before, after]) => grown(before.sums.errors, after.sums.errors)),
		active: steps.map(([, after]) => after.sums.active),
	};
}

function minuteBefore(window: RecentWindow, reading: Reading): Reading["sums"] {
	return window.before(reading, POINT_SECONDS).sums;
}
