import type { DashboardStats } from "../stats.ts";

const EVERY_MS = 2000;
const GIVE_UP_AFTER_MS = 5000;
/** Without the name and password that the page's own address may hold: fetch refuses such a URL. */
const STATS = new URL("api/stats", location.origin + location.pathname);

/** Asks for the numbers every two seconds while somebody looks, and goes on asking when there is no answer. */
export class StatsPoller {
	readonly #show: (stats: DashboardStats) => void;
	readonly #fail: (reason: string) => void;
	#timer: number | undefined;
	#asking = false;

	constructor(show: (stats: DashboardStats) => void, fail: (reason: string) => void) {
		this.#show = show;
		this.#fail = fail;
	}

	start(): void {
		document.addEventListener("visibilitychange", () => void this.#ask());
		void this.#ask();
	}

	async #ask(): Promise<void> {
		if (document.hidden || this.#asking) return;
		this.#asking = true;
		clearTimeout(this.#timer);
		let again = true;
		try {
			const response = await fetch(STATS, { signal: AbortSignal.timeout(GIVE_UP_AFTER_MS) });
			if (response.ok) {
				// The server writes what this type says.
				this.#show((await response.json()) as DashboardStats);
			} else if (response.status === 401) {
				// The browser has asked for the token already, and would again every two seconds.
				this.#fail("the server's authToken has changed; reload this page to enter it");
				again = false;
			} else {
				this.#fail(`the server answers ${response.status}, trying again`);
			}
		} catch {
			this.#fail("the server cannot be reached, trying again");
		} finally {
			this.#asking = false;
			if (again) this.#timer = setTimeout(() => void this.#ask(), EVERY_MS);
		}
	}
}
