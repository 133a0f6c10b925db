import type { TokenUsage } from "../core/token-usage.ts";
import { isLedgerEvent } from "./ledger-event.ts";
import type { LedgerRow } from "./ledger-row.ts";
import { type PageSlice, parsedTags, parsedUsage, ROW_WIDTH } from "./row-page.ts";

/** The row at that place of a page. */
export function readRow({ names, values }: PageSlice, index: number): LedgerRow {
	let i = index * ROW_WIDTH;
	const name = (): string | undefined => names[(values[i++] ?? 0) - 1];
	const count = (): number | undefined => {
		const value = values[i++] ?? Number.NaN;
		return Number.isNaN(value) ? undefined : value;
	};
	const process = name() ?? "";
	const [sequence = 0, at = 0, route = "", model = ""] = [count(), count(), name(), name()];
	const [answeredModel, provider = "", what, outcome] = [name(), name(), name(), name()];
	const event = isLedgerEvent(what) ? what : undefined;
	const operation = event === undefined ? what : undefined;
	const [errorType, usageMissing, unpriced, priceSource, pricedModel] = [
		name(),
		name(),
		name(),
		name(),
		name(),
	];
	const [tags, moreUsage, latencyMs, timeToFirstTokenMs] = [name(), name(), count(), count()];
	const [attempts = 0, whole, pico] = [count(), count(), count()];
	const usage = {
		...withCount("inputUncached", count()),
		...withCount("cacheRead", count()),
		...withCount("cacheWrite5m", count()),
		...withCount("cacheWrite1h", count()),
		...withCount("output", count()),
		...withCount("reasoning", count()),
		...(moreUsage === undefined ? undefined : parsedUsage(moreUsage)),
	};
	const amount = whole === undefined || pico === undefined ? undefined : { whole, pico };
	return {
		process,
		sequence,
		source: outcome === undefined ? "manual" : "call",
		event,
		at,
		route,
		model,
		answeredModel,
		provider,
		operation,
		outcome,
		errorType,
		usage: hasFields(usage) ? usage : undefined,
		usageMissing,
		cost: event === undefined ? amount : undefined,
		saved: event === undefined ? undefined : amount,
		unpriced,
		priceSource,
		pricedModel,
		latencyMs,
		timeToFirstTokenMs,
		attempts,
		tags: tags === undefined ? undefined : parsedTags(tags),
	};
}

function withCount(name: keyof TokenUsage, count: number | undefined): TokenUsage | undefined {
	return count === undefined ? undefined : { [name]: count };
}

function hasFields(usage: object): boolean {
	for (const _ in usage) return true;
	return false;
}
