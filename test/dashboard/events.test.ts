import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { EventHub, type EventHubOptions } from "../../src/dashboard/event-hub.ts";
import type { DashboardStats } from "../../src/dashboard/stats.ts";
import { initPrometheus, recordLlmCost } from "../../src/monitoring/index.ts";
import { ask, closeServers, cookieOf, post, startServer } from "./asking.ts";
import { type EventStream, openEvents, openUnread } from "./event-stream.ts";

initPrometheus({ onError: () => {} });
const streams: EventStream[] = [];
const servers: Server[] = [];

afterEach(async () => {
	for (const stream of streams.splice(0)) stream.close();
	await closeServers();
	for (const server of servers.splice(0)) {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	}
});

async function listen(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
	const stream = await openEvents(url, headers);
	streams.push(stream);
	return stream;
}

function named(stream: EventStream, name: string): string[] {
	return stream.events.filter(({ event }) => event === name).map(({ data }) => data);
}

describe("/api/events", () => {
	test("tells the stats and the number of calls at once, and anew within 2 s of a call", async () => {
		const { url } = await startServer();
		const stats = async (): Promise<DashboardStats> =>
			JSON.parse((await ask(`${url}/api/stats`)).text) as DashboardStats; // what the server writes
		// Until its ledger answers there is no month.
		await expect.poll(async () => (await stats()).month, { timeout: 10_000 }).not.toBeNull();
		const stream = await listen(url);
		expect(stream.status).toBe(200);
		expect(stream.headers).toMatchObject({
			"content-type": "text/event-stream; charset=utf-8",
			"cache-control": "no-store",
			"x-accel-buffering": "no",
			"x-content-type-options": "nosniff",
			"content-security-policy": expect.stringContaining("default-src 'none'"),
		});
		await expect.poll(() => named(stream, "calls")).toEqual(["0"]);
		expect(stream.retry()).toBe("2000");
		const [first = ""] = named(stream, "stats");
		// The same as the other route says, but for what moves by itself.
		const asked = await stats();
		const told = JSON.parse(first) as DashboardStats; // the same
		const { history: _, now, rateSeconds, recentSeconds, uptimeSeconds } = asked;
		const moving = { now, rateSeconds, recentSeconds, uptimeSeconds };
		expect({ ...told, ...moving, history: 0 }).toEqual({ ...asked, history: 0 });
		const before = told.cost.usd;
		const started = performance.now();
		recordLlmCost("chat", "gpt-4-turbo", 0.0025);
		await expect.poll(() => named(stream, "calls"), { timeout: 2000 }).toEqual(["0", "1"]);
		await expect
			.poll(() => (JSON.parse(named(stream, "stats").at(-1) ?? "{}") as DashboardStats).cost.usd, {
				timeout: 2000,
			})
			.toBeCloseTo(before + 0.0025, 12);
		expect(performance.now() - started).toBeLessThan(2000);
		const ids = stream.events.filter(({ event }) => event === "stats").map(({ id }) => Number(id));
		expect(ids).toEqual(ids.toSorted((a, b) => a - b));
		expect(new Set(ids).size).toBe(ids.length);
	});

	test("answers HEAD without a stream", async () => {
		const { url } = await startServer();
		const answer = await ask(`${url}/api/events`, {}, "HEAD");
		expect([answer.status, answer.headers["content-type"], answer.text]).toEqual([
			200,
			"text/event-stream; charset=utf-8",
			"",
		]);
	});

	test("turns away who is too many, and has room again when one leaves", async () => {
		const { url } = await startServer({ maxEventStreams: 2 });
		const [one] = [await listen(url), await listen(url)];
		const refused = await ask(`${url}/api/events`);
		expect([refused.status, Number(refused.headers["retry-after"]) > 0]).toEqual([503, true]);
		expect(JSON.parse(refused.text)).toEqual({ error: expect.stringContaining("Too many") });
		one.close();
		await expect.poll(async () => (await listen(url)).status).toBe(200);
	});

	test("ends at once when the server closes", async () => {
		const server = await startServer();
		const all = await Promise.all(Array.from({ length: 20 }, async () => listen(server.url)));
		await openUnread(server.url);
		const started = performance.now();
		await server.close();
		expect(performance.now() - started).toBeLessThan(1000);
		await Promise.all(all.map(async ({ ended }) => ended));
		expect(performance.now() - started).toBeLessThan(1000);
	});

	test("ends with its session: when its time is over, and when it logs out", async () => {
		const { url } = await startServer({ authToken: "correct-horse", sessionHours: 3 / 3600 });
		expect((await ask(`${url}/api/events`)).status).toBe(401);
		const mine = cookieOf(await post(`${url}/login`, { token: "correct-horse" }));
		const others = cookieOf(await post(`${url}/login`, { token: "correct-horse" }));
		const started = performance.now();
		const [my, other] = [await listen(url, { Cookie: mine }), await listen(url, { Cookie: others })];
		const program = await listen(url, { Authorization: "Bearer correct-horse" });
		await post(`${url}/logout`, {}, { Cookie: mine });
		expect((await my.ended) - started).toBeLessThan(1000);
		expect((await other.ended) - started).toBeGreaterThan(2500);
		expect((await other.ended) - started).toBeLessThan(5500);
		const isOpen = await Promise.race([program.ended.then(() => false), Promise.resolve(true)]);
		expect(isOpen).toBe(true);
	}, 10_000);
});

