import { catchUp } from "../core/afterwards.ts";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import { processSlot } from "../core/process-slot.ts";
import { installedRecorder, Recorder } from "../metrics/recorder.ts";
import { installPrices } from "../pricing/installed-prices.ts";
import { readPrices } from "../pricing/read-prices.ts";
import { knownCacheRoutes, knownSeries } from "./declare-series.ts";
import { errorHandler, reportInternalError } from "./internal-errors.ts";
import { PrometheusHandle } from "./prometheus-handle.ts";
import { checkOptions, type PrometheusOptions } from "./prometheus-options.ts";

/** The handle of the recorder that {@link initPrometheus} has installed. */
export const installedHandle: { value: PrometheusHandle | undefined } =
	processSlot<PrometheusHandle>("prometheus-handle");

/** The handle of a recorder that a test has installed: there is one, and `initPrometheus()` may be called all the same. */
export const testHandle: { value: PrometheusHandle | undefined } =
	processSlot<PrometheusHandle>("test-handle");

/**
 * Installs the process's one recorder; from then on every call is recorded. A second call throws: take
 * {@link getPrometheus} where the handle is needed again.
 *
 * @throws HyperAgentError `ALREADY_INITIALIZED`, or `BAD_OPTION` saying what was expected
 * @example
 * ```ts
 * import { initPrometheus } from "@hyperagent/observe/monitoring";
 *
 * const prometheus = initPrometheus({ routes: ["chat"], models: ["gpt-4-turbo"] });
 * console.log(prometheus.render().includes('llm_tokens_total{route="chat",model="gpt-4-turbo"} 0')); // true
 * ```
 */
export function initPrometheus(options: PrometheusOptions = {}): PrometheusHandle {
	if (installedHandle.value !== undefined) {
		throw new HyperAgentError(
			"ALREADY_INITIALIZED",
			"failed to install Prometheus recorder: FailedToSetGlobalRecorder. initPrometheus() was called before in this process, and there is one recorder for all of it: use getPrometheus() to get its handle.",
		);
	}
	checkOptions(options);
	const prices = options.prices === undefined ? undefined : readPrices("initPrometheus()", options.prices);
	const {
		buckets,
		bounds,
		constantLabels = {},
		createdSeries = false,
		models = [],
		onError,
		routes = [],
	} = options;
	const { nativeHistograms = false } = options;
	const nativeSchema = typeof nativeHistograms === "object" ? (nativeHistograms.schema ?? 3) : 3;
	const recorder = new Recorder({
		latencyBuckets: buckets?.latencyMs,
		timeToFirstTokenBuckets: buckets?.timeToFirstTokenMs,
		timePerOutputTokenBuckets: buckets?.timePerOutputTokenMs,
		bounds,
		nativeSchema: nativeHistograms === false ? undefined : nativeSchema,
		onOverflow: (scope) =>
			reportInternalError(
				"labels",
				`The bound on ${scope} label sets is reached: further ones are recorded as "other". Use a fixed set of routes and models as labels, or raise \`bounds\` in initPrometheus().`,
			),
	});
	// What ended before it is not counted here.
	catchUp();
	errorHandler.value = onError;
	if (prices !== undefined) installPrices(prices);
	for (const route of routes) {
		recorder.route(route);
		for (const model of models) recorder.pair(route, typeof model === "string" ? model : model.model);
	}
	for (const model of models) {
		if (typeof model !== "string") recorder.target(model.provider, model.model);
	}
	for (const { model, provider, route } of knownSeries()) {
		recorder.pair(route, model);
		recorder.target(provider, model);
	}
	for (const route of knownCacheRoutes()) recorder.route(route);
	installedRecorder.value = recorder;
	installedHandle.value = new PrometheusHandle(recorder, constantLabels, createdSeries);
	return installedHandle.value;
}

/**
 * The handle of the installed recorder.
 *
 * @throws HyperAgentError `NOT_INITIALIZED` before `initPrometheus()`
 * @example
 * ```ts
 * import { getPrometheus, initPrometheus } from "@hyperagent/observe/monitoring";
 *
 * const handle = initPrometheus();
 * console.log(getPrometheus() === handle); // true
 * ```
 */
export function getPrometheus(): PrometheusHandle {
	const handle = installedHandle.value ?? testHandle.value;
	if (handle !== undefined) return handle;
	throw new HyperAgentError(
		"NOT_INITIALIZED",
		"getPrometheus(): no recorder is installed yet. Call initPrometheus() once, at the start of the program.",
	);
}

/** Whether {@link getPrometheus} has a handle to give. */
export function isPrometheusInstalled(): boolean {
	return (installedHandle.value ?? testHandle.value) !== undefined;
}
