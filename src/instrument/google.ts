import { isRefusal } from "../core/call-gate.ts";
import { Call } from "../monitoring/call.ts";
import { currentCall, runInQuestion } from "../monitoring/current-call.ts";
import { currentRoute } from "../monitoring/current-route.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import { meteredFetch } from "../monitoring/metered-fetch.ts";
import { Question } from "../monitoring/question.ts";
import { ROUTE_HEADER } from "../monitoring/request-headers.ts";
import { isRecord } from "../wire/is-record.ts";
import { wireRequest } from "../wire/wire-format.ts";
import type { InstrumentOptions } from "./instrument-options.ts";

type Fetch = typeof globalThis.fetch;
type Send = (request: unknown) => Promise<unknown>;

/**
 * As far as we know the client of `@google/genai`: all its requests go through one `apiClient`, which its parts share.
 * None of this is in the public types.
 */
interface GoogleClient {
	readonly apiClient: ApiClient;
	readonly models: object;
}

interface ApiClient {
	readonly request: Send;
	readonly requestStream: Send;
	readonly apiCall: (...args: unknown[]) => Promise<Response>;
	readonly getFetch?: () => Fetch | undefined;
}

/** The place of `fetch` among the arguments of `apiCall`; older versions take none and use the global one. */
const FETCH_ARGUMENT = 5;

const made = new WeakMap<object, GoogleClient>();

/** Whether something is such a client. */
export function isGoogleClient(value: object): value is GoogleClient {
	const { apiClient, models }: { apiClient?: unknown; models?: unknown } = value;
	return (
		isRecord(apiClient) &&
		isRecord(models) &&
		["request", "requestStream", "apiCall"].every((name) => typeof apiClient[name] === "function")
	);
}

/** The same client on an `apiClient` that meters; the one that was given stays as it is. */
export function instrumentGoogle(client: GoogleClient, options: InstrumentOptions): GoogleClient {
	const from = made.get(client) ?? client;
	// What the client sends with each request.
	const route = routeOf("clientOptions" in from.apiClient ? from.apiClient.clientOptions : undefined);
	const apiClient = meteredApiClient(from.apiClient, { ...options, route: route ?? options.route });
	const copy = withApiClient(from, apiClient);
	made.set(copy, from);
	return copy;
}

/** A copy of the client whose parts are made anew, for that `apiClient`. */
function withApiClient(client: GoogleClient, apiClient: ApiClient): GoogleClient {
	const models = rebuilt(client.models, [apiClient]);
	const parts: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(client);
	for (const [name, part] of Object.entries(client)) {
		const isOnIt = isRecord(part) && part["apiClient"] === client.apiClient;
		if (name === "models") parts[name] = own(models);
		else if (name === "chats" && isRecord(part)) parts[name] = own(rebuilt(part, [models, apiClient]));
		else if (name === "apiClient") parts[name] = own(apiClient);
		// A part that is made when it is first asked for is made again.
		else if (name.startsWith("_")) parts[name] = own(undefined);
		// A live session is no request.
		else if (isOnIt && name !== "live") parts[name] = own(rebuilt(part, [apiClient]));
	}
	// Of the same class, with the same fields.
	return Object.create(Object.getPrototypeOf(client) as object, parts) as GoogleClient;
}

function own(value: unknown): PropertyDescriptor {
	return { value, configurable: true, enumerable: true, writable: true };
}

/** A new object of the same class. */
function rebuilt(part: object, args: readonly unknown[]): object {
	const made: unknown = Reflect.construct(part.constructor, args);
	return isRecord(made) ? made : part;
}

