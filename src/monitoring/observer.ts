import { roundUsd } from "../core/money.ts";
import { settlementListeners } from "../core/settlement-listeners.ts";
import { installedRecorder } from "../metrics/recorder.ts";
import { PriceBook } from "../pricing/price-book.ts";
import type { Call } from "./call.ts";
import { reportInternalError } from "./internal-errors.ts";

/** The prices that calls are billed by. */
export const priceBook: PriceBook = new PriceBook();

/** A call has ended: price it, record it, tell everyone. Called once a call. */
export function observe(call: Call): void {
	const recorder = call.recorder ?? installedRecorder.value;
	const listeners = settlementListeners();
	if (recorder === undefined && listeners === undefined) return;
	price(call);
	recorder?.settle(call.recorder === undefined ? recorder.pair(call.route, call.model) : call.pair, call);
	if (listeners === undefined) return;
	for (const listener of listeners) {
		try {
			listener.settled(call);
		} catch (cause) {
			reportInternalError("listener", "A listener to settled calls has thrown.", cause);
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
	const listeners = settlementListeners();
	if (listeners === undefined) return;
	for (const listener of listeners) {
		try {
			listener.recorded(route, model, inputTokens, outputTokens, costUsd);
		} catch (cause) {
			reportInternalError("listener", "A listener to manual records has thrown.", cause);
		}
	}
}

/** The label says where the call went; where the book has no such provider, the backend's own word counts. */
function price(call: Call): void {
	const { answeredModel, model, priceProvider, provider, startedAt: at, usage } = call;
	if (usage === undefined) return;
	try {
		let priced = priceBook.price({ provider, model, answeredModel, usage, at });
		if (priced.unpriced === "unknown_model" && priceProvider !== provider) {
			priced = priceBook.price({ provider: priceProvider, model, answeredModel, usage, at });
		}
		call.costUsd = priced.costUsd === undefined ? undefined : roundUsd(priced.costUsd);
		call.unpriced = priced.unpriced;
	} catch (cause) {
		call.unpriced = "unknown_model";
		reportInternalError("pricing", `${provider} ${model} could not be priced.`, cause);
	}
}
