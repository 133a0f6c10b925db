import type { SeriesQuery } from "./series-query.ts";
import type { StepSpan } from "./step-schema.ts";

/** The most steps of an answer. */
const MOST_STEPS = 2000;
/** How long a time may be whose steps are reckoned from single rows. */
const MOST_FROM_ROWS_MS = 3_600_000;

/** What an answer is made from, and in which steps. */
export interface SeriesPlan {
	/** Which kept steps, or the single rows. */
	readonly from: StepSpan | "rows";
	/** How long the kept steps are, or would be. */
	readonly grainSeconds: number;
	readonly stepSeconds: number;
	/** When the first step begins and the last one ends, in milliseconds since the epoch. */
	readonly since: number;
	readonly until: number;
}

/** Since when everything is kept, in milliseconds since the epoch. */
export interface KeptSince {
	readonly steps: Readonly<Record<StepSpan, number>>;
	readonly rows: number;
}

/**
 * Chooses the longest kept steps that what is asked for can be made of. Where they are forgotten, minutes do for ten
 * seconds, and single rows for either where it is an hour or less; then five minutes, and else hours, or three where those
 * are kept for longer.
 */
export function planSeries({ since, stepSeconds, until }: SeriesQuery, kept: KeptSince): SeriesPlan {
	const least = Math.max(stepSeconds, (until - since) / 1000 / MOST_STEPS, 1);
	const plan = (from: SeriesPlan["from"], unit: number): SeriesPlan => {
		const step = Math.ceil(least / unit) * unit;
		const ms = step * 1000;
		const start = Math.floor(since / ms) * ms;
		// At least one step, whatever was asked.
		const end = Math.max(Math.ceil(until / ms) * ms, start + ms);
		return { from, grainSeconds: unit, stepSeconds: step, since: start, until: end };
	};
	const threes = plan(10_800, 10_800);
	if (least % 10_800 === 0) return threes;
	const whole = plan(3600, 3600);
	const keptLonger = Math.min(until, kept.steps[3600]) > kept.steps[10_800];
	const hours = whole.since < kept.steps[3600] && keptLonger ? threes : whole;
	if (least >= 3600) return hours;
	const fives = plan(300, 300);
	const unit = least <= 50 ? 10 : 60;
	const ways = least >= 300 ? [fives] : [plan(unit, unit), plan(60, 60), plan("rows", unit), fives];
	const isShort = until - since <= MOST_FROM_ROWS_MS;
	const found = ways.find(({ from, since: start }) =>
		from === "rows" ? isShort && start >= kept.rows : start >= kept.steps[from],
	);
	return found ?? hours;
}
