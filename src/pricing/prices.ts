/**
 * USD for a million tokens of each kind. A kind without a price of its own costs what it is a part of: everything read,
 * written or heard what `input` costs, reasoning and what is not text what `output` costs.
 */
export interface TokenPrices {
	readonly input?: number;
	/** Input that the provider reads from its cache. */
	readonly cacheRead?: number;
	/** Input that is written to the cache for five minutes, or with no stated lifetime. */
	readonly cacheWrite5m?: number;
	/** Input that is written to it for an hour; without a price of its own it costs what `cacheWrite5m` does. */
	readonly cacheWrite1h?: number;
	readonly inputAudio?: number;
	readonly inputImage?: number;
	/** Audio read from the cache; without a price of its own it costs what `cacheRead` does. */
	readonly cacheReadAudio?: number;
	readonly output?: number;
	readonly reasoning?: number;
	readonly outputAudio?: number;
	readonly outputImage?: number;
}

/** The prices of requests with more than `above` input tokens, cached ones included; the other prices stay as they are. */
export interface PriceTier extends TokenPrices {
	readonly above: number;
}

/**
 * What tokens cost in each service tier, as a factor: `{ batch: 0.5 }`. Its names are those that the answers give, in
 * capitals or not.
 */
export type ServiceTierFactors = Readonly<Record<string, number>>;

/**
 * What you pay for a model, in USD. It is the whole price: what it has no price for (a search, a tool) is not taken from
 * the list. With `serviceTiers` alone the prices stay those of the list.
 */
export interface ModelPrices extends TokenPrices {
	/** A provider by the label of the call, or by its common name: "openai", "azure", "bedrock", "gemini". */
	readonly provider: string;
	/** The model's name, or the beginning of names: "gpt-4o*"; "*" is every model. */
	readonly model: string;
	/** From the lowest `above` to the highest. */
	readonly tiers?: readonly PriceTier[];
	/** USD of each request. Where this is the only price, tokens cost nothing more. */
	readonly request?: number;
	/** USD of each web search. */
	readonly webSearch?: number;
	/** USD of each use of a tool that the provider runs: `{ file_search: 0.0025 }`. */
	readonly tools?: Readonly<Record<string, number>>;
	/** A date ("2026-07-01", at 00:00 UTC) or a time ("2026-07-01T12:00:00Z") from which it holds; always unless given. */
	readonly from?: string;
	/** When it no longer holds. */
	readonly until?: string;
	readonly serviceTiers?: ServiceTierFactors;
}

/** What holds for all models of a provider. */
export interface ProviderPrices {
	/** Takes the place of `Prices.discount`. */
	readonly discount?: number;
	readonly serviceTiers?: ServiceTierFactors;
}

/** What you pay, where that is not what genai-prices lists; an object, or the same in a JSON file. */
export interface Prices {
	/** Where several fit a call, the provider by label comes first, then the exact name, the longest one, the latest `from`. */
	readonly models?: readonly ModelPrices[];
	/** By the providers' names, or the labels of your calls. */
	readonly providers?: Readonly<Record<string, ProviderPrices>>;
	/** For all providers; those of a provider, and of a model, come first. */
	readonly serviceTiers?: ServiceTierFactors;
	/** The share that is taken off list prices: 0.12 is 12 %. Your own prices, and costs that providers report, stay. */
	readonly discount?: number;
}

/** The kinds of tokens that have prices. */
export const TOKEN_KINDS = [
	"input",
	"cacheRead",
	"cacheWrite5m",
	"cacheWrite1h",
	"inputAudio",
	"inputImage",
	"cacheReadAudio",
	"output",
	"reasoning",
	"outputAudio",
	"outputImage",
] as const;

/** Whether an entry has prices of its own, or only says what service tiers cost. */
export function hasPrice(entry: Partial<ModelPrices>): boolean {
	const { request, tools, webSearch } = entry;
	return [request, tools, webSearch, ...TOKEN_KINDS.map((kind) => entry[kind])].some(
		(price) => price !== undefined,
	);
}
