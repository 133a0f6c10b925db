/** metrics/: what is counted and where the numbers live; knows nothing of formats or of providers. */
import { ERROR_TYPES } from "../core/llm-error.ts";
import { VERSION } from "../core/version.ts";
import { OUTCOMES, UNPRICED_REASONS, USAGE_MISSING_REASONS } from "../core/settled-call.ts";

/** The upper bounds of `llm_latency_ms`, in milliseconds, unless others are given. */
export const DEFAULT_LATENCY_BUCKETS: readonly number[] = [
	50, 100, 250, 500, 1000, 2500, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000,
];

/** The upper bounds of `llm_time_per_output_token_ms`, in milliseconds. */
export const DEFAULT_TOKEN_TIME_BUCKETS: readonly number[] = [
	1, 2.5, 5, 10, 15, 20, 30, 50, 75, 100, 150, 250, 500, 1000,
];

/** What became of one HTTP request. */
export const ATTEMPT_RESULTS = ["success", "rate_limited", "error", "aborted"] as const;

/** One of {@link ATTEMPT_RESULTS}. */
export type AttemptResult = (typeof ATTEMPT_RESULTS)[number];

/** What a provider's rate limit counts. */
export const RATE_LIMIT_RESOURCES = ["requests", "tokens", "input_tokens", "output_tokens"] as const;

/** One of {@link RATE_LIMIT_RESOURCES}. */
export type RateLimitResource = (typeof RATE_LIMIT_RESOURCES)[number];

/** The parts of this package that can fail or be misused, for `hyperagent_internal_errors_total`. */
export const COMPONENTS = [
	"manual",
	"call",
	"pricing",
	"usage",
	"listener",
	"exposition",
	"labels",
	"ledger",
	"budget",
] as const;

/** One of {@link COMPONENTS}. */
export type Component = (typeof COMPONENTS)[number];

/**
 * What `hyperagent_label_overflow_total` tells apart: a whole label set is turned at once, so a family that
 * every record of that label set touches stands for all of them.
 */
export const OVERFLOW_METRICS = [
	"llm_requests_total",
	"llm_cache_misses_total",
	"llm_attempts_total",
] as const;

/** One metric family. `scope` says which label set owns it; `variants` is its own extra label, a fixed vocabulary. */
export interface MetricDefinition {
	readonly name: string;
	readonly type: "counter" | "gauge" | "histogram";
	/** As it stands in the HELP line. */
	readonly help: string;
	readonly scope: MetricScope;
	readonly variants?: { readonly label: string; readonly values: readonly string[] };
	/** `money` keeps an exact sum of USD and renders cents. */
	readonly unit?: "money" | "milliseconds";
	/** Whether the guide documents it, or it is one of ours beside those. */
	readonly origin: "guide" | "ours";
	/** Only calls with which something is wrong touch it. */
	readonly rare?: boolean;
	/**
	 * What OpenTelemetry's GenAI conventions call it, durations in seconds there. They are in Development: the names move,
	 * and stand nowhere else.
	 *
	 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/client-inference.md
	 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-token-metrics.md
	 */
	readonly genAi?: GenAiName;
	/** Which series of a scope exist before their first value: all of a family ("zero") or none ("first"). */
	readonly born?: "zero" | "first";
}

/** A name of the GenAI conventions, and the one for embeddings where it is another. */
export interface GenAiName {
	readonly name: string;
	readonly embeddings?: string;
}

/** The label sets that series belong to. `process` families have no label but their variants'. */
export type MetricScope = "pair" | "route" | "target" | "budget" | "process";

/** The labels of each scope, in rendered order. A pair is (route, model), a target (provider, model). */
export const SCOPE_LABELS: Readonly<Record<MetricScope, readonly string[]>> = {
	pair: ["route", "model"],
	route: ["route"],
	target: ["provider", "model"],
	budget: ["budget"],
	process: [],
};

const PART = "already counted there: never add the two";

/**
 * Every metric of this package, once: names, types and labels of the guide unchanged, ours beside them.
 * The store's layout, `/metrics`, the docs and `deploy/` are all derived from this list.
 */
