import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { totalInput } from "../../src/core/token-usage.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { LedgerRow } from "../../src/ledger/ledger-row.ts";
import { openLedger } from "../../src/monitoring/index.ts";
import { LATER, PageUnderTest } from "./page-under-test.ts";
import { callOnce, holdCall, runWorkload, scrapeSum, writeOldCall } from "./page-workload.ts";

const SOON = { timeout: 4000 };

let ui: PageUnderTest;
let ledger: Ledger;

beforeAll(async () => {
	ui = await PageUnderTest.open();
});

afterAll(async () => {
	await ledger?.close();
	await ui?.close();
});

/** Numbers that every panel of a time shows, in one text. */
async function panels(): Promise<Record<string, string>> {
	const ids = ["cost-exact", "tokens-value", "outcomes-value", "errors-value", "cache-value", "latency-p50"];
	const values = await Promise.all([...ids, "rate-limits-value"].map((id) => ui.text(`#${id}`)));
	return Object.fromEntries([...ids, "rate-limits-value"].map((id, i) => [id, values[i] ?? ""]));
}

test("before the first call the page says how to send it, and nothing else", async () => {
	await ui.expectText("#state", "Live");
	await ui.page.locator("#first-call").waitFor();
	expect(await ui.text("#first-call")).toContain("instrument(new OpenAI()");
	expect(await ui.page.locator("#cost-value, #groups, #calls, #missing").count()).toBe(0);
	await ui.page.screenshot({ path: await ui.picture("first-call"), fullPage: true });
});

test("a server that comes back with a ledger is found again, and shows what others wrote into it", async () => {
	const { host } = new URL(ui.server.url);
	await ui.server.close();
	await ui.expectMatch("#state", /^Stale since \d\d:\d\d:\d\d: the server cannot be reached, trying again$/);
	// The refused connections are what the browser complains about.
	expect(ui.complaints.splice(0).join()).toMatch(/ERR_/);
	const path = join(ui.folder, "costs.db");
	await writeOldCall(path);
	ledger = openLedger({ path });
	ui.server = await ui.startServer(host);
	await ui.expectText("#state", "Live");
	await ui.expectText("#source", "History: the ledger, of all processes that write to it");
	await ui.page.getByRole("button", { name: "6 h", exact: true }).click();
	await ui.expectText("#cost-exact", "$2.50");
	expect(await ui.text("#calls-body tr")).toContain("nightly");
	await ui.page.getByRole("button", { name: "1 h", exact: true }).click();
	await ui.expectMatch("#empty-view", /^No calls in this time\./);
	expect(await ui.page.locator("#cost-exact").textContent()).toBe("$0.00");
});

test("each panel shows what /metrics and the ledger say", async () => {
	await runWorkload();
	await ui.expectText("#outcomes-value", "10");
	const metric = (name: string, label = ""): Promise<number> => scrapeSum(ui.server.url, name, label);

	expect(await ui.text("#cost-exact")).toBe("$0.051285");
	expect((await metric("llm_cost_usd_total")) / 100).toBeCloseTo(0.051285, 12);
	const totals = await ledger.totals({ by: [], since: Date.now() - 3_600_000 });
	expect(totals.map(({ costPico }) => costPico)).toEqual([51_285_000_000n]);
	expect(await ui.text("#cost-value")).toBe("≥ $0.0513");
	expect(await ui.text("#today-value")).not.toBe("–");

	expect(await metric("llm_tokens_total")).toBe(13_575);
	expect(await ui.text("#tokens-value")).toBe("13,575");
	expect(await ui.text("#tokens-detail")).toBe(
		"12,117 in · 1,458 out · 8,000 of the input from prompt caches",
	);
	expect((await ui.lines("#tokens-list")).slice(0, 2)).toEqual([
		"claude-3-haiku-20240307 10,400 76.6 %",
		"gpt-4-turbo 3,000 22.1 %",
	]);

	for (const [outcome, count, share] of [
		["success", 7, "70"],
		["error", 3, "30"],
		["aborted", 0, "0"],
		["abandoned", 0, "0"],
	] as const) {
		expect(await metric("llm_requests_total", `outcome="${outcome}"`), outcome).toBe(count);
		expect(await ui.lines("#outcomes-list")).toContain(`${outcome} ${count} ${share} %`);
	}
	expect(await metric("llm_errors_total", 'error_type="timeout"')).toBe(2);
	expect(await ui.text("#errors-value")).toBe("30");
	expect(await ui.text("#errors-detail")).toMatch(/^3 errors · /);
	expect((await ui.lines("#errors-list")).map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
		"timeout 2",
		"rate_limit 1",
	]);

	expect([await metric("llm_cache_hits_total"), await metric("llm_cache_misses_total")]).toEqual([2, 2]);
	expect(await ui.text("#cache-value")).toBe("50");
	expect(await ui.text("#cache-detail")).toBe("2 of 4 lookups");
	expect(await ui.text("#saved-value")).toBe("$0.05");

	expect(await metric("llm_latency_ms_count")).toBe(10);
	for (const id of ["latency-p50", "latency-p90", "latency-p99", "first-token-p50"]) {
		expect(await ui.text(`#${id}`), id).toMatch(/^[\d.]+ (ms|s)$/);
	}
	await expectAsInLedger();
	expect(await metric("llm_rate_limited_total")).toBe(Number(await ui.text("#rate-limits-value")));
	expect(await ui.lines("#remaining-list")).toEqual(["openai · gpt-4o-mini 482 requests"]);
	expect(await ui.text("#cost-process")).toMatch(/^This process since \d\d:\d\d: \$0\.0513, /);
});

