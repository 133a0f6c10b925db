import { processSlot } from "../core/process-slot.ts";
import { picoUsd, wholeUsd } from "../core/money.ts";
import { ERROR_TYPES, type ErrorType } from "../core/llm-error.ts";
import { OUTCOMES, type SettledCall, UNPRICED_REASONS, USAGE_MISSING_REASONS } from "../core/settled-call.ts";
import { totalInput } from "../core/token-usage.ts";
import {
	ATTEMPT_RESULTS,
	type AttemptResult,
	COMPONENTS,
	type Component,
	DEFAULT_LATENCY_BUCKETS,
	DEFAULT_TOKEN_TIME_BUCKETS,
	type MetricScope,
	OVERFLOW_METRICS,
	RATE_LIMIT_RESOURCES,
	type RateLimitResource,
} from "./catalog.ts";
import { LabelGuard } from "./label-guard.ts";
import { layoutScope, type Placement, type ScopeLayout } from "./layout.ts";
import { SeriesStore } from "./series-store.ts";

/** One label set: its values in the order of the scope's labels, and its first slot. */
export interface LabelSet {
	readonly values: readonly string[];
	readonly base: number;
}

/** All series of one scope. */
export interface ScopeSeries {
	readonly layout: ScopeLayout;
	/** Only ever grows, in the order of first use. */
	readonly labelSets: readonly LabelSet[];
}

/** The most label sets of each scope. */
export interface Bounds {
	/** (route, model) pairs; 1,000. */
	readonly pairs: number;
	/** Routes of the response cache; 1,000. */
	readonly routes: number;
	/** (provider, model) targets; 1,000. */
	readonly targets: number;
}

/** What a recorder is made with. */
export interface RecorderOptions {
	readonly latencyBuckets?: readonly number[] | undefined;
	readonly timeToFirstTokenBuckets?: readonly number[] | undefined;
	readonly timePerOutputTokenBuckets?: readonly number[] | undefined;
	readonly bounds?: Partial<Bounds> | undefined;
	/** Told once for each scope, when a bound turns labels into `other` for the first time. */
	readonly onOverflow?: ((scope: MetricScope) => void) | undefined;
}

/**
 * Counts. A label set is resolved to its first slot once ({@link pair}, {@link route}, {@link target}), and what is
 * recorded then goes to fixed offsets from there: no look-up, no allocation. Values are not checked here.
 */
export class Recorder {
	readonly store: SeriesStore = new SeriesStore();
	readonly series: Readonly<Record<MetricScope, ScopeSeries>>;
	readonly #pairs: LabelGuard;
	readonly #routes: LabelGuard;
	readonly #targets: LabelGuard;
	readonly #process: number;
	readonly #at: Offsets;

	constructor(options: RecorderOptions = {}) {
		const latency = options.latencyBuckets ?? DEFAULT_LATENCY_BUCKETS;
		const bounds = {
			llm_latency_ms: latency,
			llm_time_to_first_token_ms: options.timeToFirstTokenBuckets ?? latency,
			llm_time_per_output_token_ms: options.timePerOutputTokenBuckets ?? DEFAULT_TOKEN_TIME_BUCKETS,
		};
		const series = {
			pair: { layout: layoutScope("pair", bounds), labelSets: [] as LabelSet[] },
			route: { layout: layoutScope("route", bounds), labelSets: [] as LabelSet[] },
			target: { layout: layoutScope("target", bounds), labelSets: [] as LabelSet[] },
			process: { layout: layoutScope("process", bounds), labelSets: [] as LabelSet[] },
		};
		this.series = series;
		this.#at = offsets(series);
		this.#process = this.#allocate(series.process, []);
		this.#add(this.#process + this.#at.hyperagent_build_info.offset, 1);
		const guard = (scope: "pair" | "route" | "target", index: number, max: number | undefined) => {
			let told = false;
			return new LabelGuard(
				max ?? 1000,
				(first, second) => this.#allocate(series[scope], scope === "route" ? [second] : [first, second]),
				() => {
					this.#add(this.#process + this.#at.hyperagent_label_overflow_total.offset + index, 1);
					if (told) return;
					told = true;
					options.onOverflow?.(scope);
				},
			);
		};
		this.#pairs = guard("pair", OVERFLOW_METRICS.indexOf("llm_requests_total"), options.bounds?.pairs);
		this.#routes = guard("route", OVERFLOW_METRICS.indexOf("llm_cache_misses_total"), options.bounds?.routes);
		this.#targets = guard("target", OVERFLOW_METRICS.indexOf("llm_attempts_total"), options.bounds?.targets);
	}

