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
import type { LedgerRow } from "./ledger-row.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import type { Series, SeriesQuery } from "./series-query.ts";
import type { WriterOptions, WriterState } from "./writer-state.ts";

/** What a worker starts with. */
export type WorkerStart =
	/** `safe` is shared: the number of the last batch that is safe, and the rows in the spool; messages tell them, too. */
	| { readonly role: "write"; readonly options: WriterOptions; readonly safe: Int32Array }
	| { readonly role: "read"; readonly path: string }
	/** `taken` is shared: how many rows were taken, modulo 2³². */
	| { readonly role: "memory"; readonly limits: MemoryLimits; readonly taken: Int32Array };

/** Rows `from` to `to` of a page, with the names that are new in it; the page itself comes with its first rows. */
export interface RowsMessage {
	readonly kind: "rows";
	readonly number: number;
	readonly values: Float64Array | undefined;
	readonly names: readonly string[];
	readonly from: number;
	readonly to: number;
}

/** What the writing worker is told. */
export type ToWriter = RowsMessage | { readonly kind: "close" };
/** What it tells. */
export type FromWriter =
	| { readonly kind: "state"; readonly state: WriterState }
	| { readonly kind: "closed" };

/** The questions to a ledger, by name, and their answers. */
export interface Questions {
	totals: (query: TotalsQuery) => Promise<readonly GroupTotals[]>;
	series: (query: SeriesQuery) => Promise<Series>;
	calls: (query: CallsQuery) => Promise<readonly LedgerRow[]>;
	unpricedModels: (range: TimeRange) => Promise<readonly UnpricedModel[]>;
	processPairs: (process: string) => Promise<readonly ProcessPair[]>;
	windowCosts: (query: WindowCostsQuery) => Promise<WindowCosts>;
}

/** What the reading worker is asked. */
export interface ToReader {
	readonly id: number;
	readonly question: keyof Questions;
	readonly args: readonly unknown[];
}

/** What it answers. */
export type FromReader =
	| { readonly id: number; readonly answer: unknown }
	| { readonly id: number; readonly error: string };
