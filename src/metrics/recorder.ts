import { catchUp } from "../core/afterwards.ts";
import { ERROR_TYPES } from "../core/llm-error.ts";
import type { MoneySum } from "../core/money.ts";
import { processSlot } from "../core/process-slot.ts";
import {
	OUTCOMES,
	type SettledCall,
	UNPRICED_REASONS,
	type UnpricedReason,
	USAGE_MISSING_REASONS,
} from "../core/settled-call.ts";
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
import { bucketIn15, bucketOf, searchable } from "./bucket-of.ts";
import { type Exemplar, ExemplarStore } from "./exemplar.ts";
import { LabelGuard } from "../core/label-guard.ts";
import { fixedOffsets, type HistogramPlacement, layoutsOf, type ScopeLayout } from "./layout.ts";
import { NativeBuckets } from "./native-histogram.ts";
import type { RecorderOptions } from "./recorder-options.ts";
import type { LabelSet, PairOrigin, ScopeSeries } from "./scope-series.ts";
import { SeriesStore } from "./series-store.ts";

/* Where each counter and gauge lies in its label set: constants, so that recording is plain indexing. */
const {
	llm_tokens_input_total: TOKENS_INPUT = -1,
	llm_tokens_output_total: TOKENS_OUTPUT = -1,
	llm_tokens_total: TOKENS = -1,
	llm_cost_usd_total: COST = -1,
	llm_active_requests: ACTIVE = -1,
	llm_cache_hits_total: CACHE_HITS = -1,
	llm_cache_misses_total: CACHE_MISSES = -1,
	llm_rate_limited_total: RATE_LIMITED = -1,
	llm_errors_total: ERRORS = -1,
	llm_requests_total: REQUESTS = -1,
	llm_attempts_total: ATTEMPTS = -1,
	llm_retries_total: RETRIES = -1,
	llm_tokens_cache_read_total: CACHE_READ = -1,
	llm_tokens_cache_write_total: CACHE_WRITE = -1,
	llm_tokens_reasoning_total: REASONING = -1,
	llm_usage_missing_total: USAGE_MISSING = -1,
	llm_unpriced_requests_total: UNPRICED = -1,
	llm_latency_ms: LATENCY_SUM = -1,
	llm_time_to_first_token_ms: FIRST_TOKEN_SUM = -1,
	llm_time_per_output_token_ms: PER_TOKEN_SUM = -1,
	llm_ratelimit_remaining: REMAINING = -1,
	llm_budget_limit_cents: BUDGET_LIMIT = -1,
	llm_budget_spent_cents: BUDGET_SPENT = -1,
	llm_budget_blocked_total: BUDGET_BLOCKED = -1,
	hyperagent_label_overflow_total: OVERFLOW = -1,
	hyperagent_internal_errors_total: INTERNAL_ERRORS = -1,
	hyperagent_ledger_pending_rows: LEDGER_PENDING = -1,
	hyperagent_price_book_age_seconds: PRICE_BOOK_AGE = -1,
	hyperagent_build_info: BUILD_INFO = -1,
} = fixedOffsets();

const ERROR_INDEX: ReadonlyMap<string, number> = new Map(ERROR_TYPES.map((type, i) => [type, i]));
const PICO = 1e12;
/** Most recorders have these, and a compiler knows where a constant lies: measured, a sixth off a bound histogram. */
const DEFAULT_BOUNDS: Float64Array = searchable(DEFAULT_LATENCY_BUCKETS);
/* Constants of this module: code that is compiled looks up at each use what is imported. */
const bucketAmong = bucketOf;
const bucketAmong15 = bucketIn15;

/**
 * Counts. A label set is resolved to its first slot once ({@link pair}, {@link route}, {@link target}), and what is
 * recorded then goes to fixed offsets from there: no look-up, no allocation. Values are not checked here.
 */
