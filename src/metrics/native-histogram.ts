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

/** A double and its two halves: the upper one begins with the exponent. */
const DOUBLE: Float64Array = new Float64Array(1);
const HALVES: Uint32Array = new Uint32Array(DOUBLE.buffer);
const UPPER: 0 | 1 = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
/** Brings a value of that exponent, counted from the lowest, between 1 and 2: exactly, since these are powers of two. */
const SCALES: Float64Array = Float64Array.from(
	{ length: HIGHEST_EXPONENT - LOWEST_EXPONENT },
	(_, i) => 2 ** -(i + LOWEST_EXPONENT),
);

/** Finds the slot of a value, from the zero bucket's. */
export class NativeBuckets {
	readonly width: number;
	readonly schema: NativeSchema;
	/** The upper bound of the zero bucket, whose slot is 0. */
	readonly zeroThreshold: number = ZERO_THRESHOLD;
	/** The index, as the format counts, of the bucket whose slot is 1. */
	readonly firstIndex: number;
	readonly #perDoubling: number;
	/** The lower bounds of the buckets between 1 and 2, the first of which is 1. */
	readonly #bounds: Float64Array;

	constructor(schema: NativeSchema) {
		this.schema = schema;
		this.width = nativeWidth(schema);
		this.#perDoubling = 2 ** schema;
		this.firstIndex = 1 + LOWEST_EXPONENT * this.#perDoubling;
		this.#bounds = Float64Array.from({ length: this.#perDoubling }, (_, i) => boundOf(i, this.#perDoubling));
	}

	slot(value: number): number {
		if (!(value > ZERO_THRESHOLD)) return 0;
		// A logarithm would be slower, and wrong by one for values next to a bound.
		DOUBLE[0] = value;
		const doubling = (HALVES[UPPER]! >>> 20) - 1023 - LOWEST_EXPONENT;
		if (doubling >= SCALES.length) return this.width - 1;
		const mantissa = value * SCALES[doubling]!;
		const bounds = this.#bounds;
		let bucket = 0;
		for (let step = this.#perDoubling >> 1; step > 0; step >>= 1) {
			if (mantissa > bounds[bucket + step]!) bucket += step;
		}
		// A power of two is the upper bound of the bucket below.
		return doubling * this.#perDoubling + bucket + (mantissa > 1 ? 1 : 0);
	}
}

/** The greatest double that is not above 2^(index / perDoubling), which lies between 1 and 2. */
function boundOf(index: number, perDoubling: number): number {
	// The nearest double may be above, and would then be in the bucket beyond its own.
	const nearest = BigInt(2 ** (52 + index / perDoubling));
	const isAbove = nearest ** BigInt(perDoubling) > 2n ** BigInt(52 * perDoubling + index);
	return Number(isAbove ? nearest - 1n : nearest) / 2 ** 52;
}
