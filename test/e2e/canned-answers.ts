import type { CallView } from "../../src/dashboard/calls-answer.ts";
import type { SeriesAnswer, SeriesGroup, SeriesTotal } from "../../src/dashboard/series-answer.ts";
import type { DashboardStats } from "../../src/dashboard/stats.ts";

const PERCENTILES = { count: 1, p50: 1, p90: 1, p99: 1 };
const NO_RATE = { hits: 0, misses: 0, rate: null };

/** Stats of a quiet process of version 1.0.0 that was used, without a ledger. */
export function cannedStats(now: number, change: Partial<DashboardStats> = {}): DashboardStats {
	return {
		version: "1.0.0",
		notice: null,
		now,
		uptimeSeconds: 300,
		since: now - 300_000,
		recentSeconds: 300,
		rateSeconds: 60,
		cost: { since: now - 300_000, usd: 0, cents: "0", recentUsd: 0 },
		tokens: { input: 0, output: 0, total: 0, cacheRead: 0, byModel: [] },
		latency: { recent: PERCENTILES, total: PERCENTILES, largestBoundMs: null },
		firstToken: { recent: PERCENTILES, total: PERCENTILES, largestBoundMs: null },
		cache: { recent: NO_RATE, total: NO_RATE },
		savedByCacheUsd: 0,
		errors: { perSecond: 0, total: 0, byType: [] },
		active: { total: 0, byModel: [] },
		requests: { success: 1, error: 0, aborted: 0, abandoned: 0 },
		rateLimits: [],
		remaining: [],
		month: null,
		todayUsd: null,
		budgets: [],
		ledger: null,
		unpriced: [],
		usageMissing: [],
		internalErrors: 0,
		pairs: [],
		history: { stepSeconds: 5, costUsd: [], p50: [], p99: [], hitRate: [], errors: [], active: [] },
		...change,
	};
}

/** A total of no calls. */
export const NO_TOTAL: SeriesTotal = {
	calls: 0,
	errors: 0,
	failed: 0,
	aborted: 0,
	abandoned: 0,
	inputTokens: 0,
	outputTokens: 0,
	cacheReadTokens: 0,
	costUsd: 0,
	exactUsd: "0",
	callsUsd: 0,
	unpriced: 0,
	withoutUsage: 0,
	p50: null,
	p90: null,
	p99: null,
	firstTokenP50: null,
	firstTokenP99: null,
	cacheHits: 0,
	cacheMisses: 0,
	savedUsd: 0,
	rateLimited: 0,
};

/** A group of ten calls that cost a dollar. */
export function cannedGroup(route: string, model: string, change: Partial<SeriesGroup> = {}): SeriesGroup {
	const spent = {
		calls: 10,
		inputTokens: 100,
		outputTokens: 10,
		costUsd: 1,
		exactUsd: "1",
		callsUsd: 1,
		p50: 5,
		p90: 6,
		p99: 7,
	};
	return { ...NO_TOTAL, ...spent, route, model, provider: "openai", share: 0.5, spark: [0, 1, 2], ...change };
}

/** What is asked for, all steps zero and without percentiles. */
export function cannedSeries(parameters: URLSearchParams, change: Partial<SeriesAnswer> = {}): SeriesAnswer {
	const [since, until] = ["since", "until"].map((name) => Date.parse(parameters.get(name) ?? ""));
	if (since === undefined || until === undefined) throw new Error("The page always says which time.");
	const stepSeconds = Number(parameters.get("step"));
	const at = Array.from(
		{ length: (until - since) / stepSeconds / 1000 },
		(_, i) => since + i * stepSeconds * 1000,
	);
	const zeros = at.map(() => 0);
	const nulls = at.map(() => null);
	return {
		source: "ledger",
		since,
		until,
		stepSeconds,
		at,
		choices: { routes: ["chat"], models: ["gpt-5"], providers: ["openai"] },
		total: NO_TOTAL,
		steps: {
			calls: zeros,
			errors: zeros,
			failed: zeros,
			inputTokens: zeros,
			outputTokens: zeros,
			costUsd: zeros,
			p50: nulls,
			p90: nulls,
			p99: nulls,
			firstTokenP50: nulls,
			cacheHits: zeros,
			cacheMisses: zeros,
			rateLimited: zeros,
		},
		tokensByModel: [],
		errorsByType: [],
		groups: [],
		...change,
	};
}

/** A call that went well. */
export function cannedCall(id: string, at: number, change: Partial<CallView> = {}): CallView {
	return {
		id,
		source: "call",
		at,
		route: "chat",
		model: "gpt-5",
		answeredModel: null,
		provider: "openai",
		operation: "chat",
		outcome: "success",
		errorType: null,
		latencyMs: 100,
		firstTokenMs: null,
		attempts: 1,
		usageMissing: null,
		unpriced: null,
		inputTokens: 10,
		outputTokens: 1,
		costUsd: "0.001",
		priceSource: "genai-prices",
		pricedModel: "gpt-5",
		tags: {},
		parts: [],
		partsAddUp: false,
		...change,
	};
}