	/** The first slot of a (route, model) pair; its series exist from now on. */
	pair(route: string, model: string): number {
		return this.#pairs.resolve(route, model);
	}

	/** The first slot of a route's cache counters. */
	route(route: string): number {
		return this.#routes.resolve("", route);
	}

	/** The first slot of a (provider, model) target. */
	target(provider: string, model: string): number {
		return this.#targets.resolve(provider, model);
	}

	tokens(pair: number, input: number, output: number): void {
		const { slots } = this.store;
		const at = this.#at;
		slots[pair + at.llm_tokens_input_total.offset]! += input;
		slots[pair + at.llm_tokens_output_total.offset]! += output;
		slots[pair + at.llm_tokens_total.offset]! += input + output;
	}

	/** @param usd non-negative; rounded to 10⁻¹² USD once, here */
	cost(pair: number, usd: number): void {
		const { slots } = this.store;
		const whole = pair + this.#at.llm_cost_usd_total.offset;
		const pico = slots[whole + 1]! + picoUsd(usd);
		const carry = pico >= 1e12 ? 1 : 0;
		slots[whole]! += wholeUsd(usd) + carry;
		slots[whole + 1] = pico - carry * 1e12;
	}

	latency(pair: number, ms: number): void {
		this.#observe(pair, this.#at.llm_latency_ms, ms);
	}

	error(pair: number, type: ErrorType): void {
		this.#add(pair + this.#at.llm_errors_total.offset + ERROR_TYPES.indexOf(type), 1);
	}

	activeUp(pair: number): void {
		this.#add(pair + this.#at.llm_active_requests.offset, 1);
	}

	/** Never below 0: the answer is false, and nothing happens, where it was 0 already. */
	activeDown(pair: number): boolean {
		const at = pair + this.#at.llm_active_requests.offset;
		if (this.store.slots[at]! < 1) return false;
		this.#add(at, -1);
		return true;
	}

	cacheHit(route: number): void {
		this.#add(route + this.#at.llm_cache_hits_total.offset, 1);
	}

	cacheMiss(route: number): void {
		this.#add(route + this.#at.llm_cache_misses_total.offset, 1);
	}

	rateLimited(target: number): void {
		this.#add(target + this.#at.llm_rate_limited_total.offset, 1);
	}

	/** One HTTP request; a rate-limited one is also a rate-limit event. */
	attempt(target: number, result: AttemptResult): void {
		this.#add(target + this.#at.llm_attempts_total.offset + ATTEMPT_RESULTS.indexOf(result), 1);
		if (result === "rate_limited") this.rateLimited(target);
	}

	retry(target: number): void {
		this.#add(target + this.#at.llm_retries_total.offset, 1);
	}

	rateLimitRemaining(target: number, resource: RateLimitResource, remaining: number): void {
		const at = this.#at.llm_ratelimit_remaining.offset + RATE_LIMIT_RESOURCES.indexOf(resource);
		this.store.slots[target + at] = remaining;
	}

	internalError(component: Component): void {
		const at = this.#at.hyperagent_internal_errors_total.offset;
		this.#add(this.#process + at + COMPONENTS.indexOf(component), 1);
	}

