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
interface Steps {
	readonly prepareOptions?: unknown;
	readonly buildRequest?: unknown;
	readonly buildURL?: unknown;
	readonly authHeaders?: unknown;
	readonly prepareRequest?: unknown;
	readonly fetchWithAuth?: unknown;
	readonly fetchWithTimeout?: unknown;
	readonly backendMiddleware?: unknown;
	readonly retryRequest?: unknown;
}

interface Client extends Steps {
	readonly fetch: unknown;
	readonly logLevel?: unknown;
}

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
	readonly #steps: Steps;

	/** @param fetch the one that is put on it for its own */
	constructor(client: Client, fetch: unknown) {
		this.#client = client;
		this.#fetch = fetch;
		this.#steps = stepsOf(client);
	}

	/** Whether it is still the same, and does not log what it sends, to which we add nothing then. */
	get isPlain(): boolean {
		const client = this.#client;
		if (client.fetch !== this.#fetch || client.logLevel === "debug") return false;
		return hasSteps(client, this.#steps);
	}
}

function stepsOf(client: Steps): Steps {
	return {
		prepareOptions: client.prepareOptions,
		buildRequest: client.buildRequest,
		buildURL: client.buildURL,
		authHeaders: client.authHeaders,
		prepareRequest: client.prepareRequest,
		fetchWithAuth: client.fetchWithAuth,
		fetchWithTimeout: client.fetchWithTimeout,
		backendMiddleware: client.backendMiddleware,
		retryRequest: client.retryRequest,
	};
}

/** Each by its name: in a loop over names every look-up is a general one, which was half a hundredth of a call. */
function hasSteps(client: Steps, steps: Steps): boolean {
	return (
		client.prepareOptions === steps.prepareOptions &&
		client.buildRequest === steps.buildRequest &&
		client.buildURL === steps.buildURL &&
		client.authHeaders === steps.authHeaders &&
		client.prepareRequest === steps.prepareRequest &&
		client.fetchWithAuth === steps.fetchWithAuth &&
		client.fetchWithTimeout === steps.fetchWithTimeout &&
		client.backendMiddleware === steps.backendMiddleware &&
		client.retryRequest === steps.retryRequest
	);
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
