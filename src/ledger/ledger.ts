/** ledger/: what every call has cost, kept in a file and asked for again; and what the process has spent, in memory. */
import { catchUp } from "../core/afterwards.ts";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import { onProcessEnd } from "./exit-paths.ts";
import type { LedgerRow } from "./ledger-row.ts";
import { LedgerReader } from "./ledger-reader.ts";
import type {
	CallsQuery,
	GroupTotals,
	ProcessPair,
	TimeRange,
	TotalsQuery,
	UnpricedModel,
	WindowCosts,
	WindowCostsQuery,
} from "./ledger-store.ts";
import { LedgerThread } from "./ledger-thread.ts";
import type { LedgerState } from "./ledger-state.ts";
import type { WriterState } from "./writer-state.ts";
import type { CheckedLedgerOptions } from "./ledger-options.ts";
import type { QuestionedLedger } from "./questioned-ledger.ts";
import { RowCollector } from "./row-collector.ts";
import type { Series, SeriesQuery } from "./series-query.ts";
import { leaveSpool, removeSpool, spoolFolder } from "./spool.ts";

/** How long rows wait for others to go with them. */
const POST_AFTER_MS = 50;
/** How long the end of the process waits for the worker. */
const END_WAIT_MS = 2000;

interface Flush {
	readonly upTo: number;
	readonly resolve: () => void;
	readonly reject: (error: HyperAgentError) => void;
}

/** A ledger that is open: see `openLedger`. */
export class Ledger implements QuestionedLedger {
	readonly path: string;
	readonly #options: CheckedLedgerOptions;
	readonly #thread: LedgerThread;
	readonly #reader: LedgerReader;
	readonly #rows: RowCollector;
	readonly #stopWaiting: () => void;
	readonly #flushes: Flush[] = [];
	#state: WriterState | undefined;
	#lastTold: WriterState | undefined;
	/** Why there is no thread, as long as there is none. */
	#threadError: string | undefined;
	#lostRows = 0;
	#isLosing = false;
	#closed: Promise<void> | undefined;
	/** Why rows were lost with the end. */
	#endError: HyperAgentError | undefined;

