import { BucketIndex } from "./bucket-index.ts";
import { CATALOG, type MetricDefinition, type MetricScope, SCOPE_LABELS } from "./catalog.ts";

/** Where a family's numbers lie among the slots of one label set of its scope. */
export interface Placement {
	readonly definition: MetricDefinition;
	/** From the label set's first slot. */
	readonly offset: number;
	/**
	 * Slots of one series: 1 for a counter or gauge, 2 for money (whole dollars, 10⁻¹² dollars), and for a
	 * histogram its sum, one a bucket (not added up), and one beyond the last bound.
	 */
	readonly width: number;
	/** Upper bounds of a histogram, increasing, without +Inf; empty for the other types. */
	readonly bounds: Float64Array;
	readonly buckets: BucketIndex;
	/** Where a native histogram's buckets begin, from the label set's first slot; -1 where there is none. */
	readonly nativeOffset: number;
}

/** The bounds of each histogram family, by name. */
export type HistogramBounds = Readonly<Record<string, readonly number[]>>;

/** How the slots of one label set of a scope are shared out. */
export interface ScopeLayout {
	readonly placements: readonly Placement[];
	/** Slots of one label set. */
	readonly size: number;
}

const NO_BOUNDS = new Float64Array(0);
const NO_BUCKETS = new BucketIndex(NO_BOUNDS);
/** Slots that are read together shall share cache lines: label sets begin at one, of 8 doubles. */
const CACHE_LINE = 8;

/**
 * Shares out the slots of a scope: counters and gauges first, the narrow ones ahead, so that their places are the same
 * for all recorders and what every call touches is close together; then the histograms, whose width is an option.
 *
 * @param nativeWidth slots of one native histogram; 0 for none
 */
export function layoutScope(scope: MetricScope, bounds: HistogramBounds, nativeWidth: number): ScopeLayout {
	const placements = fixedPlacements(scope);
	let size = placements.reduce((sum, placement) => sum + slotsOf(placement), 0);
	for (const definition of CATALOG) {
		if (definition.scope !== scope || definition.type !== "histogram") continue;
		const own = Float64Array.from(bounds[definition.name] ?? []);
		const width = own.length + 2;
		const nativeOffset = nativeWidth > 0 ? size + width : -1;
		const buckets = new BucketIndex(own);
		placements.push({ definition, offset: size, width, bounds: own, buckets, nativeOffset });
		size += width + nativeWidth;
	}
	return { placements, size: Math.ceil(size / CACHE_LINE) * CACHE_LINE };
}

/** The offset of each counter and gauge in its scope, by name: the same for every recorder. */
export function fixedOffsets(): Readonly<Record<string, number>> {
	const offsets: Record<string, number> = {};
	for (const scope of Object.keys(SCOPE_LABELS)) {
		// The keys of SCOPE_LABELS are the scopes.
		for (const { definition, offset } of fixedPlacements(scope as MetricScope)) {
			offsets[definition.name] = offset;
		}
	}
	return offsets;
}

function fixedPlacements(scope: MetricScope): Placement[] {
	const placements = CATALOG.filter(({ scope: own, type }) => own === scope && type !== "histogram")
		.map((definition) => {
			const width = definition.unit === "money" ? 2 : 1;
			return { definition, offset: 0, width, bounds: NO_BOUNDS, buckets: NO_BUCKETS, nativeOffset: -1 };
		})
		.toSorted((a, b) => slotsOf(a) - slotsOf(b));
	let offset = 0;
	return placements.map((placement) => {
		const placed = { ...placement, offset };
		offset += slotsOf(placement);
		return placed;
	});
}

function slotsOf({ definition, width }: Placement): number {
	return width * (definition.variants?.values.length ?? 1);
}
