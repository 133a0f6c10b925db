import { callId } from "../core/call-id.ts";
import type { TokenUsage } from "../core/token-usage.ts";
import type { LedgerEvent } from "./ledger-event.ts";

/** Where a row comes from: a metered call, or `recordLlmCost` and `recordLlmTokens`. */
export type RowSource = "call" | "manual";

/** A call that has ended, a record by hand or another event, as the ledger keeps it. Nothing that anyone said is in it. */
export interface LedgerRow {
	/** Which process it is of, and its number there: together its identity, see {@link rowId}. */
	readonly process: string;
	readonly sequence: number;
	readonly source: RowSource;
	/** What it is, where it is neither a call nor tokens or a cost by hand: it counts in no total of those. */
	readonly event?: LedgerEvent | undefined;
	/** When the call started (or the record was made), in whole milliseconds since the epoch. */
	readonly at: number;
	/** "" where it is not known: that of a rate limit recorded by hand. */
	readonly route: string;
	/** The model that was asked for; "" of a look into a response cache. */
	readonly model: string;
	readonly answeredModel: string | undefined;
	/** "" where a record by hand names none. */
	readonly provider: string;
	readonly operation: string | undefined;
	/** `undefined` for records by hand: they are no calls. */
	readonly outcome: string | undefined;
	readonly errorType: string | undefined;
	readonly usage: TokenUsage | undefined;
	readonly usageMissing: string | undefined;
	readonly cost: ExactCost | undefined;
	/** What a `served` answer would have cost. */
	readonly saved?: ExactCost | undefined;
	readonly unpriced: string | undefined;
	/** Which price the cost was reckoned by, and the model that it is of. */
	readonly priceSource: string | undefined;
	readonly pricedModel: string | undefined;
	readonly latencyMs: number | undefined;
	readonly timeToFirstTokenMs: number | undefined;
	readonly attempts: number;
	readonly tags: Readonly<Record<string, string>> | undefined;
}

/** An exact amount: whole US dollars, and 10⁻¹² dollars below one. */
export interface ExactCost {
	readonly whole: number;
	readonly pico: number;
}

/** The row's id: that of its call. */
export function rowId(row: LedgerRow): string {
	return callId(row.sequence, row.process);
}
