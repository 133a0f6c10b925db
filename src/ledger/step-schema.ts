/** How long steps are, in seconds. */
export const STEP_SPANS = [10, 60, 300, 3600, 10_800] as const;

/** One of {@link STEP_SPANS}. */
export type StepSpan = (typeof STEP_SPANS)[number];

/** Those that are kept for as long as totals are: an hour, and three, so that a month is not so many. */
export const LONG_SPANS = [3600, 10_800] as const;

/** Those that are kept for a while. */
export const SHORT_SPANS = [10, 60, 300] as const;

/** One of {@link SHORT_SPANS}. */
export type ShortSpan = (typeof SHORT_SPANS)[number];

/** How long short steps are kept: three hours, three days and eight days. */
export const KEEP_STEPS_MS: Readonly<Record<ShortSpan, number>> = {
	10: 3 * 3_600_000,
	60: 3 * 86_400_000,
	300: 8 * 86_400_000,
};

/** The key in `meta` of the time, in milliseconds, before which steps of a span are forgotten. */
export function forgottenKey(span: StepSpan): string {
	return `steps_${span}_since`;
}

/** The key in `meta` of the time before which hours have no list of their dearest calls. */
export const DEAR_SINCE = "dear_since";

/**
 * `steps` has what happened in each step of ten seconds, of one and five minutes and of one and three hours, by route, model
 * and provider: a row is some hundred bytes, which step-sums.ts reads. `event_rows` are the rows that are no calls: what
 * they count would only be in the way among calls. `dear_calls` has the dearest calls of each hour, which dear-list.ts
 * reads: an index by cost would be written to at a random place for each row.
 */
export const STEP_SCHEMA: string = `
CREATE TABLE steps (
	span INTEGER, start INTEGER, route INTEGER, model INTEGER, provider INTEGER,
	sums BLOB NOT NULL, errors TEXT,
	PRIMARY KEY (span, start, route, model, provider)
) WITHOUT ROWID;
CREATE TABLE event_rows (
	key INTEGER PRIMARY KEY, event INTEGER, at INTEGER, route INTEGER, model INTEGER, provider INTEGER,
	error_type INTEGER, latency_ms NUMERIC, saved_usd INTEGER, saved_pico INTEGER
);
CREATE INDEX event_rows_at ON event_rows (at);
CREATE TABLE dear_calls (
	start INTEGER, route INTEGER, model INTEGER, provider INTEGER, calls BLOB NOT NULL,
	PRIMARY KEY (start, route, model, provider)
) WITHOUT ROWID;
`;
