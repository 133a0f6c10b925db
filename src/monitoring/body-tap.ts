/** Sees an answer's body while its reader reads it, and never before. Its methods do not throw. */
export interface BodyTap {
	/** Bytes on their way to the reader; the answer is what the reader gets instead. */
	bytes(chunk: Uint8Array): Uint8Array;
	/** There are no more; the answer is what was held back, if anything. */
	end(): Uint8Array | undefined;
	/** The body was read as JSON. */
	json(value: unknown): void;
	/** The body was read as text. */
	text(text: string): void;
	/** Reading it failed. */
	failed(error: unknown): void;
	/** The reader wants no more. */
	left(): void;
	/** What nobody has begun to read, nobody can read any more. */
	forgotten(): void;
	/** Nor can anybody read on. */
	dropped(): void;
	/** A read begins. */
	reading(): void;
	/** It has ended. */
	rested(): void;
}

/**
 * Lets `tap` see the body of a response. The response and its body stay the very objects that `fetch` gave: only how they
 * are read is watched, so that nothing is read ahead, copied or kept, and a reader that waits holds up the sender as before.
 *
 * @returns whether it will: the streams of some other implementations of `fetch` cannot be watched
 */
export function tapBody(response: Response, tap: BodyTap, kind: BodyKind = {}): boolean {
	// Other implementations of `fetch` have other streams, whatever their types say.
	const body: Partial<ReadableStream<Uint8Array>> | null = response.body;
	const state = { isByBytes: false, isWhole: false, leavesByUnlocking: kind.leavesByUnlocking ?? false };
	const isWebStream = typeof body?.getReader === "function" && typeof body.cancel === "function";
	if (isWebStream) tapStream(response.body, tap, state);
	if (kind.isStream === true) return isWebStream;
	tapWhole(response, "json", (value) => tap.json(value), tap, state);
	tapWhole(response, "text", (value) => tap.text(String(value)), tap, state);
	return true;
}

/** How a body comes and is read. */
export interface BodyKind {
	/** In pieces, so that it is looked at by the byte however it is read. */
	readonly isStream?: boolean;
	/** Its reader leaves by giving up its lock: then the stream is cancelled. */
	readonly leavesByUnlocking?: boolean;
}

interface TapState {
	readonly leavesByUnlocking: boolean;
	/** Somebody reads the stream itself. */
	isByBytes: boolean;
	/** The response reads its own stream: what comes of it is looked at, and not the bytes. */
	isWhole: boolean;
}

function tapWhole(
	response: Response,
	name: "json" | "text",
	done: (value: unknown) => void,
	tap: BodyTap,
	state: TapState,
): void {
	const read = response[name];
	set(response, name, async (): Promise<unknown> => {
		if (state.isByBytes || state.isWhole) return Reflect.apply(read, response, []);
		state.isWhole = true;
		tap.reading();
		try {
			const value: unknown = await Reflect.apply(read, response, []);
			done(value);
			return value;
		} catch (error) {
			tap.failed(error);
			throw error;
		} finally {
			tap.rested();
		}
	});
}

type ReadResult =
	| { readonly done: false; readonly value: Uint8Array }
	| { readonly done: true; readonly value: Uint8Array | undefined };
type Read = (view?: unknown) => Promise<ReadResult>;

