import { statSync } from "node:fs";
import { horizonOf } from "./horizon-of.ts";
import type { LedgerStore } from "./ledger-store.ts";
import { dropSpool, readSpool, Spool, spoolFolder, takeSpools } from "./spool.ts";
import { rowsOf } from "./spool-frame.ts";
import { isDamage, moveAside, SqliteStore } from "./sqlite-store.ts";
import type { Batch, WriterOptions, WriterState } from "./writer-state.ts";

/** Rows of one transaction, at most about: enough for the commit not to count, few enough to be done soon. */
const TRANSACTION_ROWS = 10_000;
/** How long after a failure the database is tried again: at first, and at most. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1000;
/** How often what is too old is forgotten. */
const MAINTAIN_EVERY_MS = 600_000;
/** How soon for the first time; then room is taken for the spool, too. */
const FIRST_MAINTENANCE_MS = 1000;

/** Brings batches into the database in their order; what it cannot take, into the spool. */
export class LedgerWriter {
	readonly #options: WriterOptions;
	readonly #report: (state: WriterState) => void;
	readonly #queue: Batch[] = [];
	#store: SqliteStore | undefined;
	#spool: Spool | undefined;
	#safe = 0;
	#error: string | undefined;
	#isHeld = false;
	#movedTo: string | undefined;
	#tooOldRows = 0;
	#retryMs = FIRST_RETRY_MS;
	#retryAt = 0;
	#retry: NodeJS.Timeout | undefined;
	#maintenance: NodeJS.Timeout | undefined;
	#isDraining = false;
	/** Whether spools that others have left were looked for. */
	#hasTakenSpools = false;
	/** The file that is open, or was to be opened. */
	#inode: number | undefined;

	/** @param report told of the state after each change */
	constructor(options: WriterOptions, report: (state: WriterState) => void) {
		this.#options = options;
		this.#report = report;
	}

	add(batch: Batch): void {
		this.#queue.push(batch);
	}

	/** Opens the file, and takes in what processes that are no more have left in their spools. */
	async start(): Promise<void> {
		await this.drain();
		// A program that is done by then needs no room on disk.
		this.#maintenance = setTimeout(() => void this.#maintain(), FIRST_MAINTENANCE_MS);
	}

