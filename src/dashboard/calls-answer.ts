/*
 * What `/api/calls` answers, typed once for the server and the page. Times are in milliseconds since the epoch,
 * latencies in milliseconds; exact amounts of USD are decimals in text: "0.0025".
 */

/** A page of calls. */
export interface CallsAnswer {
	/** In the order that was asked for: the latest first, or the dearest. */
	readonly calls: readonly CallView[];
	/** What `after` has to say for the next page; `null` where there is none. */
	readonly next: string | null;
}

/** One call that has ended, or one record by hand. */
export interface CallView {
	readonly id: string;
	readonly source: "call" | "manual";
	/** When it started. */
	readonly at: number;
	readonly route: string;
	readonly model: string;
	readonly answeredModel: string | null;
	readonly provider: string;
	readonly operation: string | null;
	readonly outcome: string | null;
	readonly errorType: string | null;
	readonly latencyMs: number | null;
	readonly firstTokenMs: number | null;
	readonly attempts: number;
	/** Why (a part of) its usage is not known. */
	readonly usageMissing: string | null;
	/** Why (a part of) it has no known price. */
	readonly unpriced: string | null;
	readonly inputTokens: number | null;
	readonly outputTokens: number | null;
	/** Exact; `null` where it has no known price. */
	readonly costUsd: string | null;
	/** Where the price came from: `reported`, `override` or `genai-prices`. */
	readonly priceSource: string | null;
	readonly pricedModel: string | null;
	readonly tags: Readonly<Record<string, string>>;
	/** What the cost is made of, each token class by itself. */
	readonly parts: readonly CostPart[];
	/** Whether the parts, at the prices that the book has for its time, add up to the cost. */
	readonly partsAddUp: boolean;
}

/** So many tokens of a class at a price. */
export interface CostPart {
	/** "input", "cache read", "cache write 5m", "cache write 1h", "output", "web searches", and so on. */
	readonly class: string;
	readonly count: number;
	/** USD for a million tokens, or for a thousand searches; `null` where the book has none. */
	readonly price: number | null;
	readonly per: "million" | "thousand";
	readonly costUsd: number | null;
}
