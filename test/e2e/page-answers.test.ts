import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { build } from "../../scripts/build.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import { cannedCall, cannedGroup, cannedSeries, NO_TOTAL } from "./canned-answers.ts";
import { CannedPage, SOON } from "./canned-page.ts";

let browser: Browser;
let ui: CannedPage;

beforeAll(async () => {
	await build();
	browser = await launchChromium();
});

afterAll(() => browser?.close());

beforeEach(async () => {
	ui = await CannedPage.start(browser);
});

afterEach(() => ui.close());

test.each([
	"?range=99d",
	"?since=abc&until=1",
	"?since=1990-01-01&until=1990-02-01",
	"?since=-271821-04-20T00:00:00Z&until=2026-01-01",
	"?since=2026-01-01&until=%2B275760-09-13T00:00:00Z",
	"?since=2001-01-01&until=2026-01-01",
	`?route=${"a".repeat(5000)}`,
	"?%E0%A4%A",
])("an address that nobody meant (%#) is the first view", async (search) => {
	await ui.open(search);
	expect(await ui.text("#state")).toBe("Live");
	expect(await ui.button("1 h").getAttribute("aria-pressed")).toBe("true");
	expect(await ui.text("#cost-window")).toBe("last 1 h");
});

test.each([-20, 20])("a range ends with the server's now, %d minutes from the viewer's", async (minutes) => {
	const now = Date.now() + minutes * 60_000;
	ui.stats = { now };
	await ui.open("?range=15m");
	await expect.poll(() => ui.server.asked.filter((path) => path.startsWith("/api/calls")).length).toBe(1);
	const asked = ui.server.asked.filter((path) => /^\/api\/(series|calls)/.test(path));
	const step = 10_000;
	for (const path of asked) {
		const until = Date.parse(new URL(path, ui.server.url).searchParams.get("until") ?? "");
		// The step that is under way, or the one after it on a slow machine.
		expect(until, path).toBeGreaterThan(now);
		expect(until, path).toBeLessThanOrEqual(now + 2 * step);
	}
});

test("a route of the address is text", async () => {
	await ui.open("?route=<script>alert(1)</script>&model=%22%3E%3Cimg src=x onerror=alert(1)%3E");
	expect(await ui.page.locator("#filter-route").inputValue()).toBe("=<script>alert(1)</script>");
	expect(await ui.page.locator("img").count()).toBe(0);
});

test("until a new question has its answer, the old numbers go by their old name", async () => {
	ui.series = {
		total: { ...NO_TOTAL, calls: 3, costUsd: 5, exactUsd: "5" },
		groups: [cannedGroup("chat", "gpt-5")],
	};
	ui.calls = [cannedCall("a", Date.now())];
	await ui.open();
	expect(await ui.text("#cost-value")).toBe("$5.00");
	ui.server.failure = { status: 503, error: "busy" };
	await ui.button("7 d").click();
	await expect
		.poll(() => ui.text("#state"))
		.toMatch(/^Stale since \d\d:\d\d:\d\d: the server answers 503: busy$/);
	expect([await ui.text("#cost-value"), await ui.text("#cost-window")]).toEqual(["$5.00", "last 1 h"]);
	expect(await ui.text("#groups-window")).toBe("last 1 h");
	expect(await ui.page.locator("main").getAttribute("aria-busy")).toBe("true");
	ui.server.failure = undefined;
	await expect.poll(() => ui.text("#cost-window"), SOON).toBe("last 7 d");
	await expect.poll(() => ui.text("#calls .window"), SOON).toBe("last 7 d");
	// Chromium says by itself that there was an answer of 503.
	expect(ui.complaints.splice(0).every((one) => one.includes("503"))).toBe(true);
});

test("a quiet hour of a month's first day is no first start", async () => {
	ui.stats = {
		latency: {
			recent: { count: 0, p50: null, p90: null, p99: null },
			total: { count: 0, p50: null, p90: null, p99: null },
			largestBoundMs: null,
		},
		month: { month: "2026-12-01", costUsd: "0", projectedUsd: null },
	};
	ui.series = { choices: { routes: [], models: [], providers: [] } };
	ui.everCalled = [cannedCall("old", Date.now() - 40 * 86_400_000)];
	await ui.open();
	expect(await ui.page.locator("#first-call").count()).toBe(0);
	expect(await ui.text("#empty-view")).toContain("Look at the last 30 d");
	ui.everCalled = [];
	await ui.page.reload();
	await ui.page.locator("#first-call").waitFor();
	ui.everCalled = [cannedCall("new", Date.now())];
	ui.server.push();
	await ui.page.locator("#cost-value").waitFor();
});

