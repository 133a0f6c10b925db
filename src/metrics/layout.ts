import { searchable } from "./bucket-of.ts";
import { CATALOG, type MetricDefinition, type MetricScope, SCOPE_LABELS } from "./catalog.ts";

/** Where a family's numbers lie among the slots of one label set of its scope. */
export interface Placement {
	readonly definition: MetricDefinition;
	/** From the label set's first slot; of a histogram that of its sum. */
	readonly offset: number;
	/** Slots of one series there: 1, and for money 2 (whole dollars, 10⁻¹² dollars). */
	readonly width: number;
	/** Histograms only. */
	readonly histogram: HistogramPlacement | undefined;
}

/** Where the buckets of a histogram lie. */
export interface HistogramPlacement {
	/** Upper bounds, increasing, without +Inf. */
	readonly bounds: readonly number[];
	/** The same for `bucketOf`. */
	readonly searchable: Float64Array;
	/** From the label set's first slot: one a bucket, not added up, and one beyond the last bound. */
	readonly offset: number;
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

/** The layout of each scope. */
export type Layouts = Readonly<Record<MetricScope, ScopeLayout>>;

/** Doubles in a cache line: label sets begin at one. */
const CACHE_LINE = 8;

let last:
	| {
			readonly bounds: Readonly<Record<string, string>>;
			readonly nativeWidth: number;
			readonly layouts: Layouts;
	  }
	| undefined;

/**
 * The layouts of a recorder. One that is made like the one before it has the same ones: most have the default bounds.
 *
 * @param nativeWidth slots of one native histogram; 0 for none
 */
export function layoutsOf(bounds: HistogramBounds, nativeWidth: number): Layouts {
	const isSame = Object.entries(bounds).every(([name, own]) => last?.bounds[name] === String(own));
	if (last !== undefined && isSame && last.nativeWidth === nativeWidth) return last.layouts;
	const layouts = {
		pair: layoutScope("pair", bounds, nativeWidth),
		route: layoutScope("route", bounds, nativeWidth),
		target: layoutScope("target", bounds, nativeWidth),
		budget: layoutScope("budget", bounds, nativeWidth),
		process: layoutScope("process", bounds, nativeWidth),
	};
	const written = Object.fromEntries(Object.entries(bounds).map(([name, own]) => [name, String(own)]));
	last = { bounds: written, nativeWidth, layouts };
	return layouts;
}

/**
 * Shares out the slots of a scope: first what every call touches, the sums of histograms included, then what only calls
 * with trouble touch, so that the places of both are the same for all recorders; then the buckets, whose number is an
 * option.
 */
function layoutScope(scope: MetricScope, bounds: HistogramBounds, nativeWidth: number): ScopeLayout {
	const fixed = fixedPlacements(scope);
	let size = fixed.reduce((sum, placement) => sum + slotsOf(placement.definition), 0);
	/** Histograms with the same bounds share them: what is searched often is in the caches. */
	const copies = new Map<readonly number[], readonly number[]>();
	const shared = new Map<readonly number[], Float64Array>();
	const placements = fixed.map((placement): Placement => {
		if (placement.definition.type !== "histogram") return placement;
		const given = bounds[placement.definition.name] ?? [];
		// A copy: what happens to the caller's list must not reach the buckets.
		const own = copies.get(given) ?? [...given];
		copies.set(given, own);
		const filled = shared.get(own) ?? searchable(own);
		shared.set(own, filled);
		const offset = size;
		size += own.length + 1 + nativeWidth;
		const nativeOffset = nativeWidth > 0 ? offset + own.length + 1 : -1;
		return { ...placement, histogram: { bounds: own, searchable: filled, offset, nativeOffset } };
	});
	return { placements, size: Math.ceil(size / CACHE_LINE) * CACHE_LINE };
}

/** The offset of each family in its scope, by name: the same for every recorder. */
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
	const definitions = CATALOG.filter((definition) => definition.scope === scope).toSorted(
		(a, b) => Number(a.rare ?? false) - Number(b.rare ?? false) || slotsOf(a) - slotsOf(b),
	);
	let offset = 0;
	return definitions.map((definition) => {
		const placement = { definition, offset, width: widthOf(definition), histogram: undefined };
		offset += slotsOf(definition);
		return placement;
	});
}

function widthOf({ unit }: MetricDefinition): number {
	return unit === "money" ? 2 : 1;
}

function slotsOf(definition: MetricDefinition): number {
	return widthOf(definition) * (definition.variants?.values.length ?? 1);
}
