import { calcPrice, type Usage } from "@pydantic/genai-prices";
import { measure } from "mitata";
import type { TokenUsage } from "../src/core/token-usage.ts";
import { PriceBook } from "../src/pricing/price-book.ts";
import type { ContenderName } from "./contender.ts";
import type { Figure, MeasureOptions } from "./result.ts";

const PROVIDER = "anthropic";
/** Its price depends on the size of the input, and each class of tokens has its own. */
const MODEL = "claude-sonnet-4-5";
const WARM_UP = 20_000;

/** Sixteen answers of different sizes and shapes, every fourth with more than 200,000 tokens of input. */
const USAGES: readonly TokenUsage[] = Array.from({ length: 16 }, (_, i) => ({
	inputUncached: 150 + i,
	output: 50 + i,
	...(i % 2 === 0 ? { cacheRead: i % 4 === 0 ? 300_000 + i : 20_000 } : undefined),
	...(i % 3 === 0 ? { cacheWrite5m: 700 + i } : undefined),
	...(i % 5 === 0 ? { reasoning: 20 } : undefined),
}));

/** The same in genai-prices' words: its input includes what is cached. */
const GENAI_USAGES: readonly Usage[] = USAGES.map(
	({ cacheRead = 0, cacheWrite5m = 0, inputUncached = 0, output = 0, reasoning = 0 }) => ({
		input_tokens: inputUncached + cacheRead + cacheWrite5m,
		cache_read_tokens: cacheRead,
		cache_write_tokens: cacheWrite5m,
		cache_write_5m_tokens: cacheWrite5m,
		output_tokens: output,
		output_reasoning_tokens: reasoning,
	}),
);

/** Who prices an answer: a compiled card, the price book that finds it, or genai-prices itself. */
export const PRICERS = ["card", "book", "calc-price"] as const;

/** One of {@link PRICERS}. */
export type PricerName = (typeof PRICERS)[number];

/** Nanoseconds of pricing one answer. */
export async function pricing(
	contender: ContenderName,
	name: PricerName,
	{ ms }: MeasureOptions,
): Promise<Figure | undefined> {
	if (contender !== "ours") return undefined;
	const at = Date.now();
	const price = pricerOf(name, at);
	for (const i of USAGES.keys()) {
		const [own, theirs] = [price(i), pricerOf("calc-price", at)(i)];
		if (!(Math.abs(own - theirs) <= 1e-12 * theirs)) throw new Error(`${name} says ${own}, not ${theirs}.`);
	}
	let turn = 0;
	let sum = 0;
	const next = (): void => {
		turn = (turn + 1) & 15;
		sum += price(turn);
	};
	for (let i = 0; i < WARM_UP; i++) next();
	const stats = await measure(next, { min_cpu_time: ms * 1e6 });
	if (!(sum > 0)) throw new Error("Nothing was priced.");
	return { value: stats.p50, samples: stats.samples.length };
}

function pricerOf(name: PricerName, at: number): (index: number) => number {
	const book = new PriceBook();
	const card = book.card(PROVIDER, MODEL, at);
	if (card === undefined) throw new Error(`genai-prices does not list ${MODEL}.`);
	const timestamp = new Date(at);
	switch (name) {
		case "card":
			return (index) => card.cost(USAGES[index]!);
		case "book":
			return (index) =>
				book.price({ provider: PROVIDER, model: MODEL, usage: USAGES[index]!, at }).costUsd ?? Number.NaN;
		case "calc-price":
			return (index) =>
				calcPrice(GENAI_USAGES[index]!, MODEL, { providerId: PROVIDER, timestamp })?.total_price ??
				Number.NaN;
	}
}
