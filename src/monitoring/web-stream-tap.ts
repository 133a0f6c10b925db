import { BodyIterator } from "./body-iterator.ts";
import type { BodyTap, TapState } from "./body-tap.ts";
import { hiddenField } from "./hidden-field.ts";
import { setHidden } from "./hidden-method.ts";
import { isByteStream, passing, pipe, type PipeOptions } from "./passing-stream.ts";
import { type StreamReader, WatchedReader } from "./watched-reader.ts";

type Body = ReadableStream<Uint8Array>;
type Args = readonly unknown[];

/** The ways to read a stream, as its methods are called; that for `for await` is `values`. There is no other. */
const WAYS = ["getReader", "tee", "cancel", "values", "pipeTo", "pipeThrough"] as const;
type Way = (typeof WAYS)[number];
type Own = { readonly [W in Way]?: unknown };

/** Of Node's own streams, as those of its `fetch` are. */
const NODES: Body = ReadableStream.prototype;
/** What watches a stream of Node's own. */
const taps = hiddenField<WebStreamTap>();

/** What undici cancels a body with when its response is garbage that nobody has read. */
const GARBAGE = "Response object has been garbage collected";

/** Whether it is a stream as the web has them, of whatever implementation. */
export function isWebStream(body: unknown): body is Body {
	return typeof body === "object" && body !== null && "getReader" in body && "pipeTo" in body;
}

/**
 * Watches a stream through its methods: each way to read it goes through one of them. They throw and reject as the stream's
 * own would, since what the stream would refuse is left to it. A stream of Node's own gets another prototype, the same for
 * all of them, in front of its own: methods of its own would take three times as long. Any other gets those.
 */
export class WebStreamTap {
	readonly #body: Body;
	readonly #tap: BodyTap;
	readonly #state: TapState;
	/** What the stream's own methods are: those of its prototype, as they are when they are called, or what it had before. */
	#own: Own = NODES;

	constructor(body: Body, tap: BodyTap, state: TapState) {
		this.#body = body;
		this.#tap = tap;
		this.#state = state;
	}

	/** @returns whether it can be: what is frozen cannot */
	watch(): boolean {
		const body = this.#body;
		if (isNodes(body) && Reflect.setPrototypeOf(body, WATCHED)) {
			taps.set(body, this);
			return true;
		}
		const own: { [W in Way]?: unknown } = {};
		this.#own = own;
		for (const way of WAYS) {
			own[way] = body[way];
			if (typeof own[way] !== "function") continue;
			const read = (...args: Args): unknown => this.#read(way, args);
			if (!setHidden(body, way, read)) return false;
			if (way === "values") setHidden(body, Symbol.asyncIterator, read);
		}
		return true;
	}

	/** Calls a method of a stream of Node's own, of which it may be any. */
	static call(way: Way, stream: unknown, args: Args): unknown {
		const tap = taps.get(stream);
		return tap === undefined ? apply(NODES, way, stream, args) : tap.#read(way, args);
	}