test("colours stay with their models when the order changes, in the list and in the chart", async () => {
	const tokens = (model: string, total: number) => ({
		model,
		total,
		steps: Array.from({ length: 60 }, () => total),
	});
	const hues = (): Promise<Record<string, string>> =>
		ui.page
			.locator("#tokens-list li")
			.evaluateAll((items) =>
				Object.fromEntries(
					items.map((item) => [
						item.querySelector(".name")?.textContent ?? "",
						item.querySelector(".swatch")?.getAttribute("class")?.split(" ")[1] ?? "",
					]),
				),
			);
	ui.series = { tokensByModel: [tokens("a", 30), tokens("b", 20), tokens("other", 1)] };
	await ui.open();
	expect(await hues()).toEqual({ a: "hue-1", b: "hue-2", other: "hue-rest" });
	ui.series = { tokensByModel: [tokens("c", 50), tokens("b", 40), tokens("a", 30), tokens("other", 1)] };
	ui.server.push();
	await expect.poll(hues, SOON).toEqual({ c: "hue-3", b: "hue-2", a: "hue-1", other: "hue-rest" });
	await ui.page.locator("#tokens-chart .u-over").hover();
	await ui.page.locator("#tokens-chart .readout").waitFor();
	const lines = await ui.page.locator("#tokens-chart .readout > span").allTextContents();
	expect(lines[0]).toMatch(/^(\d+ \w+ )?\d\d:\d\d:00 to (\d+ \w+ )?\d\d:\d\d:00$/);
	expect(lines.slice(1).map((line) => line.trim())).toEqual(["other 1", "c 50", "b 40", "a 30"]);
});

test("huge and tiny numbers keep to their place, and halves are no wholes", async () => {
	const steps = Array.from({ length: 60 }, (_, i) => (i === 30 ? 4e9 : 0));
	const base = cannedSeries(
		new URLSearchParams({ since: "2026-11-25", until: "2026-11-25T01:00Z", step: "60" }),
	);
	ui.series = {
		total: {
			...NO_TOTAL,
			calls: 10_000_000,
			errors: 1,
			failed: 1,
			inputTokens: 4e9,
			costUsd: 4e9,
			exactUsd: "4000000000",
		},
		steps: { ...base.steps, costUsd: steps, calls: steps, rateLimited: steps },
		tokensByModel: [{ model: "m".repeat(200), total: 4e9, steps }],
		groups: [
			cannedGroup("r".repeat(200), "m".repeat(200), {
				costUsd: 4e9,
				inputTokens: 4e9,
				p50: 4e9,
				share: 0.99999,
			}),
			cannedGroup("tiny", "tiny", { costUsd: 1e-12, exactUsd: "0.000000000001", share: 1e-20 }),
		],
	};
	await ui.open();
	expect(await ui.text("#outcomes-list")).toContain("success9,999,999 >99.9 %");
	expect(await ui.text("#groups-body")).toContain(">99.9 %");
	expect(await ui.text("#groups-body")).toContain("<0.1 %");
	for (const width of [1440, 360]) {
		await ui.page.setViewportSize({ width, height: 900 });
		await expect.poll(() => ui.page.locator("html").evaluate((html) => html.scrollWidth), SOON).toBe(width);
	}
	const wide = await ui.page
		.locator(".panels .card .value, .panels .card .numbers")
		.evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length);
	expect(wide).toBe(0);
});

test("where the clocks change, the page says from which zone to which", async () => {
	await ui.open("?since=2026-10-24T22:00:00Z&until=2026-10-25T12:00:00Z");
	expect(await ui.text(".zone")).toBe("Times in Europe/Berlin, UTC+2, then UTC+1");
	// 14 hours by the sun are 13 by the clock.
	expect(await ui.text("#cost-window")).toMatch(/^25 Oct( \d{4})? 00:00:00 to 13:00:00$/);
	await ui.button("1 h").click();
	await expect.poll(() => ui.text(".zone"), SOON).toMatch(/^Times in Europe\/Berlin, UTC\+[12]$/);
});