export const CATALOG: readonly MetricDefinition[] = [
	{
		name: "llm_tokens_input_total",
		type: "counter",
		scope: "pair",
		origin: "guide",
		genAi: { name: "gen_ai.client.inference.usage.input_tokens" },
		help: "Input tokens sent to the model, cached ones included.",
	},
	{
		name: "llm_tokens_output_total",
		type: "counter",
		scope: "pair",
		origin: "guide",
		genAi: { name: "gen_ai.client.inference.usage.output_tokens" },
		help: "Output tokens received from the model, reasoning included.",
	},
	{
		name: "llm_tokens_total",
		type: "counter",
		scope: "pair",
		origin: "guide",
		help: "Input and output tokens together.",
	},
	{
		name: "llm_cost_usd_total",
		type: "counter",
		scope: "pair",
		origin: "guide",
		unit: "money",
		help: "Cost in US cents: divide by 100 for dollars.",
	},
	{
		name: "llm_latency_ms",
		type: "histogram",
		scope: "pair",
		origin: "guide",
		unit: "milliseconds",
		genAi: { name: "gen_ai.client.inference.duration", embeddings: "gen_ai.client.operation.duration" },
		help: "Time from the start of a call to its end, in milliseconds; a stream ends when its end is read, and abandoned ones are left out.",
	},
	{
		name: "llm_active_requests",
		type: "gauge",
		scope: "pair",
		origin: "guide",
		help: "Calls under way now.",
	},
	{
		name: "llm_cache_hits_total",
		type: "counter",
		scope: "route",
		origin: "guide",
		help: "Calls answered from the response cache.",
	},
	{
		name: "llm_cache_misses_total",
		type: "counter",
		scope: "route",
		origin: "guide",
		help: "Calls that the response cache could not answer.",
	},
	{
		name: "llm_rate_limited_total",
		type: "counter",
		scope: "target",
		origin: "guide",
		help: "Attempts that the provider refused for its rate limit, those that a retry got over included.",
	},
	{
		name: "llm_errors_total",
		type: "counter",
		scope: "pair",
		origin: "guide",
		rare: true,
		variants: { label: "error_type", values: ERROR_TYPES },
		help: "Calls that failed, by type.",
	},
	{
		name: "llm_requests_total",
		type: "counter",
		scope: "pair",
		origin: "ours",
		variants: { label: "outcome", values: OUTCOMES },
		help: "Calls that ended, by outcome.",
	},
	{
		name: "llm_attempts_total",
		type: "counter",
		scope: "target",
		origin: "ours",
		variants: { label: "result", values: ATTEMPT_RESULTS },
		help: "HTTP requests made to the provider, retries included, by result.",
	},
	{
		name: "llm_retries_total",
		type: "counter",
		scope: "target",
		origin: "ours",
		help: "Attempts that their sender says are retries.",
	},
	{
		name: "llm_time_to_first_token_ms",
		type: "histogram",
		scope: "pair",
		origin: "ours",
		unit: "milliseconds",
		help: "Time from the start of a streamed call to its first token, in milliseconds.",
	},
	{
		name: "llm_time_per_output_token_ms",
		type: "histogram",
		scope: "pair",
		origin: "ours",
		unit: "milliseconds",
		help: "Time from the first token of a streamed call to the reading of its end, divided by the tokens in between, in milliseconds.",
	},
	{
		name: "llm_tokens_cache_read_total",
		type: "counter",
		scope: "pair",
		origin: "ours",
		genAi: { name: "gen_ai.client.inference.usage.cache_read.input_tokens" },
		help: `Input tokens read from the provider's prompt cache; a part of llm_tokens_input_total, ${PART}.`,
	},
	{
		name: "llm_tokens_cache_write_total",
		type: "counter",
		scope: "pair",
		origin: "ours",
		genAi: { name: "gen_ai.client.inference.usage.cache_write.input_tokens" },
		help: `Input tokens written to the provider's prompt cache; a part of llm_tokens_input_total, ${PART}.`,
	},
	{
		name: "llm_tokens_reasoning_total",
		type: "counter",
		scope: "pair",
		origin: "ours",
		genAi: { name: "gen_ai.client.inference.usage.reasoning.output_tokens" },
		help: `Output tokens spent on reasoning; a part of llm_tokens_output_total, ${PART}.`,
	},
	{
		name: "llm_tokens_estimated_total",
		type: "counter",
		scope: "pair",
		origin: "ours",
		rare: true,
		variants: { label: "direction", values: ["input", "output"] },
		help: "Tokens estimated where the provider reported none; in no other counter.",
	},
	{
		name: "llm_usage_missing_total",
		type: "counter",
		scope: "pair",
		origin: "ours",
		rare: true,
		variants: { label: "reason", values: USAGE_MISSING_REASONS },
		help: "Calls whose usage is not known, so that tokens and cost miss them.",
	},
	{
		name: "llm_unpriced_requests_total",
		type: "counter",
		scope: "pair",
		origin: "ours",
		rare: true,
		variants: { label: "reason", values: UNPRICED_REASONS },
		help: "Calls of which at least a part has no known price, so that the cost misses it.",
	},
	{
		name: "llm_ratelimit_remaining",
		type: "gauge",
		scope: "target",
		origin: "ours",
		born: "first",
		variants: { label: "resource", values: RATE_LIMIT_RESOURCES },
		help: "What the provider last said is left of its rate limit.",
	},
	{
		name: "llm_budget_limit_cents",
		type: "gauge",
		scope: "budget",
		origin: "ours",
		unit: "money",
		help: "What may be spent in each window of the budget, in US cents: divide by 100 for dollars.",
	},
	{
		name: "llm_budget_spent_cents",
		type: "gauge",
		scope: "budget",
		origin: "ours",
		unit: "money",
		help: "What was spent in the budget's window that runs now, in US cents: divide by 100 for dollars.",
	},
	{
		name: "llm_budget_blocked_total",
		type: "counter",
		scope: "budget",
		origin: "ours",
		help: "Calls that the budget has refused; they reached no provider and are in no other metric.",
	},
	{
		name: "hyperagent_label_overflow_total",
		type: "counter",
		scope: "process",
		origin: "ours",
		variants: { label: "metric", values: OVERFLOW_METRICS },
		help: "Records kept under the label value other because the bound on label sets was reached.",
	},
	{
		name: "hyperagent_internal_errors_total",
		type: "counter",
		scope: "process",
		origin: "ours",
		variants: { label: "component", values: COMPONENTS },
		help: "Faults inside the observation and values that it refused; no call was harmed.",
	},
	{
		name: "hyperagent_ledger_pending_rows",
		type: "gauge",
		scope: "process",
		origin: "ours",
		born: "first",
		help: "Calls and records that are not yet safe in the ledger's file or in its spool.",
	},
	{
		name: "hyperagent_price_book_age_seconds",
		type: "gauge",
		scope: "process",
		origin: "ours",
		born: "first",
		help: "Age of the bundled prices.",
	},
	{
		name: "hyperagent_build_info",
		type: "gauge",
		scope: "process",
		origin: "ours",
		variants: { label: "version", values: [VERSION] },
		help: "Always 1; the label tells the version.",
	},
];
