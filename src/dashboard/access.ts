import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";

/** What a decision on a request needs of it. */
export interface AccessRequest {
	/** The address at the other end of the socket: the only word on where a request is from that cannot be forged. */
	readonly peer: string | undefined;
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
}

/** Who may do what. */
export interface AccessPolicy {
	/** The host that the server was told to listen on. */
	readonly boundHost: string;
	/** Of the token; `undefined` where none is set. */
	readonly tokenHash: Buffer | undefined;
}

/** `unauthorized`: the token is missing or wrong. `foreign-host`: asked for by a name that is not this machine's. */
export type AccessDecision = "allowed" | "unauthorized" | "foreign-host";

/** For scrapers and load balancers: open to every peer, under every name. */
const PUBLIC_PATHS = new Set(["/metrics", "/health", "/ready"]);

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
 */
export function decideAccess(request: AccessRequest, policy: AccessPolicy): AccessDecision {
	const { headers, path, peer } = request;
	if (PUBLIC_PATHS.has(path)) return "allowed";
	if (policy.tokenHash !== undefined) {
		return hasToken(headers.authorization, policy.tokenHash) ? "allowed" : "unauthorized";
	}
	if (!isLoopback(peer) || Object.keys(headers).some((name) => PROXY_HEADER.test(name)))
		return "unauthorized";
	return isOwnHost(headers.host, policy.boundHost) ? "allowed" : "foreign-host";
}

/** Whether only this machine can be at that address. */
export function isLoopback(address: string | undefined): boolean {
	if (address === undefined || isIP(address) === 0) return false;
	return loopback.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** What is kept of a token: equal lengths make the comparison constant in time. */
export function hashToken(token: string): Buffer {
	return createHash("sha256").update(token).digest();
}

function hasToken(authorization: string | undefined, tokenHash: Buffer): boolean {
	const token = sentToken(authorization ?? "");
	return token !== undefined && timingSafeEqual(hashToken(token), tokenHash);
}

/** From programs as `Bearer <token>`; from browsers, which ask for a name and a password, as the password. */
function sentToken(authorization: string): string | undefined {
	const basic = /^Basic +([a-z0-9+/]+={0,2}) *$/i.exec(authorization)?.[1];
	if (basic === undefined) return /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
	return /^[^:]*:(.*)$/s.exec(Buffer.from(basic, "base64").toString())?.[1];
}

function isOwnHost(host: string | undefined, boundHost: string): boolean {
	const parts = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<name>[a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host ?? "")?.groups;
	const name = (parts?.["v6"] ?? parts?.["name"])?.toLowerCase();
	if (name === undefined) return false;
	return name === "localhost" || name === boundHost.toLowerCase() || isLoopback(name);
}
