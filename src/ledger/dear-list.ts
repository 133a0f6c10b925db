import type { ExactCost } from "./ledger-row.ts";

/** The most calls of a list. */
export const MOST_DEAR = 20;

/** A call by what it has cost, and the two numbers of its key. */
export interface DearCall extends ExactCost {
	readonly process: number;
	readonly sequence: number;
}

const WIDTH = 4;

/** Whether a call comes before another: it is dearer or, at the same cost, its key is larger. */
export function comesBefore(one: DearCall, other: DearCall): boolean {
	if (one.whole !== other.whole) return one.whole > other.whole;
	if (one.pico !== other.pico) return one.pico > other.pico;
	if (one.process !== other.process) return one.process > other.process;
	return one.sequence > other.sequence;
}

/** The dearest calls of an hour, of one route, model and provider: the dearest first. */
export class DearList {
	readonly calls: DearCall[] = [];

	/** Whether it is one of them. */
	add(call: DearCall): boolean {
		const { calls } = this;
		const last = calls[MOST_DEAR - 1];
		if (last !== undefined && !comesBefore(call, last)) return false;
		let place = calls.length;
		for (; place > 0; place -= 1) {
			const before = calls[place - 1];
			if (before !== undefined && comesBefore(before, call)) break;
		}
		calls.splice(place, 0, call);
		if (calls.length > MOST_DEAR) calls.pop();
		return true;
	}

	addAll(calls: DearBytes): void {
		for (let place = 0; place < calls.length; place += 1) {
			const call = calls.at(place);
			if (call !== undefined) this.add(call);
		}
	}

	toBytes(): Uint8Array {
		const numbers = this.calls.flatMap(({ pico, process, sequence, whole }) => [
			whole,
			pico,
			process,
			sequence,
		]);
		return new Uint8Array(Float64Array.from(numbers).buffer);
	}
}

/** What {@link DearList.toBytes} has written: read one by one, since mostly the first of many lists is looked at. */
export class DearBytes {
	readonly #numbers: Float64Array;

	constructor(bytes: Uint8Array) {
		// Numbers begin at a multiple of eight bytes, or are copied to one.
		const { buffer, byteOffset, length } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
		this.#numbers = new Float64Array(buffer, byteOffset, Math.floor(length / 8));
	}

	get length(): number {
		return Math.floor(this.#numbers.length / WIDTH);
	}

	at(place: number): DearCall | undefined {
		const numbers = this.#numbers;
		const start = place * WIDTH;
		const [whole, pico, process, sequence] = [
			numbers[start],
			numbers[start + 1],
			numbers[start + 2],
			numbers[start + 3],
		];
		if (whole === undefined || pico === undefined || process === undefined || sequence === undefined)
			return undefined;
		return { whole, pico, process, sequence };
	}
}
