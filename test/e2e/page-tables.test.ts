import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger, recordLlmCost } from "../../src/monitoring/index.ts";
import { LATER, PageUnderTest, PICTURES } from "./page-under-test.ts";
import { callOnce, HOSTILE, runWorkload } from "./page-workload.ts";

const AXE: string = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let ui: PageUnderTest;
let ledger: Ledger;

beforeAll(async () => {
	ui = await PageUnderTest.open();
	ledger = openLedger({ path: join(ui.folder, "costs.db") });
	await runWorkload();
	await ui.expectText("#outcomes-value", "10");
});

afterAll(async () => {
	await ledger?.close();
	await ui?.close();
});

test("the table is sorted by any column, by mouse and by keyboard", async () => {
	const order = (): Promise<string[]> => ui.page.locator("#groups-body tr td:nth-child(2)").allTextContents();
	expect((await order()).slice(0, 2)).toEqual(["gpt-4-turbo", "claude-3-haiku-20240307"]);
	const cost = ui.page.locator("#groups th", { hasText: "Cost" });
	expect(await cost.getAttribute("aria-sort")).toBe("descending");
	const input = ui.page.locator("#groups th", { hasText: "Input tokens" });
	await input.getByRole("button").focus();
	await ui.page.keyboard.press("Enter");
	expect([await input.getAttribute("aria-sort"), await cost.getAttribute("aria-sort")]).toEqual([
		"descending",
		"none",
	]);
	expect((await order())[0]).toBe("claude-3-haiku-20240307");
	await ui.page.keyboard.press("Enter");
	expect(await input.getAttribute("aria-sort")).toBe("ascending");
	await cost.getByRole("button").click();
	const row = ui.page.locator("#groups-body tr", { hasText: "summarize" });
	expect(await row.locator("td").allTextContents()).toEqual(
		expect.arrayContaining(["anthropic", "$0.00124", "1", "0", "10,000", "400"]),
	);
	expect(await ui.page.locator("#groups-body tr", { hasText: "batch" }).textContent()).toContain("unpriced");
});

test("a call opens what it costs: each class of tokens, its price, and whose price it is", async () => {
	await ui.page.getByRole("button", { name: "Dearest" }).click();
	await ui.page.locator("#filter-route").selectOption("summarize");
	await expect.poll(() => ui.page.locator("#calls-body .opener").count(), LATER).toBe(1);
	await ui.page.locator("#calls-body .opener").focus();
	await ui.page.keyboard.press("Enter");
	const parts = await ui.page
		.locator("#call-parts tbody tr, #call-parts tfoot tr")
		.evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
	expect(parts).toEqual([
		["input", "2,000", "$0.25 per million", "$0.0005"],
		["cache read", "8,000", "$0.03 per million", "$0.00024"],
		["output", "400", "$1.25 per million", "$0.0005"],
		["Sum", "$0.00124"],
	]);
	expect(await ui.text("#call-source")).toMatch(/^Price: the genai-prices list, as claude-3-haiku\S*\.$/);
	expect(await ui.page.locator("#call-mismatch").count()).toBe(0);
	expect(await ui.page.locator("#calls-body .opener").getAttribute("aria-expanded")).toBe("true");
	await ui.page.keyboard.press("Enter");
	await ui.page.locator("#clear-filters").click();
});

test("calls are filtered by outcome, and come by the page", async () => {
	await ui.page.getByRole("button", { name: "Latest" }).click();
	await ui.page.locator("#calls-outcome").selectOption("error");
	await expect.poll(() => ui.page.locator("#calls-body tr").count(), LATER).toBe(3);
	for (const row of await ui.page.locator("#calls-body tr").allTextContents())
		expect(row).toContain("error: ");
	await ui.page.locator("#calls-outcome").selectOption("");
	for (let i = 0; i < 20; i += 1) await callOnce("many");
	await expect.poll(() => ui.page.locator("#calls-body tr").count(), LATER).toBe(25);
	await ui.page.locator("#calls-more").click();
	await expect.poll(() => ui.page.locator("#calls-body tr").count(), LATER).toBe(30);
	expect(await ui.page.locator("#calls-more").count()).toBe(0);
	await callOnce("many");
	await ui.expectText("#outcomes-value", "31");
	await ui.page.locator("#calls-refresh").waitFor();
	expect(await ui.page.locator("#calls-body tr").count()).toBe(30);
	await ui.page.locator("#calls-refresh").click();
	await expect.poll(() => ui.page.locator("#calls-body tr").count(), LATER).toBe(25);
});

test("what has no price and what has no usage is said, with the cure", async () => {
	recordLlmCost("chat", "gpt-4-turbo", Number.NaN);
	await ui.page.locator("#internal-errors").waitFor();
	expect(await ui.lines("#unpriced-list")).toContain("batch · my-own-model 1");
	expect(await ui.lines("#usage-list")).toContain("batch · my-own-model 1");
	const missing = await ui.text("#missing");
	for (const cure of ["usePrices(", "docs/pricing.md", "stream_options.include_usage", "1 value refused"]) {
		expect(missing).toContain(cure);
	}
	expect(await ui.page.locator("#cost-missing").isVisible()).toBe(true);
});

