import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Hono } from "hono";
import { afterEach, expect, test } from "vitest";
import type { App, Env } from "../../src/dashboard/app.ts";
import { type HttpLimits, HttpServer } from "../../src/dashboard/http-server.ts";
import { getPrometheus } from "../../src/monitoring/index.ts";
import { ask, closeServers, ownAddress, raw, startServer } from "./asking.ts";

const open: HttpServer[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
	for (const socket of sockets.splice(0)) socket.destroy();
	await Promise.all(open.splice(0).map(async (server) => server.close()));
	await closeServers();
});

/** The server's own HTTP side, with shorter limits: nothing else of it differs. */
async function listen(limits: Partial<HttpLimits>): Promise<string> {
	const app = new Hono<Env>();
	app.get("/", (c) => c.text("here"));
	app.get("/large", (c) => c.body(new Uint8Array(50_000_000)));
	const create = (): App => app;
	const server = await HttpServer.listen(create, { host: "127.0.0.1", port: 0 }, () => {}, limits);
	open.push(server);
	return `http://127.0.0.1:${server.bound.port}`;
}

/** How long until the server hangs up, in milliseconds. */
async function lifeOf(text: Promise<string>): Promise<[ms: number, text: string]> {
	const started = performance.now();
	const said = await text;
	return [performance.now() - started, said];
}

test("a head that comes too slowly is cut off, though some of it comes all the time", async () => {
	const url = await listen({ headMs: 500, requestMs: 5000 });
	const { socket, text } = await raw(url, "GET / HTTP/1.1\r\nHost: localhost\r\n");
	const dripping = setInterval(() => socket.write("X-A: b\r\n"), 50);
	const [ms, said] = await lifeOf(text);
	clearInterval(dripping);
	expect(ms).toBeLessThan(2500);
	expect(said).toMatch(/^HTTP\/1\.1 408 |^$/);
});

test("so is a body, and who sends nothing at all", async () => {
	const url = await listen({ headMs: 300, requestMs: 500, idleMs: 700 });
	const head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n";
	const { socket, text } = await raw(url, head);
	const dripping = setInterval(() => socket.write("x"), 50);
	const [ms] = await lifeOf(text);
	clearInterval(dripping);
	expect(ms).toBeLessThan(3000);
	const [idle] = await lifeOf((await raw(url, "")).text);
	expect(idle).toBeLessThan(2500);
});

