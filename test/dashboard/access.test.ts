import { describe, expect, test } from "vitest";
import {
	type AccessDecision,
	type AccessPolicy,
	type AccessRequest,
	decideAccess,
	isLoopback,
	tokenSender,
} from "../../src/dashboard/access.ts";
import { FailureThrottle } from "../../src/dashboard/failure-throttle.ts";
import { Sessions } from "../../src/dashboard/sessions.ts";
import { hashToken } from "../../src/dashboard/token.ts";

const TOKEN = "correct-horse";
type Policy = Omit<AccessPolicy, "throttle">;
const withoutToken: Policy = {
	boundHost: "0.0.0.0",
	tokenHash: undefined,
	metricsTokenHash: undefined,
	allowUnauthenticated: false,
	sessions: undefined,
	cookie: "hyperagent_8080",
};
const withToken: Policy = { ...withoutToken, tokenHash: hashToken(TOKEN) };

/** Each decision on its own: what the throttle remembers has its own test. */
function decide(request: AccessRequest, policy: Policy): AccessDecision["kind"] {
	return decideAccess(request, { ...policy, throttle: new FailureThrottle(() => {}) }, Date.now()).kind;
}

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
				expect(decide(request({ peer, path, host: "prod.example.com" }), policy)).toBe("allowed");
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
				expect(decide(request({ peer, path }), policy), path).toBe("unauthorized");
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
		expect(decide(request({ peer: "192.0.2.7", authorization }), withToken)).toBe("unauthorized");
	});

	test("the right token opens everything; the scheme's case does not matter (RFC 9110, 11.1)", () => {
		for (const scheme of ["Bearer", "bearer", "BEARER"]) {
			const authorization = `${scheme} ${TOKEN}`;
			expect(decide(request({ peer: "192.0.2.7", authorization, host: "x" }), withToken)).toBe("allowed");
		}
	});

	test("Basic is nobody's way in: a browser would send it with what other sites make it ask for", () => {
		for (const credentials of [`me:${TOKEN}`, `:${TOKEN}`, `${TOKEN}:`]) {
			const authorization = basic(credentials);
			expect(decide(request({ peer: "192.0.2.7", authorization }), withToken)).toBe("unauthorized");
		}
	});

	test("where no token is set, none is right", () => {
		for (const authorization of ["Bearer undefined", "Bearer null", `Bearer ${TOKEN}`]) {
			expect(decide(request({ peer: "192.0.2.7", authorization }), withoutToken)).toBe("unauthorized");
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
		expect(decide(request({ host }), withoutToken)).toBe("allowed");
	});

	test("needs the token where one is set: it may be a proxy that gives its own name as `Host`", () => {
		for (const path of ["/", "/api/stats", "/page.js"]) {
			expect(decide(request({ host: "127.0.0.1:8080", path }), withToken)).toBe("unauthorized");
			const authorization = `Bearer ${TOKEN}`;
			expect(decide(request({ path, authorization }), withToken)).toBe("allowed");
		}
		expect(decide(request({ path: "/metrics" }), withToken)).toBe("allowed");
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
			expect(decide(request({ path, headers }), withoutToken)).toBe("unauthorized");
		expect(decide(request({ path: "/health", headers }), withoutToken)).toBe("allowed");
		const authorization = `Bearer ${TOKEN}`;
		expect(decide(request({ headers, authorization }), withToken)).toBe("allowed");
	});

	test("that asks in HTTP/1.0 is one as well: nginx's plain proxy_pass sends nothing else that tells", () => {
		const old = { ...request({ path: "/api/stats" }), httpVersion: "1.0" };
		expect(decide(old, withoutToken)).toBe("unauthorized");
		expect(decide({ ...old, httpVersion: "1.1" }, withoutToken)).toBe("allowed");
		expect(decide({ ...old, path: "/metrics" }, withoutToken)).toBe("allowed");
		expect(tokenSender(old)).toEqual({ key: "127.0.0.1 proxied", isLocal: false });
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
		expect(decide(request({ host }), withoutToken)).toBe("foreign-host");
		expect(decide(request({ host, path: "/api/stats" }), withoutToken)).toBe("foreign-host");
		expect(decide(request({ host, path: "/metrics" }), withoutToken)).toBe("allowed");
		expect(decide(request({ host, authorization: `Bearer ${TOKEN}` }), withToken)).toBe("allowed");
	});

	test("may ask for the host that the server listens on", () => {
		const policy = { ...withoutToken, boundHost: "My-Machine" };
		expect(decide(request({ host: "my-machine:8080" }), policy)).toBe("allowed");
	});
});

describe("a token for /metrics", () => {
	const policy = { ...withToken, metricsTokenHash: hashToken("scrape") };

	test("is needed there, opens nothing else, and the server's own opens it too", () => {
		const asked = (path: string, token?: string): string =>
			decide(request(token === undefined ? { path } : { path, authorization: `Bearer ${token}` }), policy);
		expect(asked("/metrics")).toBe("unauthorized");
		expect(asked("/metrics", "wrong")).toBe("unauthorized");
		expect(asked("/metrics", "scrape")).toBe("allowed");
		expect(asked("/metrics", TOKEN)).toBe("allowed");
		for (const path of ["/", "/api/stats", "/api/events"]) {
			expect(asked(path, "scrape")).toBe("unauthorized");
			expect(asked(path, TOKEN)).toBe("allowed");
		}
		for (const path of ["/health", "/ready"]) expect(asked(path)).toBe("allowed");
	});

	test("is needed without another token, and with allowUnauthenticated, all the same", () => {
		for (const other of [withoutToken, { ...withoutToken, allowUnauthenticated: true }]) {
			const only = { ...other, metricsTokenHash: hashToken("scrape") };
			expect(decide(request({ path: "/metrics" }), only)).toBe("unauthorized");
			expect(decide(request({ path: "/metrics", authorization: "Bearer scrape" }), only)).toBe("allowed");
		}
	});
});

