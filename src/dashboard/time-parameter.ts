const MINUTE_MS = 60_000;
const UNITS: Readonly<Record<string, number>> = {
	m: MINUTE_MS,
	h: 60 * MINUTE_MS,
	d: 1440 * MINUTE_MS,
	w: 7 * 1440 * MINUTE_MS,
};

/** What {@link parseTime} takes. */
export const TIMES =
	'a time ago such as "15m", "24h", "7d" or "4w", a date "2026-11-25" or a time "2026-11-25T07:00Z"';

/**
 * A time as it is typed into a URL, in milliseconds since the epoch; `undefined` for what is none.
 *
 * @param now milliseconds since the epoch
 */
export function parseTime(text: string, now: number): number | undefined {
	const [, count, unit] = /^(\d{1,7})([mhdw])$/.exec(text) ?? [];
	if (count !== undefined) return now - Number(count) * (UNITS[unit ?? ""] ?? 0);
	// What has no zone would mean another time on another machine.
	const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
	const time = isTime && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
	return Number.isNaN(time) ? undefined : time;
}

/** Whether the calendar has it: Date.parse takes February 31 for a day of March. */
function isDay(text: string): boolean {
	const day = Date.parse(text);
	return !Number.isNaN(day) && new Date(day).toISOString().slice(0, 10) === text;
}
