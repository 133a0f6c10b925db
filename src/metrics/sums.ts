import { CATALOG, type MetricDefinition } from "./catalog.ts";
import type { Recorder } from "./recorder.ts";

/** A family added up over all of its label sets; of one without any, zeros. */
export interface FamilySums {
	/** Of a counter or gauge; of money whole dollars only, so it is never asked for. */
	readonly total: number;
	/** The same by the value of the label that the family adds, where it adds one. */
	readonly byVariant: Readonly<Record<string, number>>;
	/** Of a histogram: upper bounds, and the observations in each bucket, not added up; the last is beyond them. */
	readonly bounds: readonly number[];
	readonly counts: readonly number[];
}

const DEFINITIONS: ReadonlyMap<string, MetricDefinition> = new Map(
	CATALOG.map((definition) => [definition.name, definition]),
);

/** Adds a family up as of now, without making anything of each of its series. */
export function sumFamily(recorder: Recorder, name: string): FamilySums {
	const definition = DEFINITIONS.get(name);
	const { labelSets, layout } = recorder.series[definition?.scope ?? "process"];
	const placement = layout.placements.find((one) => one.definition === definition);
	if (placement === undefined) return { total: 0, byVariant: {}, bounds: [], counts: [] };
	const { histogram, offset } = placement;
	const { slots } = recorder.store;
	const first = histogram?.offset ?? offset;
	const variants = placement.definition.variants?.values ?? [];
	const bounds = histogram?.bounds ?? [];
	const width = histogram === undefined ? Math.max(1, variants.length) : bounds.length + 1;
	const sums = Array.from({ length: width }, () => 0);
	for (const { base } of labelSets) {
		for (let i = 0; i < width; i += 1) {
			const value = slots[base + first + i]!;
			// NaN marks a series that has no value yet.
			if (!Number.isNaN(value)) sums[i]! += value;
		}
	}
	return {
		total: sums.reduce((all, sum) => all + sum, 0),
		byVariant: Object.fromEntries(variants.map((variant, i) => [variant, sums[i] ?? 0])),
		bounds,
		counts: histogram === undefined ? [] : sums,
	};
}
