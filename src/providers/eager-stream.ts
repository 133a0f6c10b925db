import type { StreamEvent } from "./llm-backend.ts";

/**
 * A stream whose request is under way from its construction on. `run` gets a signal that is aborted when the caller's
 * is, and when the stream is left; it is read one event ahead at most, and only at the start.
 */
export class EagerStream implements AsyncIterableIterator<StreamEvent, undefined> {
	readonly #events: AsyncGenerator<StreamEvent, undefined>;
	readonly #connection: AbortController = new AbortController();
	#first: Promise<IteratorResult<StreamEvent, undefined>> | undefined;
	#isLeft = false;

	constructor(
		run: (signal: AbortSignal) => AsyncGenerator<StreamEvent, undefined>,
		caller: AbortSignal | undefined,
	) {
		this.#events = untilAborted(run, this.#connection, caller);
		this.#first = this.#events.next();
		// Whoever reads the stream hears of a failure; where nobody does, it must not end the process.
		this.#first.catch(() => undefined);
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<StreamEvent, undefined>> {
		if (this.#isLeft) return { done: true, value: undefined };
		const first = this.#first;
		this.#first = undefined;
		return first ?? this.#events.next();
	}

	/** Closes the connection at once, without waiting for anything. */
	async return(): Promise<IteratorResult<StreamEvent, undefined>> {
		this.#isLeft = true;
		this.#connection.abort();
		this.#events.return(undefined).catch(() => undefined);
		return { done: true, value: undefined };
	}
}

/** Passes the caller's abort on, as long as the stream runs: a signal may outlive many calls. */
async function* untilAborted(
	run: (signal: AbortSignal) => AsyncGenerator<StreamEvent, undefined>,
	connection: AbortController,
	caller: AbortSignal | undefined,
): AsyncGenerator<StreamEvent, undefined> {
	const abort = (): void => connection.abort(caller?.reason);
	if (caller?.aborted === true) abort();
	caller?.addEventListener("abort", abort, { once: true });
	try {
		yield* run(connection.signal);
	} finally {
		caller?.removeEventListener("abort", abort);
	}
}
