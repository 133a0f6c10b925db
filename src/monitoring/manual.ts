import { ERROR_TYPES, type ErrorType } from "../core/llm-error.ts";
import { settlementListeners } from "../core/settlement-listeners.ts";
import { installedRecorder } from "../metrics/recorder.ts";
import { isAmount, isLabel, refuse } from "./manual-values.ts";
import { observeManual, observeNoted } from "./observer.ts";

/*
 * The guide's manual functions. Before initPrometheus() they do nothing; a value that cannot be right is refused,
 * counted in hyperagent_internal_errors_total{component="manual"} and told to onError. None of them throws.
 */

/* Constants of this module: code that is compiled looks up at each use what is imported. */
const installed = installedRecorder;
const listeners = settlementListeners;
const isName = isLabel;
const isValid = isAmount;

/**
 * Adds tokens.
 *
 * @param input all input tokens, cached ones included; finite and at least 0
 * @param output all output tokens, reasoning included; finite and at least 0
 * @example
 * ```ts
 * import { initPrometheus, recordLlmTokens } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * recordLlmTokens("custom_route", "gpt-4-turbo", 150, 50);
 * console.log(prometheus.render().includes('llm_tokens_total{route="custom_route",model="gpt-4-turbo"} 200')); // true
 * ```
 */
export function recordLlmTokens(route: string, model: string, input: number, output: number): void {
	const { value: recorder } = installed;
	if (recorder === undefined) return;
	if (!isName(route) || !isName(model) || !isValid(input) || !isValid(output)) {
		refuse("recordLlmTokens(route, model, input, output)");
		return;
	}
	recorder.tokens(recorder.pair(route, model), input, output);
	observeManual(route, model, input, output, 0);
}

/**
 * Adds a cost.
 *
 * @param usd in US dollars; finite and at least 0; rounded to 10⁻¹² dollars
 * @example
 * ```ts
 * import { initPrometheus, recordLlmCost } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * recordLlmCost("custom_route", "gpt-4-turbo", 0.0025);
 * console.log(prometheus.render().includes('llm_cost_usd_total{route="custom_route",model="gpt-4-turbo"} 0.25')); // true
 * ```
 */
export function recordLlmCost(route: string, model: string, usd: number): void {
	const { value: recorder } = installed;
	if (recorder === undefined) return;
	if (!isName(route) || !isName(model) || !isValid(usd)) {
		refuse("recordLlmCost(route, model, usd)");
		return;
	}
	recorder.cost(recorder.pair(route, model), usd);
	observeManual(route, model, 0, 0, usd);
}

/**
 * Adds one observation to `llm_latency_ms`.
 *
 * @param ms in milliseconds; finite and at least 0
 * @example
 * ```ts
 * import { initPrometheus, recordLlmLatency } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * recordLlmLatency("custom_route", "gpt-4-turbo", 1250);
 * console.log(prometheus.render().includes('llm_latency_ms_sum{route="custom_route",model="gpt-4-turbo"} 1250')); // true
 * ```
 */
export function recordLlmLatency(route: string, model: string, ms: number): void {
	const { value: recorder } = installed;
	if (recorder === undefined) return;
	if (!isName(route) || !isName(model) || !isValid(ms)) {
		refuse("recordLlmLatency(route, model, ms)");
		return;
	}
	recorder.latency(recorder.pair(route, model), ms);
	if (listeners.value !== undefined) observeNoted("latency", route, model, undefined, ms);
}

/**
 * Counts an answer from a response cache.
 *
 * @example
 * ```ts
 * import { incCacheHit, initPrometheus } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * incCacheHit("custom_route");
 * console.log(prometheus.render().includes('llm_cache_hits_total{route="custom_route"} 1')); // true
 * ```
 */
export function incCacheHit(route: string): void {
	const { value: recorder } = installed;
	if (recorder === undefined) return;
	if (!isName(route)) {
		refuse("incCacheHit(route)");
		return;
	}
	recorder.cacheHit(recorder.route(route));
	if (listeners.value !== undefined) observeNoted("cache_hit", route);
}

/**
 * Counts a look into a response cache that found nothing.
 *
 * @example
 * ```ts
 * import { incCacheMiss, initPrometheus } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * incCacheMiss("custom_route");
 * console.log(prometheus.render().includes('llm_cache_misses_total{route="custom_route"} 1')); // true
 * ```
 */
export function incCacheMiss(route: string): void {
	const { value: recorder } = installed;
	if (recorder === undefined) return;
	if (!isName(route)) {
		refuse("incCacheMiss(route)");
		return;
	}
	recorder.cacheMiss(recorder.route(route));
	if (listeners.value !== undefined) observeNoted("cache_miss", route);
}

/**
 * Counts one request that the provider refused for its rate limit.
 *
 * @example
 * ```ts
 * import { initPrometheus, recordRateLimit } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * recordRateLimit("openai", "gpt-4-turbo");
 * console.log(prometheus.render().includes('llm_rate_limited_total{provider="openai",model="gpt-4-turbo"} 1')); // true
 * ```
 */
export function recordRateLimit(provider: string, model: string): void {
	const { value: recorder } = installed;
	if (recorder === undefined) return;
	if (!isName(provider) || !isName(model)) {
		refuse("recordRateLimit(provider, model)");
		return;
	}
	recorder.rateLimited(recorder.target(provider, model));
	if (listeners.value !== undefined) observeNoted("rate_limited", undefined, model, provider);
}

/**
 * Counts a failed call. A type that is not one of `ERROR_TYPES` counts as `api_error` and as an internal error.
 * It never implies a rate-limit event: that is {@link recordRateLimit}.
 *
 * @example
 * ```ts
 * import { initPrometheus, recordLlmError } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * recordLlmError("custom_route", "gpt-4-turbo", "timeout");
 * const line = 'llm_errors_total{route="custom_route",model="gpt-4-turbo",error_type="timeout"} 1';
 * console.log(prometheus.render().includes(line)); // true
 * ```
 */
export function recordLlmError(route: string, model: string, errorType: ErrorType | (string & {})): void {
	const { value: recorder } = installed;
	if (recorder === undefined) return;
	if (!isName(route) || !isName(model)) {
		refuse("recordLlmError(route, model, errorType)");
		return;
	}
	const pair = recorder.pair(route, model);
	if (recorder.error(pair, errorType)) {
		if (listeners.value === undefined) return;
		// What the recorder knows is one of them.
		observeNoted("error", route, model, undefined, undefined, errorType as ErrorType);
		return;
	}
	recorder.error(pair, "api_error");
	if (listeners.value !== undefined) observeNoted("error", route, model, undefined, undefined, "api_error");
	refuse("recordLlmError(route, model, errorType), so it counts as api_error:", ERROR_TYPES.join(", "));
}
