import { HyperAgentError } from "../core/hyperagent-error.ts";
import { meteredFetch } from "../monitoring/metered-fetch.ts";
import { isRecord } from "../wire/is-record.ts";
import { providerOfHost } from "../wire/provider-of-host.ts";
import { wireRequest } from "../wire/wire-format.ts";
import type { InstrumentOptions } from "./instrument-options.ts";
import { isPlainClient, PlainClient } from "./plain-client.ts";
import { type Ask, routeIn, StainlessQuestions } from "./stainless-questions.ts";

type Fetch = typeof globalThis.fetch;
type WithOptions = (options: object) => StainlessClient;

/**
 * As far as we know the clients of `openai` and `@anthropic-ai/sdk`, which one generator makes. All requests go through
 * `makeRequest(options, retriesLeft, …)`, their retries too, and through `fetch`; neither is in the public types.
 */
interface StainlessClient {
	readonly baseURL: string;
	readonly fetch: Fetch;
	readonly makeRequest: Ask;
	readonly withOptions: WithOptions;
}

/** What the clients that we made had before. */
const made = new WeakMap<object, { readonly fetch: Fetch; readonly withOptions: WithOptions }>();

/** Whether something is a client of that kind. */
export function isStainlessClient(value: object): value is StainlessClient {
	const client: Partial<Record<keyof StainlessClient, unknown>> = value;
	return (
		typeof client.makeRequest === "function" &&
		typeof client.withOptions === "function" &&
		typeof client.fetch === "function" &&
		typeof client.baseURL === "string"
	);
}

/**
 * The same client, with its own `makeRequest` and `fetch`; the one that was given stays as it is.
 *
 * @throws HyperAgentError `BAD_OPTION` for a client that cannot be made again
 */
export function instrumentStainless(client: StainlessClient, options: InstrumentOptions): StainlessClient {
	let copy: StainlessClient;
	try {
		copy = plainCopy(client, azureOptions(client));
		copyState(client, copy);
	} catch (cause) {
		throw new HyperAgentError(
			"BAD_OPTION",
			"instrument(client, …): no second client could be made with client.withOptions(). Give the client meteredFetch() as its `fetch` instead.",
			{ cause },
		);
	}
	return meter(copy, options);
}

/** Another client of that class and those options, which nobody meters. */
function plainCopy(client: StainlessClient, more: object): StainlessClient {
	const before = made.get(client);
	if (before === undefined) return client.withOptions(more);
	// What it copies is the `fetch` that it has.
	const { fetch } = client;
	put(client, "fetch", before.fetch);
	try {
		return Reflect.apply(before.withOptions, client, [more]);
	} finally {
		put(client, "fetch", fetch);
	}
}

/**
 * What a class of the user's own, or the user, has put on a client besides its options. Objects of its constructor's stay
 * the copy's own: they may hold on to their client.
 */
function copyState(from: object, to: object): void {
	const isMade = made.has(from);
	for (const key of Reflect.ownKeys(from)) {
		if (isMade && (key === "fetch" || key === "makeRequest" || key === "withOptions")) continue;
		const state = Reflect.getOwnPropertyDescriptor(from, key);
		const value: unknown = state?.value;
		if (state === undefined || (isRecord(value) && value["_client"] === from)) continue;
		const isPlain = "value" in state && (typeof value !== "object" || value === null);
		if (!Object.hasOwn(to, key) || (isPlain && typeof value !== "function")) {
			Reflect.defineProperty(to, key, state);
		}
	}
}

function meter(client: StainlessClient, options: InstrumentOptions): StainlessClient {
	const { fetch, makeRequest, withOptions } = client;
	const provider = options.provider ?? providerOf(client);
	const labels = { ...options, provider, route: routeIn(defaultHeadersOf(client)) || options.route };
	const send = makeRequest.bind(client);
	const metered = meteredFetch(fetch, labels);
	const plain = isPlainClient(client) ? new PlainClient(client, metered) : undefined;
	const questions = new StainlessQuestions(client, send, labels, deploymentOf(client), plain);
	made.set(client, { fetch, withOptions });
	put(client, "fetch", metered);
	put(client, "makeRequest", (input: unknown, ...rest: unknown[]) => questions.ask(input, rest), false);
	put(client, "withOptions", (more: object) => meter(plainCopy(client, more), options), false);
	return client;
}

/** What a client sends with each request. */
function defaultHeadersOf(client: object): unknown {
	const own: unknown = "_options" in client ? client._options : undefined;
	return isRecord(own) ? own["defaultHeaders"] : undefined;
}

/** The host tells; where nobody knows it (a proxy, a server on this machine) the client does. */
function providerOf(client: StainlessClient): string | undefined {
	if (isAzure(client)) return "azure";
	const known = providerOfHost(client.baseURL);
	if (known !== undefined) return known;
	if ("chat" in client) return "openai";
	return "messages" in client ? "anthropic" : undefined;
}

/** What AzureOpenAI of openai 5 and 6 leaves out of a copy. */
function azureOptions(client: object): object {
	return isAzure(client) ? { apiVersion: client.apiVersion, deployment: client.deploymentName } : {};
}

/** Azure's model, where the client or its URL has a fixed one, whatever a request says. */
function deploymentOf(client: StainlessClient): string | undefined {
	if (isAzure(client) && typeof client.deploymentName === "string") return client.deploymentName;
	return wireRequest("POST", `${client.baseURL}/chat/completions`).model;
}

/** AzureOpenAI has the version of its API, whatever a bundler calls its class. */
function isAzure(
	client: object,
): client is { readonly apiVersion: unknown; readonly deploymentName: unknown } {
	return "apiVersion" in client && "deploymentName" in client;
}

function put(target: object, name: string, value: unknown, enumerable = true): void {
	Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable });
}