export class Recorder {
	readonly store: SeriesStore = new SeriesStore();
	readonly exemplars: ExemplarStore = new ExemplarStore();
	readonly #series: Readonly<Record<MetricScope, ScopeSeries>>;
	readonly native: NativeBuckets | undefined;
	/** By the pair's first slot; of a pair that stands for several it tells only the first. */
	readonly #origins = new Map<number, PairOrigin>();
	readonly #pairs: LabelGuard;
	readonly #routes: LabelGuard;
	readonly #targets: LabelGuard;
	/** A program has few, and names them itself: there is no bound to keep. */
	readonly #budgets = new Map<string, number>();
	readonly #allocateBudget: (name: string) => number;
	/** Errors come in runs: the type of the last one, and where it is counted. */
	#lastError: string | undefined = undefined;
	#lastErrorOffset = -1;
	readonly #process: number;
	/* Of each histogram the bounds, and where its buckets lie: by themselves, so that there is little to follow. */
	readonly #hasDefaultBounds: boolean;
	readonly #latencyBounds: Float64Array;
	readonly #latency: number;
	readonly #firstTokenBounds: Float64Array;
	readonly #firstToken: number;
	readonly #perTokenBounds: Float64Array;
	readonly #perToken: number;
	/** Where native buckets begin, where there are any. */
	readonly #nativeAt: { readonly latency: number; readonly firstToken: number; readonly perToken: number };