test("allowUnauthenticated lets in everybody, from everywhere, by every name", () => {
	const policy = { ...withoutToken, allowUnauthenticated: true };
	const headers = { "x-forwarded-for": "192.0.2.7" };
	for (const path of ["/", "/api/stats", "/metrics"]) {
		expect(decide(request({ peer: "192.0.2.7", path, host: "evil.example.com", headers }), policy)).toBe(
			"allowed",
		);
	}
});

describe("a browser's session", () => {
	const now = Date.now();

	test("opens what the token opens, until it is over, ended, or of another token", async () => {
		const ended: string[] = [];
		const sessions = await Sessions.open(TOKEN, 1000, (id) => ended.push(id));
		const policy = { ...withToken, sessions, throttle: new FailureThrottle(() => {}) };
		const session = sessions.begin(now);
		const asked = (value: string, at = now, name = policy.cookie): string =>
			decideAccess(request({ headers: { cookie: `a=b; ${name}=${value}; c=d` } }), policy, at).kind;
		const value = sessions.write(session);
		expect(value).not.toContain(TOKEN);
		expect(asked(value)).toBe("allowed");
		expect(asked(value, now + 999)).toBe("allowed");
		expect(asked(value, now + 1000)).toBe("unauthorized");
		expect(asked(value, now, "hyperagent_8081")).toBe("unauthorized");
		// Another server with the same token takes it, as the same one does after a restart; one with another does not.
		expect((await Sessions.open(TOKEN, 1000, () => {})).read(value, now)).toEqual(session);
		expect((await Sessions.open("battery", 1000, () => {})).read(value, now)).toBeUndefined();
		sessions.end(session, now);
		expect(ended).toEqual([session.id]);
		expect(asked(value)).toBe("unauthorized");
		expect(asked(sessions.write(sessions.begin(now)))).toBe("allowed");
	});

	test("opens for a time that is no whole number of milliseconds, too", async () => {
		// A seventh of an hour is 514,285.71 ms.
		const sessions = await Sessions.open(TOKEN, 3_600_000 / 7, () => {});
		const value = sessions.write(sessions.begin(now));
		expect(sessions.read(value, now + 514_285)?.expiresAt).toBe(now + 514_286);
		expect(sessions.read(value, now + 514_286)).toBeUndefined();
	});

	test("is not forged: each changed character, a later end and a second cookie are refused", async () => {
		const sessions = await Sessions.open(TOKEN, 1000, () => {});
		const value = sessions.write(sessions.begin(now));
		// The last character of 43 holds two bits that mean nothing; all others mean something.
		for (let i = 0; i < value.length - 1; i += 1) {
			const changed = value.slice(0, i) + (value[i] === "A" ? "B" : "A") + value.slice(i + 1);
			expect(sessions.read(changed, now), String(i)).toBeUndefined();
		}
		const [id = "", , code = ""] = value.split(".");
		expect(sessions.read(`${id}.${(now + 1e9).toString(36)}.${code}`, now)).toBeUndefined();
		for (const wrong of [
			"",
			".",
			"..",
			id,
			`${id}..${code}`,
			`${value}.`,
			` ${value}`,
			"null",
			"a".repeat(4000),
		])
			expect(sessions.read(wrong, now)).toBeUndefined();
		const policy = { ...withToken, sessions, throttle: new FailureThrottle(() => {}) };
		const cookie = `${policy.cookie}=${value}; ${policy.cookie}=${value}`;
		expect(decideAccess(request({ headers: { cookie } }), policy, now).kind).toBe("unauthorized");
	});

	test("lasts no longer than sessions are to last now, however long they were to when it began", async () => {
		const hour = 3_600_000;
		const value = await Sessions.open(TOKEN, 8760 * hour, () => {}).then((old) => old.write(old.begin(now)));
		const sessions = await Sessions.open(TOKEN, hour, () => {});
		expect(sessions.read(value, now)).toBeUndefined();
		// A clock that is set back a little ends nothing, and no logout with it.
		const session = sessions.begin(now);
		expect(sessions.read(sessions.write(session), now - 30_000)).toEqual(session);
		sessions.end(session, now - 30_000);
		sessions.end(sessions.begin(now), now + hour - 1);
		expect(sessions.read(sessions.write(session), now + hour - 1)).toBeUndefined();
	});

	test("that was ended stays so while ten thousand others are", async () => {
		const sessions = await Sessions.open(TOKEN, 1000, () => {});
		const first = sessions.begin(now);
		sessions.end(first, now);
		for (let i = 0; i < 9999; i += 1) sessions.end(sessions.begin(now), now);
		expect(sessions.read(sessions.write(first), now)).toBeUndefined();
	});
});

test.each([
	["192.0.2.7", "192.0.2.7", false],
	["::ffff:192.0.2.7", "192.0.2.7", false],
	["127.0.0.1", "127.0.0.1", true],
	["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", false],
	["2001:db8:1:2::9", "2001:db8:1:2::/64", false],
	["2001:db8::9", "2001:db8:0:0::/64", false],
	["::1", "127.0.0.1", true],
	["::ffff:127.0.0.1", "127.0.0.1", true],
	["127.200.3.4", "127.0.0.1", true],
	["fe80::1%eth0", "fe80:0:0:0::/64", false],
])("%s is one sender of tokens: %s", (peer, key, isLocal) => {
	expect(tokenSender({ peer, headers: {} })).toEqual({ key, isLocal });
	expect(tokenSender({ peer, headers: { via: "1.1 proxy" } })).toEqual({
		key: `${key} proxied`,
		isLocal: false,
	});
});