test("names are text, whatever they look like", async () => {
	const row = ui.page.locator("#groups-body tr", { hasText: "onerror" });
	expect(await row.locator("th").textContent()).toBe(HOSTILE);
	expect(await row.locator("td").first().textContent()).toBe(HOSTILE);
	expect(await ui.text("#notice")).toBe(`Simulated data ${HOSTILE}`);
	await ui.page.locator("#filter-model").selectOption(HOSTILE);
	await ui.expectText("#outcomes-value", "1");
	await ui.page.locator("#calls-body .opener").first().click();
	await ui.page.locator("#call-detail").waitFor();
	expect(await ui.page.locator("img[src=x]").count()).toBe(0);
	expect(await ui.page.title()).toBe("HyperAgent");
	await ui.page.locator("#clear-filters").click();
	await ui.expectText("#outcomes-value", "31");
});

test("were a model's name ever taken for markup, nothing of it would run", async () => {
	// A page of its own: the browser complains of what it refuses.
	const planted = await ui.context.newPage();
	await planted.goto(`${ui.server.url}/`);
	await planted.locator("#groups-body").waitFor();
	// As text: the test itself knows no browser's types.
	const refused: unknown = await planted.evaluate(`(async () => {
		const seen = [];
		document.addEventListener("securitypolicyviolation", (event) => seen.push(event.violatedDirective));
		const place = document.body.appendChild(document.createElement("div"));
		place.innerHTML = '<a title="' + ${JSON.stringify(HOSTILE)} + '">';
		const script = document.createElement("script");
		script.textContent = "document.title = 'owned'";
		place.append(script);
		await new Promise((resolve) => setTimeout(resolve, 500));
		return { seen: seen.toSorted(), title: document.title };
	})()`);
	expect(refused).toEqual({ seen: ["script-src-attr", "script-src-elem"], title: "HyperAgent" });
	await planted.close();
});

test("light, dark and narrow: nothing runs over the edge, and axe finds nothing serious", async () => {
	const axe = await readFile(AXE, "utf8");
	await ui.page.locator("#calls-body .opener").first().click();
	for (const [name, colorScheme, width] of [
		["light", "light", 1440],
		["dark", "dark", 1440],
		["tablet", "light", 800],
		["phone", "light", 360],
		["phone-dark", "dark", 360],
	] as const) {
		await ui.page.setViewportSize({ width, height: 900 });
		await ui.page.emulateMedia({ colorScheme });
		await expect
			.poll(() => ui.page.locator("html").evaluate((html) => html.scrollWidth), { message: name })
			.toBe(width);
		await ui.page.screenshot({ path: await ui.picture(name), fullPage: true });
		await ui.page.evaluate(axe);
		const found: { violations: { id: string; impact: string; nodes: { target: string[] }[] }[] } =
			await ui.page.evaluate("axe.run()");
		const grave = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
		expect(grave.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])).toEqual([]);
	}
	await ui.page.setViewportSize({ width: 1440, height: 900 });
	await ui.page.emulateMedia({ colorScheme: "light" });
	process.stdout.write(`pictures of the page: ${PICTURES}\n`);
});

test("up to here the console is empty, and nothing was asked of anyone else", () => {
	expect(ui.complaints).toEqual([]);
	expect(new Set(ui.requests.map((url) => new URL(url).origin))).toEqual(new Set([ui.server.url]));
	expect(ui.requests).toContain(`${ui.server.url}/api/events`);
});

test("while nobody looks the page asks for nothing, and listens to nothing", async () => {
	const hidden = await ui.context.newPage();
	await hidden.addInitScript(
		"Object.defineProperty(document, 'hidden', { get: () => globalThis.isHidden ?? false, configurable: true })",
	);
	let asked = 0;
	hidden.on("request", () => (asked += 1));
	await hidden.goto(`${ui.server.url}/`);
	await hidden.locator("#cost-value").waitFor();
	await hidden.evaluate("globalThis.isHidden = true; document.dispatchEvent(new Event('visibilitychange'))");
	await hidden.waitForTimeout(1000);
	const before = asked;
	await callOnce("unseen");
	await hidden.waitForTimeout(3000);
	expect(asked).toBe(before);
	await hidden.evaluate("globalThis.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))");
	await hidden.locator("#groups-body", { hasText: "unseen" }).waitFor();
	await hidden.close();
});

test("who needs a token logs in, and the view comes along; a session that ends leads back there", async () => {
	const guarded = await ui.startServer("127.0.0.1:0", { authToken: "correct-horse-battery" });
	const visitor = await ui.context.newPage();
	await visitor.goto(`${guarded.url}/?range=6h`);
	expect(new URL(visitor.url()).pathname).toBe("/login");
	await visitor.locator("input[name=token]").fill("correct-horse-battery");
	await visitor.keyboard.press("Enter");
	await visitor.locator("#cost-value").waitFor();
	expect(visitor.url()).toBe(`${guarded.url}/?range=6h`);
	await ui.context.clearCookies();
	await callOnce("after");
	await visitor.waitForURL(`${guarded.url}/login?range=6h`);
	await visitor.close();
	await guarded.close();
});
