/** Both official SDKs number their attempts in it, from 0. */
const RETRY_COUNT = "x-stainless-retry-count";

/** The request header that names the route of one call; it is taken off before the request is sent. */
export const ROUTE_HEADER = "x-hyperagent-route";

/** Whether the sender numbers a request as a retry. */
export function isRetry(input: string | URL | Request, init: RequestInit | undefined): boolean {
	return Number(requestHeader(input, init, RETRY_COUNT)) > 0;
}

/** A header of a request, by its name in lower case; `null` where it has none. */
export function requestHeader(
	input: string | URL | Request,
	init: RequestInit | undefined,
	name: string,
): string | null {
	try {
		const headers = init?.headers ?? (input instanceof Request ? input.headers : undefined);
		if (headers === undefined) return null;
		return headers instanceof Headers ? headers.get(name) : new Headers(headers).get(name);
	} catch {
		// Headers that fetch will refuse, and say so itself.
		return null;
	}
}

/** The same request without our own header. */
export function withoutRouteHeader(
	input: string | URL | Request,
	init: RequestInit | undefined,
): RequestInit | undefined {
	if (requestHeader(input, init, ROUTE_HEADER) === null) return init;
	const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
	headers.delete(ROUTE_HEADER);
	return { ...init, headers };
}
