/*
 * The buckets of native histograms (sparse, exponential): bucket i holds values in (base^(i-1), base^i], where base is
 * 2^(2^-schema). https://prometheus.io/docs/specs/native_histograms/#schema
 *
 * Ours are kept dense and within fixed limits, so that recording allocates nothing and no series ever grows: from
 * 0.125 ms, up to which everything is in the zero bucket, to 2^27 ms (37 hours), beyond which everything is in the last.
 * Of a quantile that falls outside of them a native histogram tells only that; count and sum are exact all the same.
 */

/** Values up to this are in the zero bucket. */
const ZERO_THRESHOLD = 0.125;
const LOWEST_EXPONENT = -3;
const HIGHEST_EXPONENT = 27;

/** How fine the buckets are: each doubling has 2^schema of them. 3 makes neighbours 9.05 % apart. */
export type NativeSchema = 0 | 1 | 2 | 3 | 4 | 5;

/** Slots of one native histogram: the zero bucket, then those of the indexes from {@link NativeBuckets.firstIndex}. */
function nativeWidth(schema: NativeSchema): number {
	return 1 + (HIGHEST_EXPONENT - LOWEST_EXPONENT) * 2 ** schema;
}

/** The slot of a value, from the zero bucket's. */
export class NativeBuckets {
	readonly width: number;
	readonly schema: NativeSchema;
	/** The upper bound of the zero bucket, whose slot is 0. */
	readonly zeroThreshold: number = ZERO_THRESHOLD;
	/** The index, as the format counts, of the bucket whose slot is 1. */
	readonly firstIndex: number;
	readonly #perDoubling: number;
	readonly #shift: number;
	/** The upper bounds of one doubling above 1, as the logarithm alone would misplace values next to them. */
	readonly #bounds: Float64Array;

	constructor(schema: NativeSchema) {
		this.schema = schema;
		this.width = nativeWidth(schema);
		this.#perDoubling = 2 ** schema;
		this.#shift = -LOWEST_EXPONENT * this.#perDoubling;
		this.firstIndex = 1 - this.#shift;
		this.#bounds = Float64Array.from({ length: this.#perDoubling }, (_, i) =>
			boundOf(i + 1, this.#perDoubling),
		);
	}

	slot(value: number): number {
		if (!(value > ZERO_THRESHOLD)) return 0;
		let index = Math.ceil(Math.log2(value) * this.#perDoubling);
		// A value that is a bound itself, or its neighbour, may be off by one.
		if (value <= this.#upper(index - 1)) index -= 1;
		else if (value > this.#upper(index)) index += 1;
		const slot = index + this.#shift;
		return slot >= this.width ? this.width - 1 : slot;
	}

	#upper(index: number): number {
		const within = (index - 1) & (this.#perDoubling - 1);
		return (this.#bounds[within] ?? 0) * 2 ** Math.floor((index - 1) / this.#perDoubling);
	}
}

/** The greatest double that is not above 2^(index / perDoubling), which lies between 1 and 2. */
function boundOf(index: number, perDoubling: number): number {
	// The nearest double may be above, and would then be in the bucket beyond its own.
	const nearest = BigInt(2 ** (52 + index / perDoubling));
	const isAbove = nearest ** BigInt(perDoubling) > 2n ** BigInt(52 * perDoubling + index);
	return Number(isAbove ? nearest - 1n : nearest) / 2 ** 52;
}
