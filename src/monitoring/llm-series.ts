import { HyperAgentError } from "../core/hyperagent-error.ts";
import type { ErrorType } from "../core/llm-error.ts";
import { settlementListeners } from "../core/settlement-listeners.ts";
import { installedRecorder, type Recorder } from "../metrics/recorder.ts";
import type { SeriesStore } from "../metrics/series-store.ts";
import { rememberBound } from "./bound-series.ts";
import { isAmount, refuse } from "./manual-values.ts";
import { observeManual, observeNoted } from "./observer.ts";

/* Constants of this module: code that is compiled looks up at each use what is imported. */
const installed = installedRecorder;
const listeners = settlementListeners;
const isValid = isAmount;

/**
 * The manual functions for one route and model, whose series are looked up once: for code that is called very often.
 * Before `initPrometheus` they do nothing; bad values are refused and counted as there.
 */
export class LlmSeries {
	readonly route: string;
	readonly model: string;
	#recorder: Recorder | undefined;
	#pair = -1;
	/* Of plain counters the very slots: each look-up on the way there would cost a fourth of a record. */
	#store: SeriesStore | undefined;
	#hits = -1;
	#misses = -1;

	/** @see bindLlmSeries */
	constructor(route: string, model: string) {
		this.route = route;
		this.model = model;
		this.#attach();
		rememberBound(this);
	}

	/** Another recorder is installed, a test's for example, which calls this itself: the next record looks it up. */
	unbind(): void {
		this.#recorder = undefined;
		this.#store = undefined;
	}

	/** @see recordLlmTokens */
	recordTokens(input: number, output: number): void {
		const recorder = this.#recorder ?? this.#attach();
		if (recorder === undefined) return;
		if (!isValid(input) || !isValid(output)) {
			refuse("recordTokens(input, output)");
			return;
		}
		recorder.tokens(this.#pair, input, output);
		observeManual(this.route, this.model, input, output, 0);
	}

	/** @see recordLlmCost */
	recordCost(usd: number): void {
		const recorder = this.#recorder ?? this.#attach();
		if (recorder === undefined) return;
		if (!isValid(usd)) {
			refuse("recordCost(usd)");
			return;
		}
		recorder.cost(this.#pair, usd);
		observeManual(this.route, this.model, 0, 0, usd);
	}

	/** @see recordLlmLatency */
	recordLatency(ms: number): void {
		const recorder = this.#recorder ?? this.#attach();
		if (recorder === undefined) return;
		if (!isValid(ms)) {
			refuse("recordLatency(ms)");
			return;
		}
		recorder.latency(this.#pair, ms);
		if (listeners.value !== undefined) observeNoted("latency", this.route, this.model, undefined, ms);
	}

	/** @see recordLlmError */
	recordError(errorType: ErrorType): void {
		const recorder = this.#recorder ?? this.#attach();
		if (recorder === undefined) return;
		if (recorder.error(this.#pair, errorType)) {
			if (listeners.value !== undefined)
				observeNoted("error", this.route, this.model, undefined, undefined, errorType);
			return;
		}
		recorder.error(this.#pair, "api_error");
		if (listeners.value !== undefined)
			observeNoted("error", this.route, this.model, undefined, undefined, "api_error");
		refuse("recordError(errorType), so it counts as api_error");
	}

	/** @see incActiveRequests */
	incActiveRequests(): void {
		(this.#recorder ?? this.#attach())?.activeUp(this.#pair);
	}

	/** @see decActiveRequests */
	decActiveRequests(): void {
		const recorder = this.#recorder ?? this.#attach();
		if (recorder === undefined || recorder.activeDown(this.#pair)) return;
		refuse("decActiveRequests() without an incActiveRequests before it");
	}

	/** @see incCacheHit */
	incCacheHit(): void {
		const store = this.#store === undefined ? this.#attach()?.store : this.#store;
		if (store === undefined) return;
		store.slots[this.#hits]! += 1;
		if (listeners.value !== undefined) observeNoted("cache_hit", this.route);
	}

	/** @see incCacheMiss */
	incCacheMiss(): void {
		const store = this.#store === undefined ? this.#attach()?.store : this.#store;
		if (store === undefined) return;
		store.slots[this.#misses]! += 1;
		if (listeners.value !== undefined) observeNoted("cache_miss", this.route);
	}

	#attach(): Recorder | undefined {
		const { value: recorder } = installed;
		if (recorder === undefined) return undefined;
		this.#recorder = recorder;
		this.#pair = recorder.pair(this.route, this.model);
		const { hits, misses } = recorder.cacheSlots(recorder.route(this.route));
		this.#store = recorder.store;
		this.#hits = hits;
		this.#misses = misses;
		return recorder;
	}
}

/**
 * Binds a route and a model once, so that recording needs no look-up: a counter then costs a few nanoseconds. It may be
 * bound before `initPrometheus`.
 *
 * @throws HyperAgentError `BAD_OPTION` when a label is empty
 * @example
 * ```ts
 * import { bindLlmSeries, initPrometheus } from "@hyperagent/observe/monitoring";
 *
 * const chat = bindLlmSeries("chat", "gpt-4-turbo");
 * const prometheus = initPrometheus();
 * chat.recordTokens(150, 50);
 * chat.recordCost(0.0025);
 * console.log(prometheus.render().includes('llm_cost_usd_total{route="chat",model="gpt-4-turbo"} 0.25')); // true
 * ```
 */
export function bindLlmSeries(route: string, model: string): LlmSeries {
	for (const [name, value] of Object.entries({ route, model })) {
		if (typeof value === "string" && value !== "") continue;
		throw new HyperAgentError(
			"BAD_OPTION",
			`bindLlmSeries(route, model): ${name} is the value of a label and must be a name such as "${name === "route" ? "chat" : "gpt-4-turbo"}".`,
		);
	}
	return new LlmSeries(route, model);
}