	/** @see openLedger */
	constructor(options: CheckedLedgerOptions) {
		this.path = options.path;
		this.#options = options;
		this.#reader = new LedgerReader({ role: "read", path: options.path });
		const { keepCallsDays, keepTotalsDays, path, spoolBytes } = options;
		this.#thread = new LedgerThread(
			{ keepCallsDays, keepTotalsDays, path, spoolBytes },
			(state) => this.#hear(state),
			(error) => this.#threadLost(error),
		);
		this.#rows = new RowCollector({
			maxPairs: options.maxPairs,
			labels: options.labels,
			postAfterMs: POST_AFTER_MS,
			hasRoom: () => this.#hasRoom(),
			post: (...rows) => this.#thread.post(...rows),
		});
		this.#stopWaiting = onProcessEnd({ idle: () => this.#idle(), now: (isEnd) => this.#end(isEnd) });
	}

	/** How it does now. */
	get state(): LedgerState {
		catchUp();
		return {
			writable: this.#state !== undefined && this.#lastError === undefined,
			pendingRows: this.#pendingRows,
			spooledRows: this.#state?.spooledRows ?? 0,
			lostRows: this.#lostRows,
			losing: this.#isLosing,
			lastError: this.#lastError,
		};
	}

	/** For how many days it can be told what was spent: those of single calls, or of totals where they are more. */
	get keptDays(): number {
		const { keepCallsDays = Infinity, keepTotalsDays = Infinity } = this.#options;
		return Math.max(keepCallsDays, keepTotalsDays);
	}

	/**
	 * Resolves when everything that has settled before is safe: it survives the end of the process on any way, and a loss
	 * of power.
	 *
	 * @throws HyperAgentError `LEDGER` where neither the database nor the spool takes it now; it is tried again all the same
	 */
	async flush(): Promise<void> {
		this.#rows.post();
		if (this.#thread.pendingRows === 0) return;
		if (this.#closed !== undefined) {
			await this.#closed;
			if (this.#endError !== undefined) throw this.#endError;
			return;
		}
		if (this.#threadError !== undefined) throw notFlushed(this.#threadError);
		this.#thread.hold(true);
		try {
			await new Promise<void>((resolve, reject) => {
				this.#flushes.push({ upTo: this.#thread.last, resolve, reject });
			});
		} finally {
			if (this.#flushes.length === 0) this.#thread.hold(false);
		}
	}

	/** Writes what is there, and ends the ledger; the file's last word is then in the file itself. */
	async close(): Promise<void> {
		this.#closed ??= this.#close();
		return this.#closed;
	}

	async #close(): Promise<void> {
		this.#rows.stop();
		this.#rows.post();
		// First the reader: the last to close the file tidies up.
		await this.#reader.close();
		await this.#thread.close();
		this.#leaveRest(0);
		for (const { reject, resolve } of this.#flushes.splice(0)) {
			if (this.#endError === undefined) resolve();
			else reject(this.#endError);
		}
		// Only now: the process may end meanwhile.
		this.#stopWaiting();
		this.#options.onClose(this);
	}

	/** What calls came to, exactly, of all processes that write to the file. */
	async totals(query: TotalsQuery): Promise<readonly GroupTotals[]> {
		return this.#reader.ask("totals", query);
	}

	/** What happened in each step of a stretch of time. */
	async series(query: SeriesQuery): Promise<Series> {
		return this.#reader.ask("series", query);
	}

	/** Single calls: the latest, or the dearest. */
	async calls(query: CallsQuery): Promise<readonly LedgerRow[]> {
		return this.#reader.ask("calls", query);
	}

	/** The models whose calls have no known price, or not all of it. */
	async unpricedModels(range: TimeRange = {}): Promise<readonly UnpricedModel[]> {
		return this.#reader.ask("unpricedModels", range);
	}

	/** What one process has spent, by route and model, reckoned from its rows. */
	async processPairs(process: string): Promise<readonly ProcessPair[]> {
		return this.#reader.ask("processPairs", process);
	}

	/** What was spent since a moment, by everybody and by one process: what budgets begin with. */
	async windowCosts(query: WindowCostsQuery): Promise<WindowCosts> {
		return this.#reader.ask("windowCosts", query);
	}

	get #lastError(): string | undefined {
		return this.#threadError ?? this.#state?.error;
	}

	get #pendingRows(): number {
		return this.#thread.pendingRows + this.#rows.waiting;
	}

	#hasRoom(): boolean {
		if (this.#pendingRows < this.#options.maxPendingRows) return true;
		this.#lostRows += 1;
		if (!this.#isLosing) {
			this.#isLosing = true;
			const why = this.#state?.error ?? "it is slower than the calls";
			this.#tell(
				`The ledger cannot be written (${why}), and ${this.#options.maxPendingRows} rows wait: further ones are lost.`,
			);
		}
		return false;
	}

	#hear(state: WriterState): void {
		const before = this.#state;
		this.#state = state;
		this.#threadError = undefined;
		if (this.#pendingRows < this.#options.maxPendingRows / 2) this.#isLosing = false;
		if (state.error !== this.#lastTold?.error || state.isHeld !== this.#lastTold?.isHeld) {
			if (state.error !== undefined)
				this.#tell(`The ledger cannot be written (${state.error})${whereRowsAre(state)}.`);
			this.#lastTold = state;
		}
		if (state.movedTo !== before?.movedTo) {
			this.#tell(
				`The ledger's file was damaged. It is ${state.movedTo ?? "gone"} now, and a new one was begun.`,
			);
		}
		if (state.tooOldRows > (before?.tooOldRows ?? 0)) {
			this.#tell("Rows older than the calls that the ledger keeps were left out.");
		}
		for (const flush of this.#flushes.splice(0)) {
			if (flush.upTo <= state.safe) flush.resolve();
			else if (state.isHeld) flush.reject(notFlushed(state.error ?? "no room"));
			else this.#flushes.push(flush);
		}
	}

	#threadLost(error: unknown): void {
		this.#threadError = `its thread has ended: ${String(error)}`;
		this.#tell("The ledger's thread has ended; it is started anew, and its rows are kept until then.", error);
		for (const { reject } of this.#flushes.splice(0)) reject(notFlushed(this.#threadError, error));
	}

	/** Told as fault of ours: it harms no call. */
	#tell(message: string, cause?: unknown): void {
		this.#options.report(message, cause);
	}

	/** The program is done: what is left is written before it ends. */
	#idle(): void {
		if (this.#pendingRows > 0 && this.#state?.isHeld !== true) void this.flush().catch(() => undefined);
	}

	#end(isEnd: boolean): void {
		catchUp(isEnd);
		this.#rows.post();
		this.#leaveRest(END_WAIT_MS);
		const spool = this.#state?.spool;
		if (isEnd && spool !== undefined && !this.#thread.hasSpooled) removeSpool(spool);
	}

	#leaveRest(waitMs: number): void {
		try {
			const rest = this.#thread.waitForAll(waitMs);
			if (rest.length > 0) leaveSpool(spoolFolder(this.path), rest);
		} catch (cause) {
			const lost = `${this.#pendingRows} rows are lost with the end of the process.`;
			this.#endError = notFlushed(`it was closed, and ${lost}`, cause);
			this.#tell(lost, cause);
		}
	}
}

function whereRowsAre({ isHeld, spooledRows }: WriterState): string {
	if (isHeld) return "; its rows are held in memory alone";
	return spooledRows > 0 ? "; its rows are spooled" : "";
}

function notFlushed(why: string, cause?: unknown): HyperAgentError {
	return new HyperAgentError("LEDGER", `The ledger could not be flushed: ${why}`, { cause });
}