function tapStream(body: ReadableStream<Uint8Array> | null, tap: BodyTap, state: TapState): void {
	if (body === null) return;
	// With options it is a reader of another kind; what is watched of it is the same.
	const getReader = body.getReader.bind(body) as (
		options?: unknown,
	) => ReadableStreamDefaultReader<Uint8Array>;
	const cancel = body.cancel.bind(body);
	const reader = (options?: unknown): ReadableStreamDefaultReader<Uint8Array> => {
		const got = options === undefined ? getReader() : getReader(options);
		if (!state.isWhole) {
			state.isByBytes = true;
			tapReader(got, tap, state.leavesByUnlocking);
		}
		return got;
	};
	set(body, "getReader", reader);
	set(body, "cancel", (reason?: unknown): Promise<void> => {
		tap.left();
		return cancel(reason);
	});
	const values = (options?: { preventCancel?: boolean }): AsyncIterableIterator<Uint8Array> =>
		iterate(reader(), options?.preventCancel === true, tap);
	set(body, "values", values);
	set(body, Symbol.asyncIterator, values);
	set(body, "tee", () => passing(reader()).tee());
	set(body, "pipeThrough", (...args: Parameters<typeof body.pipeThrough>) =>
		passing(reader()).pipeThrough(...args),
	);
	set(body, "pipeTo", async (...args: Parameters<typeof body.pipeTo>) => passing(reader()).pipeTo(...args));
}

function tapReader(
	reader: ReadableStreamDefaultReader<Uint8Array>,
	tap: BodyTap,
	leavesByUnlocking: boolean,
): void {
	const read: Read = reader.read.bind(reader);
	const cancel = reader.cancel.bind(reader);
	const next: Read = async (view) => {
		tap.reading();
		try {
			for (;;) {
				const result = await (view === undefined ? read() : read(view));
				if (result.done) {
					const rest = tap.end();
					return rest === undefined || rest.length === 0 ? result : { done: false, value: rest };
				}
				const value = tap.bytes(result.value);
				if (value === result.value) return result;
				// What is held back whole is nothing to tell of.
				if (value.length > 0) return { done: false, value };
			}
		} catch (error) {
			tap.failed(error);
			throw error;
		} finally {
			tap.rested();
		}
	};
	set(reader, "read", next);
	set(reader, "cancel", (reason?: unknown): Promise<void> => {
		tap.left();
		return cancel(reason);
	});
	if (!leavesByUnlocking) return;
	const unlock = reader.releaseLock.bind(reader);
	set(reader, "releaseLock", (): void => {
		tap.left();
		// Of a stream that has come to its end nothing is left to cancel.
		void cancel().catch(() => undefined);
		unlock();
	});
}

/** As a stream's own iterator is: who leaves early cancels the stream. */
function iterate(
	reader: ReadableStreamDefaultReader<Uint8Array>,
	preventCancel: boolean,
	tap: BodyTap,
): AsyncIterableIterator<Uint8Array> {
	let isOver = false;
	const iterator: AsyncIterableIterator<Uint8Array> = {
		async next(): Promise<IteratorResult<Uint8Array>> {
			if (isOver) return { done: true, value: undefined };
			try {
				const result = await reader.read();
				if (!result.done) return result;
			} catch (error) {
				isOver = true;
				reader.releaseLock();
				throw error;
			}
			isOver = true;
			reader.releaseLock();
			return { done: true, value: undefined };
		},
		async return(value?: unknown): Promise<IteratorResult<Uint8Array>> {
			if (!isOver) {
				isOver = true;
				const cancelled = preventCancel ? undefined : reader.cancel(value);
				reader.releaseLock();
				await cancelled;
			}
			return { done: true, value };
		},
		[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
			return this;
		},
	};
	unreachable.register(iterator, { tap, reader });
	return iterator;
}

/** An iterator that is gone cannot be asked again: release its connection. */
const unreachable = new FinalizationRegistry<{
	tap: BodyTap;
	reader: ReadableStreamDefaultReader<Uint8Array>;
}>(({ reader, tap }) => {
	tap.dropped();
	// It has no lock where it has come to its end.
	void reader.cancel().catch(() => undefined);
});

/** A stream of what a reader reads, for what works on streams from the inside. It asks only when it is asked. */
function passing(reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller): Promise<void> {
				const { done, value } = await reader.read();
				if (done) controller.close();
				else controller.enqueue(value);
			},
			cancel: (reason) => reader.cancel(reason),
		},
		{ highWaterMark: 0 },
	);
}

function set(target: object, name: string | symbol, value: unknown): void {
	Reflect.defineProperty(target, name, { value, configurable: true, writable: true });
}
