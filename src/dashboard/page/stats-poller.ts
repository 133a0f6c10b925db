import type { DashboardStats } from "../stats.ts";

const EVERY_MS = 2000;
const GIVE_UP_AFTER_MS = 5000;

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
		try {
			const response = await fetch("api/stats", { signal: AbortSignal.timeout(GIVE_UP_AFTER_MS) });
			if (!response.ok) throw new Error(`the server answers ${response.status}`);
			// The server writes what this type says.
			this.#show((await response.json()) as DashboardStats);
		} catch (error) {
			const answered = error instanceof Error && error.message.startsWith("the server answers");
			this.#fail(answered ? error.message : "the server cannot be reached");
		} finally {
			this.#asking = false;
			this.#timer = setTimeout(() => void this.#ask(), EVERY_MS);
		}
	}
}
