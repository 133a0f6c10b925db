/** pricing/: what a call costs, and from which price that follows. */
import { calcPrice, type MatchLogic, type ModelPrice, type Provider } from "@pydantic/genai-prices";
import type { TokenUsage } from "../core/token-usage.ts";
import { type PriceTimes, priceTimes } from "./price-times.ts";
import { countRate, type Rates, type Tier, tiersOf } from "./rates.ts";

/** Tools that a provider runs, as it calls them, and what genai-prices calls their price. */
const TOOL_PRICES: readonly (readonly [tool: string, key: string])[] = [
	["code_execution", "code_executions_kcount"],
	["file_search", "storage_searches_kcount"],
	["x_search", "social_searches_kcount"],
];

/** Anthropic bills it by its tokens alone. https://docs.claude.com/en/docs/agents-and-tools/tool-use/web-fetch-tool */
const FREE_AT_ANTHROPIC = "web_fetch";

/** Where a card's prices come from. */
interface Listing {
	readonly providerId: string;
	readonly modelId: string;
	readonly match: "exact" | "prefix";
	readonly prices: ModelPrice;
	readonly times: PriceTimes;
}

/**
 * The prices of one model, compiled: genai-prices answers a question in 8 to 44 µs, a card in plain arithmetic. A test
 * holds the two equal over every model. What a card has no rate for adds nothing: ask {@link hasRates} and
 * {@link hasToolRates} whether that was all.
 */
export class RateCard {
	/** The model's name in the price book. */
	readonly modelId: string;
	/** `exact` when the book lists that very name, `prefix` when one of its patterns matched. */
	readonly match: "exact" | "prefix";
	/** Milliseconds since the epoch between which these prices hold, the second excluded. */
	readonly from: number;
	readonly until: number;
	readonly #knowsInput: boolean;
	readonly #knowsOutput: boolean;
	readonly #perRequest: number;
	readonly #perWebSearch: number | undefined;
	readonly #perTool = new Map<string, number>();
	readonly #base: Rates;
	/** Those above the base, from the highest input to the lowest. */
	readonly #tiers: readonly Tier[];

	private constructor({ match, modelId, prices, providerId, times }: Listing) {
		this.modelId = modelId;
		this.match = match;
		this.from = times.from;
		this.until = times.until;
		// OpenRouter's word for a variant without a price; other models without one may cost money elsewhere.
		const isFree = modelId.endsWith(":free") && Object.keys(prices).length === 0;
		this.#knowsInput = isFree || prices["input_mtok"] !== undefined;
		this.#knowsOutput = isFree || prices["output_mtok"] !== undefined;
		this.#perRequest = countRate(prices, "requests_kcount") ?? 0;
		this.#perWebSearch = countRate(prices, "web_searches_kcount");
		if (providerId === "anthropic") this.#perTool.set(FREE_AT_ANTHROPIC, 0);
		for (const [tool, key] of TOOL_PRICES) {
			const rate = countRate(prices, key);
			if (rate !== undefined) this.#perTool.set(tool, rate);
		}
		const [base, ...tiers] = tiersOf(prices);
		this.#base = base.rates;
		this.#tiers = tiers.toReversed();
	}

	/**
	 * The prices of that model at that time; `undefined` where genai-prices knows no such model.
	 *
	 * @param provider an id of genai-prices, or a provider in its form
	 * @throws where genai-prices cannot read its own data
	 */
	static compile(provider: string | Provider, model: string, at: number): RateCard | undefined {
		const timestamp = new Date(at);
		const of = typeof provider === "string" ? { providerId: provider } : { provider };
		const answer = calcPrice({}, model, { ...of, timestamp });
		if (answer === null) return undefined;
		const { id, match, prices } = answer.model;
		const name = model.toLowerCase().trim();
		return new RateCard({
			providerId: answer.provider.id,
			modelId: id,
			match: id.toLowerCase() === name || isListed(name, match) ? "exact" : "prefix",
			prices: answer.model_price,
			times: priceTimes(prices, at),
		});
	}