	/** Writes what is there. Never rejects. */
	async drain(): Promise<void> {
		if (this.#isDraining) return;
		this.#isDraining = true;
		let isWritable = performance.now() >= this.#retryAt && (await this.#attempt(() => this.#catchUp()));
		while (isWritable && this.#queue.length > 0) isWritable = await this.#attempt(() => this.#writeSome());
		if (!isWritable) this.#spill();
		this.#isDraining = false;
		this.#tell();
	}

	/** Writes what is there, and lets go of the files. */
	async close(): Promise<void> {
		clearTimeout(this.#retry);
		clearTimeout(this.#maintenance);
		this.#retryAt = 0;
		await this.drain();
		clearTimeout(this.#retry);
		this.#spool?.close();
		await this.#store?.close();
	}

	/** Does it, and once more where a damaged file had to be moved away for it. */
	async #attempt(work: () => Promise<void>): Promise<boolean> {
		for (let isSecond = false; ; isSecond = true) {
			try {
				await work();
				this.#error = undefined;
				this.#retryMs = FIRST_RETRY_MS;
				return true;
			} catch (error) {
				await this.#closeStore();
				if (isSecond || !isDamage(error) || !this.#moveAside()) {
					this.#failed(error);
					return false;
				}
			}
		}
	}

	/** What was spooled is older than what waits. */
	async #catchUp(): Promise<void> {
		const store = this.#openStore();
		const folder = spoolFolder(this.#options.path);
		if (this.#spool !== undefined && this.#spool.rows > 0) {
			for (const rows of this.#spool.read()) await this.#append(store, rows);
			this.#spool.clear();
		}
		if (this.#hasTakenSpools) return;
		for (const path of takeSpools(folder)) {
			for (const rows of readSpool(path)) await this.#append(store, rows);
			dropSpool(folder, path);
		}
		this.#hasTakenSpools = true;
	}
	async #writeSome(): Promise<void> {
		const store = this.#openStore();
		let [count, rows] = [0, 0];
		for (const { slice } of this.#queue) {
			if (rows >= TRANSACTION_ROWS) break;
			rows += slice.to - slice.from;
			count += 1;
		}
		const batches = this.#queue.slice(0, count);
		await this.#append(
			store,
			batches.flatMap(({ slice }) => rowsOf(slice)),
		);
		this.#queue.splice(0, count);
		this.#isSafe(batches.at(-1));
	}

	async #append(store: LedgerStore, rows: Parameters<LedgerStore["append"]>[0]): Promise<void> {
		const { tooOld } = await store.append(rows);
		this.#tooOldRows += tooOld;
	}

	#openStore(): SqliteStore {
		if (this.#store?.isInPlace === false) {
			void this.#store.close();
			this.#store = undefined;
		}
		this.#inode = inodeOf(this.#options.path);
		this.#store ??= new SqliteStore(this.#options.path);
		return this.#store;
	}

	async #closeStore(): Promise<void> {
		try {
			await this.#store?.close();
		} catch {
			// It is of no use any more.
		}
		this.#store = undefined;
	}

	/** Whether the damaged file is out of the way. */
	#moveAside(): boolean {
		// Another process may have moved it already: then there is a new one.
		if (inodeOf(this.#options.path) !== this.#inode) return true;
		try {
			this.#movedTo = moveAside(this.#options.path, Date.now());
			return true;
		} catch {
			return false;
		}
	}

	/** Takes the spool's room while there is some. */
	#reserve(): void {
		if (this.#spool !== undefined && (this.#spool.isWhole || this.#spool.rows > 0)) return;
		try {
			this.#spool?.close();
			this.#spool = undefined;
			this.#spool = new Spool(spoolFolder(this.#options.path), this.#options.spoolBytes);
		} catch (error) {
			this.#error ??= messageOf(error);
		}
	}

	#spill(): void {
		this.#isHeld = false;
		if (this.#queue.length > 0 && this.#spool === undefined) this.#reserve();
		while (this.#queue[0] !== undefined) {
			try {
				this.#isHeld = this.#spool?.append(this.#queue[0].slice) !== true;
			} catch (error) {
				this.#isHeld = true;
				this.#error ??= messageOf(error);
			}
			if (this.#isHeld) return;
			this.#isSafe(this.#queue.shift());
		}
	}

	#failed(error: unknown): void {
		this.#error = messageOf(error);
		this.#retryAt = performance.now() + this.#retryMs;
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => void this.drain(), this.#retryMs + 1);
		this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
	}

	#isSafe(batch: Batch | undefined): void {
		this.#safe = batch?.number ?? this.#safe;
		this.#tell();
	}

	#tell(): void {
		this.#report({
			safe: this.#safe,
			spooledRows: this.#spool?.rows ?? 0,
			spool: this.#spool?.path,
			error: this.#error,
			isHeld: this.#isHeld && this.#queue.length > 0,
			movedTo: this.#movedTo,
			tooOldRows: this.#tooOldRows,
		});
	}

	/** Forgets what is too old, in steps, and takes in what processes have left behind meanwhile. */
	async #maintain(): Promise<void> {
		this.#reserve();
		const horizon = horizonOf(this.#options, Date.now());
		let hasMore = false;
		if (!this.#isDraining && this.#error === undefined) {
			try {
				hasMore = await this.#openStore().prune(horizon);
			} catch {
				// Another time: what is written is of more importance, and tells what is wrong.
			}
		}
		this.#maintenance = setTimeout(() => void this.#maintain(), hasMore ? 20 : MAINTAIN_EVERY_MS);
		if (hasMore) return;
		this.#hasTakenSpools = false;
		await this.drain();
	}
}

function inodeOf(path: string): number | undefined {
	return statSync(path, { throwIfNoEntry: false })?.ino;
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
