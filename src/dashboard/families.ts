import type { FamilySums, PrometheusHandle, SeriesSnapshot } from "../monitoring/index.ts";

/** Answers questions to the metrics, each family read once at most: all answers are of one instant. */
export class Families {
	readonly #handle: PrometheusHandle;
	readonly #series = new Map<string, readonly SeriesSnapshot[]>();
	readonly #sums = new Map<string, FamilySums>();

	/** Ask it in one go: what is recorded in between would be seen by the later questions. */
	constructor(handle: PrometheusHandle) {
		this.#handle = handle;
	}

	series(name: string): readonly SeriesSnapshot[] {
		let series = this.#series.get(name);
		if (series === undefined) {
			series = this.#handle.family(name);
			this.#series.set(name, series);
		}
		return series;
	}

	sum(name: string): number {
		return this.#sumsOf(name).total;
	}

	/** The sum of a family for each value of the label that it adds: an error's type, an outcome. */
	sumByVariant(name: string): Readonly<Record<string, number>> {
		return this.#sumsOf(name).byVariant;
	}

	/** The sum of a family for each model. */
	sumByModel(name: string): ReadonlyMap<string, number> {
		const sums = new Map<string, number>();
		for (const { labels, value } of this.series(name)) {
			const model = labels["model"] ?? "";
			sums.set(model, (sums.get(model) ?? 0) + value);
		}
		return sums;
	}

	/** The upper bounds of a histogram family; all of its series share them. */
	bounds(name: string): readonly number[] {
		return this.#sumsOf(name).bounds;
	}

	/** The observations in each bucket of a histogram family, over all its series. */
	bucketCounts(name: string): readonly number[] {
		return this.#sumsOf(name).counts;
	}

	#sumsOf(name: string): FamilySums {
		let sums = this.#sums.get(name);
		if (sums === undefined) {
			sums = this.#handle.sums(name);
			this.#sums.set(name, sums);
		}
		return sums;
	}
}