/** The same panels against the ledger's rows, one by one. */
async function expectAsInLedger(): Promise<void> {
	const rows = await ledger.calls({ since: Date.now() - 3_600_000, limit: 100 });
	const count = (isOne: (row: LedgerRow) => boolean): number => rows.filter(isOne).length;
	const tokens = rows.reduce(
		(sum, { usage = {} }) => sum + (totalInput(usage) ?? 0) + (usage.output ?? 0),
		0,
	);
	expect(await ui.text("#tokens-value")).toBe(tokens.toLocaleString("en"));
	expect(await ui.text("#outcomes-value")).toBe(String(rows.length));
	const failed = count(({ outcome }) => outcome === "error");
	expect(Number(await ui.text("#errors-value"))).toBeCloseTo((failed / rows.length) * 100, 1);
	const timeouts = count(({ errorType }) => errorType === "timeout");
	expect((await ui.lines("#errors-list"))[0]).toMatch(new RegExp(`^timeout ${timeouts} `));
	const unpriced = count((row) => row.unpriced !== undefined);
	const withoutUsage = count(({ usageMissing }) => usageMissing !== undefined);
	expect(await ui.text("#cost-missing")).toBe(`${unpriced} unpriced · ${withoutUsage} without usage`);
	expect(await ui.text("#unpriced-list >> xpath=..")).toContain(`${unpriced} requests without a known price`);
	expect(await ui.text("#usage-list >> xpath=..")).toContain(`${withoutUsage} call without usage`);

	// A percentile lies between the values around its rank, give or take half a bucket and the digits that are shown.
	const sorted = rows.flatMap(({ latencyMs }) => latencyMs ?? []).toSorted((one, other) => one - other);
	for (const percent of [50, 90, 99]) {
		const rank = Math.ceil((percent / 100) * sorted.length);
		// What is quicker than the first bucket is shown as that.
		const [low = 0, high = low] = [sorted[rank - 1], sorted[rank]].map((ms) => ms && Math.max(ms, 0.03));
		const shown = milliseconds(await ui.text(`#latency-p${percent}`));
		expect(shown, `P${percent} of ${sorted.join(", ")}`).toBeGreaterThan(low * 0.95);
		expect(shown, `P${percent} of ${sorted.join(", ")}`).toBeLessThan(high * 1.05);
	}
}

/** "44.8 ms" and "1.61 s". */
function milliseconds(text: string): number {
	const [, value, unit] = /^([\d.]+) (ms|s)$/.exec(text) ?? [];
	return Number(value) * (unit === "s" ? 1000 : 1);
}

test("a call under way is seen, and one that ends appears within two seconds without a reload", async () => {
	const release = holdCall("chat");
	await ui.expectText("#active-value", "1", SOON);
	expect(await scrapeSum(ui.server.url, "llm_active_requests")).toBe(1);
	expect(await ui.text("#active-detail")).toBe("gpt-4-turbo 1");
	await release();
	await ui.expectText("#active-value", "0", SOON);
	await ui.expectText("#outcomes-value", "11", SOON);
	await ui.page.evaluate("globalThis.isSamePage = true");
	await ui.page.locator("#calls").scrollIntoViewIfNeeded();
	const started = performance.now();
	await callOnce("live");
	await ui.page.locator("#groups-body", { hasText: "live" }).waitFor(SOON);
	await ui.page.locator("#calls-body", { hasText: "live" }).waitFor(SOON);
	const ms = performance.now() - started;
	process.stdout.write(`a call appeared after ${Math.round(ms)} ms\n`);
	expect(ms).toBeLessThan(2000);
	expect(await ui.page.evaluate("globalThis.isSamePage")).toBe(true);
	await ui.expectText("#cost-exact", "$0.076285", SOON);
});

