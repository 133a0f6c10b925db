/** pricing/: what a call costs, and from which price that follows. */
import { calcPrice, type MatchLogic, type ModelPrice, type Provider } from "@pydantic/genai-prices";
import type { PriceSource } from "../core/settled-call.ts";
import type { TokenUsage } from "../core/token-usage.ts";
import { LIST_PUBLISHED } from "./list-date.ts";
import { ALWAYS, datesOf } from "./price-dates.ts";
import { type PriceTimes, priceTimes } from "./price-times.ts";
import { type ModelPrices, TOKEN_KINDS } from "./prices.ts";
import { countRate, overrideTiers, type Rates, type Tier, tiersOf } from "./rates.ts";

/** Tools that a provider runs, as it calls them, and what genai-prices calls their price. */
const TOOL_PRICES: readonly (readonly [tool: string, key: string])[] = [
	["code_execution", "code_executions_kcount"],
	["file_search", "storage_searches_kcount"],
	["x_search", "social_searches_kcount"],
];

/** Anthropic bills it by its tokens alone. https://docs.claude.com/en/docs/agents-and-tools/tool-use/web-fetch-tool */
const FREE_AT_ANTHROPIC = "web_fetch";

/** What a card is made of. */
interface CardParts extends PriceTimes {
	readonly modelId: string;
	readonly source: Exclude<PriceSource, "reported">;
	readonly match: "exact" | "prefix" | "override";
	readonly asOf: number | undefined;
	readonly knowsInput: boolean;
	readonly knowsOutput: boolean;
	readonly perRequest: number;
	readonly perWebSearch: number | undefined;
	readonly perTool: ReadonlyMap<string, number>;
	readonly tiers: readonly [Tier, ...Tier[]];
}

/**
 * The prices of one model, compiled: genai-prices answers a question in 8 to 44 µs, a card in plain arithmetic. A test
 * holds the two equal over every model. What a card has no rate for adds nothing: ask {@link hasRates} and
 * {@link hasToolRates} whether that was all.
 */
export class RateCard {
	/** The model's name in the list, or an override's `model`. */
	readonly modelId: string;
	readonly source: Exclude<PriceSource, "reported">;
	/** `exact` when the list has that very name, `prefix` when one of its patterns matched; else an `override` of the user's. */
	readonly match: "exact" | "prefix" | "override";
	/** When the list was published, or the override's `from`, in milliseconds since the epoch. */
	readonly asOf: number | undefined;
	/** Milliseconds since the epoch between which these prices hold, the second excluded. */
	readonly from: number;
	readonly until: number;
	/** USD. */
	readonly perRequest: number;
	readonly perWebSearch: number | undefined;
	readonly perTool: ReadonlyMap<string, number>;
	readonly knowsInput: boolean;
	readonly knowsOutput: boolean;
	/** The rates by input, from the lowest to the highest. */
	readonly tiers: readonly [Tier, ...Tier[]];
	readonly #base: Rates;
	/** Whether a part (audio, images, reasoning) costs anything else than its whole. */
	readonly #hasPartRates: boolean;
	/** Those above the base, from the highest input to the lowest. */
	readonly #above: readonly Tier[];

	private constructor(parts: CardParts) {
		this.modelId = parts.modelId;
		this.source = parts.source;
		this.match = parts.match;
		this.asOf = parts.asOf;
		this.from = parts.from;
		this.until = parts.until;
		this.knowsInput = parts.knowsInput;
		this.knowsOutput = parts.knowsOutput;
		this.perRequest = parts.perRequest;
		this.perWebSearch = parts.perWebSearch;
		this.perTool = parts.perTool;
		this.tiers = parts.tiers;
		const [base, ...above] = parts.tiers;
		this.#base = base.rates;
		this.#above = above.toReversed();
		this.#hasPartRates = parts.tiers.some(({ rates }) => hasPartRates(rates));
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
		const { auto_update_timestamp: updated, model_price: prices } = answer;
		const { id, match } = answer.model;
		const name = model.toLowerCase().trim();
		// OpenRouter's word for a variant without a price; other models without one may cost money elsewhere.
		const isFree = id.endsWith(":free") && Object.keys(prices).length === 0;
		return new RateCard({
			modelId: id,
			source: "genai-prices",
			match: id.toLowerCase() === name || isListed(name, match) ? "exact" : "prefix",
			// The user may have told genai-prices to look for newer data.
			asOf: updated === undefined ? LIST_PUBLISHED : Date.parse(updated),
			...priceTimes(answer.model.prices, at),
			knowsInput: isFree || prices["input_mtok"] !== undefined,
			knowsOutput: isFree || prices["output_mtok"] !== undefined,
			perRequest: countRate(prices, "requests_kcount") ?? 0,
			perWebSearch: countRate(prices, "web_searches_kcount"),
			perTool: listedTools(answer.provider.id, prices),
			tiers: tiersOf(prices),
		});
	}

