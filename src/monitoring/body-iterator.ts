import type { BodyTap } from "./body-tap.ts";
import { type StreamReader, WatchedReader } from "./watched-reader.ts";

type Result = IteratorResult<Uint8Array, unknown>;

/**
 * As a stream's own iterator is: one step after the other, who leaves early cancels the stream, and who comes to the end
 * gives up the lock.
 */
export class BodyIterator implements AsyncIterator<Uint8Array, unknown> {
	readonly #reader: WatchedReader;
	readonly #preventCancel: boolean;
	/** Steps that have begun; the next one waits for the last of them. */
	#steps = 0;
	#last: Promise<unknown> = Promise.resolve();
	#isOver = false;

	constructor(reader: StreamReader, tap: BodyTap, preventCancel: boolean) {
		this.#reader = new WatchedReader(reader, tap, (isOver) => this.#rested(isOver));
		this.#preventCancel = preventCancel;
		unreachable.register(this, { tap, reader });
	}

	next(): Promise<Result> {
		return this.#inTurn(this.#read);
	}

	return(value?: unknown): Promise<Result> {
		return this.#inTurn(() => this.#leave(value));
	}

	#inTurn(step: () => Promise<Result>): Promise<Result> {
		const isFirst = this.#steps === 0;
		this.#steps += 1;
		const result = isFirst ? step() : this.#last.then(step, step);
		this.#last = result;
		return result;
	}

	readonly #read = (): Promise<Result> => {
		if (!this.#isOver) return this.#reader.read();
		this.#steps -= 1;
		return Promise.resolve({ done: true, value: undefined });
	};

	async #leave(value: unknown): Promise<Result> {
		this.#steps -= 1;
		if (!this.#isOver) {
			this.#isOver = true;
			const cancelled = this.#preventCancel ? undefined : this.#reader.cancel(value);
			this.#reader.releaseLock();
			await cancelled;
		}
		return { done: true, value };
	}

	#rested(isOver: boolean): void {
		this.#steps -= 1;
		if (!isOver) return;
		this.#isOver = true;
		this.#reader.releaseLock();
	}
}

// What all iterators of this kind inherit from has no name; an async generator is the fourth in line.
let prototype: object | null = (async function* () {})();
for (let depth = 0; depth < 3 && prototype !== null; depth += 1)
	prototype = Reflect.getPrototypeOf(prototype);
Reflect.setPrototypeOf(BodyIterator.prototype, prototype);

/** An iterator that is gone cannot be asked again: release its connection. */
const unreachable = new FinalizationRegistry<{ tap: BodyTap; reader: StreamReader }>(({ reader, tap }) => {
	tap.dropped();
	// It has no lock where it has come to its end.
	void reader.cancel().catch(() => undefined);
});
