import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { build } from "../../scripts/build.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import { cannedCall, cannedGroup, NO_TOTAL } from "./canned-answers.ts";
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

test("the focus is never lost: what it was on goes, and what comes next has it", async () => {
	const groups = Array.from({ length: 40 }, (_, i) =>
		cannedGroup(`route-${i}`, "gpt-5", { costUsd: 100 - i }),
	);
	ui.series = { groups };
	await ui.open("?route=chat");
	await ui.page.locator("#clear-filters").focus();
	await ui.page.keyboard.press("Enter");
	await expect.poll(() => ui.focused(), SOON).toBe("filter-route");
	await ui.page.locator("#custom-range").focus();
	await ui.page.keyboard.press("Enter");
	await ui.page.getByLabel("From", { exact: true }).fill("2026-11-01T10:00:00");
	await ui.page.getByLabel("To", { exact: true }).fill("2026-11-01T09:00:00");
	await ui.page.keyboard.press("Enter");
	expect(await ui.page.locator("form.custom input:invalid").count()).toBe(1);
	await ui.page.getByLabel("To", { exact: true }).fill("2026-11-01T11:00:00");
	await ui.page.keyboard.press("Enter");
	await expect.poll(() => ui.focused(), SOON).toBe("custom-range");
	await expect.poll(() => ui.text("#cost-window"), SOON).toMatch(/^1 Nov( \d{4})? 10:00:00 to 11:00:00$/);
	await ui.page.locator("#zoom-out").focus();
	await ui.page.keyboard.press("Enter");
	await expect.poll(() => ui.focused(), SOON).toBe("1 h");
	await ui.page.getByRole("button", { name: "Show all 40" }).focus();
	await ui.page.keyboard.press("Enter");
	await expect.poll(() => ui.focused(), SOON).toBe("route-25");
	ui.series = { groups: groups.map((group, i) => ({ ...group, costUsd: i === 25 ? 1000 : group.costUsd })) };
	ui.server.push();
	await expect.poll(() => ui.text("#groups-body tr th"), SOON).toBe("route-25");
	expect(await ui.focused()).toBe("route-25");
});

test("rows that the keyboard is in wait, and what has come then is shown", async () => {
	const at = Date.now();
	ui.calls = [cannedCall("a", at)];
	await ui.open();
	await ui.page.locator("#calls-body .opener").focus();
	await ui.page.keyboard.press("Tab");
	await ui.page.keyboard.press("Shift+Tab");
	await ui.page.locator("#calls-refresh").waitFor();
	ui.calls = [cannedCall("b", at + 1), ...ui.calls];
	ui.server.push();
	await ui.page.waitForTimeout(2000);
	expect(await ui.page.locator("#calls-body tr").count()).toBe(1);
	await ui.page.locator("#filter-route").focus();
	await expect.poll(() => ui.page.locator("#calls-body tr").count(), SOON).toBe(2);
});

test("a page keeps 500 calls, says that there are more, and goes to the first new one each time", async () => {
	const started = Date.now();
	ui.callsOf = (parameters) => {
		const first = Number(parameters.get("after") ?? 0);
		const calls = Array.from({ length: 25 }, (_, i) =>
			cannedCall(`call-${first + i}`, started - first - i, { inputTokens: first + i }),
		);
		return { calls, next: String(first + 25) };
	};
	await ui.open();
	const rows = ui.page.locator("#calls-body .row");
	for (let count = 25; count < 500; count += 25) {
		await ui.page.locator("#calls-more").focus();
		await ui.page.keyboard.press("Enter");
		await expect.poll(() => rows.count(), SOON).toBe(count + 25);
		const cell = ui.page.locator("#calls-body .row:has(:focus) td").nth(4);
		await expect.poll(() => cell.textContent(), SOON).toBe(String(count));
	}
	expect(await ui.page.locator("#calls-more").count()).toBe(0);
	expect(await ui.text("#calls-full")).toBe("The first 500: a shorter time or a filter shows others.");
	await ui.page.locator("#calls-refresh").focus();
	await ui.page.keyboard.press("Enter");
	await expect.poll(() => rows.count(), SOON).toBe(25);
	await expect.poll(() => ui.focused(), SOON).toBe("Latest");
});

test("the bar at the top hides nothing that one goes to", async () => {
	const groups = Array.from({ length: 25 }, (_, i) => cannedGroup(`route-${i}`, "gpt-5", { unpriced: 1 }));
	ui.series = { groups, total: { ...NO_TOTAL, calls: 25, unpriced: 25 } };
	await ui.open();
	await ui.page.setViewportSize({ width: 900, height: 600 });
	const isHidden = (): Promise<boolean> =>
		ui.page.evaluate(
			`document.activeElement.getBoundingClientRect().top < document.querySelector("#controls").getBoundingClientRect().bottom`,
		);
	await ui.page.locator("#calls-outcome").focus();
	for (let i = 0; i < 60; i += 1) {
		await ui.page.keyboard.press("Shift+Tab");
		expect(await isHidden(), await ui.focused()).toBe(false);
	}
	await ui.page.locator("#cost-missing").click();
	const [bar, missing] = await Promise.all([
		ui.page.locator("#controls").boundingBox(),
		ui.page.locator("#missing").boundingBox(),
	]);
	expect(missing?.y).toBeGreaterThanOrEqual((bar?.y ?? 0) + (bar?.height ?? 0));
});

test("a server of another version is told of", async () => {
	await ui.open();
	expect(await ui.page.locator("#outdated").count()).toBe(0);
	ui.stats = { version: "1.1.0" };
	ui.server.push();
	await ui.page.locator("#outdated").waitFor();
	expect(await ui.text("#outdated")).toBe("The server is version 1.1.0 now, this page is of 1.0.0. Reload");
	await ui.page.getByRole("button", { name: "Reload" }).click();
	await ui.page.locator("#cost-value").waitFor();
	expect(await ui.page.locator("#outdated").count()).toBe(0);
});
