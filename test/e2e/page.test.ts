import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "../../scripts/build.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import type { DashboardServer, DashboardServerOptions } from "../../src/dashboard/index.ts";
import {
	CostTracker,
	decActiveRequests,
	incActiveRequests,
	incCacheHit,
	incCacheMiss,
	initPrometheus,
	recordLlmCost,
	recordLlmError,
	recordLlmLatency,
	recordLlmTokens,
	recordRateLimit,
} from "../../src/monitoring/index.ts";
import { InstrumentedBackend, type LLMBackend, type LLMResponse } from "../../src/providers/index.ts";

/** The built server with the built page; it finds the recorder of this process, as any loaded copy does. */
const BUILT = new URL("../../dist/dashboard/index.js", import.meta.url).href;
/** What would run if it were ever taken for markup. */
const HOSTILE = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

let browser: Browser;
let page: Page;
let server: DashboardServer;
let costs: CostTracker;
let pictures: string;
/** What the browser complained about, and where requests went; both are looked at in the end. */
const complaints: string[] = [];
const requests: string[] = [];

async function startServer(address: string, options: DashboardServerOptions = {}): Promise<DashboardServer> {
	const built: { DashboardServer: typeof DashboardServer } = await import(BUILT);
	const server = new built.DashboardServer(costs, { notice: `Simulated data ${HOSTILE}`, ...options });
	await server.run(address);
	return server;
}

beforeAll(async () => {
	await build();
	browser = await launchChromium();
	pictures = await mkdtemp(join(tmpdir(), "hyperagent-page-"));
	initPrometheus({ onError: () => {} });
	costs = new CostTracker();
	server = await startServer("127.0.0.1:0");
	page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
	page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
	page.on("pageerror", (error) => complaints.push(String(error)));
	page.on("request", (request) => requests.push(request.url()));
	await page.goto(`${server.url}/`);
});

afterAll(async () => {
	await browser?.close();
	await server?.close();
});

/** The text of an element, without the space around it. */
async function text(selector: string): Promise<string> {
	return ((await page.locator(selector).textContent()) ?? "").replaceAll(/\s+/g, " ").trim();
}

async function expectText(selector: string, expected: string): Promise<void> {
	await expect.poll(() => text(selector), { message: selector, timeout: 6000 }).toBe(expected);
}

test("before the first call the page says how to send it, and shows no made-up number", async () => {
	await expectText("#state", "Live");
	await expect.poll(() => page.locator("#first-call").isVisible()).toBe(true);
	expect(await text("#first-call")).toContain("new InstrumentedBackend(openai");
	expect(await text("#cost-value")).toBe("$0.00");
	for (const id of ["latency-p50", "latency-p90", "latency-p99", "cache-value"])
		expect(await text(`#${id}`)).toBe("–");
	for (const id of ["pairs", "missing", "rate-limits"])
		expect(await page.locator(`#${id}`).isVisible()).toBe(false);
	await page.screenshot({ path: join(pictures, "first-call.png"), fullPage: true });
});

