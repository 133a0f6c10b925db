import { STEP_SCHEMA } from "./step-schema.ts";

/** The version of the tables below, kept as the file's `user_version`. */
export const SCHEMA_VERSION = 2;

/** What the file's `application_id` is: "HypA". */
export const APPLICATION_ID = 0x48797041;

/** The counts that totals add up, in the order of their columns. */
export const TOTAL_COLUMNS: readonly string[] = [
	"success",
	"error",
	"aborted",
	"abandoned",
	"manual",
	"input_tokens",
	"output_tokens",
	"cache_read_tokens",
	"cache_write_tokens",
	"reasoning_tokens",
	"unpriced",
	"without_usage",
	"cost_usd",
	"cost_pico",
];

/** What totals are told apart by, beside their span. */
export const TOTAL_KEYS: readonly string[] = ["start", "route", "model", "provider", "tags"];

/** A row's names (each a number in `names`) and numbers, in the order of the columns. */
export const CALL_NAMES: readonly string[] = [
	"route",
	"model",
	"answered_model",
	"provider",
	"operation",
	"outcome",
	"error_type",
	"usage_missing",
	"unpriced",
	"price_source",
	"priced_model",
	"tags",
];

/** See {@link CALL_NAMES}; the last is text: what of the usage has no column, as JSON. */
export const CALL_NUMBERS: readonly string[] = [
	"at",
	"latency_ms",
	"first_token_ms",
	"attempts",
	"input_uncached",
	"cache_read",
	"cache_write_5m",
	"cache_write_1h",
	"output",
	"reasoning",
	"cost_usd",
	"cost_pico",
	"more_usage",
];

/** How many bits of a row's key are its number in its process; those above are the process. */
export const SEQUENCE_BITS = 40;

const names = CALL_NAMES.map((name) => `${name} INTEGER`).join(", ");
const numbers = CALL_NUMBERS.map((name) => `${name} NUMERIC`).join(", ");

/** What the view `calls` shows of `call_rows`: names as text. */
export const CALL_VIEW: string = `
	(SELECT id FROM processes WHERE no = key >> ${SEQUENCE_BITS}) AS process,
	key & ${2 ** SEQUENCE_BITS - 1} AS sequence,
	${CALL_NAMES.map((name) => `(SELECT name FROM names WHERE id = ${name}) AS ${name}`).join(",\n\t")},
	${CALL_NUMBERS.join(", ")}
`;

/**
 * Rows hold numbers for names, for there are few different ones; the view `calls` shows them as text. `totals` has the
 * sums of each hour (span 3600) and of each day (span 86400), changed in the transaction that adds the rows.
 */
export const SCHEMA: string = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE processes (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE call_rows (key INTEGER PRIMARY KEY, ${names}, ${numbers});
CREATE INDEX call_rows_at ON call_rows (at);
CREATE INDEX call_rows_unpriced ON call_rows (at, provider, model, unpriced) WHERE unpriced IS NOT NULL;
CREATE TABLE totals (
	span INTEGER, ${TOTAL_KEYS.map((name) => `${name} INTEGER`).join(", ")},
	${TOTAL_COLUMNS.map((name) => `${name} NUMERIC NOT NULL`).join(", ")},
	PRIMARY KEY (span, ${TOTAL_KEYS.join(", ")})
) WITHOUT ROWID;
CREATE VIEW calls AS SELECT ${CALL_VIEW} FROM call_rows;
${STEP_SCHEMA}
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;
