import type { MetricScope } from "../metrics/catalog.ts";
import type { ExemplarStore } from "../metrics/exemplar.ts";
import type { NativeBuckets } from "../metrics/native-histogram.ts";
import type { ScopeSeries } from "../metrics/scope-series.ts";

/** Labels that every series carries, by name. */
export type ConstantLabels = Readonly<Record<string, string>>;

/** What is to be written: everything as of one instant. */
export interface Source {
	readonly series: Readonly<Record<MetricScope, ScopeSeries>>;
	/** A copy of the recorder's slots, which nobody changes any more. */
	readonly slots: Float64Array;
	readonly exemplars: ExemplarStore;
	readonly native: NativeBuckets | undefined;
	readonly constantLabels: ConstantLabels;
	/** Families of other registries, which stand behind ours. */
	readonly foreign: readonly ForeignFamily[];
}

/** A metric family of somebody else's registry, as its samples. */
export interface ForeignFamily {
	/** As it stands in the HELP line of the text format, so a counter's with `_total`. */
	readonly name: string;
	readonly help: string;
	readonly type: "counter" | "gauge" | "histogram" | "summary" | "untyped";
	readonly samples: readonly ForeignSample[];
}

/** One line of a foreign family. */
export interface ForeignSample {
	/** With the suffix that the type has: `_bucket`, `_sum`, `_count`. */
	readonly name: string;
	/** A histogram's with `le`, a summary's with `quantile`. */
	readonly labels: Readonly<Record<string, string>>;
	readonly value: number;
}
