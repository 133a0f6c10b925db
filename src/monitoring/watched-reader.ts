import type { BodyTap } from "./body-tap.ts";
import { setHidden } from "./hidden-method.ts";

type ReadResult =
	| { readonly done: false; readonly value: Uint8Array }
	| { readonly done: true; readonly value: Uint8Array | undefined };
type Read = (...args: readonly unknown[]) => Promise<ReadResult>;

/** A reader of a stream, of whichever of the two kinds. */
export interface StreamReader {
	readonly closed: Promise<unknown>;
	read(...args: readonly unknown[]): Promise<ReadResult>;
	cancel(reason?: unknown): Promise<void>;
	releaseLock(): void;
}

/** A stream's reader, of which a tap sees what it reads. */
export class WatchedReader {
	readonly #reader: StreamReader;
	readonly #tap: BodyTap;
	readonly #onRest: ((isOver: boolean) => void) | undefined;
	readonly #read: Read;
	readonly #cancel: (reason?: unknown) => Promise<void>;
	readonly #releaseLock: () => void;
	#isReleased = false;
	#isCancelled = false;

	/** @param onRest called after each read, with whether there is nothing more to read */
	constructor(reader: StreamReader, tap: BodyTap, onRest?: (isOver: boolean) => void) {
		this.#reader = reader;
		this.#tap = tap;
		this.#onRest = onRest;
		this.#read = reader.read.bind(reader);
		this.#cancel = reader.cancel.bind(reader);
		this.#releaseLock = reader.releaseLock.bind(reader);
	}

	/** The reader itself, whose methods are these from now on. */
	handOut(leavesByUnlocking: boolean): StreamReader {
		const reader = this.#reader;
		setHidden(reader, "read", (...args: readonly unknown[]) => this.read(...args));
		setHidden(reader, "cancel", (reason?: unknown) => this.cancel(reason));
		setHidden(reader, "releaseLock", (): void => {
			// Of a stream that has come to its end nothing is left to cancel.
			if (leavesByUnlocking) void this.cancel().catch(() => undefined);
			this.releaseLock();
		});
		return reader;
	}

	read(...args: readonly unknown[]): Promise<ReadResult> {
		this.#tap.reading();
		return this.#read(...args).then(this.#took, this.#lost);
	}

	cancel(reason?: unknown): Promise<void> {
		if (!this.#isReleased) this.#tap.left();
		this.#isCancelled = true;
		return this.#cancel(reason);
	}

	/** Reads that are under way fail by that; what they would have read is still there for another reader. */
	releaseLock(): void {
		this.#isReleased = true;
		this.#releaseLock();
	}

	/** Tells of the stream's failure, which comes without a read, too. */
	whenFailed(then?: (reason: unknown) => void): void {
		this.#reader.closed.then(undefined, (reason: unknown) => {
			if (this.#isReleased) return;
			this.#tap.failed(reason);
			then?.(reason);
		});
	}

	readonly #took = (result: ReadResult): ReadResult | Promise<ReadResult> => {
		const given = result.done ? this.#ended(result) : this.#got(result);
		this.#tap.rested();
		// What is held back whole is nothing to tell of.
		if (given === undefined) return this.read();
		this.#onRest?.(given.done);
		return given;
	};

	#got(result: ReadResult & { done: false }): ReadResult | undefined {
		// A stream that is no fetch's may hold anything.
		const chunk: unknown = result.value;
		if (!(chunk instanceof Uint8Array)) {
			if (ArrayBuffer.isView(chunk))
				this.#tap.bytes(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
			return result;
		}
		const value = this.#tap.bytes(chunk);
		if (value === chunk) return result;
		return value.length === 0 ? undefined : { done: false, value };
	}

	#ended(result: ReadResult): ReadResult {
		const value = this.#tap.end();
		// Of what was held back a reader who has left gets nothing, as of all the rest.
		return value === undefined || value.length === 0 || this.#isCancelled ? result : { done: false, value };
	}

	readonly #lost = (error: unknown): never => {
		this.#tap.rested();
		// A buffer that cannot be read into, or a reader without its lock, is no failure of the stream.
		this.whenFailed();
		// A lock that is given up for it is given up after that.
		const onRest = this.#onRest;
		if (onRest !== undefined) queueMicrotask(() => onRest(true));
		throw error;
	};
}
