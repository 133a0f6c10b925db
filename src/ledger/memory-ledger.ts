import type { LedgerRow } from "./ledger-row.ts";
import { LedgerReader } from "./ledger-reader.ts";
import type { CallsQuery, GroupTotals, TimeRange, TotalsQuery, UnpricedModel } from "./ledger-store.ts";
import { MEMORY_LIMITS, type MemoryLimits } from "./memory-limits.ts";
import { PageSender } from "./page-sender.ts";
import type { QuestionedLedger } from "./questioned-ledger.ts";
import { type CollectorOptions, RowCollector } from "./row-collector.ts";
import type { Series, SeriesQuery } from "./series-query.ts";

/** How long rows wait for others to go with them; a question takes them along. */
const POST_AFTER_MS = 250;
/** The most rows that wait for the thread; further ones are not remembered. */
const MOST_PENDING = 100_000;

/** What a ledger in memory can be told. */
export interface MemoryLedgerOptions {
	/** Told of what goes wrong: it harms no call. */
	readonly report: (message: string, cause?: unknown) => void;
	/** The most (route, model) pairs; further models are kept as `other`. 1,000 unless given. */
	readonly maxPairs?: number;
	/** What a route and a model are counted by elsewhere; themselves unless given. */
	readonly labels?: NonNullable<CollectorOptions["labels"]>;
	/** How much it remembers. */
	readonly limits?: MemoryLimits;
}

/**
 * Remembers what happens in the process, for questions, where no ledger is open: in a thread's memory, and only the last
 * of it. Nothing of it survives the process.
 */
export class MemoryLedger implements QuestionedLedger {
	readonly path: undefined = undefined;
	/** Milliseconds since the epoch: what happened before is not in it. */
	readonly since: number = Date.now();
	readonly #options: MemoryLedgerOptions;
	readonly #reader: LedgerReader;
	readonly #rows: RowCollector;
	/** Rows that the thread has taken, shared with it. */
	readonly #taken = new Int32Array(new SharedArrayBuffer(4));
	#sender = new PageSender();
	#posted = 0;
	#isLosing = false;
	#isClosed = false;

	constructor(options: MemoryLedgerOptions) {
		const { labels, limits = MEMORY_LIMITS, maxPairs = 1000 } = options;
		this.#options = options;
		this.#reader = new LedgerReader({ role: "memory", limits, taken: this.#taken }, (reason) =>
			this.#lost(reason),
		);
		this.#rows = new RowCollector({
			maxPairs,
			...(labels === undefined ? undefined : { labels }),
			postAfterMs: POST_AFTER_MS,
			hasRoom: () => this.#hasRoom(),
			post: (page, from, to) => {
				this.#posted += to - from;
				this.#reader.send(this.#sender.message(0, page, from, to, page.names.length));
			},
		});
	}

	/** What calls came to, exactly. */
	async totals(query: TotalsQuery): Promise<readonly GroupTotals[]> {
		this.#rows.post();
		return this.#reader.ask("totals", query);
	}

	/** What happened in each step of a stretch of time. */
	async series(query: SeriesQuery): Promise<Series> {
		this.#rows.post();
		return this.#reader.ask("series", query);
	}

	/** Single calls: the latest, or the dearest. */
	async calls(query: CallsQuery): Promise<readonly LedgerRow[]> {
		this.#rows.post();
		return this.#reader.ask("calls", query);
	}

	/** The models whose calls have no known price, or not all of it. */
	async unpricedModels(range: TimeRange = {}): Promise<readonly UnpricedModel[]> {
		this.#rows.post();
		return this.#reader.ask("unpricedModels", range);
	}

	/** Hears of nothing any more, and forgets everything. */
	async close(): Promise<void> {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#rows.stop();
		// What waits is handed on, so that no timer is left.
		this.#rows.post();
		await this.#reader.close();
	}

	#hasRoom(): boolean {
		// Both count on from -2³¹ after 2³¹ - 1; their difference is right.
		const pending = ((this.#posted - Atomics.load(this.#taken, 0)) | 0) + this.#rows.waiting;
		if (pending < MOST_PENDING / 2) this.#isLosing = false;
		if (pending < MOST_PENDING) return true;
		if (!this.#isLosing) {
			this.#isLosing = true;
			this.#options.report(`${MOST_PENDING} rows wait to be remembered: further ones are not.`);
		}
		return false;
	}

	#lost(reason: string): void {
		if (this.#isClosed) return;
		this.#sender = new PageSender();
		Atomics.store(this.#taken, 0, this.#posted | 0);
		this.#options.report(`What was remembered for the page is lost, and it begins anew: ${reason}`);
	}
}
