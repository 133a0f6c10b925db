import { BodyIterator } from "./body-iterator.ts";
import type { BodyTap, TapState } from "./body-tap.ts";
import { setHidden } from "./hidden-method.ts";
import { isByteStream, passing, pipe, type PipeOptions } from "./passing-stream.ts";
import { type StreamReader, WatchedReader } from "./watched-reader.ts";

type Body = ReadableStream<Uint8Array>;
/** With options it is a reader of another kind; what is watched of it is the same. */
type GetReader = (...args: readonly unknown[]) => StreamReader;

/** What undici cancels a body with when its response is garbage that nobody has read. */
const GARBAGE = "Response object has been garbage collected";

/** Whether it is a stream as the web has them, of whatever implementation. */
export function isWebStream(body: unknown): body is Body {
	return typeof body === "object" && body !== null && "getReader" in body && "pipeTo" in body;
}

/**
 * Watches a stream through methods of its own: each way to read it goes through one of them. They throw and reject as the
 * stream's own would, since what the stream would refuse is left to it.
 */
export class WebStreamTap {
	readonly #body: Body;
	readonly #tap: BodyTap;
	readonly #state: TapState;
	readonly #getReader: GetReader;
	#hasRest = false;

	constructor(body: Body, tap: BodyTap, state: TapState) {
		this.#body = body;
		this.#tap = tap;
		this.#state = state;
		// oxlint-disable-next-line typescript/unbound-method -- it is applied to its stream
		this.#getReader = body.getReader;
	}

	/**
	 * Watches what a response itself does with its body.
	 *
	 * @returns whether the stream could be given methods
	 */
	tapReads(): boolean {
		const isSet = setHidden(this.#body, "getReader", (...args: readonly unknown[]) => this.#read(args));
		if (isSet) setHidden(this.#body, "tee", () => this.#tee());
		return isSet;
	}

	/** Watches what others can do. */
	tapRest(): void {
		if (this.#hasRest) return;
		this.#hasRest = true;
		const body = this.#body;
		const cancel = body.cancel.bind(body);
		const pipeTo = body.pipeTo.bind(body);
		const pipeThrough = body.pipeThrough.bind(body);
		setHidden(body, "cancel", (reason?: unknown): Promise<void> => {
			if (reason === GARBAGE) this.#tap.forgotten();
			else if (!body.locked) this.#tap.left();
			return cancel(reason);
		});
		if (typeof body.values === "function") {
			const values = body.values.bind(body);
			const iterate = (options?: { preventCancel?: boolean }): unknown =>
				areOptions(options) ? this.#iterate(options) : values(options);
			setHidden(body, "values", iterate);
			setHidden(body, Symbol.asyncIterator, iterate);
		}
		setHidden(body, "pipeTo", (...args: Parameters<Body["pipeTo"]>): Promise<void> => {
			const [destination, options] = args;
			return canPipe(body, destination, options) ? pipe(this.#open(), destination, options) : pipeTo(...args);
		});
		setHidden(body, "pipeThrough", (...args: Parameters<Body["pipeThrough"]>): ReadableStream => {
			const [pair, options] = args;
			if (!(pair?.readable instanceof ReadableStream) || !canPipe(body, pair.writable, options))
				return pipeThrough(...args);
			// Who reads at the other end hears of its failures.
			pipe(this.#open(), pair.writable, options).catch(() => undefined);
			return pair.readable;
		});
	}

	#untapped(...args: readonly unknown[]): StreamReader {
		return Reflect.apply(this.#getReader, this.#body, args);
	}

	#open(reader: StreamReader = this.#untapped()): WatchedReader {
		this.#state.isByBytes = true;
		return new WatchedReader(reader, this.#tap);
	}

	#read(args: readonly unknown[]): StreamReader {
		const reader = this.#untapped(...args);
		if (this.#state.isWhole) return reader;
		if (!this.#tap.altersBytes || !(reader instanceof ReadableStreamBYOBReader))
			return this.#open(reader).handOut(this.#state.leavesByUnlocking);
		// Into a buffer of its reader's a stream writes its own bytes: so it is one of the others.
		reader.releaseLock();
		const own: ReadableStreamBYOBReader = passing(this.#open(), true).getReader({ mode: "byob" });
		// Its types know more of what it reads.
		return own as StreamReader;
	}

	#tee(): [Body, Body] {
		const isBytes = isByteStream((options) => this.#untapped(options));
		return passing(this.#open(), isBytes).tee();
	}

	#iterate(options: { preventCancel?: boolean } | undefined): BodyIterator {
		const reader = this.#untapped();
		this.#state.isByBytes = true;
		return new BodyIterator(reader, this.#tap, options?.preventCancel === true);
	}
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
