import type { DashboardStats } from "../../stats.ts";
import { AnswerError, ask, urlOf } from "./api.ts";

/** Who wants to know. */
export interface LiveListener {
	stats(stats: DashboardStats): void;
	/** How many calls have settled: another text than the last where there are more, or where the connection is a new one. */
	calls(version: string): void;
	/** How often the server wants to be asked at most, in milliseconds. */
	pace(ms: number): void;
	/** Nothing comes any more, and why. */
	lost(reason: string): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 3000;
/** The server says something every 15 seconds at least. */
const SILENCE_MS = 25_000;

/**
 * Listens to `/api/events` while somebody looks: a hidden page lets go of its connection, of which a browser has six to a
 * server. A connection that ends is made again, by the browser or, where that has given up, by us.
 */
export class LiveEvents {
	readonly #listener: LiveListener;
	#source: EventSource | undefined;
	#opened = 0;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#silence: ReturnType<typeof setTimeout> | undefined;
	#wait = FIRST_WAIT_MS;

	constructor(listener: LiveListener) {
		this.#listener = listener;
	}

	start(): () => void {
		const look = (): void => (document.hidden ? this.#close() : this.#open());
		document.addEventListener("visibilitychange", look);
		look();
		return () => {
			document.removeEventListener("visibilitychange", look);
			this.#close();
		};
	}

	#open(): void {
		this.#close();
		const source = new EventSource(urlOf("api/events"));
		this.#source = source;
		this.#opened += 1;
		source.addEventListener("stats", (event) => {
			this.#heard();
			// The server writes what this type says.
			this.#listener.stats(JSON.parse(String(event.data)) as DashboardStats);
		});
		source.addEventListener("calls", (event) => {
			this.#heard();
			// Another server, or a ledger that it has opened since, may know more of as many calls.
			this.#listener.calls(`${this.#opened} ${event.data}`);
		});
		source.addEventListener("pace", (event) => {
			this.#listener.pace(Number(event.data) || 0);
		});
		source.addEventListener("error", () => void this.#failed(source));
		this.#watch();
	}

	#close(): void {
		clearTimeout(this.#retry);
		clearTimeout(this.#silence);
		this.#source?.close();
		this.#source = undefined;
	}

	#heard(): void {
		this.#wait = FIRST_WAIT_MS;
		this.#watch();
	}

	#watch(): void {
		clearTimeout(this.#silence);
		this.#silence = setTimeout(() => {
			this.#listener.lost("the server says nothing, trying again");
			this.#open();
		}, SILENCE_MS);
	}

	/**
	 * An EventSource does not tell why it failed: a question to the server does. Where that is answered, as behind a proxy
	 * that lets no events through, the answers are what we live on.
	 */
	async #failed(source: EventSource): Promise<void> {
		source.close();
		clearTimeout(this.#silence);
		try {
			const stats = await ask<DashboardStats>("api/stats");
			if (source !== this.#source) return;
			this.#listener.stats(stats);
			this.#listener.calls(JSON.stringify([stats.requests, stats.cost.cents, stats.tokens.total]));
		} catch (error) {
			if (source !== this.#source) return;
			this.#listener.lost(error instanceof AnswerError ? error.message : String(error));
		}
		this.#retry = setTimeout(() => this.#open(), this.#wait);
		this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
	}
}
