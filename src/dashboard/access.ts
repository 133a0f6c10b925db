import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";
import type { FailureThrottle, TokenSender } from "./failure-throttle.ts";
import { readCookie } from "./session-cookie.ts";
import type { Session, Sessions } from "./sessions.ts";
import { bearerToken, hashToken } from "./token.ts";

/** What a decision on a request needs of it. */
export interface AccessRequest {
	/** The address at the other end of the socket: the only word on where a request is from that cannot be forged. */
	readonly peer: string | undefined;
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	/** What it is asked in: "1.1". */
	readonly httpVersion?: string | undefined;
}

/** Who may do what. */
export interface AccessPolicy {
	/** The host that the server was told to listen on. */
	readonly boundHost: string;
	/** Of the token; `undefined` where none is set. */
	readonly tokenHash: Buffer | undefined;
	/** Of the token for `/metrics`; `undefined` where it is open to all. */
	readonly metricsTokenHash: Buffer | undefined;
	/** Whether everybody may see everything. */
	readonly allowUnauthenticated: boolean;
	/** Of browsers; `undefined` where no token is set. */
	readonly sessions: Sessions | undefined;
	/** What the session's cookie is called. */
	readonly cookie: string;
	readonly throttle: FailureThrottle;
}

/**
 * `unauthorized`: the token is missing or wrong. `throttled`: too many wrong ones have come. `foreign-host`: asked for by a
 * name that is not this machine's.
 */
export type AccessDecision =
	| { readonly kind: "allowed"; readonly session?: Session | undefined }
	| { readonly kind: "unauthorized" | "foreign-host" }
	| { readonly kind: "throttled"; readonly retryAfterSeconds: number };

/** For scrapers and load balancers: open to every peer, under every name. */
const PUBLIC_PATHS = new Set(["/metrics", "/health", "/ready"]);
/** How a browser gets in and out, where a token is set. */
const LOGIN_PATHS = new Set(["/login", "/login.css", "/logout"]);

const ALLOWED: AccessDecision = { kind: "allowed" };
const UNAUTHORIZED: AccessDecision = { kind: "unauthorized" };

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
// A BlockList applies IPv4 rules to IPv4-mapped IPv6 addresses as well.
loopback.addAddress("::1", "ipv6");

/** What proxies say of themselves: with one of these, the peer is not the one who asks. */
const PROXY_HEADER = /^(forwarded|via|x-real-ip|x-forwarded-.+)$/;

/**
 * Decides on a request. Where a token is set, everybody needs it: a peer on loopback may be a proxy that lets in the
 * world. Where none is, only peers on loopback are let in, and only where they ask for this machine by a name of its
 * own: a page from elsewhere whose name was re-bound to 127.0.0.1 comes with that name in `Host`.
 *
 * @param now milliseconds since the epoch
 */
export function decideAccess(request: AccessRequest, policy: AccessPolicy, now: number): AccessDecision {
	const { headers, path, peer } = request;
	const { metricsTokenHash, tokenHash } = policy;
	if (PUBLIC_PATHS.has(path)) {
		if (path !== "/metrics" || metricsTokenHash === undefined) return ALLOWED;
		const accepted = tokenHash === undefined ? [metricsTokenHash] : [metricsTokenHash, tokenHash];
		return checkProgram(request, policy, accepted, "metrics");
	}
	if (policy.allowUnauthenticated) return ALLOWED;
	if (tokenHash !== undefined) {
		if (LOGIN_PATHS.has(path)) return ALLOWED;
		const session = policy.sessions?.read(readCookie(headers.cookie, policy.cookie), now);
		// A session is asked first: guesses from its address must not hold it up.
		if (session !== undefined) return { kind: "allowed", session };
		return checkProgram(request, policy, [tokenHash], "all");
	}
	if (!isLoopback(peer) || isProxied(request)) return UNAUTHORIZED;
	return isOwnHost(headers.host, policy.boundHost) ? ALLOWED : { kind: "foreign-host" };
}

/** Whether only this machine can be at that address. */
export function isLoopback(address: string | undefined): boolean {
	if (address === undefined || isIP(address) === 0) return false;
	return loopback.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/**
 * Who sends a token, for the throttle. What comes through a proxy is not told apart by what it says of its origin, which
 * anyone may write, but it never counts as the proxy's own machine.
 */
export function tokenSender(request: Omit<AccessRequest, "path">): TokenSender {
	const { peer = "" } = request;
	const proxied = isProxied(request);
	return { key: `${networkOf(peer)}${proxied ? " proxied" : ""}`, isLocal: isLoopback(peer) && !proxied };
}

function checkProgram(
	request: AccessRequest,
	{ throttle }: AccessPolicy,
	accepted: readonly Buffer[],
	purpose: string,
): AccessDecision {
	const token = bearerToken(request.headers.authorization);
	if (token === undefined) return UNAUTHORIZED;
	const verdict = throttle.check(tokenSender(request), hashToken(token), accepted, purpose);
	if (verdict.kind === "throttled") return verdict;
	return verdict.kind === "right" ? ALLOWED : UNAUTHORIZED;
}

/** nginx's plain `proxy_pass` says nothing of itself, but asks in HTTP/1.0, as browsers and programs have long ceased to. */
function isProxied({ headers, httpVersion }: Omit<AccessRequest, "path">): boolean {
	if (httpVersion === "1.0") return true;
	return Object.keys(headers).some((name) => PROXY_HEADER.test(name));
}

/** One for each address that somebody is given: of IPv6 that is a whole /64, and this machine has all of 127.0.0.0/8. */
export function networkOf(peer: string): string {
	if (isLoopback(peer)) return "127.0.0.1";
	const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(peer)?.[1];
	if (v4 !== undefined || !isIPv6(peer)) return v4 ?? peer;
	const [head = "", tail] = peer.split("%", 1)[0]?.split("::") ?? [];
	const groups = head === "" ? [] : head.split(":");
	const last = tail === undefined || tail === "" ? [] : tail.split(":");
	const zeros = Array.from({ length: tail === undefined ? 0 : 8 - groups.length - last.length }, () => "0");
	const all = [...groups, ...zeros, ...last];
	return `${all.slice(0, 4).join(":")}::/64`;
}

function isOwnHost(host: string | undefined, boundHost: string): boolean {
	const parts = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<name>[a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host ?? "")?.groups;
	const name = (parts?.["v6"] ?? parts?.["name"])?.toLowerCase();
	if (name === undefined) return false;
	return name === "localhost" || name === boundHost.toLowerCase() || isLoopback(name);
}
