import { afterEach, describe, expect, test } from "vitest";
import { createApp } from "../../src/dashboard/app.ts";
import { EventHub } from "../../src/dashboard/event-hub.ts";
import { FailureThrottle } from "../../src/dashboard/failure-throttle.ts";
import { HistoryAnswers } from "../../src/dashboard/history-answers.ts";
import { Sessions } from "../../src/dashboard/sessions.ts";
import { hashToken } from "../../src/dashboard/token.ts";
import { initPrometheus, recordLlmCost } from "../../src/monitoring/index.ts";
import { ask, closeServers, cookieOf, ownAddress, post, QUIET, raw, startServer } from "./asking.ts";

const TOKEN = "correct-horse";
/** A model's name that nobody without the token may see, and that would be a script if it were taken for markup. */
const SECRET = `secret-model"><img onerror=alert(1)><script>alert(1)</script>`;
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

const handle = initPrometheus({ onError: () => {} });
recordLlmCost("chat", SECRET, 0.0025);
afterEach(closeServers);

/** All that there is, as the app itself says. */
async function knownPaths(): Promise<string[]> {
	const collect = async (): Promise<never> => Promise.reject(new Error("not asked"));
	const onError = (): void => {};
	const app = createApp({
		handle,
		collect,
		history: new HistoryAnswers(onError, () => 0),
		events: new EventHub({ collect, settled: () => 0, maxClients: 1, onError }),
		isReady: () => true,
		page: ["/page.js", "/page.css", "/icon.svg"].map((path) => {
			return {
				path,
				contentType: "text/plain",
				body: Buffer.from("x"),
				gzipped: Buffer.from("x"),
				etag: `"x"`,
			};
		}),
		policy: {
			boundHost: "127.0.0.1",
			tokenHash: hashToken(TOKEN),
			metricsTokenHash: undefined,
			allowUnauthenticated: false,
			sessions: await Sessions.open(TOKEN, 1000, onError),
			cookie: "a",
			throttle: new FailureThrottle(onError),
		},
		corsOrigins: ["https://ops.example.com"],
		logger: QUIET,
	});
	return [...new Set(app.routes.map(({ path }) => path).filter((path) => path !== "/*"))];
}

const PUBLIC = ["/metrics", "/health", "/ready"];
const LOGIN = ["/login", "/login.css", "/logout"];

test("no route answers anything without the token, by any method", async () => {
	const paths = await knownPaths();
	expect(paths).toEqual(expect.arrayContaining([...PUBLIC, ...LOGIN, "/", "/page.js"]));
	for (const path of ["stats", "series", "calls", "costs", "events"]) expect(paths).toContain(`/api/${path}`);
	const { url } = await startServer({ authToken: TOKEN, corsOrigins: ["https://ops.example.com"] });
	const cookie = `hyperagent_${new URL(url).port}`;
	const attempts: Record<string, string>[] = [
		{},
		{ Authorization: "Bearer" },
		{ Authorization: `Basic ${Buffer.from(`me:${TOKEN}`).toString("base64")}` },
		{ Cookie: `${cookie}=${TOKEN}` },
		{ Cookie: `${cookie}=${"a".repeat(24)}.zzzzzzzz.${"a".repeat(43)}` },
		{ "X-Forwarded-For": "127.0.0.1", Host: "localhost" },
		{ Origin: "https://ops.example.com" },
		{ Origin: "https://ops.example.com", "Access-Control-Request-Method": "GET" },
		{ "X-HTTP-Method-Override": "GET", "X-Original-URL": "/health", "X-Rewrite-URL": "/health" },
	];
	const tried = [
		...paths,
		"/nothing",
		"/metrics/",
		"/METRICS",
		"//metrics",
		"/health/../api/stats",
		"/api/stats/",
	];
	tried.push("/%61pi/stats", "/api%2fstats", "/login/../api/stats", "/api/stats;/health", "/api/stats%00");
	for (const path of tried) {
		if (PUBLIC.includes(path) || LOGIN.includes(path)) continue;
		for (const method of METHODS) {
			for (const headers of attempts) {
				const { headers: answered, status, text } = await ask(url + path, headers, method);
				const isPreflight = method === "OPTIONS" && headers["Access-Control-Request-Method"] !== undefined;
				const expected = isPreflight ? [204] : path === "/" ? [303, 401] : [401];
				expect(expected, `${method} ${path} ${JSON.stringify(headers)}`).toContain(status);
				expect(text).not.toMatch(/secret-model|correct-horse/);
				expect(answered["set-cookie"]).toBeUndefined();
				expect(isPreflight ? text : "").toBe("");
			}
		}
	}
}, 60_000);

