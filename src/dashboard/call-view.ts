import { formatPico } from "../core/exact-usd.ts";
import { totalInput } from "../core/token-usage.ts";
import { type LedgerRow, rowId } from "../ledger/ledger-row.ts";
import { explainPrice } from "../pricing/explain-price.ts";
import { installedPrices } from "../pricing/installed-prices.ts";
import { PriceBook } from "../pricing/price-book.ts";
import type { Prices } from "../pricing/prices.ts";
import type { CallView } from "./calls-answer.ts";

let book = new PriceBook();
let pricesOfBook: Prices | undefined;

/** A book of our own: the one that bills calls remembers today's prices, and questions about old calls would push them out. */
function priceBook(): PriceBook {
	const { value: prices } = installedPrices;
	if (prices !== pricesOfBook) {
		pricesOfBook = prices;
		book = new PriceBook(prices);
	}
	return book;
}

/** A row of the ledger as the page shows it. */
export function callView(row: LedgerRow): CallView {
	const { cost, usage } = row;
	const exact = cost === undefined ? undefined : BigInt(cost.whole) * 1_000_000_000_000n + BigInt(cost.pico);
	const costUsd = exact === undefined ? undefined : formatPico(exact);
	const { addsUp, parts } = explainPrice(priceBook(), {
		provider: row.provider,
		model: row.model,
		answeredModel: row.answeredModel,
		usage,
		pricedModel: row.pricedModel,
		costUsd: costUsd === undefined ? undefined : Number(costUsd),
		at: row.at,
	});
	return {
		id: rowId(row),
		source: row.source,
		at: row.at,
		route: row.route,
		model: row.model,
		answeredModel: row.answeredModel ?? null,
		provider: row.provider,
		operation: row.operation ?? null,
		outcome: row.outcome ?? null,
		errorType: row.errorType ?? null,
		latencyMs: row.latencyMs ?? null,
		firstTokenMs: row.timeToFirstTokenMs ?? null,
		attempts: row.attempts,
		usageMissing: row.usageMissing ?? null,
		unpriced: row.unpriced ?? null,
		inputTokens: usage === undefined ? null : (totalInput(usage) ?? null),
		outputTokens: usage?.output ?? null,
		costUsd: costUsd ?? null,
		priceSource: row.priceSource ?? null,
		pricedModel: row.pricedModel ?? null,
		tags: row.tags ?? {},
		parts: parts.map(({ costUsd: usd = null, price = null, ...part }) => ({ ...part, price, costUsd: usd })),
		partsAddUp: addsUp,
	};
}
