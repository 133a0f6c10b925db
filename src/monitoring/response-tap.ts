import type { BodyTap, TapState } from "./body-tap.ts";
import { hiddenField } from "./hidden-field.ts";
import { readWhole, type Whole } from "./read-whole.ts";
import { isWebStream, WebStreamTap } from "./web-stream-tap.ts";

/** The responses of Node's own `fetch`. */
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
	#isBodyWatched: boolean;

	private constructor(tap: BodyTap, state: TapState, isBodyWatched: boolean) {
		this.#tap = tap;
		this.#state = state;
		this.#isBodyWatched = isBodyWatched;
	}

	/**
	 * One whose body is watched already.
	 *
	 * @returns whether it can be: whatever is in front of a response, or has been put on it, is to be asked itself
	 */
	static watch(response: Response, tap: BodyTap, state: TapState): boolean {
		return isNodes(response) && put(response, new ResponseTap(tap, state, true));
	}

	/**
	 * One that nobody has had yet: its body is watched when somebody gets at it, which hardly anybody does who does not ask for
	 * a stream.
	 *
	 * @returns whether it can be: where somebody has put another `Response` in the place of Node's, it is none of those
	 */
	static watchNodes(response: Response, tap: BodyTap, leavesByUnlocking: boolean): boolean {
		if (Reflect.getPrototypeOf(response) !== NODES) return false;
		const state: TapState = { leavesByUnlocking, isByBytes: false, isWhole: false };
		return put(response, new ResponseTap(tap, state, false));
	}

	/**
	 * Watches the body, too, if that is still to be done; whoever calls it may call it on anything.
	 *
	 * @returns whether all is seen of how it is read: somebody may have gone around the response's own methods until now
	 */
	static watchBody(response: unknown): boolean {
		const tap = taps.get(response);
		if (tap === undefined || tap.#isBodyWatched || tap.#state.isWhole) return true;
		const body: unknown = Reflect.get(NODES, "body", response);
		const isUsed = Reflect.get(NODES, "bodyUsed", response);
		if (isUsed || !isWebStream(body) || body.locked) return false;
		tap.#isBodyWatched = new WebStreamTap(body, tap.#tap, tap.#state).watch();
		return tap.#isBodyWatched;
	}

	/** Reads one as a whole, as its own method would; whoever calls that may call it on anything. */
	static read(name: Whole, response: unknown): unknown {
		// As it is when it is called.
		const read = (): unknown => Reflect.apply(NODES[name], response, []);
		const tap = taps.get(response);
		return tap === undefined ? read() : readWhole(name, read, tap.#tap, tap.#state);
	}
}

function put(response: Response, tap: ResponseTap): boolean {
	if (!Reflect.setPrototypeOf(response, WATCHED)) return false;
	taps.set(response, tap);
	return true;
}

/** In front of the responses' own prototype: the ways to read one, and nothing else. */
const WATCHED: object = {};
Reflect.setPrototypeOf(WATCHED, NODES);

for (const name of ["json", "text"] as const) {
	putInFront(name, {
		[name](this: unknown): unknown {
			return ResponseTap.read(name, this);
		},
	});
}

// Whatever else they have by now reads the body, or may.
for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(NODES))) {
	if (typeof value !== "function" || name === "constructor" || name === "json" || name === "text") continue;
	putInFront(name, {
		[name](this: unknown, ...args: readonly unknown[]): unknown {
			ResponseTap.watchBody(this);
			// As it is when it is called, if it is: what is none throws as a method that is none does.
			const method = Reflect.get(NODES, name) as (...args: readonly unknown[]) => unknown;
			return Reflect.apply(method, this, args);
		},
	});
}

putInFront("body", {
	get body(): unknown {
		ResponseTap.watchBody(this);
		return Reflect.get(NODES, "body", this);
	},
});

/** To be listed as their own is. */
function putInFront(name: string, of: object): void {
	const { enumerable = false } = Object.getOwnPropertyDescriptor(NODES, name) ?? {};
	Object.defineProperty(WATCHED, name, { ...Object.getOwnPropertyDescriptor(of, name), enumerable });
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
