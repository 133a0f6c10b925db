/** pricing/: what a call costs, and from which price that follows. */
import { calcPrice, type Usage } from "@pydantic/genai-prices";
import type { TokenUsage } from "../core/token-usage.ts";
import { priceTimes } from "./price-times.ts";

/** USD for one of each, in the rate card's arithmetic: the parts are surcharges (or rebates) on their whole. */
interface Rates {
	readonly inputUncached: number;
	readonly cacheRead: number;
	readonly cacheWrite5m: number;
	readonly cacheWrite1h: number;
	readonly output: number;
	readonly reasoning: number;
	readonly inputAudio: number;
	readonly cacheReadAudio: number;
	readonly inputImage: number;
	readonly outputAudio: number;
	readonly outputImage: number;
}

/** The rates of requests whose input is more than `above` tokens. */
interface Tier {
	readonly above: number;
	readonly rates: Rates;
}

/** What genai-prices knows no rate for is not free: these say which classes it knows. */
export interface KnownRates {
	readonly input: boolean;
	readonly output: boolean;
	readonly webSearches: boolean;
	readonly codeExecutions: boolean;
}

/**
 * The prices of one model, compiled: genai-prices answers a question in 8 to 44 µs, a card in plain arithmetic. A card
 * is made by asking genai-prices itself what one of each class costs, in each of its tiers, so that it cannot know
 * better; a test holds the two equal over every model.
 */
export class RateCard {
	/** The model's name in the price book. */
	readonly modelId: string;
	/** `exact` when the book has that very name, `prefix` when one of its patterns matched. */
	readonly match: "exact" | "prefix";
	readonly known: KnownRates;
	/** Milliseconds since the epoch between which these prices hold, the second excluded. */
	readonly from: number;
	readonly until: number;
	readonly #perRequest: number;
	readonly #perWebSearch: number;
	readonly #perCodeExecution: number;
	/** From the lowest input to the highest. */
	readonly #tiers: readonly Tier[];

	private constructor(provider: string, model: string, at: number, found: Found) {
		this.modelId = found.modelId;
		this.match = found.modelId.toLowerCase() === model.toLowerCase().trim() ? "exact" : "prefix";
		this.from = found.from;
		this.until = found.until;
		const { prices } = found;
		this.known = {
			input: prices["input_mtok"] !== undefined,
			output: prices["output_mtok"] !== undefined,
			webSearches: prices["web_searches_kcount"] !== undefined,
			codeExecutions: prices["code_executions_kcount"] !== undefined,
		};
		const ask = (usage: Usage): number =>
			calcPrice(usage, model, { providerId: provider, timestamp: new Date(at) })?.total_price ?? 0;
		this.#perRequest = ask({});
		this.#perWebSearch = (ask({ web_searches: 1000 }) - this.#perRequest) / 1000;
		this.#perCodeExecution = (ask({ code_executions: 1000 }) - this.#perRequest) / 1000;
		this.#tiers = [0, ...tierStarts(prices)].map((above) => ({ above, rates: ratesAbove(above, ask) }));
	}

	/** The prices of that model at that time; `undefined` where genai-prices knows no such model. */
	static compile(provider: string, model: string, at: number): RateCard | undefined {
		const timestamp = new Date(at);
		const answer = calcPrice({}, model, { providerId: provider, timestamp });
		if (answer === null) return undefined;
		const { from, until } = priceTimes(answer.model.prices, at);
		return new RateCard(provider, model, at, {
			modelId: answer.model.id,
			prices: answer.model_price,
			from,
			until,
		});
	}

