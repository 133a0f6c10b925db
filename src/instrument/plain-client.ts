import { isNodeFetch } from "../monitoring/fetch-scope.ts";
import { isRecord } from "../wire/is-record.ts";

/** Options that are objects, and run nobody's code between a call and its `fetch`. */
const DATA: readonly string[] = [
	"defaultHeaders",
	"defaultQuery",
	"fetch",
	"fetchOptions",
	"logger",
	// Looked at for each request.
	"middleware",
	"openTelemetry",
];

/** What a client goes through from a call to its `fetch`; not all of them have all of it, and hardly any is public. */
const STEPS = [
	"prepareOptions",
	"buildRequest",
	"buildURL",
	"authHeaders",
	"prepareRequest",
	"fetchWithAuth",
	"fetchWithTimeout",
	"backendMiddleware",
	"retryRequest",
] as const;

type Client = { readonly fetch: unknown } & {
	readonly [step in (typeof STEPS)[number] | "logLevel"]?: unknown;
};

/**
 * Whether nothing but the maker's own code stands between a client's calls and Node's own `fetch`: no method of the class is
 * overridden, in another class or on the client itself, no option is a function (as a key may be) or an object with some.
 */
export function isPlainClient(client: Client): boolean {
	const options: unknown = "_options" in client ? client._options : undefined;
	return isNodeFetch(client.fetch) && isRecord(options) && hasOnlyData(options) && overridesNothing(client);
}

/** A plain client, which anybody may change later. */
export class PlainClient {
	readonly #client: Client;
	readonly #fetch: unknown;
	readonly #steps: readonly unknown[];

	/** @param fetch the one that is put on it for its own */
	constructor(client: Client, fetch: unknown) {
		this.#client = client;
		this.#fetch = fetch;
		this.#steps = STEPS.map((step) => client[step]);
	}

	/** Whether it is still the same, and does not log what it sends, to which we add nothing then. */
	get isPlain(): boolean {
		const client = this.#client;
		if (client.fetch !== this.#fetch || client.logLevel === "debug") return false;
		for (let i = 0; i < STEPS.length; i += 1) if (client[STEPS[i]!] !== this.#steps[i]) return false;
		return true;
	}
}

function hasOnlyData(options: Readonly<Record<string, unknown>>): boolean {
	return Object.entries(options).every(([name, value]) => DATA.includes(name) || !isComplex(value));
}

function isComplex(value: unknown): boolean {
	return typeof value === "function" || (typeof value === "object" && value !== null);
}

function overridesNothing(client: object): boolean {
	const chain: object[] = [];
	for (let at: object | null = client; at !== null; at = Reflect.getPrototypeOf(at)) chain.push(at);
	const base = chain.findLast((one) => Object.hasOwn(one, "makeRequest"));
	if (base === undefined || base === client) return false;
	const above = chain.slice(0, chain.indexOf(base));
	return above.every((one) => Reflect.ownKeys(one).every((key) => key === "constructor" || !(key in base)));
}
