import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { build } from "../../scripts/build.ts";
import { launchChromium } from "../../scripts/chromium.ts";
import type { DashboardServer, DashboardServerOptions } from "../../src/dashboard/index.ts";
import { CostTracker, initPrometheus } from "../../src/monitoring/index.ts";
import { HOSTILE } from "./page-workload.ts";

/** The built server with the built page; it finds the recorder of this process, as any loaded copy does. */
const BUILT = new URL("../../dist/dashboard/index.js", import.meta.url).href;
/** Where the pictures of all tests lie. */
export const PICTURES: string = join(tmpdir(), "hyperagent-pictures");
/** Long enough for a machine that is busy. */
export const LATER: { readonly timeout: number } = { timeout: 15_000 };

interface Parts {
	readonly browser: Browser;
	readonly context: BrowserContext;
	readonly costs: CostTracker;
	readonly folder: string;
}

/** The real server of this process, and its page in a browser. */
export class PageUnderTest {
	/** What the browser complained about, and where requests went. */
	readonly complaints: string[] = [];
	readonly requests: string[] = [];
	readonly context: BrowserContext;
	/** For what a test leaves behind; it goes in the end. */
	readonly folder: string;
	readonly #parts: Parts;
	#page: Page | undefined;
	#server: DashboardServer | undefined;

	private constructor(parts: Parts) {
		this.#parts = parts;
		this.context = parts.context;
		this.folder = parts.folder;
	}

	/** Builds, starts the server and opens the page; no ledger is open yet. */
	static async open(): Promise<PageUnderTest> {
		await build();
		const folder = await mkdtemp(join(tmpdir(), "hyperagent-page-"));
		const browser = await launchChromium();
		const viewport = { width: 1440, height: 900 };
		const context = await browser.newContext({ viewport, colorScheme: "light" });
		initPrometheus({ onError: () => {} });
		const ui = new PageUnderTest({ browser, context, costs: new CostTracker(), folder });
		ui.server = await ui.startServer("127.0.0.1:0");
		ui.#page = await ui.openPage();
		await ui.page.goto(`${ui.server.url}/`);
		return ui;
	}

	get page(): Page {
		if (this.#page === undefined) throw new Error("The page is not open.");
		return this.#page;
	}

	get server(): DashboardServer {
		if (this.#server === undefined) throw new Error("The server does not run.");
		return this.#server;
	}

	set server(server: DashboardServer) {
		this.#server = server;
	}

	async startServer(address: string, options: DashboardServerOptions = {}): Promise<DashboardServer> {
		const built: { DashboardServer: typeof DashboardServer } = await import(BUILT);
		const notice = `Simulated data ${HOSTILE}`;
		const started = new built.DashboardServer(this.#parts.costs, { notice, ...options });
		await started.run(address);
		return started;
	}

	/** Another page of the same browser, which is listened to as well. */
	async openPage(): Promise<Page> {
		const opened = await this.context.newPage();
		opened.on("console", (message) => this.complaints.push(`${message.type()}: ${message.text()}`));
		opened.on("pageerror", (error) => this.complaints.push(String(error)));
		opened.on("request", (request) => this.requests.push(request.url()));
		return opened;
	}

	/** The text of an element, without the space around it. */
	async text(selector: string): Promise<string> {
		return ((await this.page.locator(selector).textContent()) ?? "").replaceAll(/\s+/g, " ").trim();
	}

	async expectText(selector: string, expected: string, within: { timeout: number } = LATER): Promise<void> {
		await this.#until(selector, (found) => found === expected, `"${expected}"`, within);
	}

	async expectMatch(selector: string, expected: RegExp): Promise<void> {
		await this.#until(selector, (found) => expected.test(found), String(expected), LATER);
	}

	async #until(
		selector: string,
		isRight: (found: string) => boolean,
		expected: string,
		{ timeout }: { timeout: number },
	): Promise<void> {
		const last = performance.now() + timeout;
		let found = "";
		while (performance.now() < last) {
			found = await this.text(selector);
			if (isRight(found)) return;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
		throw new Error(`${selector}: expected ${expected} within ${timeout} ms, got "${found}".`);
	}

	/** A list's lines: name and amount. */
	lines(selector: string): Promise<string[]> {
		return this.page.locator(`${selector} li`).evaluateAll((items) =>
			items.map((item) =>
				[...item.children]
					.map((part) => part.textContent?.trim())
					.filter(Boolean)
					.join(" "),
			),
		);
	}

	/** Where the picture of that name goes: they stay, to be looked at. */
	async picture(name: string): Promise<string> {
		await mkdir(PICTURES, { recursive: true });
		return join(PICTURES, `${name}.png`);
	}

	async close(): Promise<void> {
		await this.#parts.browser.close();
		await this.#server?.close();
		await rm(this.folder, { recursive: true });
	}
}
