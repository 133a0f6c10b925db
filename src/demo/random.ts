/** The characters that OpenAI's and Anthropic's ids are made of. */
const ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A small seeded generator of random numbers: the same seeds give the same sequence. Not for secrets. */
export class Random {
	#state: number;

	/** Several seeds are mixed into one: `new Random(seed, 7)` is the seventh branch of `seed`. */
	constructor(...seeds: readonly number[]) {
		let state = 0x9e3779b9;
		for (const seed of seeds) state = scramble(state ^ Math.trunc(seed)) + 0x6d2b79f5;
		this.#state = state;
	}

	/** A number from 0 up to, but without, 1. */
	next(): number {
		// mulberry32, by Tommy Ettinger (public domain).
		this.#state = (this.#state + 0x6d2b79f5) | 0;
		return scramble(this.#state) / 2 ** 32;
	}

	chance(probability: number): boolean {
		return this.next() < probability;
	}

	/** An integer from `min` to `max`, both included. */
	integer(min: number, max: number): number {
		return min + Math.floor(this.next() * (max - min + 1));
	}

	/** A number around 0 with the standard normal distribution (Box-Muller). */
	normal(): number {
		return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
	}

	/** A positive number around `median`, with the long tail that latencies and lengths have. */
	logNormal(median: number, sigma: number): number {
		return median * Math.exp(sigma * this.normal());
	}

	/** One of the items; of `[item, weight]` pairs see {@link weighted}. */
	pick<T>(items: readonly [T, ...T[]]): T {
		return items[this.integer(0, items.length - 1)] ?? items[0];
	}

	/** One of the items, as often as its weight says. */
	weighted<T>(items: readonly [readonly [T, number], ...(readonly [T, number])[]]): T {
		let rest = this.next() * items.reduce((sum, [, weight]) => sum + weight, 0);
		for (const [item, weight] of items) {
			rest -= weight;
			if (rest < 0) return item;
		}
		return items[0][0];
	}

	/** A string of letters and digits, as ids have behind their prefix. */
	id(length: number): string {
		let id = "";
		while (id.length < length) id += ID_ALPHABET.charAt(this.integer(0, ID_ALPHABET.length - 1));
		return id;
	}

	hex(length: number): string {
		let hex = "";
		while (hex.length < length) hex += this.integer(0, 15).toString(16);
		return hex;
	}
}

/** A number from 0 to 2³² - 1 that looks nothing like the one it is made of. */
function scramble(value: number): number {
	let mixed = Math.imul(value ^ (value >>> 15), value | 1);
	mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
	return (mixed ^ (mixed >>> 14)) >>> 0;
}

/** A 32-bit number for a text (FNV-1a), to seed with. */
export function hash(text: string): number {
	let sum = 0x811c9dc5;
	for (let i = 0; i < text.length; i += 1) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
	return sum >>> 0;
}
