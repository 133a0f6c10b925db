import { HyperAgentError } from "../core/hyperagent-error.ts";
import type { GroupBy, TotalsQuery } from "./ledger-store.ts";

/** A question as it is typed, in a command line or a URL. */
export interface TypedQuestion {
	/** Comma-separated: "model,day". */
	readonly by?: string | undefined;
	readonly since?: string | undefined;
	readonly until?: string | undefined;
}

const HOUR_MS = 3_600_000;
const UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS };
const GROUPS = "model, route, provider, day, hour or tag:NAME, several with commas between them";
const TIMES = 'a time ago such as "24h", "7d" or "4w", a date "2026-11-25" or a time "2026-11-25T07:00Z"';

/**
 * What is asked for; by model and of all time unless the question says otherwise.
 *
 * @param now milliseconds since the epoch
 * @throws HyperAgentError `BAD_OPTION` saying what was expected
 */
export function parseCostQuestion({ by = "model", since, until }: TypedQuestion, now: number): TotalsQuery {
	const groups = by.split(",").map((one) => parseGroup(one.trim()));
	if (new Set(groups).size < groups.length) throw expected("by", "each group once", by);
	const range = { since: parseTime("since", since, now), until: parseTime("until", until, now) };
	if (range.since !== undefined && range.until !== undefined && range.since >= range.until) {
		throw expected("until", "a time after `since`", until ?? "");
	}
	return { by: groups, ...range };
}

function parseGroup(text: string): GroupBy {
	switch (text) {
		case "model":
		case "route":
		case "provider":
		case "day":
		case "hour":
			return text;
		default: {
			const name = /^tag:(.+)$/.exec(text)?.[1];
			if (name === undefined) throw expected("by", GROUPS, text);
			return `tag:${name}`;
		}
	}
}

function parseTime(name: string, text: string | undefined, now: number): number | undefined {
	if (text === undefined) return undefined;
	const [, count, unit] = /^(\d{1,6})([hdw])$/.exec(text) ?? [];
	if (count !== undefined) return now - Number(count) * (UNITS[unit ?? ""] ?? 0);
	// What has no zone would mean another time on another machine.
	const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
	const time = isTime && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
	if (Number.isNaN(time)) throw expected(name, TIMES, text);
	return time;
}

/** Whether the calendar has it: Date.parse takes February 31 for a day of March. */
function isDay(text: string): boolean {
	const day = Date.parse(text);
	return !Number.isNaN(day) && new Date(day).toISOString().slice(0, 10) === text;
}

function expected(name: string, what: string, got: string): HyperAgentError {
	return new HyperAgentError(
		"BAD_OPTION",
		`Expected ${what} at \`${name}\`, got ${JSON.stringify(got.slice(0, 80))}.`,
	);
}
