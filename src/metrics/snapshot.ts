import { MoneySum } from "../core/money.ts";
import { CATALOG, type MetricDefinition, SCOPE_LABELS } from "./catalog.ts";
import type { Placement } from "./layout.ts";
import type { Recorder } from "./recorder.ts";

/** One series as plain data. */
export interface SeriesSnapshot {
	readonly labels: Readonly<Record<string, string>>;
	/** A counter's or gauge's value; of `llm_cost_usd_total` in cents; a histogram's count. */
	readonly value: number;
	/** Histograms only. */
	readonly histogram?: HistogramSnapshot;
}

/** A histogram as plain data. */
export interface HistogramSnapshot {
	/** Upper bounds without +Inf. */
	readonly bounds: readonly number[];
	/** Observations in each bucket, not added up; the last is beyond the last bound. */
	readonly counts: readonly number[];
	readonly sum: number;
}

/** The series of each family, by the family's name. */
export type MetricsSnapshot = Readonly<Record<string, readonly SeriesSnapshot[]>>;

/** One family with its series as plain data. */
export interface FamilySnapshot {
	readonly name: string;
	readonly help: string;
	readonly type: MetricDefinition["type"];
	readonly series: readonly SeriesSnapshot[];
}

/** The families that have a series, in the order of the catalog. */
export function takeFamilies(recorder: Recorder): readonly FamilySnapshot[] {
	const snapshot = takeSnapshot(recorder);
	return CATALOG.map(({ help, name, type }) => ({ name, help, type, series: snapshot[name] ?? [] })).filter(
		({ series }) => series.length > 0,
	);
}

/** All that the recorder holds, at one instant, as plain data. */
export function takeSnapshot(recorder: Recorder): MetricsSnapshot {
	const families: Record<string, SeriesSnapshot[]> = {};
	const { slots } = recorder.store;
	for (const [scope, { layout, labelSets }] of Object.entries(recorder.series)) {
		const names = SCOPE_LABELS[scope as keyof typeof SCOPE_LABELS]; // the keys of `series` are the scopes
		for (const placement of layout.placements) {
			const family: SeriesSnapshot[] = [];
			families[placement.definition.name] = family;
			for (const { values, base } of labelSets) {
				const labels = Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]));
				family.push(...readSeries(placement, slots, base, labels));
			}
		}
	}
	return families;
}

function readSeries(
	{ definition, histogram, offset, width }: Placement,
	slots: Float64Array,
	base: number,
	labels: Record<string, string>,
): SeriesSnapshot[] {
	const first = base + offset;
	if (histogram !== undefined) {
		const { bounds } = histogram;
		const buckets = base + histogram.offset;
		const counts = [...slots.subarray(buckets, buckets + bounds.length + 1)];
		const value = counts.reduce((all, count) => all + count, 0);
		return [{ labels, value, histogram: { bounds: [...bounds], counts, sum: slots[first] ?? 0 } }];
	}
	const read = (at: number): number => {
		if (definition.unit !== "money") return slots[at] ?? 0;
		const sum = new MoneySum();
		sum.whole = slots[at] ?? 0;
		sum.pico = slots[at + 1] ?? 0;
		return Number(sum.toCents());
	};
	const { label = "", values = [""] } = definition.variants ?? {};
	return values
		.map((variant, i) => ({
			labels: label === "" ? labels : { ...labels, [label]: variant },
			value: read(first + i * width),
		}))
		.filter(({ value }) => !Number.isNaN(value));
}
