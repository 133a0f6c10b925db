/**
 * deploy/: what stands on the metrics: a Grafana dashboard, Prometheus rules, and a compose file with both. This table
 * holds every PromQL query once, those of the guide as the guide writes them; the dashboard, the rules and
 * docs/queries.md are generated from it, and a test asks each of a real Prometheus.
 */

/** A query beside the metric that it is about. */
export interface MetricQuery {
	readonly id: string;
	/** What it answers. */
	readonly title: string;
	readonly expr: string;
}

/** One panel of the Grafana dashboard. */
export interface Panel {
	readonly title: string;
	readonly description: string;
	readonly kind: "stat" | "timeseries" | "gauge";
	/** In Grafana's words: https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/#unit */
	readonly unit: string;
	/** In the guide's words. */
	readonly unitName: string;
	readonly queries: readonly PanelQuery[];
}

/** One query of a panel. */
export interface PanelQuery {
	readonly id: string;
	readonly expr: string;
	/** How Grafana names a series: text, `{{label}}` filled in. */
	readonly legend: string;
}

/** One alert: it fires when `expr` has been above `above` for the time `for`. */
export interface Alert {
	readonly id: string;
	readonly name: string;
	/** A single series: a sum, never one series for itself. */
	readonly expr: string;
	readonly above: number;
	readonly for: string;
	readonly severity: "warning" | "critical";
	readonly summary: string;
	/** A Prometheus template. */
	readonly description: string;
}

/** The examples of the guide, beside the metrics. */
export const METRIC_QUERIES: readonly MetricQuery[] = [
	{
		id: "tokens-by-model",
		title: "Total tokens by model (last 24h)",
		expr: "sum by (model) (increase(llm_tokens_total[24h]))",
	},
	{
		id: "cost-by-route",
		title: "Total cost in dollars by route (last 7 days)",
		expr: "sum by (route) (increase(llm_cost_usd_total[7d])) / 100",
	},
	{
		id: "cost-since-start",
		title: "Total cost in dollars since the start of the processes",
		expr: "sum(llm_cost_usd_total) / 100",
	},
	{
		id: "latency-p50-by-model",
		title: "P50 latency in milliseconds by model",
		expr: "histogram_quantile(0.5, sum by (model, le) (rate(llm_latency_ms_bucket[5m])))",
	},
	{
		id: "latency-p90-by-model",
		title: "P90 latency in milliseconds by model",
		expr: "histogram_quantile(0.9, sum by (model, le) (rate(llm_latency_ms_bucket[5m])))",
	},
	{
		id: "latency-p99-by-model",
		title: "P99 latency in milliseconds by model",
		expr: "histogram_quantile(0.99, sum by (model, le) (rate(llm_latency_ms_bucket[5m])))",
	},
	{
		id: "cache-hit-rate-by-route",
		title: "Cache hit rate by route (0 to 1)",
		expr: [
			"sum by (route) (rate(llm_cache_hits_total[5m]))",
			"  /",
			"(sum by (route) (rate(llm_cache_hits_total[5m])) + sum by (route) (rate(llm_cache_misses_total[5m])))",
		].join("\n"),
	},
	{
		id: "rate-limits-by-model",
		title: "Rate limit events per hour",
		expr: "sum by (provider, model) (increase(llm_rate_limited_total[1h]))",
	},
	{
		id: "errors-by-type",
		title: "Errors per second by type (over the last minute)",
		expr: "sum by (error_type) (rate(llm_errors_total[1m]))",
	},
	{
		id: "active-by-model",
		title: "Active requests by model",
		expr: "sum by (model) (llm_active_requests)",
	},
];

