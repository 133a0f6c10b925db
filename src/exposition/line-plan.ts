import type { Placement } from "../metrics/layout.ts";
import type { LabelSet } from "../metrics/scope-series.ts";

/** Where the value of a line comes from. */
export const LINE = {
	/** One slot. */
	value: 0,
	/** Two slots, whole dollars and 10⁻¹² dollars. */
	money: 1,
	/** A histogram's first bucket: the sum of the buckets up to this one begins anew. */
	firstBucket: 2,
	/** A later bucket, added to the ones before. */
	bucket: 3,
	/** All buckets of the histogram before it. */
	count: 4,
	/** Never changes: it stands in the line's beginning. */
	fixed: 5,
} as const;

/** How a format writes one line: all up to the value, which `kind` and `slot` tell. */
export interface Line {
	readonly start: string;
	readonly kind: (typeof LINE)[keyof typeof LINE];
	/** From the first slot of its label set. */
	readonly offset: number;
}

/** What is special about a text format. */
export interface LineFormat {
	/** The lines above a family's series. */
	header(placement: Placement): string;
	/** The lines of a family for one label set; `labels` is written already. */
	lines(placement: Placement, labelSet: LabelSet): readonly Line[];
	/** What stands behind the value of a bucket, by its slot; "" for nothing. */
	afterBucket(slot: number): string;
}
