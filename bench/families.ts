import { CATALOG, DEFAULT_LATENCY_BUCKETS, DEFAULT_TOKEN_TIME_BUCKETS } from "../src/metrics/catalog.ts";
import type { Pair } from "./contender.ts";

/** A family that every contender holds, so that all of them expose the same lines. */
export interface BenchFamily {
	readonly name: string;
	readonly help: string;
	readonly type: "counter" | "gauge" | "histogram";
	/** The label beside route and model, with its fixed values. */
	readonly variants: { readonly label: string; readonly values: readonly string[] } | undefined;
	/** Upper bounds of a histogram. */
	readonly buckets: readonly number[];
	/** Whether a call can change it: our recorder writes the others nowhere yet, so nobody has to. */
	readonly changes: boolean;
}

/** Our families of a (route, model) pair. */
export const FAMILIES: readonly BenchFamily[] = CATALOG.filter(({ scope }) => scope === "pair").map(
	({ help, name, type, variants }) => ({
		name,
		help,
		type,
		variants,
		buckets: name === "llm_time_per_output_token_ms" ? DEFAULT_TOKEN_TIME_BUCKETS : DEFAULT_LATENCY_BUCKETS,
		changes: name !== "llm_tokens_estimated_total",
	}),
);

/**
 * The plainest counter of ours that can be bound. What ours costs does not depend on the labels that it was bound to; the
 * others get route and model, as all that is recorded here has. No pair has a line of it.
 */
export const PLAIN_COUNTER = "llm_cache_hits_total";

/** The lines of one pair: a histogram has one a bucket, one for +Inf, its sum and its count. */
export const LINES_PER_PAIR: number = FAMILIES.reduce(
	(lines, { buckets, type, variants }) =>
		lines + (type === "histogram" ? buckets.length + 3 : (variants?.values.length ?? 1)),
	0,
);

/** Every label set of the family for one pair. */
export function labelSetsOf({ variants }: BenchFamily, { route, model }: Pair): Record<string, string>[] {
	if (variants === undefined) return [{ route, model }];
	return variants.values.map((value) => ({ route, model, [variants.label]: value }));
}

const seriesOf = new WeakMap<
	Pair,
	{ readonly family: BenchFamily; readonly labels: Record<string, string> }[]
>();

/** The series of the pair that a call changes, made once: what is no part of a scrape leaves no garbage to it. */
export function changingSeriesOf(
	pair: Pair,
): readonly { family: BenchFamily; labels: Record<string, string> }[] {
	let series = seriesOf.get(pair);
	if (series === undefined) {
		series = FAMILIES.filter(({ changes }) => changes).flatMap((family) =>
			labelSetsOf(family, pair).map((labels) => ({ family, labels })),
		);
		seriesOf.set(pair, series);
	}
	return series;
}

/** The metric of that name; every client has one of each family. */
export function metricOf<T>(metrics: ReadonlyMap<string, T>, name: string): T {
	const found = metrics.get(name);
	if (found === undefined) throw new Error(`The catalog has no ${name} of that type.`);
	return found;
}
