import { CATALOG, type MetricDefinition, type MetricScope } from "./catalog.ts";

/** Where a family's numbers lie among the slots of one label set of its scope. */
export interface Placement {
	readonly definition: MetricDefinition;
	/** From the label set's first slot. */
	readonly offset: number;
	/**
	 * Slots of one series: 1 for a counter or gauge, 2 for money (whole dollars, 10⁻¹² dollars), and for a
	 * histogram one a bucket, one beyond the last bound, then sum and count.
	 */
	readonly width: number;
	/** Upper bounds of a histogram, increasing, without +Inf; empty for the other types. */
	readonly bounds: readonly number[];
}

/** The bounds of each histogram family, by name. */
export type HistogramBounds = Readonly<Record<string, readonly number[]>>;

/** How the slots of one label set of a scope are shared out. */
export interface ScopeLayout {
	readonly placements: readonly Placement[];
	/** Slots of one label set. */
	readonly size: number;
}

/** Shares out the slots of a scope in the order of the catalog. */
export function layoutScope(scope: MetricScope, bounds: HistogramBounds): ScopeLayout {
	const placements: Placement[] = [];
	let size = 0;
	for (const definition of CATALOG) {
		if (definition.scope !== scope) continue;
		const own = definition.type === "histogram" ? (bounds[definition.name] ?? []) : [];
		const width = definition.type === "histogram" ? own.length + 3 : definition.unit === "money" ? 2 : 1;
		placements.push({ definition, offset: size, width, bounds: own });
		size += width * (definition.variants?.values.length ?? 1);
	}
	return { placements, size };
}
