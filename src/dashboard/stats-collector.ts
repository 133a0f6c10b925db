import { VERSION } from "../core/version.ts";
import type { CostTracker, PrometheusHandle } from "../monitoring/index.ts";
import { collectBudgets } from "./budget-stats.ts";
import { Families } from "./families.ts";
import { collectHistory } from "./history.ts";
import type { LedgerFigures } from "./ledger-figures.ts";
import { collectPairs } from "./pair-stats.ts";
import {
	grown,
	hitRateBetween,
	percentilesBetween,
	type Reading,
	type RunningSums,
	secondsBetween,
	ZERO,
} from "./reading.ts";
import { RecentWindow, WINDOW_SECONDS } from "./recent-window.ts";
import type { DashboardStats, ErrorStats } from "./stats.ts";
import {
	collectActive,
	collectRateLimits,
	collectReasons,
	collectRemaining,
	collectRequests,
	collectTokens,
} from "./totals.ts";

/** How far back error rates look, in seconds. */
const RATE_SECONDS = 60;
const LATENCY = "llm_latency_ms";
const FIRST_TOKEN = "llm_time_to_first_token_ms";
/** Where no ledger tells more. */
const NO_FIGURES: LedgerFigures = { month: null, todayUsd: null, ledger: null };

/** Puts together what `/api/stats` answers, from the recorder, the cost tracker and the window of the last minutes. */
export class StatsCollector {
	readonly window: RecentWindow;
	readonly #handle: PrometheusHandle;
	readonly #costs: CostTracker;
	readonly #notice: string | undefined;

	constructor(handle: PrometheusHandle, costs: CostTracker, notice: string | undefined) {
		this.#handle = handle;
		this.#costs = costs;
		this.#notice = notice;
		// Less than nothing where the clock was set back.
		const age = Math.max(0, Date.now() - Math.min(handle.since, costs.since));
		this.window = new RecentWindow(() => this.#sums(this.#families()), performance.now() - age);
	}

	/** Everything as of now, with what a ledger says. */
	collect(figures: LedgerFigures = NO_FIGURES): DashboardStats {
		const families = this.#families();
		const last: Reading = { at: performance.now(), sums: this.#sums(families) };
		const recent = this.window.before(last, WINDOW_SECONDS);
		const minute = this.window.before(last, RATE_SECONDS);
		const bounds = families.bounds(LATENCY);
		const firstBounds = families.bounds(FIRST_TOKEN);
		const cost = this.#costs.totals();
		return {
			version: VERSION,
			notice: this.#notice ?? null,
			now: Date.now(),
			uptimeSeconds: Math.round(process.uptime()),
			since: this.#handle.since,
			recentSeconds: secondsBetween(recent, last),
			rateSeconds: secondsBetween(minute, last),
			cost: {
				since: this.#costs.since,
				usd: cost.costUsd,
				cents: cost.costCents,
				recentUsd: grown(recent.sums.costUsd, last.sums.costUsd),
			},
			tokens: collectTokens(families),
			latency: {
				recent: percentilesBetween(bounds, recent.sums, last.sums),
				total: percentilesBetween(bounds, ZERO, last.sums),
				largestBoundMs: bounds.at(-1) ?? null,
			},
			firstToken: {
				recent: percentilesBetween(firstBounds, recent.sums, last.sums, "firstTokenCounts"),
				total: percentilesBetween(firstBounds, ZERO, last.sums, "firstTokenCounts"),
				largestBoundMs: firstBounds.at(-1) ?? null,
			},
			cache: {
				recent: hitRateBetween(recent.sums, last.sums),
				total: hitRateBetween(ZERO, last.sums),
			},
			savedByCacheUsd: cost.savedByCacheUsd,
			errors: errorsBetween(minute, last),
			active: collectActive(families),
			requests: collectRequests(families),
			rateLimits: collectRateLimits(families),
			remaining: collectRemaining(families),
			...figures,
			budgets: collectBudgets(),
			unpriced: collectReasons(families, "llm_unpriced_requests_total"),
			usageMissing: collectReasons(families, "llm_usage_missing_total"),
			internalErrors: families.sum("hyperagent_internal_errors_total"),
			pairs: collectPairs(families),
			history: collectHistory(this.window, bounds),
		};
	}

	#families(): Families {
		return new Families(this.#handle);
	}

	#sums(families: Families): RunningSums {
		return {
			latencyCounts: families.bucketCounts(LATENCY),
			firstTokenCounts: families.bucketCounts(FIRST_TOKEN),
			cacheHits: families.sum("llm_cache_hits_total"),
			cacheMisses: families.sum("llm_cache_misses_total"),
			errorsByType: families.sumByVariant("llm_errors_total"),
			errors: families.sum("llm_errors_total"),
			costUsd: this.#costs.totals().costUsd,
			active: families.sum("llm_active_requests"),
		};
	}
}

function errorsBetween(before: Reading, { at, sums }: Reading): ErrorStats {
	// Right after the start one error would be hundreds a second.
	const seconds = Math.max(1, secondsBetween(before, { at, sums }));
	const byType = Object.entries(sums.errorsByType)
		.filter(([, total]) => total > 0)
		.map(([type, total]) => {
			return { type, total, perSecond: grown(before.sums.errorsByType[type], total) / seconds };
		});
	return {
		perSecond: grown(before.sums.errors, sums.errors) / seconds,
		total: sums.errors,
		byType: byType.toSorted((a, b) => b.total - a.total),
	};
}