	/** USD of one request with all that it used, not rounded. */
	cost(usage: TokenUsage): number {
		return this.tokenCost(usage) + this.requestCost(usage);
	}

	/**
	 * USD of the tokens of one request, not rounded. A whole that was not reported is the sum of its parts, and parts
	 * never come to more than their whole.
	 */
	tokenCost(usage: TokenUsage): number {
		// Each field is read once: usages come in many shapes, and reading is what takes the time.
		const { cacheReadAudio = 0, cacheWrite1h = 0, cacheWrite5m = 0, inputAudio = 0, inputImage = 0 } = usage;
		const { outputAudio = 0, outputImage = 0, reasoning = 0 } = usage;
		const uncached = usage.inputUncached ?? inputAudio + inputImage;
		const read = usage.cacheRead ?? cacheReadAudio;
		const output = usage.output ?? reasoning + outputAudio + outputImage;
		const rates = this.#ratesOf(uncached + read + cacheWrite5m + cacheWrite1h);

		const audioIn = Math.min(inputAudio, uncached);
		const imageIn = Math.min(inputImage, uncached - audioIn);
		const audioRead = Math.min(cacheReadAudio, read);
		const reasoned = Math.min(reasoning, output);
		const audioOut = Math.min(outputAudio, output - reasoned);
		const imageOut = Math.min(outputImage, output - reasoned - audioOut);
		return (
			(uncached - audioIn - imageIn) * rates.input +
			audioIn * rates.inputAudio +
			imageIn * rates.inputImage +
			(read - audioRead) * rates.cacheRead +
			audioRead * rates.cacheReadAudio +
			cacheWrite5m * rates.cacheWrite5m +
			cacheWrite1h * rates.cacheWrite1h +
			(output - reasoned - audioOut - imageOut) * rates.output +
			reasoned * rates.reasoning +
			audioOut * rates.outputAudio +
			imageOut * rates.outputImage
		);
	}

	/** USD of what is billed by the request and not by the token: the request itself, searches, other tools. */
	requestCost({ serverTools, webSearches = 0 }: TokenUsage): number {
		let usd = this.#perRequest + webSearches * (this.#perWebSearch ?? 0);
		for (const tool in serverTools) usd += (serverTools[tool] ?? 0) * (this.#perTool.get(tool) ?? 0);
		return usd;
	}

	/** Whether the card has a rate for every token; never where the model is billed by what we do not count (hours). */
	hasRates(usage: TokenUsage): boolean {
		if (this.#knowsInput) return this.#knowsOutput || !hasOutput(usage);
		return this.#knowsOutput && !hasInput(usage);
	}

	/** Whether it has one for every search and other tool. */
	hasToolRates({ serverTools, webSearches = 0 }: TokenUsage): boolean {
		if (webSearches > 0 && this.#perWebSearch === undefined) return false;
		for (const tool in serverTools) {
			if ((serverTools[tool] ?? 0) > 0 && !this.#perTool.has(tool)) return false;
		}
		return true;
	}

	#ratesOf(input: number): Rates {
		for (const { above, rates } of this.#tiers) if (input > above) return rates;
		return this.#base;
	}
}

function hasInput(usage: TokenUsage): boolean {
	const { cacheRead, cacheReadAudio, cacheWrite1h, cacheWrite5m, inputAudio, inputImage, inputUncached } =
		usage;
	if (cacheWrite5m || cacheWrite1h || (cacheRead ?? cacheReadAudio)) return true;
	return inputUncached === undefined ? Boolean(inputAudio || inputImage) : inputUncached > 0;
}

function hasOutput({ output, outputAudio, outputImage, reasoning }: TokenUsage): boolean {
	return output === undefined ? Boolean(reasoning || outputAudio || outputImage) : output > 0;
}

/** Whether a model lists that very name among those it goes by. */
function isListed(name: string, match: MatchLogic): boolean {
	if ("or" in match) return match.or.some((one) => isListed(name, one));
	return "equals" in match && match.equals.toLowerCase() === name;
}