test("with it they answer, and by GET and HEAD only", async () => {
	const { url } = await startServer({ authToken: TOKEN });
	const headers = { Authorization: `Bearer ${TOKEN}` };
	for (const path of ["/api/stats", "/api/costs", "/api/calls", "/metrics", "/health", "/ready"]) {
		for (const method of METHODS) {
			const { headers: answered, status } = await ask(url + path, headers, method);
			const isRead = method === "GET" || method === "HEAD";
			const expected = isRead ? [200, undefined] : [405, "GET, HEAD"];
			expect([path, method, status, answered["allow"]]).toEqual([path, method, ...expected]);
		}
	}
	expect((await ask(`${url}/login`, {}, "PUT")).headers["allow"]).toBe("GET, HEAD, POST");
	expect((await ask(`${url}/logout`, {}, "GET")).headers["allow"]).toBe("POST");
});

test("no cache that others share keeps an answer: a session's cookie may have come with it", async () => {
	const { url } = await startServer({ authToken: TOKEN });
	const authorization = { Authorization: `Bearer ${TOKEN}` };
	for (const path of [...(await knownPaths()), "/nothing", "/api/calls?limit=0"]) {
		for (const method of ["HEAD", "POST", "OPTIONS"]) {
			const { headers } = await ask(url + path, authorization, method);
			const expected = path === "/login.css" ? ["no-store", "no-cache"] : ["no-store", "private, no-cache"];
			expect(headers["cache-control"], `${method} ${path}`).toBeOneOf(expected);
		}
	}
});