test("an answer that nobody reads does not wait for ever, though a little is read all the time", async () => {
	const url = await listen({ answerMs: 800, idleMs: 60_000 });
	const { hostname, port } = new URL(url);
	const socket = connect(Number(port), hostname);
	sockets.push(socket);
	socket.on("error", () => undefined);
	await once(socket, "connect");
	socket.pause();
	let read = 0;
	socket.write("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
	const sipping = setInterval(() => {
		read += (socket.read(1000) as Buffer | null)?.length ?? 0; // a Buffer as long as no encoding is set
	}, 50);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	clearInterval(sipping);
	socket.on("data", (chunk) => (read += chunk.length)).resume();
	await once(socket, "close");
	expect(read).toBeLessThan(50_000_000);
});

test("a line and headers of more than 16 KiB, and ones that are no HTTP, are refused without harm", async () => {
	const { url } = await startServer();
	const long = "a".repeat(17_000);
	for (const bytes of [
		`GET /${long} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
		`GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ${long}\r\n\r\n`,
		`GET / HTTP/1.1\r\nHost: localhost\r\n${"X-A: b\r\n".repeat(2500)}\r\n`,
	]) {
		expect(await (await raw(url, bytes)).text).toMatch(/^HTTP\/1\.1 431 /);
	}
	for (const bytes of [
		"\u0000\u0001\u0002",
		"GET\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
	]) {
		expect(await (await raw(url, bytes)).text, JSON.stringify(bytes)).toMatch(/^HTTP\/1\.1 400 |^$/);
	}
	expect((await ask(`${url}/health`)).status).toBe(200);
});

test("a body that nobody has asked for is not read: the answer comes, and the connection ends", async () => {
	const { url } = await startServer();
	for (const [method, path, status] of [
		["GET", "/health", 200],
		["PUT", "/api/stats", 405],
		["DELETE", "/nothing", 404],
		["POST", "/api/stats", 405],
		["POST", "/nothing", 404],
	] as const) {
		const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n`;
		const [ms, said] = await lifeOf((await raw(url, head)).text);
		expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*Connection: close`, "i"));
		expect(ms).toBeLessThan(3000);
	}
});

test("who does not wait for answers is cut off before they pile up, and the next request is answered", async () => {
	const { url } = await startServer({ authToken: "t0ken" });
	const one = "GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n";
	const [ms, said] = await lifeOf((await raw(url, one.repeat(1000))).text);
	expect(said.match(/HTTP\/1\.1 200 /g) ?? []).toEqual([]);
	expect(ms).toBeLessThan(1000);
	// Who waits goes on, on the same connection.
	const { socket, text } = await raw(url, one);
	for (let i = 0; i < 3; i += 1) {
		await once(socket, "data");
		socket.write(i < 2 ? one : one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
	}
	expect((await text).match(/HTTP\/1\.1 200 /g)).toHaveLength(4);
});

test("a proxy's header is seen however many others come before it, or the request is refused", async () => {
	const { url } = await startServer();
	const statusOf = async (others: number, last: string): Promise<string> => {
		const lines = Array.from({ length: others }, (_, i) => `X-${i}: a\r\n`).join("");
		const head = `GET /api/stats HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines}${last}\r\n`;
		return (await (await raw(url, head)).text).slice(9, 12);
	};
	const proxy = "X-Forwarded-For: 203.0.113.9\r\n";
	expect(await statusOf(98, "")).toBe("200");
	expect(await statusOf(97, proxy)).toBe("401");
	for (const others of [98, 99, 100, 101, 200, 1000]) expect(await statusOf(others, proxy)).toBe("431");
});

test("beyond the most connections further ones are closed at once, and there is room again when others leave", async () => {
	const { url } = await startServer({ maxConnections: 5 });
	const held = await Promise.all(
		Array.from({ length: 5 }, async () => raw(url, "GET /health HTTP/1.1\r\nHost: localhost\r\n")),
	);
	sockets.push(...held.map(({ socket }) => socket));
	const [ms, said] = await lifeOf((await raw(url, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")).text);
	expect([said, ms < 1000]).toEqual(["", true]);
	for (const { socket, text } of held) {
		socket.destroy();
		await text;
	}
	await expect
		.poll(async () =>
			ask(`${url}/health`).then(
				({ status }) => status,
				() => 0,
			),
		)
		.toBe(200);
});

test("those who wait for nothing make room", async () => {
	const { url } = await startServer({ maxConnections: 5 });
	const held = await Promise.all(
		Array.from({ length: 5 }, async () => raw(url, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")),
	);
	sockets.push(...held.map(({ socket }) => socket));
	await Promise.all(held.map(async ({ socket }) => once(socket, "data")));
	await ask(`${url}/health`).catch(() => undefined);
	expect((await ask(`${url}/health`)).status).toBe(200);
});

test("another machine's address does not keep all others out", async ({ skip }) => {
	if (ownAddress === undefined) return skip("this machine has no address but loopback");
	const { url } = await startServer({ maxConnections: 8 }, "0.0.0.0:0");
	const beyond = `http://${ownAddress}:${new URL(url).port}`;
	const head = "GET /health HTTP/1.1\r\nHost: localhost\r\n";
	const held = await Promise.all(Array.from({ length: 4 }, async () => raw(beyond, head)));
	sockets.push(...held.map(({ socket }) => socket));
	await expect(ask(`${beyond}/health`)).rejects.toThrow();
	expect((await ask(`${url}/health`)).status).toBe(200);
	held[0]?.socket.destroy();
	await expect
		.poll(async () => ask(`${beyond}/health`).catch(() => undefined))
		.toMatchObject({ status: 200 });
});

test("scrapes under way are bounded, those too that nobody reads, and /health answers all the same", async () => {
	const { url } = await startServer();
	// Another registry makes an answer of 12 MB, which no socket's buffers take.
	const values = Array.from({ length: 40_000 }, (_, i) => ({
		labels: { i: `${i} ${"x".repeat(280)}` },
		value: 1,
	}));
	const leave = getPrometheus().include({
		contentType: "text/plain; version=0.0.4; charset=utf-8",
		getMetricsAsJSON: async () => [{ name: "large", help: "x", type: "gauge", values }],
	});
	const { hostname, port } = new URL(url);
	for (let i = 0; i < 64; i += 1) {
		const socket = connect(Number(port), hostname);
		sockets.push(socket);
		socket.on("error", () => undefined);
		socket.pause();
		socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
	}
	await expect.poll(async () => (await ask(`${url}/metrics`)).status, { timeout: 10_000 }).toBe(503);
	expect((await ask(`${url}/metrics`)).headers["retry-after"]).toBe("1");
	expect((await ask(`${url}/health`)).status).toBe(200);
	for (const socket of sockets.splice(0)) socket.destroy();
	leave();
	await expect.poll(async () => (await ask(`${url}/metrics`)).status, { timeout: 10_000 }).toBe(200);
}, 30_000);
