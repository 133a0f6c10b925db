/** How often a budget begins anew. */
export const BUDGET_WINDOWS = ["hour", "day", "week", "month"] as const;

/** One of {@link BUDGET_WINDOWS}. */
export type BudgetWindow = (typeof BUDGET_WINDOWS)[number];

/** A stretch of time, in milliseconds since the epoch; the end is no more in it. */
export interface WindowBounds {
	readonly start: number;
	readonly end: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** More than any month has, with a day for its zone. */
const REACH_MS = 33 * DAY_MS;

/**
 * The window that a moment lies in: an hour of UTC, or a day, a week from Monday on, or a month by the clocks of a time
 * zone. At a change of those clocks a day has 23 or 25 hours, and where the change skips midnight it begins with the first
 * moment that there is.
 *
 * @param timeZone an IANA name: "Europe/Berlin"
 */
export function windowAt(now: number, window: BudgetWindow, timeZone: string): WindowBounds {
	if (window === "hour") {
		const start = Math.floor(now / HOUR_MS) * HOUR_MS;
		return { start, end: start + HOUR_MS };
	}
	const dayOf = new Intl.DateTimeFormat("en-US", {
		timeZone,
		calendar: "gregory",
		numberingSystem: "latn",
		year: "numeric",
		month: "numeric",
		day: "numeric",
	});
	const periodOf = (time: number): number => period(dayOf, time, window);
	const current = periodOf(now);
	return {
		start: firstMoment(now - REACH_MS, now, (time) => periodOf(time) >= current),
		end: firstMoment(now, now + REACH_MS, (time) => periodOf(time) > current),
	};
}

/** Whether a zone of that name is known. */
export function isTimeZone(name: string): boolean {
	try {
		return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
	} catch {
		return false;
	}
}

/** A number that is the same all through a period, and larger in each later one. */
function period(dayOf: Intl.DateTimeFormat, time: number, window: BudgetWindow): number {
	const parts = new Map(dayOf.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
	const [year = 0, month = 1, day = 1] = [parts.get("year"), parts.get("month"), parts.get("day")];
	if (window === "month") return year * 12 + month;
	const days = Date.UTC(year, month - 1, day) / DAY_MS;
	// The first of January 1970 was a Thursday.
	return window === "week" ? Math.floor((days + 3) / 7) : days;
}

/** The first millisecond for which something holds that holds for all later ones, and for `to`. */
function firstMoment(from: number, to: number, holds: (time: number) => boolean): number {
	let [before, at] = [Math.floor(from), Math.ceil(to)];
	while (at - before > 1) {
		const middle = Math.floor((before + at) / 2);
		if (holds(middle)) at = middle;
		else before = middle;
	}
	return at;
}
