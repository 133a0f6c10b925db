import { HyperAgentError } from "../core/hyperagent-error.ts";
import { callsCursor } from "../ledger/calls-cursor.ts";
import { parseCostQuestion } from "../ledger/cost-question.ts";
import { costReport } from "../ledger/cost-report.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LedgerState } from "../ledger/ledger-state.ts";
import { MemoryLedger } from "../ledger/memory-ledger.ts";
import { openLedgers } from "../ledger/open-ledgers.ts";
import type { QuestionedLedger } from "../ledger/questioned-ledger.ts";
import { countedLabels } from "../monitoring/counted-labels.ts";
import * as v from "valibot";
import { callView } from "./call-view.ts";
import type { CallsAnswer } from "./calls-answer.ts";
import type { FiguresSource } from "./ledger-figures.ts";
import { parseCallsQuestion, parseSeriesQuestion } from "./history-question.ts";
import { readQuery, text } from "./query-schema.ts";
import type { SeriesAnswer } from "./series-answer.ts";
import { seriesView } from "./series-view.ts";
import { type SharedAnswer, SharedAnswers } from "./shared-answers.ts";

/** The parameters of a URL, each with its values. */
export type Parameters = Readonly<Record<string, readonly string[]>>;

/** How long a question waits for what has just ended to reach the file. */
const FLUSH_MS = 2000;
/** Nothing is written, so nothing can fail. */
const MEMORY_STATE: LedgerState = {
	writable: true,
	pendingRows: 0,
	spooledRows: 0,
	lostRows: 0,
	losing: false,
	lastError: undefined,
};

/** What the server knows of the past: from the ledger that is open in the process, else from its own in memory. */
export class HistoryAnswers {
	readonly #report: (message: string, cause?: unknown) => void;
	readonly #told: () => number;
	readonly #shared = new SharedAnswers();
	#memory: MemoryLedger | undefined;
	#isClosed = false;

	/**
	 * @param report told of what goes wrong in the memory's own
	 * @param told the number of calls that pages have heard of: who asks because of it must not get an older answer
	 */
	constructor(report: (message: string, cause?: unknown) => void, told: () => number) {
		this.#report = report;
		this.#told = told;
	}

	/** Remembers from now on what no ledger keeps. */
	open(): void {
		if (openLedgers.size === 0) this.#remember();
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#memory?.close();
	}

	/** The ledger of now, and how it does; `undefined` where there is none. */
	get ledger(): FiguresSource | undefined {
		const [open] = openLedgers;
		const asked = open ?? this.#memory;
		if (asked === undefined) return undefined;
		return {
			source: open === undefined ? "memory" : "ledger",
			state: open?.state ?? MEMORY_STATE,
			since: open === undefined ? this.#memory?.since : undefined,
			totals: async (query) => asked.totals(query),
		};
	}

	/**
	 * The answer of `/api/series`; `undefined` where too many questions wait.
	 *
	 * @throws HyperAgentError `BAD_OPTION` for what is no question; rejects with what the ledger says
	 */
	series(parameters: Parameters): Promise<SharedAnswer> | undefined {
		const question = parseSeriesQuestion(parameters, Date.now());
		return this.#answer("series", parameters, async (ledger, source): Promise<SeriesAnswer> => {
			return seriesView(await ledger.series(question), source);
		});
	}

	/** The same of `/api/calls`. */
	calls(parameters: Parameters): Promise<SharedAnswer> | undefined {
		const question = parseCallsQuestion(parameters, Date.now());
		return this.#answer("calls", parameters, async (ledger): Promise<CallsAnswer> => {
			const { limit, order } = question;
			const rows = await ledger.calls({ ...question, limit: limit + 1 });
			const shown = rows.slice(0, limit);
			const last = shown.at(-1);
			const next = rows.length > limit && last !== undefined ? callsCursor(last, order) : null;
			return { calls: shown.map(callView), next };
		});
	}

	/** The same of `/api/costs`. */
	costs(parameters: Parameters): Promise<SharedAnswer> | undefined {
		const one = v.optional(text);
		const question = readQuery({ by: one, since: one, until: one }, parameters);
		const query = parseCostQuestion(question, Date.now());
		return this.#answer("costs", parameters, async (ledger) => {
			return costReport(query, await ledger.totals(query));
		});
	}

	#remember(): MemoryLedger {
		if (this.#isClosed) throw new HyperAgentError("LEDGER", "The server has been closed.");
		this.#memory ??= new MemoryLedger({ labels: countedLabels(), report: this.#report });
		return this.#memory;
	}

	#answer(
		what: string,
		parameters: Parameters,
		ask: (ledger: QuestionedLedger, source: "ledger" | "memory") => Promise<unknown>,
	): Promise<SharedAnswer> | undefined {
		const sorted = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
		const [open] = openLedgers;
		return this.#shared.get(JSON.stringify([what, open?.path, this.#told(), sorted]), async () => {
			if (open !== undefined) {
				await flushed(open);
				return ask(open, "ledger");
			}
			// The ledger that was open has been closed.
			return ask(this.#remember(), "memory");
		});
	}
}

/** Waits until the file holds what has ended before, but not for long: where it cannot be written, it is asked all the same. */
async function flushed(ledger: Ledger): Promise<void> {
	const { lastError, pendingRows } = ledger.state;
	if (pendingRows === 0 || lastError !== undefined) return;
	let timer: NodeJS.Timeout | undefined;
	const patience = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, FLUSH_MS);
	});
	await Promise.race([ledger.flush().catch(() => undefined), patience]);
	clearTimeout(timer);
}
