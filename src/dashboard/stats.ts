/*
 * What `/api/stats` answers, typed once for the server and the page. Times are in milliseconds since the epoch,
 * money in USD, latencies in milliseconds. `null` means that there is nothing to compute a number from.
 */

/** The whole answer. */
export interface DashboardStats {
	/** Of this package. */
	readonly version: string;
	/** What everyone who looks at the numbers should know: "Simulated data". */
	readonly notice: string | null;
	readonly now: number;
	/** Of the process. */
	readonly uptimeSeconds: number;
	/** From when on counters count; `cost` has its own. */
	readonly since: number;
	/** How far back the fields named `recent` look: 300 at most, less as long as there is less. */
	readonly recentSeconds: number;
	/** How far back the rates of errors look: 60 at most. */
	readonly rateSeconds: number;
	readonly cost: CostStats;
	readonly tokens: TokenStats;
	readonly latency: LatencyStats;
	/** The time to the first token; streams only. */
	readonly firstToken: LatencyStats;
	readonly cache: CacheStats;
	/** What the response cache's answers would have cost, at today's prices: those whose usage and price are known. */
	readonly savedByCacheUsd: number;
	readonly errors: ErrorStats;
	readonly active: ActiveStats;
	/** Calls that ended, by outcome. What was recorded by hand is no call. */
	readonly requests: {
		readonly success: number;
		readonly error: number;
		readonly aborted: number;
		readonly abandoned: number;
	};
	/** Attempts that a provider refused for its rate limit. */
	readonly rateLimits: readonly {
		readonly provider: string;
		readonly model: string;
		readonly count: number;
	}[];
	/** What the providers last said is left of their rate limits. */
	readonly remaining: readonly RemainingQuota[];
	/** What this month has cost, of all processes that write to the ledger; `null` where it cannot be told now. */
	readonly month: MonthStats | null;
	/** The same since midnight, of UTC. */
	readonly todayUsd: number | null;
	/** Where history comes from, and how it does; `null` where nothing keeps any. */
	readonly ledger: LedgerStats | null;
	/** In the order of their adding. */
	readonly budgets: readonly BudgetStats[];
	/** Calls of which at least a part has no known price, so that the cost misses it. */
	readonly unpriced: readonly ReasonCount[];
	/** Calls whose usage is not known, so that tokens and cost miss them. */
	readonly usageMissing: readonly ReasonCount[];
	/** Values that the observation refused, and faults inside it. */
	readonly internalErrors: number;
	/** Each (route, model) that has been used, the dearest first. */
	readonly pairs: readonly PairStats[];
	readonly history: History;
}

/** What was spent, as the cost tracker knows it. */
export interface CostStats {
	/** From when on the tracker counts. */
	readonly since: number;
	/** As the nearest double. */
	readonly usd: number;
	/** The exact sum in cents, as a decimal. */
	readonly cents: string;
	readonly recentUsd: number;
}

/** Tokens; input includes cached tokens, output includes reasoning. */
export interface TokenStats {
	readonly input: number;
	readonly output: number;
	readonly total: number;
	/** The part of the input that was read from the providers' prompt caches. */
	readonly cacheRead: number;
	/** The most used first. */
	readonly byModel: readonly ModelTokens[];
}

/** The tokens of one model. */
export interface ModelTokens {
	readonly model: string;
	readonly input: number;
	readonly output: number;
	readonly total: number;
}

/** Latency, estimated from histogram buckets as `histogram_quantile` does. */
export interface LatencyStats {
	readonly recent: Percentiles;
	readonly total: Percentiles;
	/** A percentile that is equal to it may be larger: buckets tell no more. */
	readonly largestBoundMs: number | null;
}

/** In milliseconds. */
export interface Percentiles {
	readonly count: number;
	readonly p50: number | null;
	readonly p90: number | null;
	readonly p99: number | null;
}

/** The response cache. */
export interface CacheStats {
	readonly recent: HitRate;
	readonly total: HitRate;
}

/** `rate` is hits / (hits + misses), 0 to 1. */
export interface HitRate {
	readonly hits: number;
	readonly misses: number;
	readonly rate: number | null;
}

/** Calls that failed. */
export interface ErrorStats {
	/** Errors per second in the last `rateSeconds`. */
	readonly perSecond: number;
	readonly total: number;
	/** Only types that have occurred, the most frequent first. */
	readonly byType: readonly { readonly type: string; readonly perSecond: number; readonly total: number }[];
}

/** Calls under way now. */
export interface ActiveStats {
	readonly total: number;
	readonly byModel: readonly { readonly model: string; readonly count: number }[];
}

/** What is left of a rate limit. */
export interface RemainingQuota {
	readonly provider: string;
	readonly model: string;
	/** "requests", "tokens", "input_tokens" or "output_tokens". */
	readonly resource: string;
	readonly value: number;
}

/** A month's cost, and where it leads. */
export interface MonthStats {
	/** The first day of the month, of UTC: "2026-11-01". */
	readonly month: string;
	/** So far, exactly: "12.5". */
	readonly costUsd: string;
	/** A linear projection of the whole month; `null` in the month's first day, which tells too little. */
	readonly projectedUsd: number | null;
}

/** How a budget stands, in the window that runs now. */
export interface BudgetStats {
	readonly name: string;
	readonly limitUsd: number;
	readonly spentUsd: number;
	/** Set aside for calls under way. */
	readonly reservedUsd: number;
	readonly window: "hour" | "day" | "week" | "month";
	readonly resetsAt: number;
	/** Whether it refuses calls that would go over it. */
	readonly blocks: boolean;
	/** Calls that it has refused since it was added. */
	readonly blockedCalls: number;
}

/** How the ledger does. */
export interface LedgerStats {
	/** `memory` forgets with the end of the process. */
	readonly source: "ledger" | "memory";
	/** Whether the database takes rows; those that it does not take are kept beside it. */
	readonly writable: boolean;
	/** Rows that are not safe yet. */
	readonly pendingRows: number;
	/** Rows that were lost since the start. */
	readonly lostRows: number;
}

/** How many calls of a (route, model), and why. */
export interface ReasonCount {
	readonly route: string;
	readonly model: string;
	readonly reason: string;
	readonly count: number;
}

/** One (route, model); everything but `active` since the start. */
export interface PairStats {
	readonly route: string;
	readonly model: string;
	readonly requests: number;
	readonly errors: number;
	readonly inputTokens: number;
	readonly outputTokens: number;
	readonly costUsd: number;
	/** Calls of which at least a part is missing in `costUsd`. */
	readonly unpriced: number;
	readonly p50: number | null;
	readonly p99: number | null;
	readonly active: number;
}

/** The last minutes in steps, oldest first; all lists are equally long. */
export interface History {
	readonly stepSeconds: number;
	/** Spent in each step. */
	readonly costUsd: readonly number[];
	/** Of the minute that ends with each step. */
	readonly p50: readonly (number | null)[];
	readonly p99: readonly (number | null)[];
	readonly hitRate: readonly (number | null)[];
	/** In each step. */
	readonly errors: readonly number[];
	/** At the end of each step. */
	readonly active: readonly number[];
}
