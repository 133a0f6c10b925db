import { catchUp } from "../core/afterwards.ts";
import { publishCall } from "../core/call-channel.ts";
import type { ErrorType } from "../core/llm-error.ts";
import { roundUsd } from "../core/money.ts";
import {
	type NotedEvent,
	type NotedEventName,
	type ServedAnswer,
	settlementListeners,
} from "../core/settlement-listeners.ts";
import type { TokenUsage } from "../core/token-usage.ts";
import { installedRecorder } from "../metrics/recorder.ts";
import { installedPrices } from "../pricing/installed-prices.ts";
import { type Price, PriceBook } from "../pricing/price-book.ts";
import type { Prices } from "../pricing/prices.ts";
import type { Call } from "./call.ts";
import type { BilledUsage } from "./call-usage.ts";
import { reportInternalError } from "./internal-errors.ts";

let book = new PriceBook();
let pricesOfBook: Prices | undefined;

/** The prices that calls are billed by. */
export function priceBook(): PriceBook {
	const { value: prices } = installedPrices;
	if (prices !== pricesOfBook) {
		pricesOfBook = prices;
		book = new PriceBook(prices);
	}
	return book;
}

/**
 * A call has ended: price it, record it, tell everyone. Called once a call.
 *
 * @param isHeard whether anybody listened to the channel when it ended
 */
export function observe(call: Call, isHeard: boolean): void {
	const recorder = call.recorder ?? installedRecorder.value;
	const { value: listeners } = settlementListeners;
	if (recorder === undefined && listeners === undefined && !isHeard) return;
	price(call);
	recorder?.settle(call.recorder === undefined ? recorder.pair(call.route, call.model) : call.pair, call);
	if (isHeard) publishCall(call);
	if (listeners === undefined) return;
	for (const listener of listeners) {
		try {
			listener.settled(call);
		} catch (cause) {
			reportInternalError("listener", "A listener to settled calls has thrown.", cause);
		}
	}
}

/** A call was answered from a response cache: tell everyone who wants to know what that has saved. */
export function observeServed(call: Call): void {
	if (settlementListeners.value === undefined) return;
	catchUp();
	price(call);
	tellServed(call);
}

/** What is known of an answer from a response cache that no call was begun for. */
export interface CachedAnswer {
	readonly route: string;
	readonly provider: string;
	readonly model: string;
	readonly answeredModel: string | undefined;
	readonly usage: TokenUsage;
}

/** The same where the cache stands outside of what meters calls. */
export function observeCacheHit({ answeredModel, model, provider, route, usage }: CachedAnswer): void {
	if (settlementListeners.value === undefined) return;
	catchUp();
	try {
		const { costUsd } = priceBook().price({ provider, model, answeredModel, usage, at: Date.now() });
		tellServed({ route, model, provider, costUsd: costUsd === undefined ? undefined : roundUsd(costUsd) });
	} catch (cause) {
		reportInternalError("pricing", `${provider} ${model} could not be priced.`, cause);
	}
}

function tellServed(answer: ServedAnswer): void {
	const { value: listeners } = settlementListeners;
	if (listeners === undefined) return;
	for (const listener of listeners) {
		try {
			listener.served?.(answer);
		} catch (cause) {
			reportInternalError("listener", "A listener to answers from a cache has thrown.", cause);
		}
	}
}

/** Something was recorded by hand: tell everyone. */
export function observeManual(
	route: string,
	model: string,
	inputTokens: number,
	outputTokens: number,
	costUsd: number,
): void {
	const { value: listeners } = settlementListeners;
	if (listeners === undefined) return;
	catchUp();
	for (const listener of listeners) {
		try {
			listener.recorded(route, model, inputTokens, outputTokens, costUsd);
		} catch (cause) {
			reportInternalError("listener", "A listener to manual records has thrown.", cause);
		}
	}
}

/** Something that is no call was recorded: tell everyone who wants to know. */
export function observeNoted(
	event: NotedEventName,
	route: string | undefined,
	model?: string,
	provider?: string,
	latencyMs?: number,
	errorType?: ErrorType,
): void {
	const { value: listeners } = settlementListeners;
	if (listeners === undefined) return;
	catchUp();
	const noted: NotedEvent = { event, route, model, provider, latencyMs, errorType };
	for (const listener of listeners) {
		try {
			listener.noted?.(noted);
		} catch (cause) {
			reportInternalError("listener", "A listener to events has thrown.", cause);
		}
	}
}

/** Each answer has its own price. */
function price(call: Call): void {
	let usd: number | undefined;
	try {
		for (const part of call.billed) {
			const { costUsd, pricedModel, source, unpriced } = priceOf(call, part);
			call.unpriced ??= unpriced;
			if (costUsd === undefined) continue;
			usd = (usd ?? 0) + costUsd;
			call.priceSource = source;
			call.pricedModel = pricedModel;
		}
		call.costUsd = usd === undefined ? undefined : roundUsd(usd);
	} catch (cause) {
		call.unpriced = "unknown_model";
		reportInternalError("pricing", `${call.provider} ${call.model} could not be priced.`, cause);
	}
}

/** The label says where the call went; where the book has no such provider, the backend's own word counts. */
function priceOf(call: Call, part: BilledUsage): Price {
	const { answeredModel, model, reportedCostUsd, serviceTier, usage } = part;
	const { startedAt: at } = call;
	const asked = (book: PriceBook, provider: string): Price =>
		book.price({ provider, model, answeredModel, usage, serviceTier, reportedCostUsd, at });
	const prices = priceBook();
	if (part.provider !== call.priceProvider) return asked(prices, part.provider);
	const labelled = asked(prices, call.provider);
	if (labelled.source !== undefined || part.provider === call.provider) return labelled;
	return asked(prices.under(call.provider), part.provider);
}