/** The six panels of the guide. */
export const PANELS: readonly Panel[] = [
	{
		title: "Total Cost (Last 24h)",
		description:
			"llm_cost_usd_total counts US cents; this is divided by 100. Calls without a known price are not in it.",
		kind: "stat",
		unit: "currencyUSD",
		unitName: "USD ($)",
		queries: [{ id: "panel-cost", expr: "sum(increase(llm_cost_usd_total[24h])) / 100", legend: "Cost" }],
	},
	{
		title: "Token Usage by Model",
		description: "Input and output tokens of the last 24 hours; cached input and reasoning are included.",
		kind: "timeseries",
		unit: "short",
		unitName: "Tokens",
		queries: [
			{
				id: "panel-tokens",
				expr: "sum by (model) (increase(llm_tokens_total[24h]))",
				legend: "{{model}}",
			},
		],
	},
	{
		title: "Latency Percentiles",
		description:
			"Over the last 5 minutes, estimated inside histogram buckets. Abandoned streams are left out.",
		kind: "timeseries",
		unit: "ms",
		unitName: "Milliseconds (ms)",
		queries: [
			{
				id: "panel-latency-p50",
				expr: "histogram_quantile(0.5, sum by (le) (rate(llm_latency_ms_bucket[5m])))",
				legend: "P50",
			},
			{
				id: "panel-latency-p90",
				expr: "histogram_quantile(0.9, sum by (le) (rate(llm_latency_ms_bucket[5m])))",
				legend: "P90",
			},
			{
				id: "panel-latency-p99",
				expr: "histogram_quantile(0.99, sum by (le) (rate(llm_latency_ms_bucket[5m])))",
				legend: "P99",
			},
		],
	},
	{
		title: "Cache Hit Rate",
		description:
			"Hits of the response cache among its lookups, over the last 5 minutes; nothing while nobody looks.",
		kind: "gauge",
		unit: "percentunit",
		unitName: "Percent (0-1)",
		queries: [
			{
				id: "panel-cache-hit-rate",
				expr: [
					"sum(rate(llm_cache_hits_total[5m]))",
					"  /",
					"(sum(rate(llm_cache_hits_total[5m])) + sum(rate(llm_cache_misses_total[5m])))",
				].join("\n"),
				legend: "Hit rate",
			},
		],
	},
	{
		title: "Error Rate",
		description:
			"Failed calls a second by type. A call that a retry saved is no error; one that its caller left neither.",
		kind: "timeseries",
		unit: "suffix: err/s",
		unitName: "Errors/sec",
		queries: [
			{
				id: "panel-errors",
				expr: "sum by (error_type) (rate(llm_errors_total[1m]))",
				legend: "{{error_type}}",
			},
		],
	},
	{
		title: "Active Requests",
		description: "Calls under way.",
		kind: "timeseries",
		unit: "short",
		unitName: "Requests",
		queries: [{ id: "panel-active", expr: "sum by (model) (llm_active_requests)", legend: "{{model}}" }],
	},
];

/** The four alerts of the guide, comparing sums: the guide's own compare each series for itself. */
export const ALERTS: readonly Alert[] = [
	{
		id: "alert-cost",
		name: "HighLLMCost",
		expr: "sum(increase(llm_cost_usd_total[1h])) / 100",
		above: 50,
		for: "5m",
		severity: "warning",
		summary: "High LLM cost detected",
		description: 'Cost exceeded $50 in the last hour: {{ $value | printf "$%.2f" }}',
	},
	{
		id: "alert-errors",
		name: "HighLLMErrorRate",
		expr: "sum(rate(llm_errors_total[5m]))",
		above: 0.1,
		for: "5m",
		severity: "critical",
		summary: "High LLM error rate",
		description: 'Error rate is {{ $value | printf "%.3g" }} errors/sec',
	},
	{
		id: "alert-latency",
		name: "HighLLMLatency",
		expr: "histogram_quantile(0.99, sum by (le) (rate(llm_latency_ms_bucket[5m])))",
		above: 5000,
		for: "10m",
		severity: "warning",
		summary: "High LLM latency (P99 > 5s)",
		description: 'P99 latency is {{ $value | printf "%.0f" }}ms',
	},
	{
		id: "alert-rate-limits",
		name: "LLMRateLimited",
		expr: "sum(increase(llm_rate_limited_total[5m]))",
		above: 10,
		for: "2m",
		severity: "warning",
		summary: "Frequent rate limiting",
		description: '{{ $value | printf "%.0f" }} rate limit events in 5 minutes',
	},
];

/** Every query, an alert by its left-hand side. */
export const QUERIES: readonly { readonly id: string; readonly expr: string }[] = [
	...METRIC_QUERIES,
	...PANELS.flatMap(({ queries }) => queries),
	...ALERTS,
];
