import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "../../scripts/build.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import type { DashboardServer } from "../../src/dashboard/index.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { CostTracker, initPrometheus, openLedger } from "../../src/monitoring/index.ts";
import { callOnce } from "./page-workload.ts";
import { referenceTaskMs } from "./reference-task.ts";

const BUILT = new URL("../../dist/dashboard/index.js", import.meta.url).href;
/** As many as a busy program has: 200 routes of one model. */
const SERIES = 200;
const UPDATES = 1500;

let browser: Browser;
let server: DashboardServer;
let ledger: Ledger;
let folder: string;

beforeAll(async () => {
	await build();
	folder = await mkdtemp(join(tmpdir(), "hyperagent-speed-"));
	browser = await launchChromium();
	initPrometheus();
	ledger = openLedger({ path: join(folder, "costs.db") });
	const built: { DashboardServer: typeof DashboardServer } = await import(BUILT);
	server = new built.DashboardServer(new CostTracker());
	await server.run("127.0.0.1:0");
	for (let i = 0; i < SERIES; i += 1) await callOnce(`route-${i}`);
	await ledger.flush();
});

afterAll(async () => {
	await browser?.close();
	await server?.close();
	await ledger?.close();
	if (folder !== undefined) await rm(folder, { recursive: true });
});

/** Goals in milliseconds; on a machine that is busy or slow, what a table takes there is the measure. */
test("a cold load shows its numbers within a second", async () => {
	const reference = await referenceTaskMs(browser);
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.addInitScript(
		`new MutationObserver((_, observer) => {
			if (document.querySelector("#cost-value") === null) return;
			globalThis.firstNumbers = performance.now();
			observer.disconnect();
		}).observe(document, { childList: true, subtree: true });`,
	);
	await page.goto(`${server.url}/`);
	await page.locator("#cost-value").waitFor();
	const ms = Number(await page.evaluate("globalThis.firstNumbers"));
	process.stdout.write(`first numbers after ${Math.round(ms)} ms, ${Math.round(ms / reference)} tables\n`);
	expect(ms).toBeLessThan(Math.max(1000, 40 * reference));
	await context.close();
});

/** A slice of a trace: what ran, for how long, in microseconds of the thread's own time. */
interface Slice {
	readonly name: string;
	readonly ph: string;
	readonly pid: number;
	readonly tid: number;
	readonly tdur?: number;
	readonly args?: { readonly name?: string };
}

test("a live update takes less than 16 ms of the main thread", async () => {
	const reference = await referenceTaskMs(browser);
	const page = await browser.newPage();
	await page.goto(`${server.url}/`);
	await page.locator("#groups-body tr").first().waitFor();
	await page.waitForTimeout(3000);
	await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline"] });
	for (let i = 0; i < 40; i += 1) {
		await callOnce(`route-${i}`);
		await page.waitForTimeout(200);
	}
	const trace: { traceEvents: Slice[] } = JSON.parse(String(await browser.stopTracing()));
	const events = trace.traceEvents;
	// The page's process is the one whose main thread ran scripts; others have one, too.
	const scripted = new Set(events.filter(({ name }) => name === "FunctionCall").map(({ pid }) => pid));
	const mains = events.filter(
		({ args, name, pid }) => name === "thread_name" && args?.name === "CrRendererMain" && scripted.has(pid),
	);
	const tasks = events
		.filter(
			({ name, ph, pid, tid }) =>
				ph === "X" && name.endsWith("RunTask") && mains.some((main) => main.pid === pid && main.tid === tid),
		)
		.map(({ tdur = 0 }) => tdur / 1000)
		.toSorted((a, b) => b - a);
	process.stdout.write(
		`longest tasks: ${tasks.slice(0, 5).join(", ")} ms of ${tasks.length}; a table takes ${Math.round(reference)} ms\n`,
	);
	expect(tasks.length).toBeGreaterThan(100);
	// One or two may have met a garbage collection.
	expect(tasks[2]).toBeLessThan(Math.max(16, 0.8 * reference));
	await page.close();
});

test("a page that stays open keeps its memory: many updates, no growth", async () => {
	const page = await browser.newPage();
	// Time cannot be hurried, but what it brings can: the last stats again and again, each as another.
	await page.addInitScript(
		`globalThis.EventSource = class extends EventSource {
			constructor(url) { super(url); globalThis.source = this; this.addEventListener("stats", (e) => { globalThis.last ??= e.data; }); }
		};`,
	);
	await page.goto(`${server.url}/`);
	await page.locator("#groups-body tr").first().waitFor();
	const devtools = await page.context().newCDPSession(page);
	await devtools.send("Performance.enable");
	const replay = async (count: number): Promise<{ kilobytes: number; nodes: number }> => {
		await page.evaluate(
			`(async () => {
				for (let i = 0; i < ${count}; i += 1) {
					const stats = JSON.parse(globalThis.last);
					stats.now += i * 1000;
					stats.cost.usd += i;
					stats.history.active = stats.history.active.map((n, k) => n + ((i + k) % 7));
					globalThis.source.dispatchEvent(new MessageEvent("stats", { data: JSON.stringify(stats) }));
					globalThis.source.dispatchEvent(new MessageEvent("calls", { data: String(i) }));
					await new Promise((resolve) => requestAnimationFrame(resolve));
				}
			})()`,
		);
		await devtools.send("HeapProfiler.collectGarbage");
		const { metrics } = await devtools.send("Performance.getMetrics");
		const metric = (wanted: string): number =>
			metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
		return { kilobytes: Math.round(metric("JSHeapUsedSize") / 1024), nodes: metric("Nodes") };
	};
	const before = await replay(UPDATES / 5);
	const after = await replay(UPDATES);
	process.stdout.write(`heap: ${before.kilobytes} KB, ${after.kilobytes} KB after ${UPDATES} updates more\n`);
	expect(after.kilobytes - before.kilobytes).toBeLessThan(1024);
	expect(after.nodes).toBeLessThan(before.nodes + 200);
	await page.close();
});