	priceBookAge(seconds: number): void {
		this.store.slots[this.#process + this.#at.hyperagent_price_book_age_seconds.offset] = seconds;
	}

	/** Everything that a call leaves behind when it ends, but for the active requests. */
	settle(pair: number, call: SettledCall): void {
		const at = this.#at;
		this.#add(pair + at.llm_requests_total.offset + OUTCOMES.indexOf(call.outcome), 1);
		if (call.outcome !== "abandoned") this.latency(pair, call.latencyMs);
		if (call.errorType !== undefined) this.error(pair, call.errorType);
		if (call.usageMissing !== undefined) {
			const index = USAGE_MISSING_REASONS.indexOf(call.usageMissing);
			this.#add(pair + at.llm_usage_missing_total.offset + index, 1);
		}
		if (call.unpriced !== undefined) {
			const index = UNPRICED_REASONS.indexOf(call.unpriced);
			this.#add(pair + at.llm_unpriced_requests_total.offset + index, 1);
		}
		if (call.costUsd !== undefined) this.cost(pair, call.costUsd);
		const { usage } = call;
		if (usage !== undefined) {
			this.tokens(pair, totalInput(usage) ?? 0, usage.output ?? 0);
			const written = (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0);
			this.#add(pair + at.llm_tokens_cache_read_total.offset, usage.cacheRead ?? 0);
			this.#add(pair + at.llm_tokens_cache_write_total.offset, written);
			this.#add(pair + at.llm_tokens_reasoning_total.offset, usage.reasoning ?? 0);
		}
		const first = call.timeToFirstTokenMs;
		if (first === undefined) return;
		this.#observe(pair, at.llm_time_to_first_token_ms, first);
		const output = usage?.output;
		// A stream that was cut tells neither its tokens nor its time.
		if (call.outcome !== "success" || output === undefined || output < 2) return;
		this.#observe(pair, at.llm_time_per_output_token_ms, (call.latencyMs - first) / (output - 1));
	}

	#observe(base: number, placement: Placement, value: number): void {
		const { slots } = this.store;
		const { bounds } = placement;
		const at = base + placement.offset;
		let bucket = 0;
		while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
		slots[at + bucket]! += 1;
		slots[at + bounds.length + 1]! += value;
		slots[at + bounds.length + 2]! += 1;
	}

	#add(at: number, value: number): void {
		this.store.slots[at]! += value;
	}

	#allocate(series: { layout: ScopeLayout; labelSets: LabelSet[] }, values: string[]): number {
		const base = this.store.allocate(series.layout.size);
		for (const { definition, offset } of series.layout.placements) {
			// NaN marks a series that waits for its first value.
			if (definition.born !== "first") continue;
			this.store.slots.fill(
				Number.NaN,
				base + offset,
				base + offset + (definition.variants?.values.length ?? 1),
			);
		}
		series.labelSets.push({ values, base });
		return base;
	}
}

/** Where each family lies in its scope, by name. */
type Offsets = Readonly<Record<string, Placement>> & Readonly<Record<OwnName, Placement>>;

type OwnName =
	| "llm_tokens_input_total"
	| "llm_tokens_output_total"
	| "llm_tokens_total"
	| "llm_cost_usd_total"
	| "llm_latency_ms"
	| "llm_active_requests"
	| "llm_cache_hits_total"
	| "llm_cache_misses_total"
	| "llm_rate_limited_total"
	| "llm_errors_total"
	| "llm_requests_total"
	| "llm_attempts_total"
	| "llm_retries_total"
	| "llm_time_to_first_token_ms"
	| "llm_time_per_output_token_ms"
	| "llm_tokens_cache_read_total"
	| "llm_tokens_cache_write_total"
	| "llm_tokens_reasoning_total"
	| "llm_usage_missing_total"
	| "llm_unpriced_requests_total"
	| "llm_ratelimit_remaining"
	| "hyperagent_label_overflow_total"
	| "hyperagent_internal_errors_total"
	| "hyperagent_price_book_age_seconds"
	| "hyperagent_build_info";

function offsets(series: Readonly<Record<MetricScope, ScopeSeries>>): Offsets {
	const byName: Record<string, Placement> = {};
	for (const { layout } of Object.values(series)) {
		for (const placement of layout.placements) byName[placement.definition.name] = placement;
	}
	// The catalog holds every OwnName: a test reads each of them.
	return byName as Offsets;
}

/** The one recorder of the process, once `initPrometheus` has installed it. */
export const installedRecorder: { value: Recorder | undefined } = processSlot<Recorder>("recorder");
