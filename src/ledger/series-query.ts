import type { Outcome } from "../core/settled-call.ts";

/** Which calls are meant: of each kind one of those that are named, or any where none is. */
export interface NameFilter {
	readonly routes?: readonly string[] | undefined;
	readonly models?: readonly string[] | undefined;
	/** Records by hand and looks into a response cache have the provider "", the latter the model "" as well. */
	readonly providers?: readonly string[] | undefined;
}

/** A question for what happened in each step of a stretch of time. */
export interface SeriesQuery extends NameFilter {
	/** In milliseconds since the epoch; the answer begins with the step that it lies in. */
	readonly since: number;
	/** The end: the step that it lies in is the last. */
	readonly until: number;
	/** How long a step is to be. The answer says how long it is. */
	readonly stepSeconds: number;
}

/** What happened in one step, or in all of them. */
export interface SeriesSums {
	/** Calls that have started in it and ended since, by outcome. */
	readonly calls: Readonly<Record<Outcome, number>>;
	/** Calls that failed, and failures recorded by hand. */
	readonly errors: number;
	/** All of them, cached ones included. */
	readonly inputTokens: number;
	readonly outputTokens: number;
	/** A part of input. */
	readonly cacheReadTokens: number;
	/** The exact cost, in 10⁻¹² USD. */
	readonly costPico: bigint;
	/** Requests to an API that is not metered are among them, though they are in no count of calls. */
	readonly unpricedCalls: number;
	readonly callsWithoutUsage: number;
	/** Of the response cache. */
	readonly cacheHits: number;
	readonly cacheMisses: number;
	/** What its answers would have cost, exactly, in 10⁻¹² USD: those whose usage and price are known. */
	readonly savedPico: bigint;
	/** Attempts that a provider refused for its rate limit. */
	readonly rateLimited: number;
	/** Milliseconds, as `llm_latency_ms` counts them; `undefined` without any. Within 5 % of the exact ones. */
	readonly latency: Percentiles | undefined;
	readonly firstToken: Percentiles | undefined;
}

/** See latency-buckets.ts for what they are exactly. */
export interface Percentiles {
	readonly p50: number;
	readonly p90: number;
	readonly p99: number;
}

/** One (route, model, provider), over all steps. */
export interface SeriesGroup extends SeriesSums {
	readonly route: string;
	readonly model: string;
	/** "" of records by hand. */
	readonly provider: string;
	/** Its cost, in 10⁻¹² USD, in each twenty-fourth of the stretch: as finely as that is kept. */
	readonly spark: readonly bigint[];
}

/** Counts by step that have a name. */
export interface NamedSteps {
	readonly name: string;
	readonly total: number;
	readonly steps: readonly number[];
}

/** The answer to a {@link SeriesQuery}: whole steps, which begin at multiples of their length since the epoch. */
export interface Series {
	/** The beginning of the first step, and the end of the last one, in milliseconds since the epoch. */
	readonly since: number;
	readonly until: number;
	/**
	 * As asked, or longer: it is a multiple of ten seconds, from a minute on of minutes, from five minutes on of five, and from
	 * an hour on of hours; and a multiple of a longer one of these where that stretch is not kept more finely. Never so short
	 * that there are more than some 2,000.
	 */
	readonly stepSeconds: number;
	/** All that occurs in the stretch, whatever the filter says; sorted, and without "". */
	readonly choices: {
		readonly routes: readonly string[];
		readonly models: readonly string[];
		readonly providers: readonly string[];
	};
	readonly total: SeriesSums;
	readonly steps: readonly SeriesSums[];
	/** Input and output together, of each model that has any, the most first. */
	readonly tokensByModel: readonly NamedSteps[];
	/** Only types that occurred, the most frequent first. */
	readonly errorsByType: readonly NamedSteps[];
	/** The dearest first. */
	readonly groups: readonly SeriesGroup[];
}
