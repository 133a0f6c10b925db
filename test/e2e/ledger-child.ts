import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { readLedger } from "../../src/ledger/read-ledger.ts";
import { spoolFolder } from "../../src/ledger/spool.ts";

const PROCESS: string = new URL("ledger-process.ts", import.meta.url).pathname;

interface Line {
	readonly process?: string;
	readonly url?: string;
	readonly settled?: number;
	readonly at?: number;
	readonly acknowledged?: number;
	readonly refused?: number;
	readonly told?: string;
	readonly ended?: number;
}

/** A process that settles calls into a ledger, and what it has said so far. */
export class LedgerChild {
	process = "";
	url = "";
	/** How many calls had settled at which time. */
	readonly settled: { readonly count: number; readonly at: number }[] = [];
	/** How many calls had settled before the last flush that succeeded. */
	acknowledged = 0;
	/** When the first flush had succeeded: the ledger's thread was at work by then. */
	atWorkSince: number = Number.POSITIVE_INFINITY;
	refusals = 0;
	/** What the ledger told `onError`. */
	readonly told: string[] = [];
	ended: number | undefined = undefined;
	readonly #child: ChildProcess;
	readonly #closed: Promise<unknown>;

	private constructor(args: readonly (string | number)[]) {
		this.#child = spawn(process.execPath, [PROCESS, ...args.map(String)], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		this.#closed = once(this.#child, "close");
	}

	/** Resolves once it settles calls. */
	static async start(
		path: string,
		perSecond: number,
		seconds: number,
		...more: number[]
	): Promise<LedgerChild> {
		const child = new LedgerChild([path, perSecond, seconds, ...more]);
		await child.#listen();
		return child;
	}

	/** Kills it, as nothing can be caught. */
	async kill(): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#closed;
	}

	async end(): Promise<void> {
		await this.#closed;
	}

	async #listen(): Promise<void> {
		const { stdout } = this.#child;
		if (stdout === null) throw new Error("The process has no stdout.");
		await new Promise<void>((resolve, reject) => {
			createInterface(stdout).on("line", (text) => {
				this.#hear(JSON.parse(text) as Line);
				if (this.url !== "") resolve();
			});
			this.#child.once("close", () => reject(new Error("The process ended before it began.")));
		});
	}

	#hear({ acknowledged, at, ended, process: id, refused, settled, told, url }: Line): void {
		if (id !== undefined && url !== undefined) [this.process, this.url] = [id, url];
		if (settled !== undefined && at !== undefined) this.settled.push({ count: settled, at });
		if (acknowledged !== undefined && at !== undefined) {
			this.acknowledged = acknowledged;
			this.atWorkSince = Math.min(this.atWorkSince, at);
		}
		if (refused !== undefined) this.refusals += 1;
		if (told !== undefined) this.told.push(told);
		if (ended !== undefined) this.ended = ended;
	}
}

/** What a ledger's file holds of one process, or of all. */
export interface Held {
	readonly rows: number;
	/** Different numbers of calls, and the last of them: where all three are equal, nothing is missing and nothing twice. */
	readonly different: number;
	readonly last: number;
	/** The calls that the totals of hours, and those of days, speak of: of all processes. */
	readonly byHour: number;
	readonly byDay: number;
	readonly all: number;
}

const NOTHING: Held = { rows: 0, different: 0, last: 0, byHour: 0, byDay: 0, all: 0 };

/** Opens the file as the command line does, and counts by SQL of its own. Who is killed at once leaves none. */
export async function held(path: string, processId: string): Promise<Held> {
	if (!existsSync(path) && !existsSync(spoolFolder(path))) return NOTHING;
	const warnings: string[] = [];
	const store = await readLedger(path, (message) => warnings.push(message));
	await store.close();
	if (warnings.length > 0) throw new Error(warnings.join("; "));
	const db = new DatabaseSync(path, { readOnly: true });
	try {
		const one = (sql: string, ...args: string[]): number =>
			Number(Object.values(db.prepare(sql).get(...args) ?? {})[0] ?? 0);
		return {
			rows: one("SELECT COUNT(*) FROM calls WHERE process = ?", processId),
			different: one("SELECT COUNT(DISTINCT sequence) FROM calls WHERE process = ?", processId),
			last: one("SELECT MAX(sequence) FROM calls WHERE process = ?", processId),
			byHour: one("SELECT SUM(success) FROM totals WHERE span = 3600"),
			byDay: one("SELECT SUM(success) FROM totals WHERE span = 86400"),
			all: one("SELECT COUNT(*) FROM call_rows"),
		};
	} finally {
		db.close();
	}
}
