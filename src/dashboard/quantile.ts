/**
 * Estimates a quantile from histogram buckets as Prometheus' `histogram_quantile` does: linear inside the bucket, the
 * first bucket starts at 0, and beyond the last bound it is the last bound.
 *
 * @param q from 0 to 1
 * @param bounds upper bounds, increasing, without +Inf
 * @param counts observations of each bucket, not added up; one more than bounds, the last is +Inf's
 * @returns in the unit of the bounds; `null` without observations
 * @see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function quantile(q: number, bounds: readonly number[], counts: readonly number[]): number | null {
	const total = counts.reduce((sum, count) => sum + count, 0);
	if (!(total > 0) || bounds.length === 0) return null;
	const rank = q * total;
	let below = 0;
	for (const [i, upper] of bounds.entries()) {
		const count = counts[i] ?? 0;
		// An empty bucket holds no quantile, not even the lowest.
		if (count > 0 && below + count >= rank) {
			const lower = bounds[i - 1] ?? Math.min(0, upper);
			return lower + ((upper - lower) * (rank - below)) / count;
		}
		below += count;
	}
	return bounds.at(-1) ?? null;
}
