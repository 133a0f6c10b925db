import type { NamedSteps, Series, SeriesGroup, SeriesSums } from "./series-query.ts";
import { latencyPercentiles } from "./latency-buckets.ts";
import type { SeriesPlan } from "./series-plan.ts";
import { COUNT_PLACES, STEP_COUNTS, type StepCount, type StepFacts } from "./step-facts.ts";
import { addAmount, addFacts, type KeptStep, picoAt, readErrors, StepSums } from "./step-sums.ts";

/** In how many parts a group's cost is told. */
const SPARK_PARTS = 24;
const COST = COUNT_PLACES.costBillions;

/** What kept steps are of: the numbers of the names. */
export interface StepNames {
	readonly route: number;
	readonly model: number;
	readonly provider: number;
}

interface Group extends StepNames {
	readonly sums: StepSums;
	/** Three numbers for each part. */
	readonly spark: Float64Array;
}

/** Puts kept steps together into the steps of an answer, its groups and its total. */
export class SeriesBuilder {
	readonly #plan: SeriesPlan;
	readonly #steps: StepSums[];
	readonly #groups = new Map<string, Group>();
	readonly #tokens = new Map<number, Float64Array>();
	readonly #errors = new Map<number, Float64Array>();
	readonly #row = new Float64Array(STEP_COUNTS.length);

	constructor(plan: SeriesPlan) {
		this.#plan = plan;
		const count = (plan.until - plan.since) / 1000 / plan.stepSeconds;
		this.#steps = Array.from({ length: count }, () => new StepSums());
	}

	/** @param start when the kept step begins, in seconds since the epoch: in one of the answer's */
	add(start: number, names: StepNames, kept: KeptStep): void {
		const group = this.#group(names);
		const index = this.#index(start * 1000);
		const own = group.sums.addKept(kept, this.#steps[index]);
		this.#addCounts(start * 1000, index, names, own);
		if (kept.errors === null) return;
		for (const [type, count] of readErrors(kept.errors)) this.#addTo(this.#errors, type, index, count);
	}

	/** @param at when the row was, in milliseconds since the epoch */
	addRow(at: number, names: StepNames, facts: StepFacts): void {
		const index = this.#index(at);
		this.#steps[index]?.addRow(facts);
		this.#group(names).sums.addRow(facts);
		const own = this.#row;
		own.fill(0);
		addFacts(own, facts);
		// As finely as kept steps would: what is shown must not depend on what it was made from.
		const grainMs = this.#plan.grainSeconds * 1000;
		this.#addCounts(Math.floor(at / grainMs) * grainMs, index, names, own);
		if (facts.error !== undefined) this.#addTo(this.#errors, facts.error, index, 1);
	}

	#index(at: number): number {
		return Math.floor((at - this.#plan.since) / 1000 / this.#plan.stepSeconds);
	}

	#addCounts(at: number, index: number, names: StepNames, own: Float64Array): void {
		const { since, until } = this.#plan;
		const part = Math.floor(((at - since) * SPARK_PARTS) / (until - since));
		const [billions = 0, dollars = 0, pico = 0] = own.subarray(COST, COST + 3);
		addAmount(this.#group(names).spark, 3 * part, billions, dollars, pico);
		const tokens = (own[COUNT_PLACES.inputTokens] ?? 0) + (own[COUNT_PLACES.outputTokens] ?? 0);
		if (tokens > 0) this.#addTo(this.#tokens, names.model, index, tokens);
	}

	/** @param nameOf finds a name by its number */
	build(nameOf: (id: number) => string, choices: Series["choices"]): Series {
		const { since, stepSeconds, until } = this.#plan;
		const total = new StepSums();
		for (const { sums } of this.#groups.values()) total.add(sums);
		return {
			since,
			until,
			stepSeconds,
			choices,
			total: seriesSums(total),
			steps: this.#steps.map(seriesSums),
			tokensByModel: named(this.#tokens, nameOf),
			errorsByType: named(this.#errors, nameOf),
			groups: [...this.#groups.values()]
				.map((group) => seriesGroup(group, nameOf))
				// Looks into a response cache are known by route alone.
				.filter(({ model }) => model !== "")
				.toSorted(byCost),
		};
	}

	#group(names: StepNames): Group {
		const { model, provider, route } = names;
		const key = `${route},${model},${provider}`;
		let group = this.#groups.get(key);
		if (group === undefined) {
			const spark = new Float64Array(3 * SPARK_PARTS);
			group = { route, model, provider, sums: new StepSums(), spark };
			this.#groups.set(key, group);
		}
		return group;
	}

	#addTo(counts: Map<number, Float64Array>, name: number, index: number, count: number): void {
		let steps = counts.get(name);
		if (steps === undefined) {
			steps = new Float64Array(this.#steps.length);
			counts.set(name, steps);
		}
		steps[index]! += count; // one of the plan's steps
	}
}

function seriesSums(sums: StepSums): SeriesSums {
	const count = (name: StepCount): number => sums.counts[COUNT_PLACES[name]] ?? 0;
	return {
		calls: {
			success: count("success"),
			error: count("error"),
			aborted: count("aborted"),
			abandoned: count("abandoned"),
		},
		errors: count("error") + count("errorsByHand"),
		inputTokens: count("inputTokens"),
		outputTokens: count("outputTokens"),
		cacheReadTokens: count("cacheReadTokens"),
		costPico: sums.pico("cost"),
		unpricedCalls: count("unpricedCalls"),
		callsWithoutUsage: count("callsWithoutUsage"),
		cacheHits: count("cacheHits"),
		cacheMisses: count("cacheMisses"),
		savedPico: sums.pico("saved"),
		rateLimited: count("rateLimited"),
		latency: sums.latency === undefined ? undefined : latencyPercentiles(sums.latency),
		firstToken: sums.firstToken === undefined ? undefined : latencyPercentiles(sums.firstToken),
	};
}

function seriesGroup(
	{ model, provider, route, spark, sums }: Group,
	nameOf: (id: number) => string,
): SeriesGroup {
	return {
		route: nameOf(route),
		model: nameOf(model),
		provider: nameOf(provider),
		...seriesSums(sums),
		spark: Array.from({ length: SPARK_PARTS }, (_, part) => picoAt(spark, 3 * part)),
	};
}

function named(counts: ReadonlyMap<number, Float64Array>, nameOf: (id: number) => string): NamedSteps[] {
	return [...counts]
		.map(([id, steps]) => ({
			name: nameOf(id),
			total: steps.reduce((sum, count) => sum + count, 0),
			steps: [...steps],
		}))
		.toSorted((a, b) => b.total - a.total || compare(a.name, b.name));
}

function byCost(a: SeriesGroup, b: SeriesGroup): number {
	if (a.costPico !== b.costPico) return a.costPico > b.costPico ? -1 : 1;
	return compare(a.route, b.route) || compare(a.model, b.model) || compare(a.provider, b.provider);
}

function compare(one: string, other: string): number {
	if (one === other) return 0;
	return one < other ? -1 : 1;
}
