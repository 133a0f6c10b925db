import { EMBEDDING, GPT35, GPT4, HAIKU } from "./truth-workload.ts";

type Range = readonly [least: number, most: number];

/** What a series may show, by its labels as `Sample.labels` writes them. */
export type Bounds = Readonly<Record<string, Range>>;

/**
 * What a query must answer. `stretch` is by how much of itself an increase may be too large.
 *
 * `increase` and `rate` look at the first and the last sample in their window and stretch what grew in between over
 * the time that the window goes on before and after them, but never by more than 1.1 mean distances of samples on
 * either side, and never to before the time at which a counter was 0. Here every counter's first sample in the window
 * is 0 (the routes and models are declared), which leaves the time after the last sample: with n samples at most
 * 1.1 / (n - 1) of the growth, and nothing at the very time of a sample. (extrapolatedRate in Prometheus'
 * promql/functions.go.) What is divided by what was stretched alike, a hit rate or a quantile, does not change.
 */
export type Expectation = (stretch: number) => Bounds;

/** What adding and dividing doubles may lose. */
const ROUNDING = 1e-12;

/** These very numbers. */
function exactly(values: Readonly<Record<string, number>>): Expectation {
	return () => mapValues(values, (value) => [value, value]);
}

/** These growths in the window, or with `seconds` their rates over it. */
function growth(values: Readonly<Record<string, number>>, seconds = 1): Expectation {
	return (stretch) =>
		mapValues(values, (value) => [
			(value / seconds) * (1 - ROUNDING),
			(value / seconds) * (1 + stretch) * (1 + ROUNDING),
		]);
}

function ratio(values: Readonly<Record<string, number>>): Expectation {
	return () => growth(values)(0);
}

/** A quantile is interpolated in its bucket: no more is known than the bucket, and that follows from the delays. */
function inBuckets(values: Bounds): Expectation {
	return () => values;
}

function mapValues(values: Readonly<Record<string, number>>, toRange: (value: number) => Range): Bounds {
	return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, toRange(value)]));
}

const perModel = <T>(gpt4: T, gpt35: T, haiku: T, embedding: T): Record<string, T> => ({
	[`model="${GPT4}"`]: gpt4,
	[`model="${GPT35}"`]: gpt35,
	[`model="${HAIKU}"`]: haiku,
	[`model="${EMBEDDING}"`]: embedding,
});

const perPair = (
	chat: readonly [gpt4: number, gpt35: number, haiku: number, embedding: number],
	summarize: readonly [gpt4: number, gpt35: number, haiku: number, embedding: number],
): Record<string, number> =>
	Object.fromEntries(
		Object.entries({ chat, summarize }).flatMap(([route, values]) =>
			[GPT4, GPT35, HAIKU, EMBEDDING].map((model, i) => [
				`model="${model}",route="${route}"`,
				values[i] ?? 0,
			]),
		),
	);

/*
 * The sums of what stands beside each call of the workload.
 */

/** In cents: 3.532425 for "chat" and 3.625325 for "summarize". */
export const COST_CENTS = "7.15775";
const USD = 0.0715775;

const ERRORS: Readonly<Record<string, number>> = {
	'error_type="rate_limit"': 1,
	'error_type="auth_failed"': 1,
	'error_type="network"': 1,
	'error_type="invalid_response"': 1,
	'error_type="api_error"': 1,
	'error_type="serialization"': 1,
	'error_type="validation"': 1,
	'error_type="timeout"': 1,
	'error_type="token_limit"': 1,
	'error_type="model_unavailable"': 2, // a model that is gone, and one that gives up in its stream
	'error_type="quota"': 1,
};

const RATE_LIMITS: Readonly<Record<string, number>> = {
	[`model="${GPT4}",provider="openai"`]: 2,
	[`model="${GPT35}",provider="openai"`]: 0,
	[`model="${HAIKU}",provider="anthropic"`]: 1,
	[`model="${EMBEDDING}",provider="openai"`]: 0,
};

export const IDLE: Expectation = exactly(perModel(0, 0, 0, 0));
export const ONE_HELD: Expectation = exactly(perModel(0, 0, 1, 0));