	/** USD of the tokens of one request, not rounded; what the card has no rate for adds nothing. */
	tokenCost(usage: TokenUsage): number {
		const uncached = usage.inputUncached ?? 0;
		const read = usage.cacheRead ?? 0;
		const write5m = usage.cacheWrite5m ?? 0;
		const write1h = usage.cacheWrite1h ?? 0;
		const rates = this.#ratesOf(uncached + read + write5m + write1h);
		return (
			uncached * rates.inputUncached +
			read * rates.cacheRead +
			write5m * rates.cacheWrite5m +
			write1h * rates.cacheWrite1h +
			(usage.output ?? 0) * rates.output +
			(usage.reasoning ?? 0) * rates.reasoning +
			(usage.inputAudio ?? 0) * rates.inputAudio +
			(usage.cacheReadAudio ?? 0) * rates.cacheReadAudio +
			(usage.inputImage ?? 0) * rates.inputImage +
			(usage.outputAudio ?? 0) * rates.outputAudio +
			(usage.outputImage ?? 0) * rates.outputImage
		);
	}

	/** USD of what is billed by the request and not by the token: the request itself, searches, code execution. */
	requestCost(webSearches: number, codeExecutions: number): number {
		return this.#perRequest + webSearches * this.#perWebSearch + codeExecutions * this.#perCodeExecution;
	}

	#ratesOf(input: number): Rates {
		const tiers = this.#tiers;
		let i = tiers.length - 1;
		while (i > 0 && input <= (tiers[i]?.above ?? 0)) i -= 1;
		return tiers[i]?.rates ?? NO_RATES;
	}
}

interface Found {
	readonly modelId: string;
	readonly prices: Readonly<Record<string, unknown>>;
	readonly from: number;
	readonly until: number;
}

const NO_RATES: Rates = {
	inputUncached: 0,
	cacheRead: 0,
	cacheWrite5m: 0,
	cacheWrite1h: 0,
	output: 0,
	reasoning: 0,
	inputAudio: 0,
	cacheReadAudio: 0,
	inputImage: 0,
	outputAudio: 0,
	outputImage: 0,
};

/** Every number of input tokens above which some price of the model changes. */
function tierStarts(prices: Readonly<Record<string, unknown>>): readonly number[] {
	const starts = new Set<number>();
	for (const price of Object.values(prices)) {
		if (typeof price !== "object" || price === null || !("tiers" in price)) continue;
		// genai-prices has checked its own data: a price that is no number is a TieredPrices.
		for (const { start } of price.tiers as readonly { readonly start: number }[]) starts.add(start);
	}
	starts.delete(0);
	return [...starts].sort((a, b) => a - b);
}

/** Asks what one of each class costs in requests of that tier. A tier's price holds for all tokens of a request. */
function ratesAbove(above: number, ask: (usage: Usage) => number): Rates {
	// The lowest tier begins at 0: ask it for one token, so that no other tier can begin below that.
	const input = above + 1;
	const request = ask({});
	const of = (usage: Usage): number => (ask({ input_tokens: input, ...usage }) - request) / input;
	const output = (usage: Usage): number => {
		const asked = { input_tokens: input, output_tokens: 1e6, ...usage };
		return (ask(asked) - ask({ input_tokens: input })) / 1e6;
	};
	const inputUncached = of({});
	const cacheRead = of({ cache_read_tokens: input });
	const perOutput = output({});
	const audio = { input_audio_tokens: input };
	return {
		inputUncached,
		cacheRead,
		cacheWrite5m: of({ cache_write_tokens: input, cache_write_5m_tokens: input }),
		cacheWrite1h: of({ cache_write_tokens: input, cache_write_1h_tokens: input }),
		output: perOutput,
		reasoning: output({ output_reasoning_tokens: 1e6 }) - perOutput,
		inputAudio: of(audio) - inputUncached,
		cacheReadAudio: of({ ...audio, cache_read_tokens: input, cache_audio_read_tokens: input }) - cacheRead,
		inputImage: of({ input_image_tokens: input }) - inputUncached,
		outputAudio: output({ output_audio_tokens: 1e6 }) - perOutput,
		outputImage: output({ output_image_tokens: 1e6 }) - perOutput,
	};
}
