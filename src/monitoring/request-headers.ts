import { isRequest } from "./fetch-scope.ts";

/** Both official SDKs number their attempts in it, from 0. */
const RETRY_COUNT = "x-stainless-retry-count";

/** The request header that names the route of one call; it is taken off before the request is sent. */
export const ROUTE_HEADER = "x-hyperagent-route";

type Input = string | URL | Request;

/** Whether the sender numbers a request as a retry. */
export function isRetry(input: Input, init: RequestInit | undefined): boolean {
	return Number(requestHeader(input, init, RETRY_COUNT)) > 0;
}

/** Whether the sender numbers its requests. */
export function isNumbered(input: Input, init: RequestInit | undefined): boolean {
	return requestHeader(input, init, RETRY_COUNT) !== null;
}

/** A header of a request, by its name in lower case; `null` where it has none. */
export function requestHeader(input: Input, init: RequestInit | undefined, name: string): string | null {
	const headers: unknown = headersOf(input, init);
	if (typeof headers !== "object" || headers === null) return null;
	if (Array.isArray(headers) || headers instanceof Map) return headerIn(headers, name);
	if (hasGet(headers)) return headers.get(name);
	// What can be read only once is not ours to read.
	if (Symbol.iterator in headers) return null;
	for (const key in headers) {
		// The length tells nearly all others apart.
		if (key.length !== name.length || key.toLowerCase() !== name) continue;
		return textOf(Reflect.get(headers, key));
	}
	return null;
}

/** The route that a request names, if it does, and what to send then: what was given stays as it is. */
export function takeRoute(
	input: Input,
	init: RequestInit | undefined,
): { readonly route: string | null; readonly passed: RequestInit | undefined } {
	try {
		const passed = rereadable(init);
		const route = requestHeader(input, passed, ROUTE_HEADER);
		if (route === null) return { route, passed };
		const headers = new Headers(headersOf(input, passed));
		headers.delete(ROUTE_HEADER);
		return { route, passed: { ...passed, headers } };
	} catch {
		// Headers that fetch will refuse, and say so itself.
		return { route: null, passed: init };
	}
}

/** The same request, with headers that can be read more than once. */
function rereadable(init: RequestInit | undefined): RequestInit | undefined {
	const headers: unknown = init?.headers;
	if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return init;
	if (hasGet(headers) || !isIterable(headers)) return init;
	// What it gives is for fetch to judge.
	return { ...init, headers: [...headers] as [string, string][] };
}

function headersOf(input: Input, init: RequestInit | undefined): RequestInit["headers"] {
	return init?.headers ?? (isRequest(input) ? input.headers : undefined);
}

function headerIn(pairs: Iterable<unknown>, name: string): string | null {
	for (const pair of pairs) {
		if (Array.isArray(pair) && String(pair[0]).toLowerCase() === name) return textOf(pair[1]);
	}
	return null;
}

function isIterable(headers: object): headers is Iterable<unknown> {
	return Symbol.iterator in headers;
}

/** `Headers`, of whatever implementation, or a Map. */
function hasGet(headers: object): headers is { get(name: string): string | null } {
	return "get" in headers && typeof headers.get === "function";
}

function textOf(value: unknown): string | null {
	return typeof value === "string" || typeof value === "number" ? String(value).trim() : null;
}
