/** Most histograms have at most 15 bounds: for them the search needs no loop. */
const SMALL = 15;

/**
 * Upper bounds as {@link bucketOf} wants them: filled up with +Inf to one less than a power of two, 15 at least.
 *
 * @param bounds increasing, without +Inf
 */
export function searchable(bounds: readonly number[]): Float64Array {
	const size = Math.max(SMALL + 1, 2 ** Math.ceil(Math.log2(bounds.length + 1)));
	const filled = new Float64Array(size - 1).fill(Number.POSITIVE_INFINITY);
	filled.set(bounds);
	return filled;
}

/** The first bucket whose bound is at least the value; the number of bounds beyond the last. */
export function bucketOf(bounds: Float64Array, value: number): number {
	return bucketIn15(bounds, value, bounds.length === SMALL ? 0 : skip(bounds, value));
}

/** The same among 15 bounds, those from `bucket` on. */
export function bucketIn15(bounds: Float64Array, value: number, bucket: number): number {
	// As many steps for all values: measured, a search from the first bound takes longer for most latencies.
	if (value > bounds[bucket + 7]!) bucket += 8;
	if (value > bounds[bucket + 3]!) bucket += 4;
	if (value > bounds[bucket + 1]!) bucket += 2;
	if (value > bounds[bucket]!) bucket += 1;
	return bucket;
}

/** The search down to the last 15. */
function skip(bounds: Float64Array, value: number): number {
	let bucket = 0;
	for (let step = (bounds.length + 1) / 2; step > SMALL; step /= 2) {
		if (value > bounds[bucket + step - 1]!) bucket += step;
	}
	return bucket;
}
