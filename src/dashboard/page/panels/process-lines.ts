import type { DashboardStats } from "../../stats.ts";
import {
	formatCalls,
	formatCount,
	formatDuration,
	formatErrors,
	formatExact,
	formatPercentSign,
	formatRate,
	formatSince,
	formatUsd,
	formatWindow,
} from "../format.ts";

/** What each panel says of the whole process. */
export interface ProcessLines {
	readonly cost: string;
	readonly tokens: string;
	readonly latency: string;
	readonly cache: string;
	readonly errors: string;
	readonly outcomes: string;
	readonly rateLimits: string;
}

/** No line at all: the process's counters know nothing of filters. */
export const NO_LINES: ProcessLines = {
	cost: "",
	tokens: "",
	latency: "",
	cache: "",
	errors: "",
	outcomes: "",
	rateLimits: "",
};

/** The counters of the process since its start, the same as in /metrics; records by hand are among them. */
export function processLines(stats: DashboardStats): ProcessLines {
	const { cache, cost, errors, latency, now, rateLimits, requests, tokens } = stats;
	const since = `This process ${formatSince(stats.since, now)}`;
	const { hits, misses, rate } = cache.total;
	const calls = requests.success + requests.error + requests.aborted + requests.abandoned;
	const refused = rateLimits.reduce((sum, { count }) => sum + count, 0);
	const { largestBoundMs, total } = latency;
	const percentile = (ms: number | null): string =>
		`${ms !== null && ms === largestBoundMs ? "≥ " : ""}${formatDuration(ms)}`;
	return {
		cost: `This process ${formatSince(cost.since, now)}: ${formatUsd(cost.usd)}, ${formatUsd(cost.recentUsd)} in the ${formatWindow(stats.recentSeconds)}`,
		tokens: `${since}: ${formatCount(tokens.total)}, ${formatCount(tokens.input)} in, ${formatCount(tokens.output)} out`,
		latency: `${since}: P50 ${percentile(total.p50)}, P90 ${percentile(total.p90)}, P99 ${percentile(total.p99)} of ${formatExact(total.count)}, from buckets`,
		cache: `${since}: ${formatPercentSign(rate)}, ${formatExact(hits)} of ${formatExact(hits + misses)} lookups`,
		errors: `${since}: ${formatErrors(errors.total)}, ${formatRate(errors.perSecond)}/s in the ${formatWindow(stats.rateSeconds)}`,
		outcomes: `${since}: ${formatCalls(calls)}`,
		rateLimits: `${since}: ${formatExact(refused)} refused`,
	};
}