	/** What the user pays. */
	static ofOverride(prices: ModelPrices): RateCard {
		const times = datesOf(prices) ?? ALWAYS;
		// Where the user has named the price of a request and nothing else, that is all there is to pay.
		const isFlat = prices.request !== undefined && TOKEN_KINDS.every((kind) => prices[kind] === undefined);
		return new RateCard({
			modelId: prices.model,
			source: "override",
			match: "override",
			asOf: Number.isFinite(times.from) ? times.from : undefined,
			...times,
			knowsInput: isFlat || prices.input !== undefined,
			knowsOutput: isFlat || prices.output !== undefined,
			perRequest: prices.request ?? 0,
			perWebSearch: prices.webSearch,
			perTool: new Map(Object.entries(prices.tools ?? {})),
			tiers: overrideTiers(prices),
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
		// Only what is needed is read: usages come in many shapes, and reading is what takes the time.
		const { cacheWrite1h = 0, cacheWrite5m = 0 } = usage;
		const uncached = usage.inputUncached ?? (usage.inputAudio ?? 0) + (usage.inputImage ?? 0);
		const read = usage.cacheRead ?? usage.cacheReadAudio ?? 0;
		const output =
			usage.output ?? (usage.reasoning ?? 0) + (usage.outputAudio ?? 0) + (usage.outputImage ?? 0);
		const rates = this.#ratesOf(uncached + read + cacheWrite5m + cacheWrite1h);
		const written = cacheWrite5m * rates.cacheWrite5m + cacheWrite1h * rates.cacheWrite1h;
		if (this.#hasPartRates) return written + costOfParts(usage, rates, uncached, read, output);
		return written + uncached * rates.input + read * rates.cacheRead + output * rates.output;
	}

	/** USD of what is billed by the request and not by the token: the request itself, searches, other tools. */
	requestCost({ serverTools, webSearches = 0 }: TokenUsage): number {
		let usd = this.perRequest + webSearches * (this.perWebSearch ?? 0);
		for (const tool in serverTools) usd += (serverTools[tool] ?? 0) * (this.perTool.get(tool) ?? 0);
		return usd;
	}

	/** Whether the card has a rate for every token; never where the model is billed by what we do not count (hours). */
	hasRates(usage: TokenUsage): boolean {
		if (this.knowsInput) return this.knowsOutput || !hasOutput(usage);
		return this.knowsOutput && !hasInput(usage);
	}

	/** Whether it has one for every search and other tool. */
	hasToolRates({ serverTools, webSearches = 0 }: TokenUsage): boolean {
		if (webSearches > 0 && this.perWebSearch === undefined) return false;
		for (const tool in serverTools) {
			if ((serverTools[tool] ?? 0) > 0 && !this.perTool.has(tool)) return false;
		}
		return true;
	}

	#ratesOf(input: number): Rates {
		for (const { above, rates } of this.#above) if (input > above) return rates;
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

function listedTools(providerId: string, prices: ModelPrice): ReadonlyMap<string, number> {
	const tools = new Map(providerId === "anthropic" ? [[FREE_AT_ANTHROPIC, 0]] : []);
	for (const [tool, key] of TOOL_PRICES) {
		const rate = countRate(prices, key);
		if (rate !== undefined) tools.set(tool, rate);
	}
	return tools;
}

/** The same where parts have rates of their own: without what is written to the cache, which has no parts. */
function costOfParts(
	usage: TokenUsage,
	rates: Rates,
	uncached: number,
	read: number,
	output: number,
): number {
	const { cacheReadAudio = 0, inputAudio = 0, inputImage = 0 } = usage;
	const { outputAudio = 0, outputImage = 0, reasoning = 0 } = usage;
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
		(output - reasoned - audioOut - imageOut) * rates.output +
		reasoned * rates.reasoning +
		audioOut * rates.outputAudio +
		imageOut * rates.outputImage
	);
}

function hasPartRates(rates: Rates): boolean {
	const { cacheRead, cacheReadAudio, input, inputAudio, inputImage } = rates;
	const { output, outputAudio, outputImage, reasoning } = rates;
	const isInput = inputAudio === input && inputImage === input && cacheReadAudio === cacheRead;
	return !isInput || reasoning !== output || outputAudio !== output || outputImage !== output;
}

/** Whether a model lists that very name among those it goes by. */
function isListed(name: string, match: MatchLogic): boolean {
	if ("or" in match) return match.or.some((one) => isListed(name, one));
	return "equals" in match && match.equals.toLowerCase() === name;
}
