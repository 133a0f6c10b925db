/**
 * The numbers of all series, in one growable array. A label set owns neighbouring slots in it. Read `slots`
 * through the store each time: growing replaces the array.
 */
export class SeriesStore {
	slots: Float64Array = new Float64Array(1024);
	#used = 0;

	/** Reserves `count` slots, all 0; the answer is the index of the first. */
	allocate(count: number): number {
		const base = this.#used;
		this.#used += count;
		if (this.#used > this.slots.length) {
			const grown = new Float64Array(Math.max(this.#used, this.slots.length * 2));
			grown.set(this.slots);
			this.slots = grown;
		}
		return base;
	}
}
