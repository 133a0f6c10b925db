/** monitoring/: a call's life, from its start to the one settlement, and the process's recorder of it. */
import "../core/require-node.ts";

export { BudgetExceededError, type BudgetExcess } from "../core/budget-exceeded-error.ts";
export { HyperAgentError, type HyperAgentErrorCode } from "../core/hyperagent-error.ts";
export { ERROR_TYPES, type ErrorType } from "../core/llm-error.ts";
export type {
	Operation,
	Outcome,
	PriceSource,
	SettledCall,
	UnpricedReason,
	UsageMissingReason,
} from "../core/settled-call.ts";
export { type IterationUsage, type TokenUsage, totalInput } from "../core/token-usage.ts";
export type { ReadableRegistry } from "../exposition/foreign-families.ts";
export type { MetricProducer, ProducedMetric, ProducedMetrics } from "../exposition/metric-producer.ts";
export type { MetricRegistry } from "../exposition/metric-registry.ts";
export type { MetricNames } from "../exposition/open-telemetry.ts";
export type { ConstantLabels, ForeignFamily, ForeignSample } from "../exposition/source.ts";
export {
	type CostTotals,
	CostTracker,
	type CostTrackerOptions,
	type PairTotals,
} from "../ledger/cost-tracker.ts";
export { callsCursor } from "../ledger/calls-cursor.ts";
export type { CostReport, ReportedTotals } from "../ledger/cost-report.ts";
export type { Budget, BudgetState } from "../ledger/budget.ts";
export type { BudgetOptions, BudgetScope, BudgetThreshold } from "../ledger/budget-options.ts";
export type { BudgetWindow } from "../ledger/budget-window.ts";
export type { MonthCosts, MonthReport } from "../ledger/month-costs.ts";
export type { Ledger } from "../ledger/ledger.ts";
export type { LedgerState } from "../ledger/ledger-state.ts";
export type { LedgerOptions } from "../ledger/ledger-options.ts";
export type { LedgerEvent } from "../ledger/ledger-event.ts";
export type { ExactCost, LedgerRow, RowSource } from "../ledger/ledger-row.ts";
export type {
	CallsOrder,
	CallsQuery,
	CostGroup,
	GroupBy,
	GroupTotals,
	ProcessPair,
	TimeRange,
	TotalsQuery,
	UnpricedModel,
	WindowCosts,
	WindowCostsQuery,
} from "../ledger/ledger-store.ts";
export type {
	NamedSteps,
	NameFilter,
	Percentiles,
	Series,
	SeriesGroup,
	SeriesQuery,
	SeriesSums,
} from "../ledger/series-query.ts";
export type { Bounds } from "../metrics/recorder-options.ts";
export type { HistogramSnapshot, MetricsSnapshot, SeriesSnapshot } from "../metrics/snapshot.ts";
export type { FamilySums } from "../metrics/sums.ts";
export type {
	ModelPrices,
	Prices,
	PriceTier,
	ProviderPrices,
	ServiceTierFactors,
	TokenPrices,
} from "../pricing/prices.ts";
export type { OnError } from "./internal-errors.ts";
export { bindLlmSeries, type LlmSeries } from "./llm-series.ts";
export { addBudget } from "./add-budget.ts";
export { openLedger } from "./open-ledger.ts";
export { type Tags, withTags } from "./current-tags.ts";
export { decActiveRequests, incActiveRequests, withActiveRequest } from "./active-requests.ts";
export {
	incCacheHit,
	incCacheMiss,
	recordLlmCost,
	recordLlmError,
	recordLlmLatency,
	recordLlmTokens,
	recordRateLimit,
} from "./manual.ts";
export { getPrometheus, initPrometheus } from "./prometheus.ts";
export type { PrometheusHandle, Scrape, ScrapeRequest } from "./prometheus-handle.ts";
export type { DeclaredModel, PrometheusOptions } from "./prometheus-options.ts";
export { usePrices } from "./use-prices.ts";
