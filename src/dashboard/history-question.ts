import * as v from "valibot";
import { OUTCOMES, type Outcome } from "../core/settled-call.ts";
import { parseCallsCursor } from "../ledger/calls-cursor.ts";
import { anyOf, expected, integer, readQuery, text, time, word } from "./query-schema.ts";

/** Which rows; each list means any of its names, and an empty one all. */
export interface RowFilter {
	/** Milliseconds since the epoch. */
	readonly since: number;
	/** Of what started before it. */
	readonly until: number;
	readonly routes: readonly string[];
	readonly models: readonly string[];
	readonly providers: readonly string[];
}

/** A question for `/api/series`. */
export interface SeriesQuestion extends RowFilter {
	readonly stepSeconds: number;
}

/** A question for `/api/calls`. */
export interface CallsQuestion extends RowFilter {
	readonly outcomes: readonly Outcome[];
	readonly order: "latest" | "dearest";
	readonly limit: number;
	/** Where the page before ended. */
	readonly after: string | undefined;
}

const HOUR_MS = 3_600_000;
/** Between the first and the last year that is asked for: SQLite and Date know both. */
const EARLIEST = Date.UTC(2000, 0);
const LONGEST_MS = 10 * 366 * 24 * HOUR_MS;
/** Steps that people can read on an axis, in seconds. */
const STEPS = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];
const DAY_SECONDS = 86_400;
/** The most points of an answer. */
const MOST_POINTS = 1000;
/** With the step that nobody asked for there are half as many points to twice as many. */
const GOOD_POINTS = 120;

type Parameters = Readonly<Record<string, readonly string[]>>;

/**
 * Reads a question for series: the last hour unless it says otherwise.
 *
 * @param now milliseconds since the epoch
 * @throws HyperAgentError `BAD_OPTION` saying what was expected
 */
export function parseSeriesQuestion(parameters: Parameters, now: number): SeriesQuestion {
	const { step, ...asked } = readQuery(
		{ ...filters(now), step: v.optional(integer(1, 366 * DAY_SECONDS)) },
		parameters,
	);
	const { since, until, ...names } = readFilter(asked, parameters, now, HOUR_MS);
	const stepSeconds = step ?? stepOf(until - since);
	if ((until - since) / 1000 / stepSeconds > MOST_POINTS) {
		const least = Math.ceil((until - since) / 1000 / MOST_POINTS);
		throw expected(`at least ${least} seconds for so long a time`, "step", String(stepSeconds));
	}
	return { since, until, ...names, stepSeconds };
}

/**
 * Reads a question for calls: the latest 50 of all time unless it says otherwise.
 *
 * @param now milliseconds since the epoch
 * @throws HyperAgentError `BAD_OPTION` saying what was expected
 */
export function parseCallsQuestion(parameters: Parameters, now: number): CallsQuestion {
	const { after, limit, order, outcome, ...asked } = readQuery(
		{
			...filters(now),
			outcome: v.optional(v.pipe(anyOf, v.array(v.picklist(OUTCOMES, `one of ${OUTCOMES.join(", ")}`)))),
			order: v.optional(word(["latest", "dearest"])),
			limit: v.optional(integer(1, 200)),
			after: v.optional(text),
		},
		parameters,
	);
	if (after !== undefined) parseCallsCursor(after, order);
	return {
		...readFilter(asked, parameters, now, undefined),
		outcomes: outcome ?? [],
		order: order ?? "latest",
		limit: limit ?? 50,
		after,
	};
}

function filters(now: number) {
	return {
		since: v.optional(time(now)),
		until: v.optional(time(now)),
		route: v.optional(anyOf),
		model: v.optional(anyOf),
		provider: v.optional(anyOf),
	};
}

interface Asked {
	readonly since?: number | undefined;
	readonly until?: number | undefined;
	readonly route?: readonly string[] | undefined;
	readonly model?: readonly string[] | undefined;
	readonly provider?: readonly string[] | undefined;
}

function readFilter(
	asked: Asked,
	parameters: Parameters,
	now: number,
	length: number | undefined,
): RowFilter {
	// A call of this very millisecond belongs to what was until now.
	const { until = now + 1 } = asked;
	const { since = length === undefined ? EARLIEST : until - length } = asked;
	const got = (name: string): string => (parameters[name] ?? []).join(", ");
	if (since < EARLIEST) throw expected("a time from the year 2000 on", "since", got("since"));
	if (until <= since) throw expected("a time after `since`", "until", got("until"));
	if (length !== undefined && until - since > LONGEST_MS)
		throw expected("at most ten years before `until`", "since", got("since"));
	const { model = [], provider = [], route = [] } = asked;
	return { since, until, routes: route, models: model, providers: provider };
}

/** The step for 60 to 240 points. */
function stepOf(ms: number): number {
	const wanted = Math.floor(ms / 1000) / GOOD_POINTS;
	const step = STEPS.find((one) => one >= wanted / 1.5);
	return step ?? Math.ceil(wanted / DAY_SECONDS) * DAY_SECONDS;
}
