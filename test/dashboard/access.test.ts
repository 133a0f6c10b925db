import { describe, expect, test } from "vitest";
import { type AccessRequest, decideAccess, hashToken, isLoopback } from "../../src/dashboard/access.ts";

const TOKEN = "correct-horse";
const withToken = { boundHost: "0.0.0.0", tokenHash: hashToken(TOKEN) };
const withoutToken = { boundHost: "0.0.0.0", tokenHash: undefined };

interface Asked {
	peer?: string | undefined;
	path?: string;
	host?: string | undefined;
	authorization?: string;
	/** Other headers. */
	headers?: Record<string, string>;
}

function request({ authorization, headers, path = "/", ...asked }: Asked = {}): AccessRequest {
	const peer = "peer" in asked ? asked.peer : "127.0.0.1";
	const host = "host" in asked ? asked.host : "localhost:8080";
	const own = authorization === undefined ? { host } : { host, authorization };
	return { peer, path, headers: { ...own, ...headers } };
}

function basic(credentials: string): string {
	return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

test.each(["127.0.0.1", "127.8.9.10", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1"])(
	"%s is loopback",
	(address) => expect(isLoopback(address)).toBe(true),
);

test.each([
	undefined,
	"",
	"10.0.0.1",
	"0.0.0.0",
	"::",
	"::ffff:10.0.0.1",
	"fe80::1%eth0",
	"::7f00:1",
	"127.1",
	"localhost",
])("%s is not loopback", (address) => expect(isLoopback(address)).toBe(false));

describe("a peer from elsewhere", () => {
	const peers = ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", "fe80::1%eth0", undefined];

	test.each(peers)("%s gets what scrapers and load balancers need, under every name", (peer) => {
		for (const path of ["/metrics", "/health", "/ready"]) {
			for (const policy of [withToken, withoutToken]) {
				expect(decideAccess(request({ peer, path, host: "prod.example.com" }), policy)).toBe("allowed");
			}
		}
	});

	test.each(peers)("%s gets nothing else without the token", (peer) => {
		for (const path of [
			"/",
			"/api/stats",
			"/page.js",
			"/nothing",
			"/metrics/",
			"/METRICS",
			"//metrics",
			"/metrics/../",
		]) {
			for (const policy of [withToken, withoutToken]) {
				expect(decideAccess(request({ peer, path }), policy), path).toBe("unauthorized");
			}
		}
	});

	test.each([
		"",
		"Bearer",
		"Bearer ",
		`Basic ${TOKEN}`,
		TOKEN,
		`Bearer ${TOKEN}x`,
		`Bearer ${TOKEN.slice(0, -1)}`,
		`Bearer ${TOKEN.toUpperCase()}`,
		`Bearer ${TOKEN} ${TOKEN}`,
		`Bearer wrong, Bearer ${TOKEN}`,
		"Basic",
		"Basic *",
		basic(TOKEN),
		basic(`${TOKEN}:`),
		basic(`user:${TOKEN}x`),
		basic(`user:x${TOKEN}`),
		basic(`user:x:${TOKEN}`),
		basic(`user:${TOKEN}\n`),
		`${basic(`user:${TOKEN}`)}, Bearer x`,
	])("Authorization %j is not the token", (authorization) => {
		expect(decideAccess(request({ peer: "192.0.2.7", authorization }), withToken)).toBe("unauthorized");
	});

	test("the right token opens everything; the scheme's case does not matter (RFC 9110, 11.1)", () => {
		for (const scheme of ["Bearer", "bearer", "BEARER"]) {
			const authorization = `${scheme} ${TOKEN}`;
			expect(decideAccess(request({ peer: "192.0.2.7", authorization, host: "x" }), withToken)).toBe(
				"allowed",
			);
		}
	});

	test("a browser's Basic opens everything, with the token as the password of any user", () => {
		for (const user of ["", "me", "grüße", TOKEN]) {
			for (const scheme of ["Basic", "basic"]) {
				const authorization = basic(`${user}:${TOKEN}`).replace("Basic", scheme);
				expect(decideAccess(request({ peer: "192.0.2.7", authorization }), withToken)).toBe("allowed");
			}
		}
		const withColons = { ...withToken, tokenHash: hashToken("a:b:") };
		expect(decideAccess(request({ authorization: basic("me:a:b:") }), withColons)).toBe("allowed");
	});

	test("where no token is set, none is right", () => {
		for (const authorization of ["Bearer undefined", "Bearer null", `Bearer ${TOKEN}`]) {
			expect(decideAccess(request({ peer: "192.0.2.7", authorization }), withoutToken)).toBe("unauthorized");
		}
	});
});

describe("a peer on loopback", () => {
	test.each([
		"localhost",
		"localhost:8080",
		"LOCALHOST:8080",
		"127.0.0.1",
		"127.0.0.1:8080",
		"127.5.5.5:1",
		"[::1]",
		"[::1]:8080",
		"0.0.0.0:8080",
	])("is let in without a token when it asks for %s", (host) => {
		expect(decideAccess(request({ host }), withoutToken)).toBe("allowed");
	});

	test("needs the token where one is set: it may be a proxy that gives its own name as `Host`", () => {
		for (const path of ["/", "/api/stats", "/page.js"]) {
			expect(decideAccess(request({ host: "127.0.0.1:8080", path }), withToken)).toBe("unauthorized");
			for (const authorization of [`Bearer ${TOKEN}`, basic(`:${TOKEN}`)]) {
				expect(decideAccess(request({ path, authorization }), withToken)).toBe("allowed");
			}
		}
		expect(decideAccess(request({ path: "/metrics" }), withToken)).toBe("allowed");
	});

	test.each([
		["forwarded", "for=127.0.0.1"],
		["x-forwarded-for", "127.0.0.1"],
		["x-forwarded-host", "localhost"],
		["x-forwarded-proto", "https"],
		["x-real-ip", "127.0.0.1"],
		["via", ""],
	])("that sends %s is a proxy, and not let in where no token is set", (name, value) => {
		const headers = { [name]: value };
		for (const path of ["/", "/api/stats"])
			expect(decideAccess(request({ path, headers }), withoutToken)).toBe("unauthorized");
		expect(decideAccess(request({ path: "/health", headers }), withoutToken)).toBe("allowed");
		const authorization = `Bearer ${TOKEN}`;
		expect(decideAccess(request({ headers, authorization }), withToken)).toBe("allowed");
	});

	test.each([
		undefined,
		"",
		"evil.example.com",
		"evil.example.com:8080",
		"localhost.evil.example.com",
		"127.0.0.1.evil.example.com",
		"127.0.0.1:8080.evil.example.com",
		"localhost@evil.example.com",
		"evil.example.com#localhost",
		"[::1].evil.example.com",
		"192.0.2.7",
		"localhost:",
		"localhost, evil.example.com",
	])("is refused when it asks for %s: the name may have been re-bound to this machine", (host) => {
		expect(decideAccess(request({ host }), withoutToken)).toBe("foreign-host");
		expect(decideAccess(request({ host, path: "/api/stats" }), withoutToken)).toBe("foreign-host");
		expect(decideAccess(request({ host, path: "/metrics" }), withoutToken)).toBe("allowed");
		expect(decideAccess(request({ host, authorization: `Bearer ${TOKEN}` }), withToken)).toBe("allowed");
	});

	test("may ask for the host that the server listens on", () => {
		const policy = { ...withoutToken, boundHost: "My-Machine" };
		expect(decideAccess(request({ host: "my-machine:8080" }), policy)).toBe("allowed");
	});
});