test("ranges and filters change every panel, stand in the address, and the browser goes back", async () => {
	const all = await panels();
	await ui.page.getByRole("button", { name: "6 h", exact: true }).click();
	await ui.expectText("#cost-exact", "$2.576285");
	const longer = await panels();
	expect(new URL(ui.page.url()).search).toBe("?range=6h");
	expect(longer).toMatchObject({ "tokens-value": "415K", "outcomes-value": "13", "errors-value": "23.1" });
	for (const window of await ui.page.locator(".panels .window").allTextContents()) {
		expect(window).toMatch(/^(last 6 h|now)$/);
	}

	await ui.page.locator("#filter-model").selectOption("gpt-4o");
	await ui.expectText("#cost-exact", "$2.50");
	expect(new URL(ui.page.url()).search).toBe("?range=6h&model=gpt-4o");
	const filtered = await panels();
	expect(filtered).toEqual({
		"cost-exact": "$2.50",
		"tokens-value": "400K",
		"outcomes-value": "1",
		"errors-value": "0",
		"cache-value": expect.any(String),
		"latency-p50": expect.any(String),
		"rate-limits-value": "0",
	});
	expect(await ui.page.locator("#groups-body tr").count()).toBe(1);
	await expect.poll(() => ui.page.locator("#calls-body tr").count(), LATER).toBe(1);
	expect(await ui.text("#remaining-title")).toBe("Remaining quota now");
	expect(await ui.page.locator("#remaining-list").count()).toBe(0);

	const shared = await ui.openPage();
	await shared.goto(ui.page.url());
	await expect.poll(() => shared.locator("#cost-exact").textContent(), LATER).toBe("$2.50");
	expect(await shared.locator("#filter-model").inputValue()).toBe("=gpt-4o");
	await shared.close();

	await ui.page.goBack();
	await ui.expectText("#cost-exact", "$2.576285");
	await ui.page.goBack();
	await ui.expectText("#cost-exact", all["cost-exact"] ?? "");
	expect(new URL(ui.page.url()).search).toBe("");
	for (const [name, value, cost] of [
		["route", "summarize", "$0.00124"],
		["provider", "anthropic", "$0.00124"],
	] as const) {
		await ui.page.locator(`#filter-${name}`).selectOption(value);
		await ui.expectText("#cost-exact", cost);
		await ui.page.locator("#clear-filters").click();
		await ui.expectText("#cost-exact", all["cost-exact"] ?? "");
	}
});

test("dragging over a chart zooms all of them, and a double click goes back", async () => {
	const chart = ui.page.locator("#tokens-chart .u-over");
	await chart.scrollIntoViewIfNeeded();
	const box = await chart.boundingBox();
	if (box === null) throw new Error("no chart");
	const y = box.y + box.height / 2;
	await ui.page.mouse.move(box.x + 10, y);
	await ui.page.mouse.down();
	await ui.page.mouse.move(box.x + box.width / 2, y, { steps: 4 });
	await ui.page.mouse.up();
	await ui.page.locator("#zoom-out").waitFor();
	expect([...new URL(ui.page.url()).searchParams.keys()]).toEqual(["since", "until"]);
	// What happened is at the right edge; the left half of the hour has nothing of it.
	await ui.expectText("#cost-exact", "$0.00");
	// Single calls are asked for by themselves.
	await expect.poll(() => ui.text("#calls .window"), LATER).toBe(await ui.text("#cost-window"));
	for (const window of await ui.page
		.locator("#cost-window, #errors-window, #calls .window")
		.allTextContents()) {
		expect(window).toMatch(/^(\d+ \w+ )?\d\d:\d\d:\d\d to (\d+ \w+ )?\d\d:\d\d:\d\d$/);
	}
	await ui.page.locator("#cost-chart .u-over").dblclick();
	await ui.expectText("#cost-exact", "$0.076285");
	expect(await ui.page.locator("#zoom-out").count()).toBe(0);
});

test("without a mouse, other times are typed in the viewer's zone", async () => {
	await ui.page.locator("#custom-range").focus();
	await ui.page.keyboard.press("Enter");
	await ui.page.getByLabel("From", { exact: true }).fill("2026-11-01T10:00:00");
	await ui.page.getByLabel("To", { exact: true }).fill("2026-11-01T12:30:00");
	await ui.page.keyboard.press("Enter");
	const at = (hours: number, minutes: number): string => new Date(2026, 10, 1, hours, minutes).toISOString();
	await ui.page.locator("#zoom-out").waitFor();
	expect(Object.fromEntries(new URL(ui.page.url()).searchParams)).toEqual({
		since: at(10, 0),
		until: at(12, 30),
	});
	await ui.page.locator("#zoom-out").click();
	await ui.expectText("#cost-exact", "$0.076285");
});

test("cursors go in step, and say what stands there", async () => {
	await ui.page.locator("#cost-chart .u-over").hover();
	await ui.page.locator("#latency-chart .legend b").first().waitFor();
	const [cost, latency] = await Promise.all([ui.text("#cost-chart .when"), ui.text("#latency-chart .when")]);
	expect(cost).toMatch(/^(\d+ \w+ )?\d\d:\d\d:00 to (\d+ \w+ )?\d\d:\d\d:00$/);
	expect(latency).toBe(cost);
	await ui.page.mouse.move(0, 0);
});

test("up to here the console is empty, and nothing was asked of anyone else", () => {
	expect(ui.complaints).toEqual([]);
	expect(new Set(ui.requests.map((url) => new URL(url).origin))).toEqual(new Set([ui.server.url]));
});
