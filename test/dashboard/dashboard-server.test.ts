import { once } from "node:events";
import { request } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DashboardServer, type DashboardServerOptions } from "../../src/dashboard/index.ts";
import { CostTracker, getPrometheus, recordLlmCost } from "../../src/monitoring/index.ts";

const costs = new CostTracker();
const open: DashboardServer[] = [];
const quiet = { info: (): void => {}, warn: (): void => {}, error: (): void => {} };

afterEach(async () => {
	await Promise.all(open.splice(0).map((server) => server.close()));
});

async function start(
	address = "127.0.0.1:0",
	options: DashboardServerOptions = {},
): Promise<DashboardServer> {
	const server = new DashboardServer(costs, { logger: quiet, ...options });
	open.push(server);
	await server.run(address);
	return server;
}

interface Answer {
	status: number;
	headers: Record<string, string | string[] | undefined>;
	/** `WWW-Authenticate`, a challenge a line. */
	challenges: string[];
	body: Buffer;
	text: string;
}

/** Node's own client: it sends exactly these headers, `Host` too, and leaves bodies as they come. */
async function ask(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const sent = request(url, { method, headers, agent: false }, (response) => {
			const chunks: Buffer[] = [];
			response.on("data", (chunk: Buffer) => chunks.push(chunk));
			response.once("error", reject);
			response.once("end", () => {
				const body = Buffer.concat(chunks);
				const { headers, headersDistinct, statusCode: status = 0 } = response;
				const challenges = headersDistinct["www-authenticate"] ?? [];
				resolve({ status, headers, challenges, body, text: body.toString() });
			});
		});
		sent.once("error", reject);
		sent.end();
	});
}

/** An address of this machine that is not loopback, where it has one. */
const ownAddress = Object.values(networkInterfaces())
	.flatMap((addresses) => addresses ?? [])
	.find(({ family, internal }) => family === "IPv4" && !internal)?.address;

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
	all?.some(({ address }) => address === "::1"),
);

/** But for the age of the prices, which moves by itself. */
function steady(metrics: string): string {
	return metrics.replace(/^hyperagent_price_book_age_seconds .*$/m, "");
}

describe("routes", () => {
	test("/metrics is what the handle renders, of its type", async () => {
		const { url } = await start();
		recordLlmCost("chat", "gpt-4-turbo", 0.0025);
		const { headers, status, text } = await ask(`${url}/metrics`);
		expect(status).toBe(200);
		expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
		expect(headers["content-encoding"]).toBeUndefined();
		expect(headers["vary"]).toBe("Accept, Accept-Encoding");
		expect(text).toContain('llm_cost_usd_total{route="chat",model="gpt-4-turbo"} 0.25\n');
		expect(steady(text)).toBe(steady(getPrometheus().render()));
	});

	test("/metrics is gzipped for those who ask, and the same after gunzip", async () => {
		const { url } = await start();
		const plain = await ask(`${url}/metrics`, { "Accept-Encoding": "gzip;q=0" });
		const packed = await ask(`${url}/metrics`, { "Accept-Encoding": "deflate, gzip;q=0.5" });
		expect(plain.headers["content-encoding"]).toBeUndefined();
		expect(packed.headers["content-encoding"]).toBe("gzip");
		expect(packed.headers["vary"]).toBe("Accept, Accept-Encoding");
		expect(packed.body.length).toBeLessThan(plain.body.length / 2);
		expect(steady(gunzipSync(packed.body).toString())).toBe(steady(plain.text));
	});

	test("/health, /ready and /api/stats are JSON that nobody keeps", async () => {
		const { url } = await start("127.0.0.1:0", { notice: "Simulated data" });
		for (const [path, body] of [
			["/health", { status: "ok" }],
			["/ready", { status: "ready" }],
			["/api/stats", expect.objectContaining({ notice: "Simulated data", cost: expect.anything() })],
		] as const) {
			const { headers, status, text } = await ask(url + path);
			expect([status, headers["content-type"], headers["cache-control"]]).toEqual([
				200,
				"application/json",
				"no-store",
			]);
			expect(JSON.parse(text)).toEqual(body);
		}
	});

	test("HEAD answers as GET does, without a body", async () => {
		const { url } = await start();
		for (const path of ["/metrics", "/health", "/ready", "/api/stats", "/api/costs"]) {
			const [head, get] = [await ask(url + path, {}, "HEAD"), await ask(url + path)];
			// Ages and times move, and with them the length by a digit or two.
			const length = Number(head.headers["content-length"]);
			expect(Math.abs(length - get.body.length), path).toBeLessThan(length * 0.1);
			expect([path, head.status, head.headers["content-type"], head.text]).toEqual([
				path,
				200,
				get.headers["content-type"],
				"",
			]);
		}
		expect((await ask(`${url}/nothing`, {}, "HEAD")).status).toBe(404);
	});

	test("what is not there is 404 in JSON, wherever the path tries to lead", async () => {
		const { url } = await start();
		for (const path of [
			"/nothing",
			"/api",
			"/index.html",
			"/page/page.css",
			"/..%2fpackage.json",
			"/%2e%2e/index.js",
			"//etc/passwd",
		]) {
			const { headers, status, text } = await ask(url + path);
			expect([path, status, headers["content-type"]]).toEqual([path, 404, "application/json"]);
			expect(JSON.parse(text)).toEqual({ error: expect.stringContaining("/metrics") });
		}
	});

	test("another method is 405 and told which ones there are", async () => {
		const { url } = await start();
		for (const path of ["/", "/metrics", "/health", "/ready", "/api/stats"]) {
			for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
				const { headers, status } = await ask(url + path, {}, method);
				expect([path, method, status, headers["allow"]]).toEqual([path, method, 405, "GET, HEAD"]);
			}
		}
	});

	test("every answer carries the security headers, and none opens the door to other origins", async () => {
		const { url } = await start();
		for (const [path, headers] of [
			["/"],
			["/metrics"],
			["/api/stats"],
			["/nothing"],
			["/", { Host: "evil.com" }],
		] as const) {
			const answer = await ask(url + path, { Origin: "https://evil.com", ...headers });
			expect(answer.headers).toMatchObject({
				"content-security-policy":
					"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
				"x-content-type-options": "nosniff",
				"referrer-policy": "same-origin",
			});
			expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
		}
	});

	test.for(["127.0.0.1:0", "[::1]:0", "[::]:0", "[::ffff:127.0.0.1]:0"])(
		"HTTP/1.0 without a host gets its health check on %s",
		async (address, { skip }) => {
			if (address.includes("[") && !hasIPv6) skip("this machine has no IPv6");
			const { url } = await start(address);
			const { text } = await raw(url, "GET /health HTTP/1.0\r\n\r\n");
			expect(await text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
		},
	);
});

