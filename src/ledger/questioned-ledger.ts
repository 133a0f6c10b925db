import type { LedgerRow } from "./ledger-row.ts";
import type { CallsQuery, GroupTotals, TimeRange, TotalsQuery, UnpricedModel } from "./ledger-store.ts";
import type { Series, SeriesQuery } from "./series-query.ts";

/** What a page asks: a ledger's file, or what a process remembers without one. */
export interface QuestionedLedger {
	/** The file; none in memory. */
	readonly path: string | undefined;
	totals(query: TotalsQuery): Promise<readonly GroupTotals[]>;
	series(query: SeriesQuery): Promise<Series>;
	calls(query: CallsQuery): Promise<readonly LedgerRow[]>;
	unpricedModels(range?: TimeRange): Promise<readonly UnpricedModel[]>;
}