/** The counters and the gauge as they stand, by query. */
export const TOTALS: Readonly<Record<string, Expectation>> = {
	llm_tokens_input_total: exactly(perPair([1800, 5220, 5800, 0], [2110, 1401, 8360, 5000])),
	llm_tokens_output_total: exactly(perPair([350, 1302, 649, 0], [421, 181, 153, 0])),
	llm_tokens_total: exactly(perPair([2150, 6522, 6449, 0], [2531, 1582, 8513, 5000])),
	"sum(llm_tokens_total)": exactly({ "": 32_747 }),
	llm_cost_usd_total: exactly(perPair([2.85, 0.4563, 0.226125, 0], [3.373, 0.0972, 0.145125, 0.01])),
	llm_active_requests: exactly(perPair([0, 0, 0, 0], [0, 0, 0, 0])),
	llm_latency_ms_count: exactly(perPair([8, 5, 5, 0], [4, 6, 6, 1])),
	llm_cache_hits_total: exactly({ 'route="chat"': 3, 'route="summarize"': 1 }),
	llm_cache_misses_total: exactly({ 'route="chat"': 2, 'route="summarize"': 1 }),
	llm_rate_limited_total: exactly(RATE_LIMITS),
	"sum by (error_type) (llm_errors_total)": exactly(ERRORS),
	"sum by (outcome) (llm_requests_total)": exactly({
		'outcome="success"': 20,
		'outcome="error"': 12,
		'outcome="aborted"': 3,
		'outcome="abandoned"': 0,
	}),
	// What failed behind an HTTP 200 was a success of the transport; what could not be sent was none at all.
	"sum by (provider, result) (llm_attempts_total)": exactly({
		'provider="openai",result="success"': 14,
		'provider="openai",result="rate_limited"': 2,
		'provider="openai",result="error"': 7,
		'provider="openai",result="aborted"': 1,
		'provider="anthropic",result="success"': 10,
		'provider="anthropic",result="rate_limited"': 1,
		'provider="anthropic",result="error"': 1,
		'provider="anthropic",result="aborted"': 0,
	}),
	"sum by (provider) (llm_retries_total)": exactly({ 'provider="openai"': 1, 'provider="anthropic"': 1 }),
	"sum by (reason) (llm_usage_missing_total)": exactly({
		'reason="aborted"': 3,
		'reason="not_reported"': 2, // the stream that gave up, and the answer that was garbled
		'reason="parse_error"': 0,
	}),
	"sum(llm_unpriced_requests_total)": exactly({ "": 0 }),
	"sum(hyperagent_internal_errors_total)": exactly({ "": 0 }),
};

const QUICK: Range = [100, 250];
const MEDIUM: Range = [500, 1000];
const SLOW: Range = [1000, 2500];
const HELD: Range = [2500, 5000];
/**
 * By query: the guide's, written as it writes them but for white space, and the left-hand sides of its alerts over
 * sums. So a table that strays from the guide has a query too many here and one too few.
 */
export const EXPECTED: Readonly<Record<string, Expectation>> = {
	// The examples beside the metrics; "active requests" and "errors" are panels too.
	"sum by (model) (increase(llm_tokens_total[24h]))": growth(perModel(4681, 8104, 14_962, 5000)),
	"sum by (route) (increase(llm_cost_usd_total[7d])) / 100": growth({
		'route="chat"': 0.03532425,
		'route="summarize"': 0.03625325,
	}),
	"histogram_quantile(0.5, sum by (model, le) (rate(llm_latency_ms_bucket[5m])))": inBuckets(
		perModel(QUICK, QUICK, QUICK, MEDIUM),
	),
	"histogram_quantile(0.9, sum by (model, le) (rate(llm_latency_ms_bucket[5m])))": inBuckets(
		perModel(MEDIUM, MEDIUM, MEDIUM, MEDIUM),
	),
	"histogram_quantile(0.99, sum by (model, le) (rate(llm_latency_ms_bucket[5m])))": inBuckets(
		perModel(SLOW, SLOW, HELD, MEDIUM),
	),
	"sum by (route) (rate(llm_cache_hits_total[5m])) / (sum by (route) (rate(llm_cache_hits_total[5m])) + sum by (route) (rate(llm_cache_misses_total[5m])))":
		ratio({ 'route="chat"': 3 / 5, 'route="summarize"': 1 / 2 }),
	"sum by (provider, model) (increase(llm_rate_limited_total[1h]))": growth(RATE_LIMITS),
	"sum by (error_type) (rate(llm_errors_total[1m]))": growth(ERRORS, 60),
	"sum by (model) (llm_active_requests)": IDLE,
	// The panels.
	"sum(increase(llm_cost_usd_total[24h])) / 100": growth({ "": USD }),
	"histogram_quantile(0.5, sum by (le) (rate(llm_latency_ms_bucket[5m])))": inBuckets({ "": QUICK }),
	"histogram_quantile(0.9, sum by (le) (rate(llm_latency_ms_bucket[5m])))": inBuckets({ "": MEDIUM }),
	"histogram_quantile(0.99, sum by (le) (rate(llm_latency_ms_bucket[5m])))": inBuckets({ "": HELD }),
	"sum(rate(llm_cache_hits_total[5m])) / (sum(rate(llm_cache_hits_total[5m])) + sum(rate(llm_cache_misses_total[5m])))":
		ratio({ "": 4 / 7 }),
	// "Best practices". It adds up doubles.
	"sum(llm_cost_usd_total) / 100": ratio({ "": USD }),
	// The alerts; that on latency compares the panel's 99th percentile.
	"sum(increase(llm_cost_usd_total[1h])) / 100": growth({ "": USD }),
	"sum(rate(llm_errors_total[5m]))": growth({ "": 12 }, 300),
	"sum(increase(llm_rate_limited_total[5m]))": growth({ "": 3 }),
};
