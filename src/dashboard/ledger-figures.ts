import { formatPico } from "../core/exact-usd.ts";
import { sumTotals } from "../ledger/cost-report.ts";
import type { LedgerState } from "../ledger/ledger-state.ts";
import type { GroupTotals, TotalsQuery } from "../ledger/ledger-store.ts";
import { monthCosts, monthOf } from "../ledger/month-costs.ts";
import type { DashboardStats } from "./stats.ts";

/** What a ledger adds to the stats. */
export type LedgerFigures = Pick<DashboardStats, "month" | "todayUsd" | "ledger">;

/** A ledger, and whether it outlives the process. */
export interface FiguresSource {
	readonly source: "ledger" | "memory";
	readonly state: LedgerState;
	/** In milliseconds since the epoch, where what happened before is not in it. */
	readonly since: number | undefined;
	totals(query: TotalsQuery): Promise<readonly GroupTotals[]>;
}

const DAY_MS = 86_400_000;
/** Without a call of ours: other processes may write to the same ledger. */
const KEPT_MS = 60_000;
/** How long stats wait for a ledger; what it says later is in the next. */
const PATIENCE_MS = 500;

type Sums = Pick<LedgerFigures, "month" | "todayUsd">;

/** What was spent this month and today, asked of the ledger once a second at most, and only when there may be news. */
export class LedgerFiguresReader {
	readonly #find: () => FiguresSource | undefined;
	readonly #settled: () => number;
	readonly #onError: (error: unknown) => void;
	#sums: Sums = { month: null, todayUsd: null };
	#asking: Promise<void> | undefined;
	#askedOf: FiguresSource["source"] | undefined;
	#askedAt = Number.NEGATIVE_INFINITY;
	/** The day that was asked about, as its number since the epoch. */
	#askedDay = -1;
	#projectedAt = Number.NEGATIVE_INFINITY;
	#settledThen = -1;

	/**
	 * @param find the ledger of now
	 * @param settled how many calls have ended
	 * @param onError told what the ledger said instead of an answer
	 */
	constructor(
		find: () => FiguresSource | undefined,
		settled: () => number,
		onError: (error: unknown) => void,
	) {
		this.#find = find;
		this.#settled = settled;
		this.#onError = onError;
	}

	/** As of now, or of a moment ago where the ledger takes its time; never rejects. */
	async read(): Promise<LedgerFigures> {
		const found = this.#find();
		if (found === undefined) return { month: null, todayUsd: null, ledger: null };
		this.#asking ??= this.#hasNews(found) ? this.#ask(found) : undefined;
		if (this.#asking !== undefined) await atMost(PATIENCE_MS, this.#asking);
		const { lostRows, pendingRows, writable } = found.state;
		return { ...this.#sums, ledger: { source: found.source, writable, pendingRows, lostRows } };
	}

	#hasNews({ source }: FiguresSource): boolean {
		const age = performance.now() - this.#askedAt;
		if (source !== this.#askedOf || age >= KEPT_MS) return true;
		// What was spent yesterday, or last month, must not stand as that of today.
		if (dayOf(Date.now()) !== this.#askedDay) return true;
		// Rows reach the file a little later than the calls end: what was asked right after one is asked again.
		return this.#settled() !== this.#settledThen && age >= 1000;
	}

	async #ask(found: FiguresSource): Promise<void> {
		const settled = found.state.pendingRows === 0 ? this.#settled() : -1;
		const now = Date.now();
		const day = dayOf(now);
		const isNewDay = day !== this.#askedDay;
		this.#askedDay = day;
		try {
			const [month, today] = await Promise.all([
				found.totals({ by: [], ...monthOf(now) }),
				found.totals({ by: [], since: day * DAY_MS, until: (day + 1) * DAY_MS }),
			]);
			const { month: name, costUsd } = monthCosts(month, now);
			const last = this.#sums.month;
			// The projection alone moves with every second: that is no news, but for once a minute.
			const isSame = last?.costUsd === costUsd && last.month === name && found.source === this.#askedOf;
			const isKept = isSame && !isNewDay && performance.now() - this.#projectedAt < KEPT_MS;
			if (!isKept) this.#projectedAt = performance.now();
			this.#sums = {
				month: isKept ? last : { month: name, costUsd, projectedUsd: projected(month, found.since, now) },
				todayUsd: Number(formatPico(sumTotals(today).costPico)),
			};
		} catch (error) {
			this.#sums = { month: null, todayUsd: null };
			this.#onError(error);
		} finally {
			this.#askedOf = found.source;
			this.#askedAt = performance.now();
			this.#settledThen = settled;
			this.#asking = undefined;
		}
	}
}

function dayOf(now: number): number {
	return Math.floor(now / DAY_MS);
}

/** What a month will have cost if it goes on as since its first day or, where that is not known, since when it is. */
function projected(
	totals: readonly GroupTotals[],
	knownSince: number | undefined,
	now: number,
): number | null {
	const { since, until } = monthOf(now);
	if (knownSince === undefined || knownSince <= since) return monthCosts(totals, now).projectedUsd ?? null;
	const passed = now - knownSince;
	if (passed < DAY_MS) return null;
	return (Number(formatPico(sumTotals(totals).costPico)) * (until - knownSince)) / passed;
}

async function atMost(ms: number, promise: Promise<void>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const patience = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, ms);
	});
	await Promise.race([promise, patience]);
	clearTimeout(timer);
}