test("what covers more than was zoomed to is named by what it covers, in every panel", async () => {
	const covered = new URLSearchParams({
		since: "2025-11-15T13:00Z",
		until: "2025-11-15T16:00Z",
		step: "3600",
	});
	ui.series = {
		...cannedSeries(covered),
		total: { ...NO_TOTAL, calls: 3, costUsd: 201, exactUsd: "201" },
		groups: [cannedGroup("chat", "gpt-5", { unpriced: 1 })],
	};
	await ui.open("?since=2025-11-15T13:30Z&until=2025-11-15T15:15Z");
	const hours = "15 Nov 2025 14:00:00 to 17:00:00";
	const windows = (await ui.page.locator(".panels .window").allTextContents()).filter(
		(text) => !text.startsWith("now"),
	);
	expect(windows).toEqual(Array.from({ length: 7 }, () => hours));
	expect(await ui.text("#spend h3")).toBe(`Where it went ${hours}`);
	expect(await ui.text("#groups-window")).toBe(hours);
	expect(await ui.text("#missing .window")).toContain(`${hours} · `);
	// Single calls have their own times.
	expect(await ui.text("#calls .window")).toBe("15 Nov 2025 14:30:00 to 16:15:00");
});

test("what was recorded by hand is in no count of calls, and in no cost of one", async () => {
	const zeros = Array.from({ length: 59 }, () => 0);
	const { steps } = cannedSeries(
		new URLSearchParams({ since: "2025-11-15", until: "2025-11-15", step: "60" }),
	);
	ui.series = {
		total: {
			...NO_TOTAL,
			calls: 4,
			errors: 4,
			failed: 1,
			costUsd: 10.04,
			exactUsd: "10.04",
			callsUsd: 0.04,
			// One call is both.
			unpriced: 1,
			withoutUsage: 1,
		},
		steps: { ...steps, calls: [...zeros, 4], errors: [...zeros, 4], failed: [...zeros, 1] },
		groups: [
			cannedGroup("chat", "gpt-5", { calls: 4, errors: 1, failed: 1 }),
			cannedGroup("chat", "gpt-5", { provider: "", calls: 0, errors: 3, failed: 0 }),
		],
	};
	await ui.open();
	expect(await ui.text("#outcomes-list")).toBe("success3 75 %error1 25 %aborted0 0 %abandoned0 0 %");
	expect(await ui.page.locator("#outcomes-chart .canvas").getAttribute("aria-label")).toBe(
		"Calls in steps of 1 min. errors: from 0 to 1, last 1; other calls: from 0 to 3, last 3.",
	);
	expect(await ui.text("#errors-value")).toBe("25");
	expect(await ui.text("#errors-detail")).toBe("4 errors, 3 by hand · 4/h");
	const errorCells = await ui.page.locator("#groups-body td:nth-child(7)").allTextContents();
	expect(errorCells).toEqual(["1 25 %", "3"]);
	expect([await ui.text("#cost-value"), await ui.text("#cost-per-call")]).toEqual([
		"≥ $10.04",
		"· ≥ $0.01 a call",
	]);
	expect(await ui.text("#cost-missing")).toBe("1 unpriced · 1 without usage");
});

test("what is missing in this process is not said of a time in which nothing is", async () => {
	const reasons = [{ route: "chat", model: "gpt-5", reason: "aborted", count: 2 }];
	ui.stats = { usageMissing: reasons };
	ui.series = { groups: [cannedGroup("chat", "gpt-5")] };
	await ui.open();
	expect(await ui.page.locator("#missing").count()).toBe(0);
	ui.series = { groups: [cannedGroup("chat", "gpt-5", { withoutUsage: 2 })] };
	ui.server.push();
	await ui.page.locator("#missing .reason").waitFor();
});

test("a single value between gaps is a point, and nulls are no zeros", async () => {
	const base = cannedSeries(
		new URLSearchParams({ since: "2026-11-25", until: "2026-11-25T01:00Z", step: "60" }),
	);
	const one = Array.from({ length: 60 }, (_, i) => (i === 30 ? 120 : null));
	ui.series = { steps: { ...base.steps, p50: one } };
	await ui.open();
	expect(await ui.page.locator("#latency-chart .canvas").getAttribute("aria-label")).toBe(
		"Latency in steps of 1 min. P50: from 120 ms to 120 ms, last 120 ms; P90: nothing; P99: nothing; first token P50: nothing.",
	);
	expect(await ui.text("#latency-p50")).toBe("–");
	/** How many pixels have the colour of the first line. */
	const inked = await ui.page.locator("#latency-chart canvas").evaluate((canvas) => {
		const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
		let count = 0;
		for (let i = 0; i < data.length; i += 4) {
			if (data[i] === 0 && data[i + 1] === 0x72 && data[i + 2] === 0xb2 && data[i + 3] === 255) count += 1;
		}
		return count;
	});
	expect(inked).toBeGreaterThan(0);
	expect(inked).toBeLessThan(60);
});
