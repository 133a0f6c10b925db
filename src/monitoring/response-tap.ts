import type { BodyTap, TapState } from "./body-tap.ts";
import { readWhole, type Whole } from "./read-whole.ts";
import type { WebStreamTap } from "./web-stream-tap.ts";

/** Of the responses of Node's own `fetch`. */
const NODES: Response = Response.prototype;

/** What watches a response. */
const taps = new WeakMap<object, ResponseTap>();

/**
 * Watches a response of Node's own `fetch` that is read as a whole, and that nobody has touched. It gets another prototype,
 * the same for all of them, in front of its own: methods of its own, and of its stream's, would take longer than all else
 * that is done with it here. Of the stream, what a response itself does with it is watched at once, for whoever goes around
 * that prototype; the rest once somebody asks for it.
 */
export class ResponseTap {
	readonly #stream: WebStreamTap;
	readonly #state: TapState;
	readonly #tap: BodyTap;

	/** @param stream what watches its body */
	constructor(stream: WebStreamTap, tap: BodyTap, state: TapState) {
		this.#stream = stream;
		this.#tap = tap;
		this.#state = state;
	}

	/** Whether it is one: whatever is in front of a response, or has been put on it, is to be asked itself. */
	static fits(response: Response, body: unknown): boolean {
		if (Reflect.getPrototypeOf(response) !== NODES || Object.hasOwn(response, "body")) return false;
		if (response.json !== NODES.json || response.text !== NODES.text) return false;
		if (!Object.isExtensible(response)) return false;
		try {
			return Reflect.get(NODES, "body", response) === body;
		} catch {
			// A proxy is none.
			return false;
		}
	}

	watch(response: Response): void {
		taps.set(response, this);
		Reflect.setPrototypeOf(response, WATCHED);
	}

	/** Reads one as a whole, as its own method would. */
	static read(name: Whole, response: unknown): unknown {
		const read = (): unknown => Reflect.apply(NODES[name], response, []);
		const tap = tapOf(response);
		return tap === undefined ? read() : readWhole(name, read, tap.#tap, tap.#state);
	}

	/** Somebody asks for the stream itself. */
	opens(): void {
		this.#stream.tapRest();
	}
}

/** Whoever calls a method may call it on anything. */
function tapOf(response: unknown): ResponseTap | undefined {
	return typeof response === "object" && response !== null ? taps.get(response) : undefined;
}

/** In front of the responses' own prototype: each property of that which reads a body, and nothing else. */
const WATCHED: object = {};
Reflect.setPrototypeOf(WATCHED, NODES);

for (const [name, own] of Object.entries<PropertyDescriptor>(Object.getOwnPropertyDescriptors(NODES))) {
	if (name === "json" || name === "text")
		Object.defineProperty(WATCHED, name, { ...own, value: whole(name) });
	else if (name === "body") Object.defineProperty(WATCHED, name, { ...own, get: bodyOf });
	else if (typeof own.value === "function" && name !== "constructor") {
		Object.defineProperty(WATCHED, name, { ...own, value: opening(name) });
	}
}

function whole(name: Whole): unknown {
	const { [name]: method } = {
		[name](this: unknown): unknown {
			return ResponseTap.read(name, this);
		},
	};
	return method;
}

/** A method that reads through the stream. */
function opening(name: string): unknown {
	const { [name]: method } = {
		[name](this: unknown, ...args: readonly unknown[]): unknown {
			tapOf(this)?.opens();
			// As it is when it is called.
			return Reflect.apply(Reflect.get(NODES, name) as () => unknown, this, args);
		},
	};
	return method;
}

function bodyOf(this: unknown): unknown {
	tapOf(this)?.opens();
	// Not always the one that was there at first: a clone leaves another.
	return Reflect.get(NODES, "body", this);
}
