/*
 * What `/api/series` answers, typed once for the server and the page. Times are in milliseconds since the epoch, money in
 * USD, latencies in milliseconds. `null` means that there is nothing to compute a number from.
 */

/** A stretch of time in steps, and what fell into each; all lists of numbers are as long as `at`. */
export interface SeriesAnswer {
	/** Which rows it is made of: those of a ledger's file, or of what this process remembers in memory. */
	readonly source: "ledger" | "memory";
	/** The first millisecond of the first step. */
	readonly since: number;
	/** The end of the last step. */
	readonly until: number;
	readonly stepSeconds: number;
	/** When each step begins. */
	readonly at: readonly number[];
	/** What there is to choose from in the whole stretch, whatever the filters say. */
	readonly choices: {
		readonly routes: readonly string[];
		readonly models: readonly string[];
		readonly providers: readonly string[];
	};
	readonly total: SeriesTotal;
	readonly steps: SeriesSteps;
	/** The models with the most tokens, the most first; the rest is one, `other`. */
	readonly tokensByModel: readonly {
		readonly model: string;
		readonly total: number;
		readonly steps: readonly number[];
	}[];
	/** Only types that occurred, the most frequent first. */
	readonly errorsByType: readonly {
		readonly type: string;
		readonly total: number;
		readonly steps: readonly number[];
	}[];
	/** Each (route, model, provider), the dearest first. */
	readonly groups: readonly SeriesGroup[];
}

/** What the whole stretch came to, or one group of it. */
export interface SeriesTotal {
	/** Calls that ended. */
	readonly calls: number;
	/** Calls that failed, and failures recorded by hand: those are of no call that is counted. */
	readonly errors: number;
	/** Calls that failed. */
	readonly failed: number;
	readonly aborted: number;
	readonly abandoned: number;
	/** Input includes cached tokens, output includes reasoning. */
	readonly inputTokens: number;
	readonly outputTokens: number;
	readonly cacheReadTokens: number;
	readonly costUsd: number;
	/** The exact cost, as a decimal. */
	readonly exactUsd: string;
	/** The part of it that calls cost; the rest was recorded by hand. */
	readonly callsUsd: number;
	/**
	 * Calls of which at least a part has no known price, so that the cost misses it, and requests to an API that is not
	 * metered: those are in no count of calls.
	 */
	readonly unpriced: number;
	/** Calls without full usage; one that is unpriced as well counts in both. */
	readonly withoutUsage: number;
	readonly p50: number | null;
	readonly p90: number | null;
	readonly p99: number | null;
	readonly firstTokenP50: number | null;
	readonly firstTokenP99: number | null;
	/** Of the response cache. */
	readonly cacheHits: number;
	readonly cacheMisses: number;
	/** What its answers would have cost. */
	readonly savedUsd: number;
	/** Attempts that a provider refused for its rate limit. */
	readonly rateLimited: number;
}

/** The same by step. */
export interface SeriesSteps {
	readonly calls: readonly number[];
	readonly errors: readonly number[];
	readonly failed: readonly number[];
	readonly inputTokens: readonly number[];
	readonly outputTokens: readonly number[];
	readonly costUsd: readonly number[];
	readonly p50: readonly (number | null)[];
	readonly p90: readonly (number | null)[];
	readonly p99: readonly (number | null)[];
	readonly firstTokenP50: readonly (number | null)[];
	readonly cacheHits: readonly number[];
	readonly cacheMisses: readonly number[];
	readonly rateLimited: readonly number[];
}

/** One (route, model, provider). */
export interface SeriesGroup extends SeriesTotal {
	readonly route: string;
	readonly model: string;
	/** "" where it was recorded by hand. */
	readonly provider: string;
	/** Its part of the stretch's cost, from 0 to 1; 0 where nothing was spent. */
	readonly share: number;
	/** Its cost in 24 equal parts of the stretch. */
	readonly spark: readonly number[];
}
