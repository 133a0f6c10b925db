import { BodyIterator } from "./body-iterator.ts";
import type { BodyTap, TapState } from "./body-tap.ts";
import { setHidden } from "./hidden-method.ts";
import { isByteStream, passing, pipe, type PipeOptions } from "./passing-stream.ts";
import { type StreamReader, WatchedReader } from "./watched-reader.ts";

type Body = ReadableStream<Uint8Array>;

/** What undici cancels a body with when its response is garbage that nobody has read. */
const GARBAGE = "Response object has been garbage collected";

/** Whether it is a stream as the web has them, of whatever implementation. */
export function isWebStream(body: unknown): body is Body {
	return typeof body === "object" && body !== null && "getReader" in body && "pipeTo" in body;
}

/**
 * Watches a stream through methods of its own: each way to read it goes through one of them. They throw and reject as the
 * stream's own would, since what the stream would refuse is left to it.
 *
 * @returns whether it could be given them
 */
export function tapWebStream(body: Body, tap: BodyTap, state: TapState): boolean {
	// With options it is a reader of another kind; what is watched of it is the same.
	const getReader = body.getReader.bind(body) as (...args: readonly unknown[]) => StreamReader;
	const cancel = body.cancel.bind(body);
	const pipeTo = body.pipeTo.bind(body);
	const pipeThrough = body.pipeThrough.bind(body);
	const values = typeof body.values === "function" ? body.values.bind(body) : undefined;
	const open = (reader = getReader()): WatchedReader => {
		state.isByBytes = true;
		return new WatchedReader(reader, tap);
	};
	const iterate = (options?: { preventCancel?: boolean }): unknown => {
		if (!areOptions(options)) return values?.(options);
		const reader = getReader();
		state.isByBytes = true;
		return new BodyIterator(reader, tap, options?.preventCancel === true);
	};
	const isSet = setHidden(body, "getReader", (...args: readonly unknown[]): StreamReader => {
		const reader = getReader(...args);
		if (state.isWhole) return reader;
		if (!tap.altersBytes || !(reader instanceof ReadableStreamBYOBReader))
			return open(reader).handOut(state.leavesByUnlocking);
		// Into a buffer of its reader's a stream writes its own bytes: so it is one of the others.
		reader.releaseLock();
		const own: ReadableStreamBYOBReader = passing(open(), true).getReader({ mode: "byob" });
		// Its types know more of what it reads.
		return own as StreamReader;
	});
	if (!isSet) return false;
	setHidden(body, "cancel", (reason?: unknown): Promise<void> => {
		if (reason === GARBAGE) tap.forgotten();
		else if (!body.locked) tap.left();
		return cancel(reason);
	});
	if (values !== undefined) {
		setHidden(body, "values", iterate);
		setHidden(body, Symbol.asyncIterator, iterate);
	}
	setHidden(body, "tee", (): [Body, Body] => {
		const isBytes = isByteStream(getReader);
		return passing(open(), isBytes).tee();
	});
	setHidden(body, "pipeTo", (...args: Parameters<Body["pipeTo"]>): Promise<void> => {
		const [destination, options] = args;
		return canPipe(body, destination, options) ? pipe(open(), destination, options) : pipeTo(...args);
	});
	setHidden(body, "pipeThrough", (...args: Parameters<Body["pipeThrough"]>): ReadableStream => {
		const [pair, options] = args;
		if (!(pair?.readable instanceof ReadableStream) || !canPipe(body, pair.writable, options))
			return pipeThrough(...args);
		// Who reads at the other end hears of its failures.
		pipe(open(), pair.writable, options).catch(() => undefined);
		return pair.readable;
	});
	return true;
}

function canPipe(body: Body, destination: unknown, options: unknown): options is PipeOptions {
	if (!(destination instanceof WritableStream) || destination.locked || body.locked) return false;
	if (!areOptions(options)) return false;
	const signal: unknown =
		options === undefined || options === null ? undefined : Reflect.get(options, "signal");
	return signal === undefined || signal instanceof AbortSignal;
}

/** Whether a stream would take it as options. */
function areOptions(options: unknown): options is object | null | undefined {
	return options === undefined || typeof options === "object" || typeof options === "function";
}
