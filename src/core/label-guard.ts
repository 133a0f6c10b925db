/** The label value that stands for everything over the bound. */
const OTHER = "other";

/** Longer label values are taken for a mistake (a prompt, a user's text) and become {@link OTHER}. */
export const MAX_LABEL_LENGTH = 256;

/**
 * Turns label values into the slots that they own, and keeps their number bounded. It admits at most `max` label
 * sets, those with {@link OTHER} included: when they are used up, the second value becomes `other` and the first is
 * kept; only first values in excess become `other` too. For that, each admitted first value keeps a place free for
 * its own `other`, and one is kept for (other, other).
 */
export class LabelGuard {
	readonly #byFirst = new Map<string, Map<string, number>>();
	readonly #max: number;
	readonly #allocate: (first: string, second: string) => number;
	readonly #overflowed: () => void;
	#admitted = 0;
	/** Places promised to the `other` of admitted first values, and to (other, other). */
	#promised = 1;

	/**
	 * @param max the most label sets, at least 1
	 * @param allocate makes the slots of a label set that is new; the answer is their base
	 * @param overflowed is told of each record that was turned into `other`
	 */
	constructor(max: number, allocate: (first: string, second: string) => number, overflowed: () => void) {
		this.#max = max;
		this.#allocate = allocate;
		this.#overflowed = overflowed;
	}

	/** The base slot of that label set, or of the one that stands for it. */
	resolve(first: string, second: string): number {
		return this.#byFirst.get(first)?.get(second) ?? this.#admit(first, second);
	}

	#admit(first: string, second: string): number {
		// A lone surrogate is written as U+FFFD: two label sets must not become one only on the way out.
		if (!first.isWellFormed() || !second.isWellFormed()) {
			return this.resolve(first.toWellFormed(), second.toWellFormed());
		}
		const known = this.#byFirst.has(first);
		const overlong = first.length > MAX_LABEL_LENGTH || second.length > MAX_LABEL_LENGTH;
		// A new first value needs a place for itself and one for its `other`.
		const needed = known || second === OTHER || first === OTHER ? 1 : 2;
		if (!overlong && this.#admitted + this.#promised + needed <= this.#max) {
			return this.#add(first, second, known);
		}
		if (known && second === OTHER && first.length <= MAX_LABEL_LENGTH) return this.#add(first, OTHER, true);
		this.#overflowed();
		return this.#other(first, known);
	}

	/** The place of what is over the bound: (first, other) where there is one, else (other, other). */
	#other(first: string, known: boolean): number {
		const existing = this.#byFirst.get(first)?.get(OTHER);
		if (existing !== undefined) return existing;
		const room = known || this.#admitted + this.#promised + 1 <= this.#max;
		if (room && first.length <= MAX_LABEL_LENGTH) return this.#add(first, OTHER, known);
		return this.#byFirst.get(OTHER)?.get(OTHER) ?? this.#add(OTHER, OTHER, this.#byFirst.has(OTHER));
	}

	#add(first: string, second: string, known: boolean): number {
		let inner = this.#byFirst.get(first);
		if (inner === undefined) {
			inner = new Map();
			this.#byFirst.set(first, inner);
		}
		const base = this.#allocate(first, second);
		inner.set(second, base);
		this.#admitted += 1;
		if (first === OTHER) {
			// The promise for (other, other) was made at the start.
			if (second === OTHER) this.#promised -= 1;
		} else if (second === OTHER) {
			if (known) this.#promised -= 1;
		} else if (!known) {
			this.#promised += 1;
		}
		return base;
	}
}
