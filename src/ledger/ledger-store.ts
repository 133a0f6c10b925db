import type { Outcome } from "../core/settled-call.ts";
import type { LedgerRow } from "./ledger-row.ts";
import type { ShortSpan } from "./step-schema.ts";
import type { NameFilter, Series, SeriesQuery } from "./series-query.ts";

/** What totals can be told apart by. Days and hours are of UTC. */
export type GroupBy = "model" | "route" | "provider" | "day" | "hour" | `tag:${string}`;

/**
 * Whole hours: from the one that `since` lies in to the one before `until`, both in milliseconds since the epoch.
 * Without them everything.
 */
export interface TimeRange {
	readonly since?: number | undefined;
	readonly until?: number | undefined;
}

/** A question for totals; without `by` there is one group of everything. */
export interface TotalsQuery extends TimeRange {
	readonly by: readonly GroupBy[];
}

/** What one group came to. */
export interface GroupTotals {
	/** One value for each `by`, in its order: a name, "2026-11-25" or "2026-11-25T07:00Z"; "" where there is none. */
	readonly group: readonly string[];
	/** Calls that ended, by outcome; records by hand are none. */
	readonly calls: Readonly<Record<Outcome, number>>;
	readonly manualRecords: number;
	/** All input tokens, cached ones included. */
	readonly inputTokens: number;
	readonly outputTokens: number;
	/** Parts of input or output, never to be added to them. */
	readonly cacheReadTokens: number;
	readonly cacheWriteTokens: number;
	readonly reasoningTokens: number;
	/** The exact cost, in 10⁻¹² USD. */
	readonly costPico: bigint;
	readonly unpricedCalls: number;
	readonly callsWithoutUsage: number;
}

/** A model whose calls, or a part of them, have no known price. */
export interface UnpricedModel {
	readonly provider: string;
	readonly model: string;
	readonly reason: string;
	readonly calls: number;
	/** When the last one started, in milliseconds since the epoch. */
	readonly lastAt: number;
}

/** Which calls come first. Those whose cost is not known are none of the dearest. */
export type CallsOrder = "latest" | "dearest";

/** Some calls, and records of tokens or cost by hand; of each kind one of those that are named, or any where none is. */
export interface CallsQuery extends NameFilter {
	/** The start of a call, in milliseconds since the epoch: exactly, not whole hours. */
	readonly since?: number | undefined;
	/** Before it. */
	readonly until?: number | undefined;
	readonly outcomes?: readonly string[] | undefined;
	readonly errorTypes?: readonly string[] | undefined;
	/** The latest, unless it says otherwise. */
	readonly order?: CallsOrder | undefined;
	readonly limit: number;
	/** Only those that come after it in that order: what `callsCursor` says of the last one of a page. */
	readonly after?: string | undefined;
}

/** What one process has spent on a pair. */
export interface ProcessPair {
	readonly route: string;
	readonly model: string;
	readonly costPico: bigint;
}

/** What was spent since a moment, told apart by all that a budget's scope can name. */
export interface WindowCostsQuery {
	/** In milliseconds since the epoch, exactly. */
	readonly since: number;
	/** Whose part is told as well. */
	readonly process: string;
}

/** What a group of calls has cost. */
export interface CostGroup {
	readonly route: string;
	readonly model: string;
	/** "" of records by hand. */
	readonly provider: string;
	readonly tags: Readonly<Record<string, string>> | undefined;
	readonly costPico: bigint;
}

/** The answer; a group may come in two parts. */
export interface WindowCosts {
	readonly all: readonly CostGroup[];
	/** The part of the process. */
	readonly own: readonly CostGroup[];
	/** Whether all calls since that moment are kept: else `own` misses some, and `all` may. */
	readonly isWhole: boolean;
}

/** Before which times, in milliseconds since the epoch, calls and totals are forgotten. */
export interface Horizon {
	readonly calls?: number | undefined;
	/** Whole days: those that end before it. */
	readonly totals?: number | undefined;
	/** Steps of series that are shorter than an hour, by how many seconds they are long. */
	readonly steps?: Readonly<Partial<Record<ShortSpan, number>>> | undefined;
}

/** What {@link LedgerStore.append} did. */
export interface Appended {
	readonly added: number;
	/** Rows older than the calls that are kept: it cannot be told whether they were there before, so they were left out. */
	readonly tooOld: number;
}

/**
 * Keeps rows for good. Every store passes test/contract/ledger-store.test.ts.
 *
 * Methods reject with what their database throws; a batch is then in as a whole, or not at all.
 */
export interface LedgerStore {
	/** Adds rows, durably once it resolves. A row whose id is there already changes nothing. */
	append(rows: readonly LedgerRow[]): Promise<Appended>;
	/** Sorted by group. */
	totals(query: TotalsQuery): Promise<readonly GroupTotals[]>;
	/** @throws HyperAgentError `BAD_OPTION` where `after` is no cursor of that order */
	calls(query: CallsQuery): Promise<readonly LedgerRow[]>;
	/** What happened in each step of a stretch of time. */
	series(query: SeriesQuery): Promise<Series>;
	/** Of those calls that are kept, most calls first. */
	unpricedModels(range: TimeRange): Promise<readonly UnpricedModel[]>;
	/** Exactly what the rows of a process add up to: reckoned from the rows themselves, so only as long as they are kept. */
	processPairs(process: string): Promise<readonly ProcessPair[]>;
	/** To the millisecond, and as of one moment. */
	windowCosts(query: WindowCostsQuery): Promise<WindowCosts>;
	/**
	 * Forgets calls, and totals, that are older, in steps, so that nobody waits for long.
	 *
	 * @returns whether there is more to forget
	 */
	prune(before: Horizon): Promise<boolean>;
	close(): Promise<void>;
}
