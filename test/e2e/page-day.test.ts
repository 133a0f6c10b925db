import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "../../scripts/build.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import type { SeriesGroup } from "../../src/dashboard/series-answer.ts";
import { cannedCall, cannedGroup, cannedSeries, cannedStats, NO_TOTAL } from "./canned-answers.ts";
import { CannedPageServer } from "./canned-page-server.ts";

/** As many as a busy program has. */
const GROUPS = 200;
const MINUTE = 60_000;
const DAY = 24 * 60;
/** The first hours fill what is filled once. */
const WARM_UP = 4 * 60;
/** How many minutes pass from one update to the next. */
const STEP = 4;
/** The calls that were shown last may still be held by what draws the next: 25 rows of 24 nodes and two listeners. */
const ONE_TABLE = { nodes: 700, listeners: 60 };

let browser: Browser;
let server: CannedPageServer;
/** The minute of the day that it is. */
let minute = 0;
const started: number = Date.now();

beforeAll(async () => {
	await build();
	browser = await launchChromium();
	server = await CannedPageServer.start({
		stats: () => {
			const active = Array.from({ length: 61 }, (_, i) => (minute + i) % 7);
			return cannedStats(now(), {
				active: { total: minute % 7, byModel: [{ model: "gpt-5", count: minute % 7 }] },
				cost: { since: started, usd: minute, cents: String(minute * 100), recentUsd: 1 },
				history: {
					stepSeconds: 5,
					costUsd: active,
					p50: active,
					p99: active,
					hitRate: [],
					errors: [],
					active,
				},
			});
		},
		series: (parameters) => {
			const answer = cannedSeries(parameters);
			const steps = answer.at.map((at) => (at / MINUTE) % 13);
			// Another model is first every hour, and another type of error comes and goes.
			const names = Array.from({ length: 7 }, (_, i) => `model-${(i + Math.floor(minute / 60)) % 9}`);
			return {
				...answer,
				total: {
					...NO_TOTAL,
					calls: minute,
					costUsd: minute,
					exactUsd: String(minute),
					p50: minute,
					p90: minute,
				},
				steps: { ...answer.steps, calls: steps, costUsd: steps, p50: steps, p90: steps, p99: steps },
				tokensByModel: names.map((model) => ({ model, total: 10, steps })),
				errorsByType: names.slice(0, 1 + (minute % 3)).map((type) => ({ type, total: 1, steps })),
				groups: Array.from({ length: GROUPS }, (_, i) => groupAt(i)),
			};
		},
		calls: () => {
			const calls = Array.from({ length: 25 }, (_, i) => cannedCall(`${minute}-${i}`, now() - i * 1000));
			return { calls, next: "more" };
		},
	});
});

afterAll(async () => {
	await browser?.close();
	await server?.close();
});

function now(): number {
	return started + minute * MINUTE;
}

/** Every group has something new every minute, and they change their places. */
function groupAt(i: number): SeriesGroup {
	const costUsd = 1 + ((i * 37 + minute * 11) % 101);
	const spark = Array.from({ length: 24 }, (_, k) => (k * i + minute) % 17);
	return cannedGroup(`route-${i}`, "gpt-5", { costUsd, calls: minute, p50: minute, spark });
}

/** The page's own clock goes as fast as the minutes do: what it does every second or every minute it does as often. */
const FAST_CLOCK = `{
	const [now, performanceNow] = [Date.now.bind(Date), performance.now.bind(performance)];
	globalThis.ahead = 0;
	Date.now = () => now() + globalThis.ahead;
	performance.now = () => performanceNow() + globalThis.ahead;
	const every = globalThis.setInterval.bind(globalThis);
	globalThis.setInterval = (work, ms) => every(work, ms / 10);
}`;

test("24 hours open with 200 series: heap, nodes and listeners stay as they are", {
	// It is as long as the processor takes for a day of the page's: two to three minutes, and twice that beside other work.
	timeout: 900_000,
}, async () => {
	const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
	await page.addInitScript(FAST_CLOCK);
	await page.addInitScript(DRAWN);
	await page.goto(`${server.url}/`);
	await page.getByRole("button", { name: `Show all ${GROUPS}` }).click();
	await page.locator("#calls").scrollIntoViewIfNeeded();
	const devtools = await page.context().newCDPSession(page);
	await devtools.send("Performance.enable");
	await passMinutes(page, WARM_UP);
	const before = await measure(devtools);
	await passMinutes(page, DAY);
	const after = await measure(devtools);
	process.stdout.write(`a day: ${JSON.stringify({ before, after, asked: server.asked.length })}\n`);
	expect(await page.locator("#groups-body tr").count()).toBe(GROUPS);
	expect(await page.locator("#cost-exact").textContent()).toBe(
		`$${(DAY + WARM_UP).toLocaleString("en-US")}.00`,
	);
	expect(after.kilobytes - before.kilobytes).toBeLessThan(1024);
	expect(after.nodes - before.nodes).toBeLessThan(ONE_TABLE.nodes);
	expect(after.listeners - before.listeners).toBeLessThan(ONE_TABLE.listeners);
	// Each of them had its own numbers.
	expect(server.asked.filter((path) => path.startsWith("/api/series")).length).toBeGreaterThan(DAY / STEP);

	for (let i = 0; i < 50; i += 1) {
		await page
			.locator("#controls .segments button")
			.nth(i % 6)
			.click();
		await page.waitForTimeout(60);
	}
	await page.getByRole("button", { name: "1 h", exact: true }).click();
	await passMinutes(page, 10 * STEP);
	const ranged = await measure(devtools);
	process.stdout.write(`50 ranges later: ${JSON.stringify(ranged)}\n`);
	expect(await page.locator(".uplot").count()).toBe(await page.locator(".canvas").count());
	expect(ranged.kilobytes - before.kilobytes).toBeLessThan(1536);
	expect(ranged.nodes - before.nodes).toBeLessThan(ONE_TABLE.nodes);
	expect(ranged.listeners - before.listeners).toBeLessThan(ONE_TABLE.listeners);
	await page.close();
});

/** Goes on by a step, and is done once the numbers of then are drawn. */
const DRAWN = `globalThis.minute = 0;
globalThis.goOn = () => new Promise((resolve) => {
	globalThis.minute += ${STEP};
	globalThis.ahead = globalThis.minute * ${MINUTE};
	const look = () => {
		const text = document.querySelector("#cost-exact").textContent.replace(",", "");
		if (text === "$" + globalThis.minute + ".00") resolve();
		else setTimeout(look, 5);
	};
	look();
})`;

/** The minutes are told, asked for and drawn before the next ones come. */
async function passMinutes(page: Page, count: number): Promise<void> {
	for (let i = 0; i < count; i += STEP) {
		minute += STEP;
		// The same script every time: the browser keeps each that is another for its tools.
		const isDrawn = page.evaluate("globalThis.goOn()");
		server.push();
		await isDrawn;
	}
}

async function measure(
	devtools: CDPSession,
): Promise<{ kilobytes: number; nodes: number; listeners: number }> {
	for (let i = 0; i < 3; i += 1) await devtools.send("HeapProfiler.collectGarbage");
	const { metrics } = await devtools.send("Performance.getMetrics");
	const metric = (wanted: string): number => metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
	return {
		kilobytes: Math.round(metric("JSHeapUsedSize") / 1024),
		nodes: metric("Nodes"),
		listeners: metric("JSEventListeners"),
	};
}
