/**
 * The numbers of all series, in one growable array. A label set owns neighbouring slots in it. Read `slots`
 * through the store each time: growing replaces the array.
 */
export class SeriesStore {
	slots: Float64Array = new Float64Array(128);
	#used = 0;

	/** How many slots have an owner. */
	get used(): number {
		return this.#used;
	}

	/** Reserves `count` slots, all 0; the answer is the index of the first. */
	allocate(count: number): number {
		const base = this.#used;
		this.#used += count;
		if (this.#used > this.slots.length) {
			// By a quarter: what is not used yet is memory all the same.
			const grown = new Float64Array(Math.max(this.#used, Math.ceil(this.slots.length * 1.25)));
			grown.set(this.slots);
			this.slots = grown;
		}
		return base;
	}
}