/** A hub on an HTTP server of its own: faster, and with less room. */
async function startHub(options: Partial<EventHubOptions>): Promise<{ hub: EventHub; url: string }> {
	const hub = new EventHub({
		collect: async () => ({}) as DashboardStats, // a hub does not look into it
		settled: () => 0,
		maxClients: 500,
		tickMs: 20,
		onError: () => {},
		...options,
	});
	const server = createServer((_, response) => {
		response.writeHead(200, { "Content-Type": "text/event-stream" });
		hub.add(response, undefined);
	});
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo; // it listens on a port
	return { hub, url: `http://127.0.0.1:${port}` };
}

describe("the hub", () => {
	test("collects once a tick for all, and nothing while nobody listens", async () => {
		let collected = 0;
		const { hub, url } = await startHub({
			tickMs: 100,
			collect: async () => {
				collected += 1;
				return { version: String(collected) } as DashboardStats; // a hub does not look into it
			},
		});
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(collected).toBe(0);
		const all = await Promise.all(Array.from({ length: 50 }, async () => listen(url)));
		await new Promise((resolve) => setTimeout(resolve, 1000));
		expect(hub.size).toBe(50);
		// One for each tick, and one for those who came first.
		expect(collected).toBeLessThan(15);
		for (const stream of all) stream.close();
		await expect.poll(() => hub.size).toBe(0);
		const then = collected;
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(collected - then).toBeLessThanOrEqual(1);
	});

	test("does not say again what has not changed, but that it is still there", async () => {
		let now = 0;
		const { url } = await startHub({
			aliveMs: 200,
			settled: () => 7,
			collect: async () => {
				now += 1;
				const moving = { now, uptimeSeconds: now, recentSeconds: now, rateSeconds: now };
				return { version: "1", ...moving } as DashboardStats; // a hub does not look into it
			},
		});
		const stream = await listen(url);
		await expect.poll(() => stream.comments.length, { timeout: 3000 }).toBeGreaterThanOrEqual(3);
		expect(named(stream, "stats")).toHaveLength(1);
		expect(new Set(named(stream, "calls"))).toEqual(new Set(["7"]));
		// After the one that greets.
		const alive = stream.events.filter(({ event }) => event === "calls").slice(1);
		const gaps = alive.slice(1).map(({ at }, i) => at - (alive[i]?.at ?? 0));
		expect(gaps.length).toBeGreaterThan(0);
		for (const gap of gaps) expect(gap).toBeGreaterThan(150);
	});

	test("tells who comes late what time it is, however long nothing has changed", async () => {
		let now = 0;
		const { url } = await startHub({
			collect: async () => {
				now += 1;
				return { version: "1", now } as DashboardStats; // a hub does not look into it
			},
		});
		await listen(url);
		await expect.poll(() => now, { timeout: 3000 }).toBeGreaterThan(10);
		const then = now;
		const late = await listen(url);
		await expect.poll(() => named(late, "stats").length, { timeout: 3000 }).toBe(1);
		const told = JSON.parse(named(late, "stats")[0] ?? "") as { now: number }; // what the hub writes
		expect(told.now).toBeGreaterThanOrEqual(then);
	});

	test("tells how often a page may ask: the less often, the more there are", async () => {
		const { url } = await startHub({ tickMs: 50 });
		const first = await listen(url);
		const others = await Promise.all(Array.from({ length: 29 }, async () => listen(url)));
		// Thirty at 100 ms each are three seconds.
		await expect.poll(() => named(first, "pace").at(-1), { timeout: 3000 }).toBe("3000");
		for (const stream of others) stream.close();
		await expect.poll(() => named(first, "pace").at(-1), { timeout: 3000 }).toBe("0");
	});

	test("drops a client that does not read, and the others notice nothing", async () => {
		const large = "x".repeat(200_000);
		let count = 0;
		const { hub, url } = await startHub({
			maxBufferedBytes: 1_000_000,
			collect: async () => {
				count += 1;
				return { version: `${count} ${large}` } as DashboardStats; // a hub does not look into it
			},
		});
		const reader = await listen(url);
		const dead = await openUnread(url);
		await expect.poll(() => hub.size).toBe(2);
		await expect.poll(() => hub.size, { timeout: 10_000 }).toBe(1);
		const then = named(reader, "stats").length;
		await expect.poll(() => named(reader, "stats").length).toBeGreaterThan(then);
		dead.destroy();
	}, 15_000);

	test("goes on when collecting fails, and tells", async () => {
		const errors: unknown[] = [];
		let fails = true;
		const { url } = await startHub({
			onError: (error) => errors.push(error),
			collect: async () => {
				if (fails) throw new Error("no stats today");
				return { version: "1" } as DashboardStats; // a hub does not look into it
			},
		});
		const stream = await listen(url);
		await expect.poll(() => errors.length).toBeGreaterThan(0);
		fails = false;
		await expect.poll(() => named(stream, "stats")).toHaveLength(1);
	});
});
