import type { MetricsSnapshot, SeriesSnapshot } from "../monitoring/index.ts";

/** Answers questions to a snapshot of the metrics. Families that it does not hold have no series. */
export class Families {
	readonly #snapshot: MetricsSnapshot;

	constructor(snapshot: MetricsSnapshot) {
		this.#snapshot = snapshot;
	}

	series(name: string): readonly SeriesSnapshot[] {
		return this.#snapshot[name] ?? [];
	}

	sum(name: string): number {
		return this.series(name).reduce((sum, { value }) => sum + value, 0);
	}

	/** The sum of a family for each value of one of its labels. */
	sumBy(name: string, label: string): ReadonlyMap<string, number> {
		const sums = new Map<string, number>();
		for (const { labels, value } of this.series(name)) {
			const key = labels[label] ?? "";
			sums.set(key, (sums.get(key) ?? 0) + value);
		}
		return sums;
	}

	/** The upper bounds of a histogram family; all of its series share them. */
	bounds(name: string): readonly number[] {
		return this.series(name)[0]?.histogram?.bounds ?? [];
	}

	/** The observations in each bucket of a histogram family, over all its series. */
	bucketCounts(name: string): readonly number[] {
		const sums: number[] = [];
		for (const { histogram } of this.series(name)) {
			for (const [i, count] of (histogram?.counts ?? []).entries()) sums[i] = (sums[i] ?? 0) + count;
		}
		return sums;
	}
}
