import type { TokenUsage } from "../core/token-usage.ts";
import type { PriceBook } from "./price-book.ts";
import type { Terms } from "./price-overrides.ts";
import type { RateCard } from "./rate-card.ts";
import type { Rates } from "./rates.ts";

/** A call that has been priced. */
export interface PricedCall {
	readonly provider: string;
	readonly model: string;
	readonly answeredModel: string | undefined;
	readonly usage: TokenUsage | undefined;
	/** The model whose prices were taken, where that is known. */
	readonly pricedModel: string | undefined;
	/** In USD. */
	readonly costUsd: number | undefined;
	/** When it started, in milliseconds since the epoch. */
	readonly at: number;
}

/** So many of a class at a price. */
export interface PricePart {
	/** "input", "cache read", "cache write 5m", "output", "reasoning", "web searches", "requests", or a tool's own name. */
	readonly class: string;
	readonly count: number;
	/** USD for a million tokens, or for a thousand of anything else, less the discount; `undefined` where there is none. */
	readonly price: number | undefined;
	readonly per: "million" | "thousand";
	readonly costUsd: number | undefined;
}

/** What a call's cost is made of. */
export interface PriceExplanation {
	/** Disjoint: no token is in two of them. */
	readonly parts: readonly PricePart[];
	/**
	 * Whether they come to the call's cost. They do not where the provider told the cost itself, a service tier had its
	 * factor, several models answered, or prices have been changed since.
	 */
	readonly addsUp: boolean;
}

/** Tokens that cost the same. */
interface Counted {
	readonly class: string;
	readonly per: "million" | "thousand";
	readonly rate: number | undefined;
	count: number;
}

/** Who may have billed a call whose label is nobody's name ("my-gateway"), by their ids in genai-prices. */
const BILLERS = [
	"openai",
	"anthropic",
	"google",
	"azure",
	"aws",
	"mistral",
	"deepseek",
	"x-ai",
	"groq",
	"openrouter",
	"together",
	"fireworks",
	"moonshotai",
	"cohere",
	"voyageai",
] as const;

/** Takes the cost of a call apart, by the prices that a book has for its time. */
export function explainPrice(book: PriceBook, call: PricedCall): PriceExplanation {
	const terms = termsOf(book, call);
	const own = explainBy(book, call, terms);
	const { pricedModel, provider } = call;
	if (terms !== undefined || pricedModel === undefined || call.usage === undefined) return own;
	// The backend behind the label has said whose prices hold. A row does not tell, and the sum does.
	const labelled = book.under(provider);
	for (const biller of BILLERS) {
		const billed = { ...call, provider: biller };
		const theirs = termsOf(labelled, billed);
		if (theirs?.card?.modelId !== pricedModel) continue;
		const explained = explainBy(labelled, billed, theirs);
		if (explained.addsUp) return explained;
	}
	return own;
}

function explainBy(book: PriceBook, call: PricedCall, terms: Terms | undefined): PriceExplanation {
	const { answeredModel, at, costUsd, model, provider, usage } = call;
	if (usage === undefined) return { parts: [], addsUp: false };
	const counted = new Map<string, Counted>();
	const add = (name: string, count: number, rate: number | undefined, per: Counted["per"]): void => {
		if (!(count > 0)) return;
		const key = `${name} ${rate}`;
		const known = counted.get(key);
		if (known === undefined) counted.set(key, { class: name, count, rate, per });
		else known.count += count;
	};
	const { iterations = [], serverTools = {}, webSearches = 0 } = usage;
	// Price tiers look at one request, so each of several is priced for itself.
	for (const part of iterations.length === 0 ? [usage] : iterations) {
		const name = "model" in part && typeof part.model === "string" ? part.model : undefined;
		const isOwn = name === undefined || name === answeredModel;
		const other = isOwn ? terms : book.terms(provider, name, at);
		const own = other?.card === undefined && name === model ? terms : other;
		for (const [kind, count, rate] of tokensOf(part, own)) add(kind, count, rate, "million");
	}
	const { card, share } = terms ?? { card: undefined, share: 1 };
	const times = (rate: number | undefined): number | undefined =>
		rate === undefined ? undefined : rate * share;
	if (card !== undefined && card.perRequest > 0) add("requests", 1, times(card.perRequest), "thousand");
	add("web searches", webSearches, times(card?.perWebSearch), "thousand");
	for (const [tool, count] of Object.entries(serverTools)) {
		add(tool, count, times(card?.perTool.get(tool)), "thousand");
	}
	const parts = [...counted.values()].map(priced);
	const sum = parts.reduce((usd, part) => usd + (part.costUsd ?? 0), 0);
	const isKnown = parts.every((part) => part.costUsd !== undefined);
	// A call's cost is rounded to 10⁻¹² USD, and the parts of it are not.
	const addsUp = isKnown && costUsd !== undefined && Math.abs(sum - costUsd) <= 2e-12 + costUsd * 1e-11;
	return { parts, addsUp };
}

