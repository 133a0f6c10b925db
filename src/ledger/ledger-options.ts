import { resolve } from "node:path";
import { inspect } from "node:util";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import type { Ledger } from "./ledger.ts";
import type { WriterOptions } from "./writer-state.ts";

/** What a ledger can be told; only `path` must be given. */
export interface LedgerOptions {
	/** The file; it is made where there is none. Beside it lie `-wal` and `-shm`, which are SQLite's, and a folder `-spool`. */
	readonly path: string;
	/** Room on disk for rows that the database cannot take (it is locked, or the disk is full): 8 MiB, for 40,000 to 180,000 calls. */
	readonly spoolBytes?: number;
	/** The most rows that wait in memory where neither takes them: 200,000. Further ones are lost, counted and told. */
	readonly maxPendingRows?: number;
	/** How many days single calls are kept; for ever unless given. Totals are kept all the same. */
	readonly keepCallsDays?: number;
	/** How many days the totals of hours and days are kept; for ever unless given. */
	readonly keepTotalsDays?: number;
	/** The most (route, model) pairs; further models are kept as `other`. 1,000, as the recorder's `bounds.pairs`. */
	readonly maxPairs?: number;
	/** Told of what goes wrong, beside `initPrometheus`' own `onError`. */
	readonly onError?: (error: HyperAgentError) => unknown;
}

/** A route and a model. */
export interface Pair {
	readonly route: string;
	readonly model: string;
}

/** All of them, checked. */
export interface CheckedLedgerOptions extends WriterOptions {
	readonly maxPendingRows: number;
	readonly maxPairs: number;
	/** A pair as it is counted by; the maximum of pairs is for those that come back. */
	readonly labels: (route: string, model: string) => Pair;
	readonly report: (message: string, cause?: unknown) => void;
	readonly onClose: (ledger: Ledger) => void;
}

const OPTIONS = [
	"keepCallsDays",
	"keepTotalsDays",
	"maxPairs",
	"maxPendingRows",
	"onError",
	"path",
	"spoolBytes",
];

/** Throws `BAD_OPTION` at the first option that cannot be meant. */
export function checkLedgerOptions(
	options: LedgerOptions,
): Omit<CheckedLedgerOptions, "labels" | "report" | "onClose"> {
	const isObject = typeof options === "object" && options !== null && !Array.isArray(options);
	expect(isObject, "options", "an object", options);
	for (const key of Object.keys(options))
		expect(OPTIONS.includes(key), "options", `one of ${OPTIONS.join(", ")}`, key);
	const { keepCallsDays, keepTotalsDays, onError, path } = options;
	const { maxPairs = 1000, maxPendingRows = 200_000, spoolBytes = 8 * 1024 * 1024 } = options;
	const isPath =
		typeof path === "string" && path !== "" && !path.startsWith(":") && !path.startsWith("file:");
	expect(isPath && !path.includes("\0"), "path", "the path of a file", path);
	expect(onError === undefined || typeof onError === "function", "onError", "a function", onError);
	count("spoolBytes", spoolBytes, 0);
	count("maxPendingRows", maxPendingRows, 1);
	count("maxPairs", maxPairs, 1);
	for (const [name, days] of Object.entries({ keepCallsDays, keepTotalsDays })) {
		expect(
			days === undefined || (Number.isFinite(days) && days >= 1),
			name,
			"a number of days of at least 1",
			days,
		);
	}
	// The program may go to another folder later, and its file does not.
	return { path: resolve(path), spoolBytes, maxPendingRows, maxPairs, keepCallsDays, keepTotalsDays };
}

function count(name: string, value: unknown, least: number): void {
	const fits = Number.isSafeInteger(value) && Number(value) >= least;
	expect(fits, name, `an integer of at least ${least}`, value);
}

function expect(fits: boolean, path: string, expected: string, got: unknown): void {
	if (fits) return;
	const shown =
		typeof got === "function" ? "a function" : inspect(got, { breakLength: Infinity }).slice(0, 80);
	throw new HyperAgentError("BAD_OPTION", `openLedger(): expected ${expected} at \`${path}\`, got ${shown}.`);
}
