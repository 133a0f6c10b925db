import type { ModelPrice } from "@pydantic/genai-prices";
import type { ModelPrices, TokenPrices } from "./prices.ts";

/** USD for one token of each kind, in the requests of one tier. */
export interface Rates {
	readonly input: number;
	readonly inputAudio: number;
	readonly inputImage: number;
	readonly cacheRead: number;
	readonly cacheReadAudio: number;
	readonly cacheWrite5m: number;
	readonly cacheWrite1h: number;
	readonly output: number;
	readonly reasoning: number;
	readonly outputAudio: number;
	readonly outputImage: number;
}

/** The rates of requests whose input is more than `above` tokens. */
export interface Tier {
	readonly above: number;
	readonly rates: Rates;
}

/** The tiers of a price list, from the lowest input to the highest; the first takes what is in no other. */
export function tiersOf(prices: ModelPrice): readonly [Tier, ...Tier[]] {
	const starts = new Set<number>();
	for (const price of Object.values(prices)) {
		if (typeof price === "object") for (const { start } of price.tiers) starts.add(start);
	}
	const tier = (above: number): Tier => ({ above, rates: ratesAbove(above, prices) });
	// Below 0, because a tier that starts at 0 is above no input.
	return [tier(-1), ...[...starts].toSorted((a, b) => a - b).map(tier)];
}

/** The same of the user's prices. */
export function overrideTiers(prices: ModelPrices): readonly [Tier, ...Tier[]] {
	let inForce: TokenPrices = prices;
	const above = (prices.tiers ?? []).map((tier) => {
		inForce = { ...inForce, ...tier };
		return { above: tier.above, rates: overrideRates(inForce) };
	});
	return [{ above: -1, rates: overrideRates(prices) }, ...above];
}

/** USD for one of what that key prices by the thousand; `undefined` where it has no price. */
export function countRate(prices: ModelPrice, key: string): number | undefined {
	const price = prices[key];
	return price === undefined ? undefined : priceAbove(price, -1) / 1000;
}

/**
 * The most specific price of each kind, else that of the kind it belongs to: cached audio without a price of its own
 * costs what cached text does. genai-prices falls back in the same way, and a test holds the two equal.
 */
function ratesAbove(above: number, prices: ModelPrice): Rates {
	const rate = (...keys: readonly string[]): number => {
		for (const key of keys) {
			const price = prices[key];
			if (price !== undefined) return priceAbove(price, above) / 1e6;
		}
		return 0;
	};
	return {
		input: rate("input_mtok"),
		inputAudio: rate("input_audio_mtok", "input_mtok"),
		inputImage: rate("input_image_mtok", "input_mtok"),
		cacheRead: rate("cache_read_mtok", "input_mtok"),
		cacheReadAudio: rate("cache_audio_read_mtok", "cache_read_mtok", "input_audio_mtok", "input_mtok"),
		cacheWrite5m: rate("cache_write_5m_mtok", "cache_write_mtok", "input_mtok"),
		cacheWrite1h: rate("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
		output: rate("output_mtok"),
		reasoning: rate("output_reasoning_mtok", "output_mtok"),
		outputAudio: rate("output_audio_mtok", "output_mtok"),
		outputImage: rate("output_image_mtok", "output_mtok"),
	};
}

/** Each kind's own price, else that of what it is a part of. */
function overrideRates(prices: TokenPrices): Rates {
	const rate = (...kinds: readonly (keyof TokenPrices)[]): number =>
		(kinds.map((kind) => prices[kind]).find((price) => price !== undefined) ?? 0) / 1e6;
	return {
		input: rate("input"),
		inputAudio: rate("inputAudio", "input"),
		inputImage: rate("inputImage", "input"),
		cacheRead: rate("cacheRead", "input"),
		cacheReadAudio: rate("cacheReadAudio", "cacheRead", "inputAudio", "input"),
		cacheWrite5m: rate("cacheWrite5m", "input"),
		cacheWrite1h: rate("cacheWrite1h", "cacheWrite5m", "input"),
		output: rate("output"),
		reasoning: rate("reasoning", "output"),
		outputAudio: rate("outputAudio", "output"),
		outputImage: rate("outputImage", "output"),
	};
}

/** The price in requests of just more than `above` tokens: that of the highest tier which begins there or below. */
function priceAbove(price: NonNullable<ModelPrice[string]>, above: number): number {
	if (typeof price === "number") return price;
	let highest = -1;
	let found = price.base;
	for (const { start, price: ofTier } of price.tiers) {
		if (start > above || start < highest) continue;
		highest = start;
		found = ofTier;
	}
	return found;
}
