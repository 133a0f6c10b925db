import { renameSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import type { LedgerRow } from "./ledger-row.ts";
import type {
	Appended,
	CallsQuery,
	GroupTotals,
	Horizon,
	LedgerStore,
	ProcessPair,
	TimeRange,
	TotalsQuery,
	UnpricedModel,
	WindowCosts,
	WindowCostsQuery,
} from "./ledger-store.ts";
import type { Series, SeriesQuery } from "./series-query.ts";
import { SqliteAppender } from "./sqlite-appender.ts";
import { pruneDear } from "./sqlite-dear.ts";
import { loadSqlite } from "./sqlite-module.ts";
import { readCalls } from "./sqlite-calls.ts";
import { keepWithin, type MemoryLimits } from "./memory-limits.ts";
import { migrateFrom1 } from "./sqlite-migration.ts";
import { readProcessPairs, readUnpriced } from "./sqlite-reader.ts";
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from "./sqlite-schema.ts";
import { readSeries } from "./sqlite-series.ts";
import { pruneSteps } from "./sqlite-steps.ts";
import { LONG_SPANS, SHORT_SPANS } from "./step-schema.ts";
import { readTotals } from "./sqlite-totals.ts";
import { readWindowCosts } from "./window-costs.ts";

/** How long another process that writes is waited for. */
const LOCK_WAIT_MS = 100;
/** SQLite's name for a database that is in memory, and only in this connection's. */
const MEMORY = ":memory:";
/** Rows that one step of pruning forgets: some ten milliseconds. */
const PRUNE_ROWS = 5000;

/** How a file is opened. */
export interface SqliteStoreOptions {
	/** Only for questions: nothing is written, and a file that is not there is an error. */
	readonly readOnly?: boolean;
	/** The clock by which short steps are forgotten, in milliseconds since the epoch: the machine's own unless given. */
	readonly now?: () => number;
}

/** One SQLite file, which several processes may share. What is committed survives a crash, and a loss of power. */
export class SqliteStore implements LedgerStore {
	readonly #db: DatabaseSync;
	readonly #path: string;
	readonly #now: () => number;
	/** None in memory. */
	readonly #inode: number | undefined;
	#appender: SqliteAppender | undefined;

	/** @throws what SQLite throws, or HyperAgentError `LEDGER` where the file cannot be opened, or is something else's */
	constructor(path: string, { now = Date.now, readOnly = false }: SqliteStoreOptions = {}) {
		this.#path = path;
		this.#now = now;
		this.#db = open(path, readOnly);
		try {
			this.#db.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
			if (!readOnly) this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
			this.#checkSchema(readOnly);
			this.#inode = path === MEMORY ? undefined : statSync(path).ino;
		} catch (error) {
			this.#db.close();
			throw error;
		}
	}

	/** Whether the file that is at the path now is the one that is open. */
	get isInPlace(): boolean {
		return this.#path === MEMORY || statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode;
	}

	async append(rows: readonly LedgerRow[]): Promise<Appended> {
		this.#appender ??= new SqliteAppender(this.#db, this.#now);
		return this.#appender.append(rows);
	}

	async totals(query: TotalsQuery): Promise<readonly GroupTotals[]> {
		return readTotals(this.#db, query);
	}

	async calls(query: CallsQuery): Promise<readonly LedgerRow[]> {
		return readCalls(this.#db, query);
	}

	async unpricedModels(range: TimeRange): Promise<readonly UnpricedModel[]> {
		return readUnpriced(this.#db, range);
	}

	async processPairs(process: string): Promise<readonly ProcessPair[]> {
		return readProcessPairs(this.#db, process);
	}

	async series(query: SeriesQuery): Promise<Series> {
		return readSeries(this.#db, query);
	}

	async windowCosts(query: WindowCostsQuery): Promise<WindowCosts> {
		return readWindowCosts(this.#db, query);
	}

	async prune({ calls, steps, totals }: Horizon): Promise<boolean> {
		let forgotten: number | bigint = 0;
		if (calls !== undefined) {
			// First the horizon: a row that is forgotten must not come again.
			const since =
				"INSERT INTO meta VALUES ('calls_since', ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)";
			this.#db.prepare(since).run(calls);
			const older = `DELETE FROM call_rows WHERE key IN (SELECT key FROM call_rows WHERE at < ? LIMIT ${PRUNE_ROWS})`;
			forgotten = this.#db.prepare(older).run(calls).changes;
			this.#db.prepare("DELETE FROM event_rows WHERE at < ?").run(calls);
			pruneDear(this.#db, calls);
		}
		for (const span of SHORT_SPANS) {
			const before = steps?.[span];
			if (before !== undefined) pruneSteps(this.#db, span, before);
		}
		if (totals !== undefined) {
			// Whole days, so that hours and days always tell the same.
			const before = Math.floor(totals / 86_400_000) * 86_400;
			this.#db.prepare("DELETE FROM totals WHERE span IN (3600, 86400) AND start < ?").run(before);
			for (const span of LONG_SPANS) pruneSteps(this.#db, span, before * 1000);
		}
		return forgotten === PRUNE_ROWS;
	}

	/** Forgets what a ledger in memory has too much of. */
	keepWithin(limits: MemoryLimits, now: number): void {
		keepWithin(this.#db, limits, now);
	}

	async close(): Promise<void> {
		// SQLite leaves the log of a file that was moved behind, and in it what was written last.
		if (!this.isInPlace) this.#finish();
		this.#db.close();
	}

	#finish(): void {
		try {
			this.#db.exec("PRAGMA wal_checkpoint");
		} catch {
			// It may only read, or there is nothing left to write to.
		}
	}

	#checkSchema(readOnly: boolean): void {
		const pragma = (name: string): unknown => this.#db.prepare(`PRAGMA ${name}`).get()?.[name];
		if (pragma("user_version") === 0 && !readOnly && isEmpty(this.#db)) this.#create();
		if (pragma("application_id") !== APPLICATION_ID) {
			throw new HyperAgentError("LEDGER", `${this.#path} is no ledger: it is some other program's database.`);
		}
		if (pragma("user_version") === 1) this.#migrate(readOnly);
		const version = pragma("user_version");
		if (version === SCHEMA_VERSION) return;
		throw new HyperAgentError(
			"LEDGER",
			`${this.#path} has the tables of version ${String(version)}, and this package knows version ${SCHEMA_VERSION}. Use a newer package, or another file.`,
		);
	}

	/** Two processes may be about to create it: the second finds it there. */
	#create(): void {
		this.#inTransaction(() => {
			if (isEmpty(this.#db)) this.#db.exec(SCHEMA);
		});
	}

	/** An older file becomes one of today, also where it was opened to be read. */
	#migrate(readOnly: boolean): void {
		if (readOnly) {
			new SqliteStore(this.#path).#db.close();
			return;
		}
		this.#inTransaction(() => {
			const version = this.#db.prepare("PRAGMA user_version").get()?.["user_version"];
			if (version === 1) migrateFrom1(this.#db, this.#now());
		});
	}

	#inTransaction(work: () => void): void {
		this.#db.exec("BEGIN IMMEDIATE");
		try {
			work();
			this.#db.exec("COMMIT");
		} catch (error) {
			this.#db.exec("ROLLBACK");
			throw error;
		}
	}
}

function open(path: string, readOnly: boolean): DatabaseSync {
	const { DatabaseSync: Database } = loadSqlite();
	try {
		return new Database(path, { readOnly });
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HyperAgentError(
			"LEDGER",
			`${why}: ${path} must be a file in a folder that this process may write to`,
			{ cause },
		);
	}
}

function isEmpty(db: DatabaseSync): boolean {
	return db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}

/** Whether an error says that the file is damaged, or no database at all. */
export function isDamage(error: unknown): boolean {
	// https://www.sqlite.org/rescode.html: SQLITE_CORRUPT and SQLITE_NOTADB, extended codes in the upper bits.
	const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
	return code === 11 || code === 26;
}

/** Moves a damaged file out of the way, with what SQLite keeps beside it; the answer is where it is now. */
export function moveAside(path: string, now: number): string {
	const aside = `${path}.damaged-${new Date(now).toISOString().replaceAll(/[-:]/g, "")}`;
	for (const suffix of ["", "-wal", "-shm"]) {
		if (statSync(path + suffix, { throwIfNoEntry: false }) !== undefined)
			renameSync(path + suffix, aside + suffix);
	}
	return aside;
}