	#read(way: Way, args: Args): unknown {
		switch (way) {
			case "getReader":
				return this.#reader(args);
			case "tee":
				return this.#tee();
			case "cancel":
				return this.#cancel(args);
			case "pipeTo":
				return this.#pipeTo(args);
			case "pipeThrough":
				return this.#pipeThrough(args);
			case "values":
				return this.#iterate(args);
		}
	}

	#untapped(way: Way, args: Args): unknown {
		return apply(this.#own, way, this.#body, args);
	}

	/** With options it is a reader of another kind; what is watched of it is the same. */
	#getReader(...args: Args): StreamReader {
		// Its types know more of what it reads.
		return this.#untapped("getReader", args) as StreamReader;
	}

	#open(reader: StreamReader = this.#getReader()): WatchedReader {
		this.#state.isByBytes = true;
		return new WatchedReader(reader, this.#tap);
	}

	#reader(args: Args): StreamReader {
		const reader = this.#getReader(...args);
		if (this.#state.isWhole) return reader;
		if (!this.#tap.altersBytes || !(reader instanceof ReadableStreamBYOBReader))
			return this.#open(reader).handOut(this.#state.leavesByUnlocking);
		// Into a buffer of its reader's a stream writes its own bytes: so it is one of the others.
		reader.releaseLock();
		const own: ReadableStreamBYOBReader = passing(this.#open(), true).getReader({ mode: "byob" });
		// As above.
		return own as StreamReader;
	}

	#tee(): [Body, Body] {
		const isBytes = isByteStream((options) => this.#getReader(options));
		return passing(this.#open(), isBytes).tee();
	}

	#cancel(args: Args): unknown {
		if (args[0] === GARBAGE) this.#tap.forgotten();
		else if (!this.#body.locked) this.#tap.left();
		return this.#untapped("cancel", args);
	}

	#iterate(args: Args): unknown {
		const [options] = args;
		if (!areOptions(options)) return this.#untapped("values", args);
		// Which may throw: then nobody reads.
		const preventCancel: unknown =
			options === undefined || options === null ? undefined : Reflect.get(options, "preventCancel");
		const reader = this.#getReader();
		this.#state.isByBytes = true;
		return new BodyIterator(reader, this.#tap, Boolean(preventCancel));
	}

	#pipeTo(args: Args): unknown {
		return this.#canPipe(args) ? pipe(this.#open(), args[0], args[1]) : this.#untapped("pipeTo", args);
	}

	#pipeThrough(args: Args): unknown {
		const [pair, options] = args;
		const isPair = typeof pair === "object" && pair !== null;
		const readable: unknown = isPair ? Reflect.get(pair, "readable") : undefined;
		const to = [isPair ? Reflect.get(pair, "writable") : undefined, options];
		if (!(readable instanceof ReadableStream) || !this.#canPipe(to))
			return this.#untapped("pipeThrough", args);
		// Who reads at the other end hears of its failures.
		pipe(this.#open(), to[0], to[1]).catch(() => undefined);
		return readable;
	}

	/** Whether the stream itself would. */
	#canPipe(to: Args): to is readonly [WritableStream<Uint8Array>, PipeOptions?] {
		const [destination, options] = to;
		if (!(destination instanceof WritableStream) || destination.locked || this.#body.locked) return false;
		if (!areOptions(options)) return false;
		const signal: unknown =
			options === undefined || options === null ? undefined : Reflect.get(options, "signal");
		return signal === undefined || signal instanceof AbortSignal;
	}
}

/** In front of the prototype of Node's streams: each way to read one, and nothing else. */
const WATCHED: object = {};
Reflect.setPrototypeOf(WATCHED, NODES);

for (const way of WAYS) {
	const { [way]: method } = {
		[way](this: unknown, ...args: Args): unknown {
			return WebStreamTap.call(way, this, args);
		},
	};
	Object.defineProperty(WATCHED, way, { ...Object.getOwnPropertyDescriptor(NODES, way), value: method });
	if (way === "values") setHidden(WATCHED, Symbol.asyncIterator, method);
}

function apply(own: Own, way: Way, stream: unknown, args: Args): unknown {
	// Whatever stands there is called as one.
	return Reflect.apply(own[way] as (...args: Args) => unknown, stream, args);
}

/** Whether it is one of Node's own, and nobody has touched it. */
function isNodes(body: Body): boolean {
	if (Reflect.getPrototypeOf(body) !== NODES || taps.get(body) !== undefined) return false;
	return (
		body.getReader === NODES.getReader &&
		body.tee === NODES.tee &&
		body.cancel === NODES.cancel &&
		body.values === NODES.values &&
		body[Symbol.asyncIterator] === NODES[Symbol.asyncIterator] &&
		body.pipeTo === NODES.pipeTo &&
		body.pipeThrough === NODES.pipeThrough
	);
}

/** Whether a stream would take it as options. */
function areOptions(options: unknown): options is object | null | undefined {
	return options === undefined || typeof options === "object" || typeof options === "function";
}
