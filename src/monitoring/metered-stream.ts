import type { Call } from "./call.ts";
import { runInCall } from "./current-call.ts";
import { ReadWatch } from "./read-watch.ts";
import { reportInternalError } from "./internal-errors.ts";

/** What a stream's events tell the meter. */
export interface StreamMeter<T> {
	/** Sees each event on its way to the caller; calls `firstToken`, `reportUsage` and, at the end mark, `succeed`. */
	readonly event: (event: T, call: Call) => void;
	/** The source has ended without an end mark; without this the call succeeded. */
	readonly ended?: (call: Call) => void;
}

/** Nobody can read this stream any more: settle its call and release its connection. */
const unreachable = new FinalizationRegistry<{ call: Call; source: AsyncIterator<unknown> }>(
	({ call, source }) => {
		call.abandon();
		// Nobody is left to hear how the release went, and an iterator of somebody else's may do anything.
		try {
			void Promise.resolve(source.return?.()).catch(() => undefined);
		} catch {}
	},
);

/**
 * Passes a stream's events through as they are, one for one and only when the caller asks, and settles the call on
 * every way out: the end, an error, the caller's `break` or `throw`, and nobody reading.
 */
export class MeteredStream<T> implements AsyncIterableIterator<T, undefined> {
	readonly #source: AsyncIterator<T>;
	readonly #call: Call;
	readonly #meter: StreamMeter<T>;
	readonly #watch: ReadWatch;

	constructor(source: AsyncIterable<T>, call: Call, meter: StreamMeter<T>) {
		this.#source = runInCall(call, () => source[Symbol.asyncIterator]());
		this.#call = call;
		this.#meter = meter;
		const watch = new ReadWatch(call);
		watch.start();
		this.#watch = watch;
		call.onSettled = () => watch.stop();
		call.watchSignal();
		unreachable.register(this, { call, source: this.#source }, this);
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<T, undefined>> {
		this.#watch.reads += 1;
		try {
			const result = await runInCall(this.#call, () => this.#source.next());
			this.#observe(result);
			return result.done === true ? { done: true, value: undefined } : result;
		} catch (error) {
			this.#call.fail(error);
			throw error;
		} finally {
			this.#watch.reads -= 1;
			this.#rest();
		}
	}

	async return(): Promise<IteratorResult<T, undefined>> {
		this.#call.leave();
		this.#rest();
		await this.#source.return?.();
		return { done: true, value: undefined };
	}

	async throw(error?: unknown): Promise<IteratorResult<T, undefined>> {
		this.#call.leave();
		this.#rest();
		if (this.#source.throw === undefined) {
			await this.#source.return?.();
			throw error;
		}
		const result = await this.#source.throw(error);
		return result.done === true ? { done: true, value: undefined } : result;
	}

	#observe(result: IteratorResult<T>): void {
		const call = this.#call;
		if (call.isSettled) return;
		try {
			if (result.done !== true) this.#meter.event(result.value, call);
			else if (this.#meter.ended === undefined) call.succeed();
			else this.#meter.ended(call);
		} catch (cause) {
			reportInternalError("usage", "A stream's event could not be read.", cause);
		}
	}

	/** Between two reads the deadline runs anew; once the call has settled there is nothing to wait for. */
	#rest(): void {
		if (this.#call.isSettled) unreachable.unregister(this);
		else this.#watch.refresh();
	}
}
