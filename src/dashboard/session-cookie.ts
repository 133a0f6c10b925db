import type { IncomingMessage } from "node:http";

/** Cookies do not tell ports apart: two servers of one machine need two names. */
export function cookieName(port: number): string {
	return `hyperagent_${port}`;
}

/** The value of a cookie in a `Cookie` header; `undefined` where it is not there, or more than once. */
export function readCookie(header: string | undefined, name: string): string | undefined {
	const values = (header ?? "")
		.split(";")
		.map((pair) => pair.trim())
		.filter((pair) => pair.startsWith(`${name}=`));
	// Who can plant a second one (another program on this machine) must not choose which of them counts.
	return values.length === 1 ? values[0]?.slice(name.length + 1) : undefined;
}

/** The `Set-Cookie` header: no script reads it, and no other site's page makes a browser send it. 0 seconds take it away. */
export function writeCookie(name: string, value: string, seconds: number, incoming: IncomingMessage): string {
	const secure = isSecure(incoming) ? "; Secure" : "";
	return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** Whether the browser speaks TLS, with us or with a proxy. Who lies about it harms only their own cookie. */
function isSecure({ headers, socket }: IncomingMessage): boolean {
	if ("encrypted" in socket && socket.encrypted === true) return true;
	const forwarded = headers["x-forwarded-proto"];
	const first = (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(",")[0]?.trim().toLowerCase();
	return first === "https";
}
