import { MoneySum } from "../core/money.ts";
import { CATALOG, type MetricDefinition, SCOPE_LABELS } from "./catalog.ts";
import type { Placement } from "./layout.ts";
import type { Recorder } from "./recorder.ts";
import type { LabelSet } from "./scope-series.ts";

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
	return Object.fromEntries(
		CATALOG.map((definition) => [
			definition.name,
			readFamily(recorder, definition).flatMap(({ series }) => series),
		]),
	);
}

/** The series that one label set has in a family. */
export interface LabelSetSeries {
	readonly labelSet: LabelSet;
	readonly series: readonly SeriesSnapshot[];
}

/** One family as of now, by label set. */
export function readFamily(recorder: Recorder, definition: MetricDefinition): readonly LabelSetSeries[] {
	const { labelSets, layout } = recorder.series[definition.scope];
	const placement = layout.placements.find((one) => one.definition === definition);
	if (placement === undefined) return [];
	const { slots } = recorder.store;
	return labelSets.map((labelSet) => {
		const labels = labelsOf(definition, labelSet);
		return { labelSet, series: readSeries(placement, slots, labelSet.base, labels) };
	});
}

/** A label set never changes, so all of its series share one object. */
const written = new WeakMap<LabelSet, Record<string, string>>();

function labelsOf({ scope }: MetricDefinition, labelSet: LabelSet): Record<string, string> {
	let labels = written.get(labelSet);
	if (labels === undefined) {
		const entries = SCOPE_LABELS[scope].map((name, i) => [name, labelSet.values[i] ?? ""]);
		// Everybody who asks gets this very object.
		labels = Object.freeze(Object.fromEntries(entries)) as Record<string, string>;
		written.set(labelSet, labels);
	}
	return labels;
}

/** The exact sum that one label set has in a family of money. */
export function readMoney(recorder: Recorder, definition: MetricDefinition, { base }: LabelSet): MoneySum {
	const { placements } = recorder.series[definition.scope].layout;
	const { offset = 0 } = placements.find((one) => one.definition === definition) ?? {};
	return moneyAt(recorder.store.slots, base + offset);
}

function moneyAt(slots: Float64Array, at: number): MoneySum {
	const sum = new MoneySum();
	sum.whole = slots[at] ?? 0;
	sum.pico = slots[at + 1] ?? 0;
	return sum;
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
	const read = (at: number): number =>
		definition.unit === "money" ? Number(moneyAt(slots, at).toCents()) : (slots[at] ?? 0);
	const { label = "", values = [""] } = definition.variants ?? {};
	return values
		.map((variant, i) => ({
			labels: label === "" ? labels : { ...labels, [label]: variant },
			value: read(first + i * width),
		}))
		.filter(({ value }) => !Number.isNaN(value));
}
