import { isIPv4, isIPv6 } from "node:net";
import { inspect } from "node:util";
import { HyperAgentError } from "../core/hyperagent-error.ts";

/** Where to listen. */
export interface ListenAddress {
	/** An IP address without brackets, or a host name. */
	readonly host: string;
	/** 0 takes a free one. */
	readonly port: number;
}

/** Loopback: nobody else's machine can connect. */
export const DEFAULT_ADDRESS = "127.0.0.1:8080";

/** JSON has no word for a bigint or a circle. */
const SHOWN_IN_ONE_LINE = { depth: 0, breakLength: Number.POSITIVE_INFINITY, customInspect: false } as const;

/**
 * Reads "host:port" ("127.0.0.1:8080", "localhost:8080", "[::1]:8080"); ":8080" and "8080" mean 127.0.0.1.
 *
 * @throws HyperAgentError `BAD_OPTION` in one line
 */
export function parseListenAddress(address: unknown): ListenAddress {
	const text = typeof address === "string" ? address.trim() : "";
	const parts = /^(?:(?:\[(?<v6>[^[\]]*)\]|(?<name>[^:[\]]*)):)?(?<port>\d{1,5})$/.exec(text)?.groups;
	const port = Number(parts?.["port"]);
	if (parts === undefined || port > 65_535) {
		throw badAddress(address, isIPv6(text) ? ` Put an IPv6 address in brackets: "[${text}]:8080".` : "");
	}
	const { v6, name } = parts;
	if (v6 !== undefined) {
		if (!isIPv6(v6)) throw badAddress(address);
		if (v6.includes("%")) {
			throw badAddress(
				address,
				" An address with a zone (%) has no URL: take [::] to listen on all interfaces.",
			);
		}
		return { host: v6, port };
	}
	if (name === undefined || name === "") return { host: "127.0.0.1", port };
	// What looks like an IPv4 address is one, or a typing error: never a name to look up.
	if (/^[\d.]+$/.test(name) ? !isIPv4(name) : !/^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/i.test(name)) {
		throw badAddress(address);
	}
	return { host: name, port };
}

/** "host:port" with the brackets that IPv6 needs. */
export function formatAddress({ host, port }: ListenAddress): string {
	return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The URL, without a slash at its end, by which this machine reaches a server that listens on `address`. */
export function urlOf({ host, port }: ListenAddress): string {
	const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
	return `http://${formatAddress({ host: reachable, port })}`;
}

/** The error for a failed `listen`: what, where and the cure, in one line. */
export function listenError(address: ListenAddress, cause: unknown): HyperAgentError {
	const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
	const where = formatAddress(address);
	const message = `DashboardServer.run(): cannot listen on ${where}: ${problem(code, address)}`;
	return new HyperAgentError("LISTEN_FAILED", message, { cause });
}

function problem(code: string, { host, port }: ListenAddress): string {
	switch (code) {
		case "EADDRINUSE":
			return `port ${port} is in use by another program. Stop that one, or take another port (0 takes a free one).`;
		case "EACCES":
			return `this user may not use port ${port}. Take a port from 1024 on.`;
		case "EADDRNOTAVAIL":
			return `this machine has no address ${host}. Take 127.0.0.1, or 0.0.0.0 for all of its addresses.`;
		case "ENOTFOUND":
		case "EAI_AGAIN":
			return `the host name ${host} is not known. Take an IP address: 127.0.0.1, or 0.0.0.0 for all of this machine's.`;
		default:
			return `${code}. Take another address.`;
	}
}

function badAddress(got: unknown, hint = ""): HyperAgentError {
	const shown = typeof got === "string" ? JSON.stringify(got) : inspect(got, SHOWN_IN_ONE_LINE);
	return new HyperAgentError(
		"BAD_OPTION",
		`DashboardServer.run(): expected an address like "127.0.0.1:8080" or "[::1]:8080" with a port up to 65535, got ${shown.slice(0, 80)}.${hint}`,
	);
}
