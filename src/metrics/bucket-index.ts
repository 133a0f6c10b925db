/** Finds the bucket of a value among a histogram's upper bounds. */
export class BucketIndex {
	/** The bounds, and +Inf: there the search always ends. */
	readonly #bounds: Float64Array;
	/** For a value whose whole part has that many bits, the first bucket that can be its own. */
	readonly #start: Uint16Array = new Uint16Array(33);

	/** @param bounds increasing, without +Inf */
	constructor(bounds: Float64Array) {
		this.#bounds = Float64Array.from([...bounds, Number.POSITIVE_INFINITY]);
		for (let bits = 0; bits < this.#start.length; bits += 1) {
			const least = bits === 0 ? 0 : 2 ** (bits - 1);
			this.#start[bits] = this.#bounds.findIndex((bound) => bound >= least);
		}
	}

	/** The first bucket whose bound is at least the value, which is not negative; `bounds.length` beyond the last. */
	find(value: number): number {
		const bounds = this.#bounds;
		// Few instructions, so that all of a call's recording is inlined into one piece: that is worth more than a faster search.
		let bucket = this.#start[value < 0xffff_ffff ? 32 - Math.clz32(value) : 32]!;
		while (value > bounds[bucket]!) bucket += 1;
		return bucket;
	}
}
