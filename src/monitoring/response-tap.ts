import type { BodyTap, TapState } from "./body-tap.ts";
import { hiddenField } from "./hidden-field.ts";
import { readWhole, type Whole } from "./read-whole.ts";

/** Of the responses of Node's own `fetch`. */
const NODES: Response = Response.prototype;
/** What watches a response. */
const taps = hiddenField<ResponseTap>();

/**
 * Watches how a response of Node's own `fetch` is read as a whole, of which it is enough to see what comes of it; nobody may
 * have touched the response. It gets another prototype, the same for all of them, in front of its own: methods of its own
 * would take longer than all else that is done with it here.
 */
export class ResponseTap {
	readonly #tap: BodyTap;
	readonly #state: TapState;

	constructor(tap: BodyTap, state: TapState) {
		this.#tap = tap;
		this.#state = state;
	}

	/** @returns whether it can be: whatever is in front of a response, or has been put on it, is to be asked itself */
	watch(response: Response): boolean {
		if (!isNodes(response) || !Reflect.setPrototypeOf(response, WATCHED)) return false;
		taps.set(response, this);
		return true;
	}

	/** Reads one as a whole, as its own method would; whoever calls that may call it on anything. */
	static read(name: Whole, response: unknown): unknown {
		// As it is when it is called.
		const read = (): unknown => Reflect.apply(NODES[name], response, []);
		const tap = taps.get(response);
		return tap === undefined ? read() : readWhole(name, read, tap.#tap, tap.#state);
	}
}

/** In front of the responses' own prototype: what reads one as a whole, and nothing else. */
const WATCHED: object = {};
Reflect.setPrototypeOf(WATCHED, NODES);

for (const name of ["json", "text"] as const) {
	const { [name]: method } = {
		[name](this: unknown): unknown {
			return ResponseTap.read(name, this);
		},
	};
	Object.defineProperty(WATCHED, name, { ...Object.getOwnPropertyDescriptor(NODES, name), value: method });
}

function isNodes(response: Response): boolean {
	if (Reflect.getPrototypeOf(response) !== NODES || taps.get(response) !== undefined) return false;
	if (response.json !== NODES.json || response.text !== NODES.text) return false;
	try {
		// A proxy is none.
		return Reflect.get(NODES, "headers", response) instanceof Headers;
	} catch {
		return false;
	}
}