test("each of the six panels shows the number that was recorded, with its unit and window", async () => {
	recordLlmTokens("chat", "gpt-4-turbo", 1200, 300);
	recordLlmTokens("summarize", "claude-3-haiku", 500, 100);
	recordLlmCost("chat", "gpt-4-turbo", 12.34);
	recordLlmCost("summarize", "claude-3-haiku", 0.0025);
	// Five in (250, 500], four in (500, 1000], one in (1000, 2500]: ranks 5, 9 and 9.9 of 10.
	for (const ms of [300, 300, 300, 300, 300, 600, 600, 600, 600, 2000])
		recordLlmLatency("chat", "gpt-4-turbo", ms);
	for (let i = 0; i < 3; i += 1) incCacheHit("chat");
	incCacheMiss("chat");
	for (const type of ["timeout", "timeout", "rate_limit"]) recordLlmError("chat", "gpt-4-turbo", type);
	for (let i = 0; i < 4; i += 1) incActiveRequests("chat", "gpt-4-turbo");
	recordRateLimit("openai", "gpt-4-turbo");

	await expectText("#cost-value", "$12.34");
	expect(await page.locator("#cost-value").getAttribute("title")).toBe("exactly 1234.25 cents");
	expect(await text("#cost-window")).toMatch(/^since \d\d:\d\d$/);
	expect(await text("#tokens-value")).toBe("2,100");
	expect(await text("#tokens-window")).toMatch(/^since \d\d:\d\d · 1,700 in, 400 out$/);
	expect(await page.locator("#tokens-list li").allTextContents()).toEqual([
		"gpt-4-turbo1,500",
		"claude-3-haiku600",
	]);
	expect(await text("#latency-p50")).toBe("500 ms");
	expect(await text("#latency-p90")).toBe("1 s");
	expect(await text("#latency-p99")).toBe("2.35 s");
	expect(await text("#latency-window")).toMatch(/^last .* · 10 observed$/);
	expect(await text("#cache-value")).toBe("75");
	expect(await text("#cache-window")).toMatch(/^last .* · 3 of 4 lookups$/);
	expect(Number(await text("#errors-value"))).toBeGreaterThan(3 / 60);
	expect(await text("#errors-window")).toMatch(/^last .* · 3 since \d\d:\d\d$/);
	expect(await page.locator("#errors-list .name").allTextContents()).toEqual(["timeout", "rate_limit"]);
	expect(await page.locator("#errors-list .amount").allTextContents()).toEqual([
		expect.stringMatching(/\/s · 2 in all$/),
		expect.stringMatching(/\/s · 1 in all$/),
	]);
	expect(await text("#active-value")).toBe("4");
	expect(await text("#active-detail")).toBe("gpt-4-turbo 4");
	expect(await page.locator("main h2:visible").allTextContents()).toEqual([
		"Total cost",
		"Token usage by model",
		"Latency",
		"Cache hit rate",
		"Error rate by type",
		"Active requests",
		"Routes and models",
		"Rate limits hit",
	]);
	expect(await page.locator("#first-call").isVisible()).toBe(false);
	for (let i = 0; i < 4; i += 1) decActiveRequests("chat", "gpt-4-turbo");
	await expectText("#active-value", "0");
});

test("the table has a row for each route and model", async () => {
	const cells = await page
		.locator("#pairs-body tr")
		.evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
	expect(cells).toEqual([
		["chat", "gpt-4-turbo", "–", "3", "1,200", "300", "$12.34", "500 ms", "2.35 s", "0"],
		["summarize", "claude-3-haiku", "–", "0", "500", "100", "$0.0025", "–", "–", "0"],
	]);
	expect(await text("#rate-limits-list")).toContain("openai · gpt-4-turbo1");
});

test("what has no price and what has no usage is said, with the cure", async () => {
	const answer: LLMResponse = { content: "", toolCalls: [], finishReason: "stop" };
	const local = (response: LLMResponse): LLMBackend => ({
		infer: async () => response,
		inferStream: () => {
			throw new Error("not asked for here");
		},
		embed: async () => ({ embedding: [] }),
		modelInfo: () => ({ model: "my-own-model", provider: "local" }),
	});
	await new InstrumentedBackend(
		local({ ...answer, usage: { inputUncached: 10, output: 5 } }),
		"local",
		"batch",
	).infer([], [], 0);
	await new InstrumentedBackend(local(answer), "local", "batch").infer([], [], 0);
	recordLlmCost("chat", "gpt-4-turbo", Number.NaN);

	await expectText("#calls", "2 calls");
	expect(await page.locator("#missing h3").allTextContents()).toEqual([
		"1 call without a known price",
		"1 call without usage",
		"1 value refused by the recorder",
	]);
	const missing = await text("#missing");
	for (const cure of [
		"recordLlmCost(route, model, usd)",
		"stream_options.include_usage",
		"onError",
		"batch · my-own-model",
	]) {
		expect(missing).toContain(cure);
	}
	expect(await page.locator("#cost-missing").isVisible()).toBe(true);
	const row = page.locator("#pairs-body tr", { hasText: "my-own-model" });
	expect(await row.locator("td").allTextContents()).toContain("unpriced");
});

test("names are text, whatever they look like", async () => {
	recordLlmTokens(HOSTILE, HOSTILE, 1, 1);
	recordRateLimit(HOSTILE, HOSTILE);
	await expect.poll(() => page.locator("#pairs-body tr").count(), { timeout: 6000 }).toBe(4);
	expect(await text("#pairs-body tr:last-child th")).toBe(HOSTILE);
	expect(await text("#notice")).toBe(`Simulated data ${HOSTILE}`);
	expect(await page.locator("img[src=x]").count()).toBe(0);
	expect(await page.title()).toBe("HyperAgent");
});