describe("access", () => {
	test("nginx's plain proxy_pass, which says no more than that it asks in HTTP/1.0, is not let in", async () => {
		const { url } = await start();
		const head = (version: string): string =>
			`GET /api/stats HTTP/${version}\r\nHost: ${new URL(url).host}\r\nConnection: close\r\n\r\n`;
		expect(await (await raw(url, head("1.0"))).text).toMatch(/^HTTP\/1\.1 401 /);
		expect(await (await raw(url, head("1.1"))).text).toMatch(/^HTTP\/1\.1 200 /);
	});

	test("a loopback peer that asks by a foreign name gets the public paths only", async () => {
		const { url } = await start();
		const host = { Host: "evil.example.com" };
		for (const path of ["/", "/api/stats", "/nothing"])
			expect((await ask(url + path, host)).status).toBe(403);
		for (const path of ["/metrics", "/health", "/ready"])
			expect((await ask(url + path, host)).status).toBe(200);
		expect((await ask(`${url}/api/stats`, { Host: "localhost" })).status).toBe(200);
	});

	test("a peer from elsewhere needs the token, whatever it says of itself", async ({ skip }) => {
		if (ownAddress === undefined) skip("this machine has no address but loopback");
		const server = await start("0.0.0.0:0", { authToken: "correct-horse" });
		const url = server.url.replace("127.0.0.1", ownAddress ?? "");
		for (const path of ["/api/stats", "/page.css", "/nothing", "/metrics/"]) {
			for (const headers of [
				{},
				{ "X-Forwarded-For": "127.0.0.1", Forwarded: "for=127.0.0.1", "X-Real-IP": "127.0.0.1" },
				{ Host: "localhost" },
				{ Authorization: "Bearer wrong" },
			] as Record<string, string>[]) {
				const answer = await ask(url + path, headers);
				expect([path, answer.status]).toEqual([path, 401]);
				expect(answer.text).not.toContain("correct-horse");
			}
		}
		for (const path of ["/metrics", "/health", "/ready"]) expect((await ask(url + path)).status).toBe(200);
		const token = { Authorization: "Bearer correct-horse" };
		for (const path of ["/api/stats", "/api/costs"]) expect((await ask(url + path, token)).status).toBe(200);
	});

	test("with a token set, loopback needs it too", async () => {
		const { url } = await start("127.0.0.1:0", { authToken: "correct-horse" });
		for (const path of ["/api/stats", "/page.css", "/nothing"]) {
			const answer = await ask(url + path);
			expect([path, answer.status, answer.challenges]).toEqual([path, 401, ["Bearer"]]);
			expect(JSON.parse(answer.text)).toEqual({ error: expect.stringContaining("/login") });
		}
		const authorization = { Authorization: "Bearer correct-horse" };
		expect((await ask(`${url}/api/stats`, authorization)).status).toBe(200);
		for (const path of ["/metrics", "/health", "/ready"]) expect((await ask(url + path)).status).toBe(200);
	});

	test("what comes through a proxy is not taken for local, and no browser is asked for a token that is not set", async () => {
		const { url } = await start();
		const proxied = { "X-Forwarded-For": "127.0.0.1" };
		const { challenges, status, text } = await ask(`${url}/api/stats`, proxied);
		expect([status, challenges]).toEqual([401, ["Bearer"]]);
		expect(text).toContain("proxy");
		expect((await ask(`${url}/metrics`, proxied)).status).toBe(200);
	});

	test("beyond loopback it warns once, and says what the token is for", async () => {
		const warn = vi.fn<(message: string) => void>();
		await start("0.0.0.0:0", { logger: { ...quiet, warn } });
		expect(warn).toHaveBeenCalledExactlyOnceWith(
			expect.stringMatching(/0\.0\.0\.0:\d+.*\/metrics, \/health and \/ready.*authToken/),
		);
		warn.mockClear();
		await start("0.0.0.0:0", { authToken: "t", logger: { ...quiet, warn } });
		expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("authToken"));
		warn.mockClear();
		await start("127.0.0.1:0", { logger: { ...quiet, warn } });
		expect(warn).not.toHaveBeenCalled();
	});

	test("without a logger the warning is Node's", async () => {
		const warned = once(process, "warning");
		await start("0.0.0.0:0", { logger: undefined });
		expect((await warned)[0]).toMatchObject({
			name: "HyperAgentWarning",
			message: expect.stringContaining("authToken"),
		});
	});
});

