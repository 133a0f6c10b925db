import type { BodyTap, TapState } from "./body-tap.ts";
import { setHidden } from "./hidden-method.ts";
import { readWhole, type Whole } from "./read-whole.ts";
import type { WebStreamTap } from "./web-stream-tap.ts";

/** Of the responses of Node's own `fetch`. */
const NODES: Response = Response.prototype;

/** Where a response keeps what watches it. */
const TAP: unique symbol = Symbol("hyperagent.tap");

interface Tapped {
	[TAP]?: ResponseTap;
}

/**
 * Watches a response of Node's own `fetch` that is read as a whole, and that nobody has touched. Its methods are the same
 * functions for all of them: an accessor of its own would make each response an object of another shape, which costs more
 * than all else that is done with it here.
 */
export class ResponseTap {
	readonly #response: Response;
	readonly #tap: BodyTap;
	readonly #state: TapState;
	readonly #stream: WebStreamTap;

	/** @param stream what watches its body */
	constructor(response: Response, tap: BodyTap, state: TapState, stream: WebStreamTap) {
		this.#response = response;
		this.#tap = tap;
		this.#state = state;
		this.#stream = stream;
	}

	/** Whether it is one: whatever is in front of a response, or has been put on it, is to be asked itself. */
	static fits(response: Response, body: unknown): boolean {
		if (Reflect.getPrototypeOf(response) !== NODES || Object.hasOwn(response, "body")) return false;
		if (response.json !== NODES.json || response.text !== NODES.text) return false;
		try {
			return Reflect.get(NODES, "body", response) === body;
		} catch {
			// A proxy is none.
			return false;
		}
	}

	/** @returns whether the response could be given methods */
	watch(): boolean {
		const response = this.#response;
		const isSet = setHidden(response, TAP, this);
		if (!isSet) return false;
		setHidden(response, "json", json);
		setHidden(response, "text", text);
		Reflect.defineProperty(response, "body", BODY);
		return true;
	}

	/** Whether it watches this one, and not what has inherited or copied from it. */
	isOf(response: unknown): boolean {
		return response === this.#response;
	}

	read(name: Whole): unknown {
		const read = (): unknown => Reflect.apply(NODES[name], this.#response, []);
		return readWhole(name, read, this.#tap, this.#state);
	}

	/** Somebody asks for the stream itself. */
	opens(): void {
		this.#stream.tapRest();
	}
}

/** Whoever calls a method may call it on anything. */
function tapOf(response: unknown): ResponseTap | undefined {
	if (typeof response !== "object" || response === null || !Object.hasOwn(response, TAP)) return undefined;
	const { [TAP]: tap }: Tapped = response;
	return tap?.isOf(response) === true ? tap : undefined;
}

function json(this: unknown): unknown {
	return tapOf(this)?.read("json") ?? Reflect.apply(NODES.json, this, []);
}

function text(this: unknown): unknown {
	return tapOf(this)?.read("text") ?? Reflect.apply(NODES.text, this, []);
}

const BODY: PropertyDescriptor & ThisType<unknown> = {
	get() {
		tapOf(this)?.opens();
		// Not always the one that was there at first: a clone leaves another.
		return Reflect.get(NODES, "body", this);
	},
	configurable: true,
};
