import type { ServerResponse } from "node:http";
import type { DashboardStats } from "./stats.ts";

/** What a hub can be told; the times are in milliseconds. */
export interface EventHubOptions {
	readonly collect: () => Promise<DashboardStats>;
	/** How many calls and records have ended so far. */
	readonly settled: () => number;
	/** Further clients are turned away. */
	readonly maxClients: number;
	/** A client that leaves more than this unread is dropped. */
	readonly maxBufferedBytes?: number;
	readonly tickMs?: number;
	/** After so long without an event there is one that says no more than that we are here. */
	readonly aliveMs?: number;
	readonly onError: (error: unknown) => void;
}

/** One page that listens. */
interface Client {
	readonly response: ServerResponse;
	/** The session that it came with, and when that is over. */
	readonly session: { readonly id: string; readonly expiresAt: number } | undefined;
	/** Which stats it has got last. */
	seen: number;
}

/** What one page may cost: each asks for series and calls the less often, the more there are. */
const PACE_MS_PER_PAGE = 100;
/** How soon a browser comes back after its connection was lost. */
const RETRY_MS = 2000;

/**
 * Tells all who listen, in server-sent events: once a second what `/api/stats` answers, where that has changed (`stats`);
 * and how many calls have ended, where that has changed (`calls`), so that a page knows when to ask for series and calls
 * anew. After 15 seconds without either, the number is told again: the server is still there. What is sent is made once for
 * all, and nothing is made while nobody listens. How often a page may ask, in milliseconds, is told as `pace`: two
 * seconds at 20 pages, twenty at 200.
 */
export class EventHub {
	readonly #options: Required<EventHubOptions>;
	readonly #clients = new Set<Client>();
	#timer: NodeJS.Timeout | undefined;
	#isTicking = false;
	#collecting: Promise<void> | undefined;
	#isClosed = false;
	#id = 0;
	/** The last stats without what moves by itself, and as they were sent. */
	#lastText = "";
	#lastStats: Buffer | undefined;
	#lastSettled = -1;
	#lastPace = 0;
	#lastSentAt = 0;

	constructor(options: EventHubOptions) {
		this.#options = { maxBufferedBytes: 1_048_576, tickMs: 1000, aliveMs: 15_000, ...options };
	}

	get size(): number {
		return this.#clients.size;
	}

	/** The number of calls that all have heard of. */
	get told(): number {
		return this.#lastSettled;
	}

	/** Whether one more may listen. */
	get hasRoom(): boolean {
		return this.#clients.size < this.#options.maxClients && !this.#isClosed;
	}

	/** Lets somebody listen, whose head has been sent; it gets the stats at once. */
	add(response: ServerResponse, session: Client["session"]): void {
		if (response.destroyed) return;
		const client: Client = { response, session, seen: 0 };
		response.once("close", () => this.#drop(client));
		response.on("error", () => this.#drop(client));
		response.write(`retry: ${RETRY_MS}\n\n`);
		if (this.#clients.size === 0) this.#lastSettled = this.#options.settled();
		this.#clients.add(client);
		this.#timer ??= setInterval(() => void this.#tick(), this.#options.tickMs).unref();
		void this.#greet(client);
	}

	/** Ends the streams of a session that is over. */
	endSession(id: string): void {
		for (const client of this.#clients) if (client.session?.id === id) this.#end(client);
	}

	/** Ends all streams at once; nobody can listen any more. */
	close(): void {
		this.#isClosed = true;
		for (const client of this.#clients) this.#end(client);
	}

	/** In whole seconds, so that one page more seldom changes it. */
	get #pace(): number {
		return Math.round((this.#clients.size * PACE_MS_PER_PAGE) / 1000) * 1000;
	}

	async #greet(client: Client): Promise<void> {
		try {
			// Who comes while others listen gets what they got a moment ago.
			if (this.#lastStats === undefined) await this.#collectOnce();
			if (!this.#clients.has(client)) return;
			this.#sendStats(client);
			// What all have heard, and not what is: who asks because of it gets no answer that is older.
			this.#send(client, callsEvent(this.#lastSettled));
			this.#send(client, paceEvent(this.#pace));
		} catch (error) {
			this.#options.onError(error);
		}
	}

	async #tick(): Promise<void> {
		if (this.#isTicking) return;
		this.#isTicking = true;
		try {
			const now = Date.now();
			for (const client of this.#clients) {
				if (client.session !== undefined && now >= client.session.expiresAt) this.#end(client);
			}
			const pace = this.#pace;
			if (pace !== this.#lastPace) {
				this.#lastPace = pace;
				this.#tell(paceEvent(pace));
			}
			const settled = this.#options.settled();
			if (settled !== this.#lastSettled) {
				this.#lastSettled = settled;
				this.#tell(callsEvent(settled));
			}
			const then = this.#id;
			await this.#collectOnce();
			if (this.#id !== then) {
				this.#lastSentAt = performance.now();
				for (const client of this.#clients) this.#sendStats(client);
			} else if (performance.now() - this.#lastSentAt >= this.#options.aliveMs) {
				// The comment is for proxies, and the number that all know for pages: no script sees a comment.
				this.#tell(Buffer.concat([Buffer.from(": alive\n"), callsEvent(this.#lastSettled)]));
			}
		} catch (error) {
			this.#options.onError(error);
		} finally {
			this.#isTicking = false;
		}
	}

	/** Many may come at the same time. */
	async #collectOnce(): Promise<void> {
		this.#collecting ??= this.#collect().finally(() => {
			this.#collecting = undefined;
		});
		await this.#collecting;
	}

	/** Makes the event of the stats as of now, which also tell who comes next what time it is; with a new id where it says anything new. */
	async #collect(): Promise<void> {
		const { now, rateSeconds, recentSeconds, uptimeSeconds, ...rest } = await this.#options.collect();
		const text = JSON.stringify(rest);
		if (text !== this.#lastText || this.#lastStats === undefined) this.#id += 1;
		this.#lastText = text;
		const moving = JSON.stringify({ now, uptimeSeconds, recentSeconds, rateSeconds });
		const data = `${moving.slice(0, -1)},${text.slice(1)}`;
		this.#lastStats = Buffer.from(`event: stats\nid: ${this.#id}\ndata: ${data}\n\n`);
	}

	#sendStats(client: Client): void {
		if (this.#lastStats === undefined || client.seen === this.#id) return;
		client.seen = this.#id;
		this.#send(client, this.#lastStats);
	}

	#tell(event: Buffer): void {
		this.#lastSentAt = performance.now();
		for (const client of this.#clients) this.#send(client, event);
	}

	#send(client: Client, event: Buffer): void {
		const { response } = client;
		if (response.writableLength > this.#options.maxBufferedBytes) {
			this.#drop(client);
			response.destroy();
		} else response.write(event);
	}

	#end(client: Client): void {
		const { response } = client;
		this.#drop(client);
		response.end();
		// Who has not read what was there would keep the connection open.
		if (response.writableLength > 0) response.destroy();
	}

	#drop(client: Client): void {
		this.#clients.delete(client);
		if (this.#clients.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
		// Who comes next would get what is old.
		this.#lastStats = undefined;
	}
}

function paceEvent(ms: number): Buffer {
	return Buffer.from(`event: pace\ndata: ${ms}\n\n`);
}

function callsEvent(settled: number): Buffer {
	return Buffer.from(`event: calls\ndata: ${settled}\n\n`);
}