	constructor(options: RecorderOptions = {}) {
		const latency = options.latencyBuckets ?? DEFAULT_LATENCY_BUCKETS;
		const bounds = {
			llm_latency_ms: latency,
			llm_time_to_first_token_ms: options.timeToFirstTokenBuckets ?? latency,
			llm_time_per_output_token_ms: options.timePerOutputTokenBuckets ?? DEFAULT_TOKEN_TIME_BUCKETS,
		};
		this.native = options.nativeSchema === undefined ? undefined : new NativeBuckets(options.nativeSchema);
		const layouts = layoutsOf(bounds, this.native?.width ?? 0);
		const seriesOf = (scope: MetricScope): { layout: ScopeLayout; labelSets: LabelSet[] } => ({
			layout: layouts[scope],
			labelSets: [],
		});
		const series = {
			pair: seriesOf("pair"),
			route: seriesOf("route"),
			target: seriesOf("target"),
			budget: seriesOf("budget"),
			process: seriesOf("process"),
		};
		this.#series = series;
		const ofLatency = histogramOf(series.pair.layout, "llm_latency_ms");
		const ofFirstToken = histogramOf(series.pair.layout, "llm_time_to_first_token_ms");
		const ofPerToken = histogramOf(series.pair.layout, "llm_time_per_output_token_ms");
		// Both, since both are asked of every stream.
		this.#hasDefaultBounds =
			options.latencyBuckets === undefined && options.timeToFirstTokenBuckets === undefined;
		this.#latencyBounds = ofLatency.searchable;
		this.#latency = ofLatency.offset;
		this.#firstTokenBounds = ofFirstToken.searchable;
		this.#firstToken = ofFirstToken.offset;
		this.#perTokenBounds = ofPerToken.searchable;
		this.#perToken = ofPerToken.offset;
		this.#nativeAt = {
			latency: ofLatency.nativeOffset,
			firstToken: ofFirstToken.nativeOffset,
			perToken: ofPerToken.nativeOffset,
		};
		this.#allocateBudget = (name) => this.#allocate(series.budget, [name]);
		this.#process = this.#allocate(series.process, []);
		this.store.slots[this.#process + BUILD_INFO] = 1;
		const guard = (scope: "pair" | "route" | "target", index: number, max: number | undefined) => {
			let told = false;
			return new LabelGuard(
				max ?? 1000,
				(first, second) => this.#allocate(series[scope], scope === "route" ? [second] : [first, second]),
				() => {
					this.store.slots[this.#process + OVERFLOW + index]! += 1;
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

	/** All that has been recorded, of calls that have just ended, too. Ask for it before the store's slots. */
	get series(): Readonly<Record<MetricScope, ScopeSeries>> {
		catchUp();
		return this.#series;
	}

	/** The first slot of a (route, model) pair; its series exist from now on. */
	pair(route: string, model: string): number {
		return this.#pairs.resolve(route, model);
	}

	/** A call of the pair says whose it is: the first word counts. */
	setOrigin(pair: number, origin: PairOrigin): void {
		if (this.#origins.has(pair)) return;
		this.#origins.set(pair, { provider: origin.provider, operation: origin.operation });
	}

	originOf(pair: number): PairOrigin | undefined {
		return this.#origins.get(pair);
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
		slots[pair + TOKENS_INPUT]! += input;
		slots[pair + TOKENS_OUTPUT]! += output;
		slots[pair + TOKENS]! += input + output;
	}

	/** @param usd non-negative; rounded to 10⁻¹² USD once, here */
	cost(pair: number, usd: number): void {
		const { slots } = this.store;
		if (usd < 1) {
			const pico = slots[pair + COST + 1]! + Math.round(usd * PICO);
			if (pico < PICO) {
				slots[pair + COST + 1] = pico;
				return;
			}
		}
		const whole = Math.floor(usd);
		// The difference is exact in binary, so this rounds once; both addends are at most 10¹².
		const pico = slots[pair + COST + 1]! + Math.round((usd - whole) * PICO);
		const carry = pico >= PICO ? 1 : 0;
		slots[pair + COST]! += whole + carry;
		slots[pair + COST + 1] = pico - carry * PICO;
	}

	latency(pair: number, ms: number): void {
		const { slots } = this.store;
		slots[pair + LATENCY_SUM]! += ms;
		const bucket = this.#hasDefaultBounds
			? bucketAmong15(DEFAULT_BOUNDS, ms, 0)
			: bucketAmong(this.#latencyBounds, ms);
		slots[pair + this.#latency + bucket]! += 1;
		if (this.native !== undefined) slots[pair + this.#nativeAt.latency + this.native.slot(ms)]! += 1;
	}

	/** One that belongs to a trace. */
	latencyOf(pair: number, ms: number, exemplar: Exemplar): void {
		this.latency(pair, ms);
		this.exemplars.set(pair + this.#latency + bucketOf(this.#latencyBounds, ms), ms, exemplar);
	}

	#firstTokenAfter(pair: number, ms: number, exemplar: Exemplar | undefined): void {
		const { slots } = this.store;
		const found = this.#hasDefaultBounds
			? bucketAmong15(DEFAULT_BOUNDS, ms, 0)
			: bucketAmong(this.#firstTokenBounds, ms);
		const bucket = pair + this.#firstToken + found;
		slots[pair + FIRST_TOKEN_SUM]! += ms;
		slots[bucket]! += 1;
		if (this.native !== undefined) slots[pair + this.#nativeAt.firstToken + this.native.slot(ms)]! += 1;
		if (exemplar !== undefined) this.exemplars.set(bucket, ms, exemplar);
	}

	#perOutputToken(pair: number, ms: number): void {
		const { slots } = this.store;
		slots[pair + PER_TOKEN_SUM]! += ms;
		slots[pair + this.#perToken + bucketAmong(this.#perTokenBounds, ms)]! += 1;
		if (this.native !== undefined) slots[pair + this.#nativeAt.perToken + this.native.slot(ms)]! += 1;
	}

	/** The answer is false, and nothing happens, where there is no such type. */
	error(pair: number, type: string): boolean {
		if (type !== this.#lastError) {
			const index = ERROR_INDEX.get(type);
			if (index === undefined) return false;
			this.#lastError = type;
			this.#lastErrorOffset = ERRORS + index;
		}
		this.#add(pair + this.#lastErrorOffset, 1);
		return true;
	}

	activeUp(pair: number): void {
		this.#add(pair + ACTIVE, 1);
	}

	/** Never below 0: the answer is false, and nothing happens, where it was 0 already. */
	activeDown(pair: number): boolean {
		const { slots } = this.store;
		const active = slots[pair + ACTIVE]!;
		if (active < 1) return false;
		slots[pair + ACTIVE] = active - 1;
		return true;
	}

	/** Where a route's hits and misses are counted in the store, for who counts there itself. */
	cacheSlots(route: number): { readonly hits: number; readonly misses: number } {
		return { hits: route + CACHE_HITS, misses: route + CACHE_MISSES };
	}

	cacheHit(route: number): void {
		this.#add(route + CACHE_HITS, 1);
	}

	cacheMiss(route: number): void {
		this.#add(route + CACHE_MISSES, 1);
	}

	rateLimited(target: number): void {
		this.#add(target + RATE_LIMITED, 1);
	}

	/** One HTTP request; a rate-limited one is also a rate-limit event. */
	attempt(target: number, result: AttemptResult): void {
		this.#add(target + ATTEMPTS + ATTEMPT_RESULTS.indexOf(result), 1);
		if (result === "rate_limited") this.rateLimited(target);
	}

	retry(target: number): void {
		this.#add(target + RETRIES, 1);
	}

	rateLimitRemaining(target: number, resource: RateLimitResource, remaining: number): void {
		this.store.slots[target + REMAINING + RATE_LIMIT_RESOURCES.indexOf(resource)] = remaining;
	}

	/** A request without a known price, beside those of settled calls. */
	unpriced(pair: number, reason: UnpricedReason): void {
		this.#add(pair + UNPRICED + UNPRICED_REASONS.indexOf(reason), 1);
	}

	internalError(component: Component): void {
		this.#add(this.#process + INTERNAL_ERRORS + COMPONENTS.indexOf(component), 1);
	}

	ledgerPending(rows: number): void {
		this.store.slots[this.#process + LEDGER_PENDING] = rows;
	}

	/** How a budget stands; its series exist from the first word on. */
	budget(name: string, limit: MoneySum, spent: MoneySum, blocked: number): void {
		let base = this.#budgets.get(name);
		if (base === undefined) {
			base = this.#allocateBudget(name);
			this.#budgets.set(name, base);
		}
		const { slots } = this.store;
		slots[base + BUDGET_LIMIT] = limit.whole;
		slots[base + BUDGET_LIMIT + 1] = limit.pico;
		slots[base + BUDGET_SPENT] = spent.whole;
		slots[base + BUDGET_SPENT + 1] = spent.pico;
		slots[base + BUDGET_BLOCKED] = blocked;
	}

	priceBookAge(seconds: number): void {
		this.store.slots[this.#process + PRICE_BOOK_AGE] = seconds;
	}

	/** Everything that a call leaves behind when it ends, but for the active requests. */
	settle(pair: number, call: SettledCall): void {
		const { slots } = this.store;
		const { costUsd, exemplar, outcome, timePerOutputTokenMs, timeToFirstTokenMs, usage } = call;
		slots[pair + REQUESTS + (outcome === "success" ? 0 : OUTCOMES.indexOf(outcome))]! += 1;
		if (outcome !== "abandoned") {
			if (exemplar === undefined) this.latency(pair, call.latencyMs);
			else this.latencyOf(pair, call.latencyMs, exemplar);
		}
		if (outcome !== "success" || call.usageMissing !== undefined || call.unpriced !== undefined) {
			this.#countTrouble(pair, call);
		}
		if (costUsd !== undefined) this.cost(pair, costUsd);
		if (usage !== undefined) {
			// Each field is read once: usages come in many shapes, and reading is what takes the time.
			const { cacheRead = 0, cacheWrite1h = 0, cacheWrite5m = 0, inputUncached = 0, output = 0 } = usage;
			const { reasoning = 0 } = usage;
			const written = cacheWrite5m + cacheWrite1h;
			this.tokens(pair, inputUncached + cacheRead + written, output);
			// Most calls have none of these.
			if (cacheRead + written > 0) {
				slots[pair + CACHE_READ]! += cacheRead;
				slots[pair + CACHE_WRITE]! += written;
			}
			if (reasoning > 0) slots[pair + REASONING]! += reasoning < output ? reasoning : output;
		}
		if (timeToFirstTokenMs !== undefined) this.#firstTokenAfter(pair, timeToFirstTokenMs, exemplar);
		if (timePerOutputTokenMs !== undefined) this.#perOutputToken(pair, timePerOutputTokenMs);
	}

	#countTrouble(pair: number, { errorType, unpriced, usageMissing }: SettledCall): void {
		if (errorType !== undefined) this.error(pair, errorType);
		if (usageMissing !== undefined) {
			this.#add(pair + USAGE_MISSING + USAGE_MISSING_REASONS.indexOf(usageMissing), 1);
		}
		if (unpriced !== undefined) this.unpriced(pair, unpriced);
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
		series.labelSets.push({ values, base, createdAt: Date.now() });
		return base;
	}
}

function histogramOf(layout: ScopeLayout, name: string): HistogramPlacement {
	const found = layout.placements.find(({ definition }) => definition.name === name)?.histogram;
	if (found === undefined) throw new Error(`The catalog has no histogram ${name}.`);
	return found;
}

/** The one recorder of the process, once `initPrometheus` has installed it. */
export const installedRecorder: { value: Recorder | undefined } = processSlot<Recorder>("recorder");
