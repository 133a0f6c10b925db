import type { PriceTimes } from "./price-times.ts";

const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/** Of a price of which nobody has said when it holds. */
export const ALWAYS: PriceTimes = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };

/** Between when a price holds, where both are dates or times that there are; always, where nothing is said. */
export function datesOf({
	from,
	until,
}: {
	readonly from?: unknown;
	readonly until?: unknown;
}): PriceTimes | undefined {
	const times = {
		from: from === undefined ? ALWAYS.from : timeOf(from),
		until: until === undefined ? ALWAYS.until : timeOf(until),
	};
	return Number.isNaN(times.from) || Number.isNaN(times.until) ? undefined : times;
}

/** Milliseconds since the epoch of a date (its midnight in UTC) or a time; NaN for what is none. */
function timeOf(said: unknown): number {
	if (typeof said !== "string" || !DATE.test(said)) return Number.NaN;
	const day = said.slice(0, 10);
	// Date.parse() takes February 30 for a day in March.
	const exists = !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
	return exists ? Date.parse(said) : Number.NaN;
}