test("no path leads out of what is served", async () => {
	const { url } = await startServer();
	for (const path of [
		"/../package.json",
		"/..%2f..%2fpackage.json",
		"/%2e%2e/%2e%2e/etc/passwd",
		"/..\\..\\package.json",
		"/page/../../server-options.js",
		"/dashboard-server.js",
		"/index.html",
		"//etc/passwd",
		"/etc/passwd%00.css",
		"/%c0%ae%c0%ae/etc/passwd",
		"/....//....//etc/passwd",
		"/file:///etc/passwd",
		"/constructor",
		"/__proto__",
	]) {
		// As it stands: clients put such paths in order before they send them.
		const { text } = await raw(url, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
		expect(await text, path).toMatch(/^HTTP\/1\.1 (404|400) /);
		expect(await text).not.toMatch(/root:|"name": "@hyperagent/);
	}
	const absolute = `GET http://evil.example.com/api/stats HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n`;
	expect(await (await raw(url, absolute)).text).toMatch(/^HTTP\/1\.1 403 /);
});

test("what a name says is never markup: JSON is of its type, and nobody may sniff or run anything", async () => {
	const { url } = await startServer();
	for (const path of [
		"/api/stats",
		"/metrics",
		"/",
		"/nothing",
		`/<script>alert(1)</script>`,
		"/api/calls?x=<b>",
	]) {
		const { headers } = await ask(url + encodeURI(path));
		expect(headers["x-content-type-options"]).toBe("nosniff");
		const policy = String(headers["content-security-policy"]);
		expect(policy).toContain("default-src 'none'");
		expect(policy).toContain("script-src 'self';");
		expect(policy).not.toMatch(/unsafe|\*|https?:/);
		expect(headers["content-type"]?.includes("html") === true && path !== "/").toBe(false);
	}
	expect((await ask(`${url}/api/stats`)).text).toContain("secret-model");
});

describe("allowUnauthenticated", () => {
	test("shows everything to another address, and without it nothing but the public paths", async ({
		skip,
	}) => {
		if (ownAddress === undefined) skip("this machine has no address but loopback");
		const said: string[] = [];
		const logger = { ...QUIET, warn: (line: string) => said.push(line) };
		const all = await startServer({ allowUnauthenticated: true, logger }, "0.0.0.0:0");
		expect(said).toEqual([expect.stringMatching(/everybody who reaches it sees everything/)]);
		const none = await startServer({}, "0.0.0.0:0");
		for (const path of ["/api/stats", "/api/costs", "/nothing"]) {
			const at = (url: string): string => url.replace("127.0.0.1", ownAddress ?? "") + path;
			expect((await ask(at(all.url), { Host: "evil.example.com", Via: "1.1 a" })).status).not.toBe(401);
			expect((await ask(at(none.url))).status).toBe(401);
		}
	});
});

describe("/metrics by itself", () => {
	test("is on a port of its own, where there is nothing else, and on the main one", async () => {
		const server = await startServer({ authToken: TOKEN, metricsAddress: "127.0.0.1:0" });
		expect(server.metricsUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
		expect(server.metricsUrl).not.toBe(server.url);
		for (const path of PUBLIC) {
			expect((await ask(`${server.metricsUrl}${path}`)).status).toBe(200);
			expect((await ask(server.url + path)).status).toBe(200);
		}
		for (const path of ["/", "/api/stats", "/login", "/page.js"]) {
			// There is no form there to be sent to.
			const without = await ask(`${server.metricsUrl}${path}`);
			expect(without.status, path).toBe(path === "/login" ? 404 : 401);
			const authorization = { Authorization: `Bearer ${TOKEN}` };
			expect((await ask(`${server.metricsUrl}${path}`, authorization)).status, path).toBe(404);
		}
		await server.close();
		await expect(ask(`${server.metricsUrl}/metrics`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
	});

	test("has a token of its own, at both", async () => {
		const server = await startServer({ metricsToken: "scrape", metricsAddress: "127.0.0.1:0" });
		for (const url of [server.url, server.metricsUrl ?? ""]) {
			expect((await ask(`${url}/metrics`)).status).toBe(401);
			expect((await ask(`${url}/metrics`, { Authorization: "Bearer scrape" })).status).toBe(200);
			for (const path of ["/health", "/ready"]) expect((await ask(url + path)).status).toBe(200);
		}
		// The page of this machine needs no token, as ever.
		expect((await ask(`${server.url}/api/stats`)).status).toBe(200);
	});

	test("whose port is taken keeps the server from starting at all, and from holding the main one", async () => {
		const other = await startServer();
		const { host } = new URL(other.url);
		await expect(startServer({ metricsAddress: host })).rejects.toMatchObject({ code: "LISTEN_FAILED" });
		await expect(startServer({ metricsAddress: "nowhere" })).rejects.toMatchObject({ code: "BAD_OPTION" });
	});
});

describe("other origins", () => {
	const ops = { Origin: "https://ops.example.com" };

	test("read nothing unless they are named", async () => {
		const { url } = await startServer();
		const answer = await ask(`${url}/api/stats`, ops);
		expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
		const preflight = await ask(
			`${url}/api/stats`,
			{ ...ops, "Access-Control-Request-Method": "GET" },
			"OPTIONS",
		);
		expect(preflight.status).toBe(405);
	});

	test("that are named read answers by the token, without cookies; others do not", async () => {
		const { url } = await startServer({ authToken: TOKEN, corsOrigins: ["https://ops.example.com"] });
		const asked = {
			...ops,
			"Access-Control-Request-Method": "GET",
			"Access-Control-Request-Headers": "authorization",
		};
		const preflight = await ask(`${url}/api/stats`, asked, "OPTIONS");
		expect([preflight.status, preflight.text]).toEqual([204, ""]);
		expect(preflight.headers).toMatchObject({
			"access-control-allow-origin": "https://ops.example.com",
			"access-control-allow-headers": "Authorization",
			"access-control-allow-methods": "GET, HEAD",
			vary: "Origin",
		});
		const authorization = { Authorization: `Bearer ${TOKEN}` };
		const answer = await ask(`${url}/api/stats`, { ...ops, ...authorization });
		expect(answer.headers["access-control-allow-origin"]).toBe("https://ops.example.com");
		expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
		const refused = await ask(`${url}/api/stats`, ops);
		expect([refused.status, refused.headers["access-control-allow-origin"]]).toEqual([401, ops.Origin]);
		for (const origin of [
			"https://evil.example.com",
			"https://ops.example.com.evil.com",
			"http://ops.example.com",
			"null",
		]) {
			const other = await ask(`${url}/api/stats`, { Origin: origin, ...authorization });
			expect([origin, other.headers["access-control-allow-origin"], other.headers["vary"]]).toEqual([
				origin,
				undefined,
				"Origin",
			]);
			const asks = { Origin: origin, "Access-Control-Request-Method": "GET" };
			expect((await ask(`${url}/api/stats`, asks, "OPTIONS")).status).toBe(401);
		}
		const scrape = await ask(`${url}/metrics`, ops);
		expect(scrape.headers["vary"]).toBe("Origin, Accept, Accept-Encoding");
		// A page that is let in by CORS cannot log in as a browser's user.
		const form = await post(`${url}/login`, { token: TOKEN }, { ...ops, "Sec-Fetch-Site": "cross-site" });
		expect([form.status, cookieOf(form)]).toEqual([403, ""]);
	});
});
