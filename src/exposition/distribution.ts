import type { ForeignFamily, ForeignSample } from "./source.ts";

/** A histogram or summary of somebody else's registry, put together again from its samples. */
export interface Distribution {
	/** Without `le` and `quantile`. */
	readonly labels: Readonly<Record<string, string>>;
	/** A histogram's buckets by upper bound, added up, without that of +Inf; a summary's values by quantile. */
	readonly parts: readonly { readonly key: number; readonly value: number }[];
	readonly count: number;
	readonly sum: number;
}

/** Puts the samples of one family together. */
export class DistributionGatherer {
	readonly #name: string;
	readonly #part: string;
	readonly #partLabel: string;
	readonly #found = new Map<string, Mutable>();

	constructor({ name, type }: ForeignFamily) {
		this.#name = name;
		this.#part = type === "histogram" ? `${name}_bucket` : name;
		this.#partLabel = type === "histogram" ? "le" : "quantile";
	}

	/** In the order of their first samples. */
	get distributions(): readonly Distribution[] {
		return [...this.#found.values()];
	}

	add({ labels, name, value }: ForeignSample): void {
		const partLabel = this.#partLabel;
		const { [partLabel]: part, ...own } = labels;
		const distribution = this.#distributionOf(own);
		if (name === `${this.#name}_count`) distribution.count = value;
		else if (name === `${this.#name}_sum`) distribution.sum = value;
		else if (name === this.#part && part !== undefined) {
			const key = part === "+Inf" ? Number.POSITIVE_INFINITY : Number(part);
			// The last bucket says what the count says.
			if (key === Number.POSITIVE_INFINITY) distribution.count = value;
			else distribution.parts.push({ key, value });
		}
	}

	#distributionOf(labels: Readonly<Record<string, string>>): Mutable {
		const id = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
		let distribution = this.#found.get(id);
		if (distribution === undefined) {
			distribution = { labels, parts: [], count: 0, sum: 0 };
			this.#found.set(id, distribution);
		}
		return distribution;
	}
}

/** A {@link Distribution} in the making. */
interface Mutable {
	readonly labels: Readonly<Record<string, string>>;
	readonly parts: { readonly key: number; readonly value: number }[];
	count: number;
	sum: number;
}
