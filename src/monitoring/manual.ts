import { ERROR_TYPES, type ErrorType } from "../core/llm-error.ts";
import { installedRecorder } from "../metrics/recorder.ts";
import { reportInternalError } from "./internal-errors.ts";
import { observeManual } from "./observer.ts";

/*
 * The guide's manual functions. Before initPrometheus() they do nothing; a value that cannot be right is refused,
 * counted in hyperagent_internal_errors_total{component="manual"} and told to onError. None of them throws.
 */

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
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (!isLabel(route) || !isLabel(model) || !isAmount(input) || !isAmount(output)) {
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
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (!isLabel(route) || !isLabel(model) || !isAmount(usd)) {
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
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (!isLabel(route) || !isLabel(model) || !isAmount(ms)) {
		refuse("recordLlmLatency(route, model, ms)");
		return;
	}
	recorder.latency(recorder.pair(route, model), ms);
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
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (isLabel(route)) recorder.cacheHit(recorder.route(route));
	else refuse("incCacheHit(route)");
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
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (isLabel(route)) recorder.cacheMiss(recorder.route(route));
	else refuse("incCacheMiss(route)");
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
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (isLabel(provider) && isLabel(model)) recorder.rateLimited(recorder.target(provider, model));
	else refuse("recordRateLimit(provider, model)");
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
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (!isLabel(route) || !isLabel(model)) {
		refuse("recordLlmError(route, model, errorType)");
		return;
	}
	const pair = recorder.pair(route, model);
	if (recorder.error(pair, errorType)) return;
	recorder.error(pair, "api_error");
	refuse("recordLlmError(route, model, errorType), so it counts as api_error:", ERROR_TYPES.join(", "));
}

/**
 * Counts a call as under way. Pair it with {@link decActiveRequests}, or take {@link withActiveRequest}.
 *
 * @example
 * ```ts
 * import { decActiveRequests, incActiveRequests, initPrometheus } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * incActiveRequests("custom_route", "gpt-4-turbo");
 * console.log(prometheus.render().includes('llm_active_requests{route="custom_route",model="gpt-4-turbo"} 1')); // true
 * decActiveRequests("custom_route", "gpt-4-turbo");
 * ```
 */
export function incActiveRequests(route: string, model: string): void {
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (isLabel(route) && isLabel(model)) recorder.activeUp(recorder.pair(route, model));
	else refuse("incActiveRequests(route, model)");
}

/**
 * Ends what {@link incActiveRequests} began. One too many is refused: the gauge is never negative.
 *
 * @example
 * ```ts
 * import { decActiveRequests, incActiveRequests, initPrometheus } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus();
 * incActiveRequests("custom_route", "gpt-4-turbo");
 * decActiveRequests("custom_route", "gpt-4-turbo");
 * console.log(prometheus.render().includes('llm_active_requests{route="custom_route",model="gpt-4-turbo"} 0')); // true
 * ```
 */
export function decActiveRequests(route: string, model: string): void {
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return;
	if (!isLabel(route) || !isLabel(model)) refuse("decActiveRequests(route, model)");
	else if (!recorder.activeDown(recorder.pair(route, model))) {
		reportInternalError("manual", "decActiveRequests(route, model) without an incActiveRequests before it.");
	}
}

/**
 * Runs `fn` and counts it as under way until it returns, throws, or its promise settles. The answer is `fn`'s own.
 *
 * @example
 * ```ts
 * import { initPrometheus, withActiveRequest } from "@hyperagent/observe/monitoring";
 *
 * initPrometheus();
 * const answer = await withActiveRequest("custom_route", "gpt-4-turbo", async () => 42);
 * console.log(answer); // 42
 * ```
 */
export function withActiveRequest<T>(route: string, model: string, fn: () => T): T;
export function withActiveRequest<T>(
	route: string,
	model: string,
	fn: () => T | PromiseLike<T>,
): T | PromiseLike<T> {
	const { value: recorder } = installedRecorder;
	if (recorder === undefined) return fn();
	if (!isLabel(route) || !isLabel(model)) {
		refuse("withActiveRequest(route, model, fn)");
		return fn();
	}
	const pair = recorder.pair(route, model);
	recorder.activeUp(pair);
	const done = (): void => void recorder.activeDown(pair);
	let result: T | PromiseLike<T>;
	try {
		result = fn();
	} catch (error) {
		done();
		throw error;
	}
	if (result instanceof Promise) {
		// A look from the side: the caller gets its own promise, with its own rejection to handle.
		result.then(done, done);
		return result;
	}
	// Asking some thenables twice runs them twice (query builders do), so the caller gets what was asked once.
	if (isThenable(result)) return Promise.resolve(result).finally(done);
	done();
	return result;
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
	return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function isLabel(value: unknown): value is string {
	return typeof value === "string" && value !== "";
}

function isAmount(value: unknown): value is number {
	return typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY;
}

function refuse(
	what: string,
	expected = "names that are not empty, and numbers that are finite and at least 0",
): void {
	reportInternalError("manual", `A value was refused by ${what}. Expected ${expected}.`);
}
