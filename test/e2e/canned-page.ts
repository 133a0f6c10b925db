import type { Browser, Locator, Page } from "playwright-core";
import type { CallsAnswer, CallView } from "../../src/dashboard/calls-answer.ts";
import type { SeriesAnswer } from "../../src/dashboard/series-answer.ts";
import type { DashboardStats } from "../../src/dashboard/stats.ts";
import { cannedSeries, cannedStats } from "./canned-answers.ts";
import { CannedPageServer } from "./canned-page-server.ts";

/** How long what comes by itself may take on a busy machine. */
export const SOON: { readonly timeout: number } = { timeout: 10_000 };

/** A page in Berlin whose server says what the test wants. */
export class CannedPage {
	series: Partial<SeriesAnswer> = {};
	stats: Partial<DashboardStats> = {};
	/** Those of the time that is looked at, and of all time. */
	calls: readonly CallView[] = [];
	everCalled: readonly CallView[] = [];
	/** What the browser complained about, and what the Content-Security-Policy refused. */
	readonly complaints: string[] = [];
	#page: Page | undefined;
	#server: CannedPageServer | undefined;

	static async start(browser: Browser): Promise<CannedPage> {
		const canned = new CannedPage();
		canned.#server = await CannedPageServer.start({
			stats: () => cannedStats(Date.now(), canned.stats),
			series: (parameters) => cannedSeries(parameters, canned.series),
			calls: (parameters) => canned.callsOf(parameters),
		});
		const viewport = { width: 1440, height: 900 };
		const page = await browser.newPage({ viewport, timezoneId: "Europe/Berlin" });
		await page.addInitScript(
			"addEventListener('securitypolicyviolation', (e) => console.error('refused', e.violatedDirective))",
		);
		page.on("console", (message) => canned.complaints.push(message.text()));
		page.on("pageerror", (error) => canned.complaints.push(String(error)));
		canned.#page = page;
		return canned;
	}

	/** A single page of them, unless a test says otherwise. */
	callsOf: (parameters: URLSearchParams) => CallsAnswer = (parameters) => ({
		calls: parameters.has("since") ? this.calls : this.everCalled,
		next: null,
	});

	get page(): Page {
		if (this.#page === undefined) throw new Error("The page is not open.");
		return this.#page;
	}

	get server(): CannedPageServer {
		if (this.#server === undefined) throw new Error("The server does not run.");
		return this.#server;
	}

	/** Opens the address with that behind its "/", and waits for the first numbers. */
	async open(search = ""): Promise<void> {
		await this.page.goto(`${this.server.url}/${search}`);
		await this.page.locator("#cost-value").waitFor();
	}

	/** The text of the first such element, without the space around it. */
	async text(selector: string): Promise<string> {
		return ((await this.page.locator(selector).first().textContent()) ?? "").replaceAll(/\s+/g, " ").trim();
	}

	/** What has the focus: its id, or else its text. */
	focused(): Promise<string> {
		return this.page.evaluate("document.activeElement.id || document.activeElement.textContent");
	}

	/** The button of that name. */
	button(name: string): Locator {
		return this.page.getByRole("button", { name, exact: true });
	}

	/** Fails where the browser complained. */
	async close(): Promise<void> {
		await this.#page?.context().close();
		await this.#server?.close();
		if (this.complaints.length > 0) throw new Error(`The browser complained: ${this.complaints.join("; ")}`);
	}
}