describe("life", () => {
	test("a server installs the recorder where there is none, and uses the one that there is", () => {
		const first = new DashboardServer(costs);
		const handle = getPrometheus();
		const second = new DashboardServer(costs);
		expect(getPrometheus()).toBe(handle);
		open.push(first, second);
	});

	test("run() answers with the url, once it listens", async () => {
		const server = new DashboardServer(costs);
		open.push(server);
		expect(() => server.url).toThrow(expect.objectContaining({ code: "NOT_INITIALIZED" }));
		const url = await server.run("127.0.0.1:0");
		expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
		expect(server.url).toBe(url);
		expect((await fetch(`${url}/health`)).status).toBe(200);
	});

	test("it listens on IPv6, where loopback is loopback too", async ({ skip }) => {
		if (!hasIPv6) skip("this machine has no IPv6");
		const { url } = await start("[::1]:0");
		expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
		expect((await ask(`${url}/api/stats`)).status).toBe(200);
	});

	test("a logger that fails breaks nothing, and what it was told is a warning of Node's", async () => {
		const fails = (): never => {
			throw new Error("disk full");
		};
		const loggers: readonly (() => void)[] = [fails, async () => Promise.reject(new Error("disk full"))];
		for (const failing of loggers) {
			const warned = once(process, "warning");
			const server = await start("127.0.0.1:0", { logger: { info: failing, warn: failing, error: failing } });
			expect((await ask(`${server.url}/health`)).status).toBe(200);
			expect((await warned)[0]).toMatchObject({
				message: `DashboardServer: the logger failed (disk full) when it was told: DashboardServer: listening on ${server.url}`,
			});
			await server.close();
			await expect(ask(`${server.url}/health`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
		}
	});

	test("a logger is called as a method, as pino's needs it", async () => {
		class Log {
			readonly #lines: string[] = [];
			info(line: string): void {
				this.#lines.push(line);
			}
			warn(): void {}
			error(): void {}
			get lines(): readonly string[] {
				return this.#lines;
			}
		}
		const logger = new Log();
		const { url } = await start("127.0.0.1:0", { logger });
		expect(logger.lines).toEqual([`DashboardServer: listening on ${url}`]);
	});

	test("a second run() and one after close() are refused", async () => {
		const server = await start();
		await expect(server.run("127.0.0.1:0")).rejects.toMatchObject({
			code: "ALREADY_INITIALIZED",
			message: expect.stringContaining("runs already"),
		});
		await server.close();
		await expect(server.run("127.0.0.1:0")).rejects.toMatchObject({
			code: "ALREADY_INITIALIZED",
			message: expect.stringContaining("has been closed"),
		});
	});

	test("a port in use and an address of another machine are told with the cure, and another address may do", async () => {
		const { url } = await start();
		const server = new DashboardServer(costs);
		open.push(server);
		const { port } = new URL(url);
		await expect(server.run(`127.0.0.1:${port}`)).rejects.toMatchObject({
			code: "LISTEN_FAILED",
			message: `DashboardServer.run(): cannot listen on 127.0.0.1:${port}: port ${port} is in use by another program. Stop that one, or take another port (0 takes a free one).`,
		});
		await expect(server.run("203.0.113.7:0")).rejects.toMatchObject({ code: "LISTEN_FAILED" });
		await expect(server.run("nowhere")).rejects.toMatchObject({ code: "BAD_OPTION" });
		await expect(server.run("127.0.0.1:0")).resolves.toMatch(/^http:/);
	});

	test.each([
		[{ authToken: "" }, "authToken"],
		[{ authToken: "two words" }, "authToken"],
		[{ authToken: 7 }, "authToken"],
		[{ notice: 7 }, "notice"],
		[{ logger: {} }, "logger"],
		[{ logger: null }, "logger"],
		[{ token: "x" }, "token"],
		[{ metricsToken: "two words" }, "metricsToken"],
		[{ allowUnauthenticated: "yes" }, "allowUnauthenticated"],
		[{ allowUnauthenticated: true, authToken: "x" }, "allowUnauthenticated"],
		[{ corsOrigins: "https://ops.example.com" }, "corsOrigins"],
		[{ corsOrigins: ["*"] }, "corsOrigins"],
		[{ corsOrigins: ["null"] }, "corsOrigins"],
		[{ corsOrigins: ["https://ops.example.com/"] }, "corsOrigins"],
		[{ maxConnections: 0 }, "maxConnections"],
		[{ maxEventStreams: 1.5 }, "maxEventStreams"],
		[{ sessionHours: 0 }, "sessionHours"],
		[{ sessionHours: Number.NaN }, "sessionHours"],
		[null, "options"],
		[[], "options"],
	])("options %j are refused, without showing a token", (options, path) => {
		const refused = expect.objectContaining({
			code: "BAD_OPTION",
			message: expect.stringContaining(`\`${path}\``),
		});
		expect(() => new DashboardServer(costs, options as never)).toThrow(refused);
		expect(() => new DashboardServer(costs, options as never)).not.toThrow(/two words/);
	});

	test("a cost tracker is asked for where there is none", () => {
		expect(() => new DashboardServer(undefined as never)).toThrow(
			expect.objectContaining({ code: "BAD_OPTION" }),
		);
	});

	test("close() ends idle keep-alive connections, frees the port, and may be called again", async () => {
		const server = await start();
		const { url } = server;
		const { socket, text } = await raw(url, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
		await once(socket, "data");
		const started = performance.now();
		await Promise.all([server.close(), server.close()]);
		expect(performance.now() - started).toBeLessThan(1000);
		expect(await text).toContain('{"status":"ok"}');
		await expect(ask(`${url}/health`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
		await server.close();
		const reused = createServer().listen(Number(new URL(url).port), "127.0.0.1");
		await once(reused, "listening");
		reused.close();
	});

	test("while it closes, a request under way is answered, and /ready says so", async () => {
		const server = await start();
		const { socket, text } = await raw(server.url, "GET /ready HTTP/1.1\r\nHost: localhost\r\n");
		await new Promise((resolve) => setTimeout(resolve, 50)); // half a request has arrived
		const closed = server.close();
		socket.write("\r\n");
		expect(await text).toMatch(
			/^HTTP\/1\.1 503 [\s\S]*\r\nConnection: close\r\n[\s\S]*\{"status":"closing"\}/,
		);
		await closed;
	});

	test("close() does not wait longer than two seconds for those who dawdle", async () => {
		const server = await start();
		const { text } = await raw(server.url, "GET /ready HTTP/1.1\r\nHost: localhost\r\n");
		await new Promise((resolve) => setTimeout(resolve, 50));
		const started = performance.now();
		await server.close();
		expect(performance.now() - started).toBeLessThan(4000);
		expect(await text).toBe("");
	});

	test("close() before run() is fine", async () => {
		await expect(new DashboardServer(costs).close()).resolves.toBeUndefined();
	});
});

/** Sends these very bytes; `text` resolves with what came back once the server has hung up. */
async function raw(url: string, bytes: string): Promise<{ socket: Socket; text: Promise<string> }> {
	const { hostname, port } = new URL(url);
	const socket = connect(Number(port), hostname.replaceAll(/[[\]]/g, ""));
	let received = "";
	socket.setEncoding("utf8").on("data", (text: string) => (received += text));
	socket.on("error", () => undefined); // a reset is a way to hang up
	const text = once(socket, "close").then(() => received);
	await once(socket, "connect");
	socket.write(bytes);
	return { socket, text };
}