/** The terms by which the call was priced, else those that would be looked for first. */
function termsOf(
	book: PriceBook,
	{ answeredModel, at, model, pricedModel, provider }: PricedCall,
): Terms | undefined {
	const names = answeredModel === undefined || answeredModel === model ? [model] : [answeredModel, model];
	const all = names.map((name) => book.terms(provider, name, at)).filter((one) => one?.card !== undefined);
	return all.find((one) => one?.card?.modelId === pricedModel) ?? all[0];
}

type TokenClass = readonly [name: string, count: number, rate: number | undefined];

/** The tokens of one request in disjoint classes, as {@link RateCard.tokenCost} counts them, and what one of each costs. */
function tokensOf(usage: TokenUsage, terms: Terms | undefined): readonly TokenClass[] {
	const { cacheReadAudio = 0, cacheWrite1h = 0, cacheWrite5m = 0, inputAudio = 0, inputImage = 0 } = usage;
	const { outputAudio = 0, outputImage = 0, reasoning = 0 } = usage;
	const uncached = usage.inputUncached ?? inputAudio + inputImage;
	const read = usage.cacheRead ?? cacheReadAudio;
	const output = usage.output ?? reasoning + outputAudio + outputImage;
	const audioIn = Math.min(inputAudio, uncached);
	const imageIn = Math.min(inputImage, uncached - audioIn);
	const audioRead = Math.min(cacheReadAudio, read);
	const reasoned = Math.min(reasoning, output);
	const audioOut = Math.min(outputAudio, output - reasoned);
	const imageOut = Math.min(outputImage, output - reasoned - audioOut);
	const { card, share = 1 } = terms ?? {};
	const rates = card === undefined ? undefined : ratesOf(card, uncached + read + cacheWrite5m + cacheWrite1h);
	const of = (kind: keyof Rates): number | undefined => {
		const isKnown = /^(output|reasoning)/.test(kind) ? card?.knowsOutput : card?.knowsInput;
		return isKnown === true && rates !== undefined ? rates[kind] * share : undefined;
	};
	return [
		["input", uncached - audioIn - imageIn, of("input")],
		["audio input", audioIn, of("inputAudio")],
		["image input", imageIn, of("inputImage")],
		["cache read", read - audioRead, of("cacheRead")],
		["audio cache read", audioRead, of("cacheReadAudio")],
		["cache write 5m", cacheWrite5m, of("cacheWrite5m")],
		["cache write 1h", cacheWrite1h, of("cacheWrite1h")],
		["output", output - reasoned - audioOut - imageOut, of("output")],
		["reasoning", reasoned, of("reasoning")],
		["audio output", audioOut, of("outputAudio")],
		["image output", imageOut, of("outputImage")],
	];
}

/** Those of the highest tier that such an input reaches. */
function ratesOf({ tiers }: RateCard, input: number): Rates {
	const [base] = tiers;
	return tiers.findLast(({ above }) => input > above)?.rates ?? base.rates;
}

function priced({ class: name, count, per, rate }: Counted): PricePart {
	if (rate === undefined) return { class: name, count, per, price: undefined, costUsd: undefined };
	const price = decimal(rate * (per === "million" ? 1e6 : 1e3));
	return { class: name, count, per, price, costUsd: decimal(rate * count) };
}

/** Without what binary fractions add behind the twelfth digit. */
function decimal(value: number): number {
	return Number(value.toPrecision(12));
}
