/** The label value that stands for everything over the bound. */
const OTHER = "other";

/** Longer label values are taken for a mistake (a prompt, a user's text) and become {@link OTHER}. */
export const MAX_LABEL_LENGTH = 256;

/** So many second values are found by looking at one after the other: measured, in half the time of a `Map`. */
const FEW = 8;

/** One label set, and those of the same first value that came before it. */
interface Entry {
	readonly second: string;
	readonly base: number;
	readonly next: Entry | undefined;
}

/** The label sets of one first value. */
class Group {
	readonly first: string;
	#entries: Entry | undefined = undefined;
	#count = 0;
	/** Those beyond the first {@link FEW}. */
	#more: Map<string, number> | undefined = undefined;

	constructor(first: string) {
		this.first = first;
	}

	find(second: string): number | undefined {
		for (let entry = this.#entries; entry !== undefined; entry = entry.next) {
			if (entry.second === second) return entry.base;
		}
		return this.#more?.get(second);
	}

	add(second: string, base: number): void {
		if (this.#count < FEW) {
			this.#entries = { second, base, next: this.#entries };
			this.#count += 1;
		} else {
			this.#more ??= new Map();
			this.#more.set(second, base);
		}
	}
}

/**
 * Turns label values into the slots that they own, and keeps their number bounded. It admits at most `max` label
 * sets, those with {@link OTHER} included: when they are used up, the second value becomes `other` and the first is
 * kept; only first values in excess become `other` too. For that, each admitted first value keeps a place free for
 * its own `other`, and one is kept for (other, other).
 */
export class LabelGuard {
	readonly #byFirst = new Map<string, Group>();
	/** Records come in runs: of one request, of one route. */
	#last: Group | undefined = undefined;
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
		const last = this.#last;
		const group = last !== undefined && last.first === first ? last : this.#groupOf(first);
		return group?.find(second) ?? this.#admit(first, second);
	}

	#groupOf(first: string): Group | undefined {
		const group = this.#byFirst.get(first);
		if (group !== undefined) this.#last = group;
		return group;
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
		const existing = this.#byFirst.get(first)?.find(OTHER);
		if (existing !== undefined) return existing;
		const room = known || this.#admitted + this.#promised + 1 <= this.#max;
		if (room && first.length <= MAX_LABEL_LENGTH) return this.#add(first, OTHER, known);
		return this.#byFirst.get(OTHER)?.find(OTHER) ?? this.#add(OTHER, OTHER, this.#byFirst.has(OTHER));
	}

	#add(first: string, second: string, known: boolean): number {
		const base = this.#allocate(first, second);
		let group = this.#byFirst.get(first);
		if (group === undefined) {
			group = new Group(first);
			this.#byFirst.set(first, group);
		}
		group.add(second, base);
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