test("the small charts appear once there are three readings", { timeout: 30_000 }, async () => {
	const chart = page.locator("#cost-chart svg");
	await expect.poll(() => chart.count(), { timeout: 20_000 }).toBe(1);
	expect(await chart.getAttribute("aria-label")).toBe("Cost in steps of 5 seconds");
	expect(await page.locator("#cost-chart rect").count()).toBeGreaterThan(0);
});

test("light, dark and narrow: nothing runs over the edge", async () => {
	for (const [name, colorScheme, width] of [
		["light", "light", 1280],
		["dark", "dark", 1280],
		["tablet", "light", 800],
		["phone", "light", 390],
		["phone-dark", "dark", 390],
	] as const) {
		await page.setViewportSize({ width, height: 900 });
		await page.emulateMedia({ colorScheme });
		const wide = await page.locator("html").evaluate((html) => html.scrollWidth);
		expect(wide, name).toBe(width);
		await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
	}
	await page.setViewportSize({ width: 1280, height: 900 });
	process.stdout.write(`pictures of the page: ${pictures}\n`);
});

test("up to here the console is empty, and nothing was asked of anyone else", () => {
	expect(complaints).toEqual([]);
	expect(new Set(requests.map((url) => new URL(url).origin))).toEqual(new Set([server.url]));
	expect(requests).toContain(`${server.url}/api/stats`);
});

test("without the server the page says since when it is stale, and recovers by itself", async () => {
	const { host } = new URL(server.url);
	await server.close();
	await expect
		.poll(() => text("#state"), { timeout: 6000 })
		.toMatch(/^Stale since \d\d:\d\d:\d\d: the server cannot be reached, trying again$/);
	expect(await text("#cost-value")).toBe("$12.34");
	server = await startServer(host);
	recordLlmCost("chat", "gpt-4-turbo", 1);
	await expectText("#state", "Live");
	await expectText("#cost-value", "$13.34");
});

test("while nobody looks the page asks for nothing", async () => {
	const hidden = await browser.newPage();
	await hidden.addInitScript(
		"Object.defineProperty(document, 'hidden', { get: () => globalThis.isHidden ?? false, configurable: true })",
	);
	let asked = 0;
	hidden.on("request", (request) => (asked += request.url().endsWith("/api/stats") ? 1 : 0));
	await hidden.goto(`${server.url}/`);
	await expect.poll(() => asked, { timeout: 6000 }).toBeGreaterThan(1);
	await hidden.evaluate("globalThis.isHidden = true");
	await hidden.waitForTimeout(500);
	const before = asked;
	await hidden.waitForTimeout(5000);
	expect(asked).toBe(before);
	await hidden.evaluate("globalThis.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))");
	await expect.poll(() => asked, { timeout: 1000 }).toBeGreaterThan(before);
	await hidden.close();
});

test("a browser asks for the token, and the page's own requests carry it from then on", async () => {
	const guarded = await startServer("127.0.0.1:0", { authToken: "correct-horse" });
	const { host } = new URL(guarded.url);
	const credentials = { username: "me", password: "correct-horse" };
	const context = await browser.newContext({ httpCredentials: { ...credentials, send: "unauthorized" } });
	const visitor = await context.newPage();
	const failures: string[] = [];
	visitor.on("pageerror", (error) => failures.push(String(error)));
	// The second is how a browser writes a name and a password into an address: fetch() refuses such URLs.
	for (const url of [guarded.url, `http://me:correct-horse@${host}`]) {
		expect((await visitor.goto(`${url}/`))?.status()).toBe(200);
		await expect.poll(() => visitor.locator("#state").textContent(), { timeout: 6000 }).toBe("Live");
	}
	const stranger = await browser.newPage();
	// What Chromium says where it would ask its user and there is none.
	await expect(stranger.goto(`${guarded.url}/`)).rejects.toThrow("ERR_INVALID_AUTH_CREDENTIALS");

	await guarded.close();
	const renewed = await startServer(host, { authToken: "battery-staple" });
	await expect
		.poll(() => visitor.locator("#state").textContent(), { timeout: 10_000 })
		.toMatch(/the server's authToken has changed; reload this page/);
	let asked = 0;
	visitor.on("request", () => (asked += 1));
	await visitor.waitForTimeout(2500);
	expect(asked).toBe(0);
	expect(failures).toEqual([]);
	await Promise.all([context.close(), stranger.close(), renewed.close()]);
});