function meteredApiClient(api: ApiClient, options: InstrumentOptions): ApiClient {
	const provider = options.provider ?? "google";
	const metered = (send: Fetch): Fetch => meteredFetch(send, { ...options, provider });
	const asking = (name: "request" | "requestStream"): Send => {
		const send = api[name];
		return async (request) => {
			const question = begin(request, { ...options, provider });
			if (question === undefined) return Reflect.apply(send, metering, [request]);
			try {
				const answer = await runInQuestion(question, () =>
					Reflect.apply(send, metering, [withoutRoute(request)]),
				);
				if (question.endsWith === "answer" && !question.isAnswered) question.call.succeed();
				return answer;
			} catch (error) {
				if (question.endsWith === "answer") question.call.fail(error);
				throw error;
			}
		};
	};
	// It has all that the other has, and three methods of its own.
	const metering = Object.create(api, {
		request: { value: asking("request") },
		requestStream: { value: asking("requestStream") },
		// Handed over only here: a client that is given a `fetch` loses its own deadlines.
		apiCall: {
			value: (...args: unknown[]): Promise<Response> => {
				if (api.apiCall.length <= FETCH_ARGUMENT) {
					const [url, init, ...rest] = args;
					const send: Fetch = (input, own) => Reflect.apply(api.apiCall, metering, [input, own, ...rest]);
					return metered(send)(String(url), isRecord(init) ? init : undefined);
				}
				const given = args[FETCH_ARGUMENT];
				// What is there is a `fetch`, or nothing.
				const send = typeof given === "function" ? (given as Fetch) : globalThis.fetch;
				const passed = [...args];
				passed[FETCH_ARGUMENT] = metered(send);
				return Reflect.apply(api.apiCall, metering, passed);
			},
		},
		getFetch: { value: (): Fetch => metered(api.getFetch?.() ?? untimedFetch) },
	}) as ApiClient;
	return metering;
}

const GLOBAL_DISPATCHER: symbol = Symbol.for("undici.globalDispatcher.1");

/** As the newer parts of the client send: without undici's own limits of time, but not through a `fetch` that is given. */
const untimedFetch: Fetch = (input, init) => globalThis.fetch(input, withoutTimeLimits(init));

function withoutTimeLimits(init: RequestInit | undefined): RequestInit | undefined {
	const dispatch = (options: object, handler: unknown): unknown => {
		const global: unknown = Reflect.get(globalThis, GLOBAL_DISPATCHER);
		// undici's own, which `fetch` has used by then.
		const { dispatch: send }: { dispatch?: (...args: unknown[]) => unknown } = global ?? {};
		return send?.call(global, { ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
	};
	// RequestInit of Node's fetch has a dispatcher, with only this method asked of it.
	return { ...init, dispatcher: { dispatch } } as RequestInit;
}

function begin(request: unknown, options: InstrumentOptions & { provider: string }): Question | undefined {
	try {
		if (!isRecord(request)) return undefined;
		const { abortSignal, httpMethod, path } = request;
		const {
			format,
			isStream = false,
			model = "unknown",
			operation,
		} = wireRequest(String(httpMethod), String(path));
		if (format === "free" || format === "unmetered") return undefined;
		const { provider } = options;
		const outer = currentCall();
		const call =
			outer ??
			new Call({
				operation,
				route: routeOf(request) ?? currentRoute() ?? options.route,
				provider,
				model,
				isStream,
				isOneQuestion: true,
				...(abortSignal instanceof AbortSignal ? { signal: abortSignal } : undefined),
			});
		const endsWith = outer === undefined ? "answer" : "neither";
		return new Question({ call, format, provider, model, isStream, endsWith, leavesByUnlocking: true });
	} catch (cause) {
		if (isRefusal(cause)) throw cause;
		reportInternalError("call", "A client's request could not be metered.", cause);
		return undefined;
	}
}

/** The headers of one request, as the client takes them. */
function headersOf(request: unknown): Readonly<Record<string, unknown>> | undefined {
	const http = isRecord(request) ? request["httpOptions"] : undefined;
	return isRecord(http) && isRecord(http["headers"]) ? http["headers"] : undefined;
}

function routeOf(request: unknown): string | undefined {
	const found = Object.entries(headersOf(request) ?? {}).find(
		([name]) => name.toLowerCase() === ROUTE_HEADER,
	);
	return typeof found?.[1] === "string" && found[1] !== "" ? found[1] : undefined;
}

function withoutRoute(request: unknown): unknown {
	const headers = headersOf(request);
	if (headers === undefined || !isRecord(request)) return request;
	const kept = Object.entries(headers).filter(([name]) => name.toLowerCase() !== ROUTE_HEADER);
	const { httpOptions } = request;
	return {
		...request,
		httpOptions: { ...(isRecord(httpOptions) ? httpOptions : undefined), headers: Object.fromEntries(kept) },
	};
}
