import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TokenUsage } from "../../src/core/token-usage.ts";
import { explainPrice, type PricedCall, type PriceExplanation } from "../../src/pricing/explain-price.ts";
import { PriceBook } from "../../src/pricing/price-book.ts";

/** 2026-11-25T07:00Z. */
const AT = Date.UTC(2026, 10, 25, 7);

function explain(call: Partial<PricedCall>, book: PriceBook = new PriceBook()): PriceExplanation {
	const whole = { provider: "openai", model: "gpt-4o", answeredModel: undefined, usage: undefined };
	return explainPrice(book, { ...whole, pricedModel: undefined, costUsd: undefined, at: AT, ...call });
}

describe("a cost in its parts", () => {
	// https://openai.com/api/pricing: gpt-4o costs $2.50, cached $1.25, and $10 for a million tokens.
	test("is each class of tokens at its price", () => {
		const usage = { inputUncached: 1000, cacheRead: 2000, output: 500, reasoning: 200 };
		const costUsd = 0.0025 + 0.0025 + 0.005;
		expect(explain({ usage, costUsd, pricedModel: "gpt-4o" })).toEqual({
			addsUp: true,
			parts: [
				{ class: "input", count: 1000, price: 2.5, per: "million", costUsd: 0.0025 },
				{ class: "cache read", count: 2000, price: 1.25, per: "million", costUsd: 0.0025 },
				{ class: "output", count: 300, price: 10, per: "million", costUsd: 0.003 },
				{ class: "reasoning", count: 200, price: 10, per: "million", costUsd: 0.002 },
			],
		});
	});

	// https://www.anthropic.com/pricing: Sonnet 4 costs $3, writes $3.75 and $6, reads $0.30, $15 out, $10 for 1,000 searches.
	test("tells the cache's two lives and searches apart", () => {
		const usage = {
			inputUncached: 10,
			cacheWrite5m: 1000,
			cacheWrite1h: 1000,
			cacheRead: 10_000,
			output: 100,
			webSearches: 3,
		};
		const costUsd = 0.00003 + 0.00375 + 0.006 + 0.003 + 0.0015 + 0.03;
		const { addsUp, parts } = explain({ provider: "anthropic", model: "claude-sonnet-4-0", usage, costUsd });
		expect(parts.map((part) => [part.class, part.count, part.price, part.per, part.costUsd])).toEqual([
			["input", 10, 3, "million", 0.00003],
			["cache read", 10_000, 0.3, "million", 0.003],
			["cache write 5m", 1000, 3.75, "million", 0.00375],
			["cache write 1h", 1000, 6, "million", 0.006],
			["output", 100, 15, "million", 0.0015],
			["web searches", 3, 10, "thousand", 0.03],
		]);
		expect(addsUp).toBe(true);
	});

	test("is by the user's own prices, less a discount, a price for the request with it", () => {
		const own = {
			provider: "mine",
			model: "m",
			input: 2,
			output: 8,
			request: 0.01,
			tools: { lookup: 0.005 },
		};
		const book = new PriceBook({ models: [own], providers: { openai: { discount: 0.1 } } });
		const usage = { inputUncached: 1_000_000, output: 1_000_000, serverTools: { lookup: 2, other: 1 } };
		const mine = explain({ provider: "mine", model: "m", usage, costUsd: 10.02 }, book);
		expect(mine.parts).toEqual([
			{ class: "input", count: 1_000_000, price: 2, per: "million", costUsd: 2 },
			{ class: "output", count: 1_000_000, price: 8, per: "million", costUsd: 8 },
			{ class: "requests", count: 1, price: 10, per: "thousand", costUsd: 0.01 },
			{ class: "lookup", count: 2, price: 5, per: "thousand", costUsd: 0.01 },
			{ class: "other", count: 1, price: undefined, per: "thousand", costUsd: undefined },
		]);
		expect(mine.addsUp).toBe(false);
		const less = explain({ usage: { inputUncached: 1000 }, costUsd: 0.00225 }, book);
		expect(less).toEqual({
			addsUp: true,
			parts: [{ class: "input", count: 1000, price: 2.25, per: "million", costUsd: 0.00225 }],
		});
	});

	test("is of the tier that the input reaches, each request by itself", () => {
		const tiers = [{ above: 1000, input: 4, output: 20 }];
		const book = new PriceBook({ models: [{ provider: "mine", model: "m", input: 2, output: 8, tiers }] });
		const call = { provider: "mine", model: "m", pricedModel: "m" };
		const usage = { inputUncached: 2000, output: 20 };
		expect(explain({ ...call, usage, costUsd: 0.008 + 0.0004 }, book)).toMatchObject({
			addsUp: true,
			parts: [
				{ class: "input", count: 2000, price: 4 },
				{ class: "output", count: 20, price: 20 },
			],
		});
		const iterations = [
			{ inputUncached: 1000, output: 10 },
			{ inputUncached: 1001, output: 10 },
			{ inputUncached: 1, output: 10 },
		];
		const costUsd = 0.002 + 0.00008 + 0.004004 + 0.0002 + 0.000002 + 0.00008;
		expect(explain({ ...call, usage: { ...usage, iterations }, costUsd }, book)).toMatchObject({
			addsUp: true,
			parts: [
				{ class: "input", count: 1001, price: 2 },
				{ class: "output", count: 20, price: 8 },
				{ class: "input", count: 1001, price: 4 },
				{ class: "output", count: 10, price: 20 },
			],
		});
	});

	test("is by the model whose prices were taken, be it the one asked or the one that answered", () => {
		const usage = { inputUncached: 1_000_000 };
		const names = { model: "gpt-4o", answeredModel: "gpt-4o-mini-2024-07-18", usage };
		expect(explain({ ...names, pricedModel: "gpt-4o-mini" }).parts[0]?.price).toBe(0.15);
		expect(explain({ ...names, pricedModel: "gpt-4o" }).parts[0]?.price).toBe(2.5);
	});

	test("is by the prices of whoever stands behind a label that is nobody's name, where they come to the cost", () => {
		const usage = { inputUncached: 1000, output: 100 };
		const call = { provider: "my-gateway", usage, pricedModel: "gpt-4o" };
		expect(explain({ ...call, costUsd: 0.0025 + 0.001 })).toEqual({
			addsUp: true,
			parts: [
				{ class: "input", count: 1000, price: 2.5, per: "million", costUsd: 0.0025 },
				{ class: "output", count: 100, price: 10, per: "million", costUsd: 0.001 },
			],
		});
		// What the user has said of the label holds for it.
		const book = new PriceBook({ providers: { "my-gateway": { discount: 0.1 } } });
		const less = explain({ ...call, costUsd: 0.00225 + 0.0009 }, book);
		expect([less.addsUp, ...less.parts.map(({ price }) => price)]).toEqual([true, 2.25, 9]);
		const sonnet = { model: "claude-sonnet-4-0", pricedModel: "claude-sonnet-4-0" };
		expect(explain({ ...call, ...sonnet, costUsd: 0.003 + 0.0015 }).parts.map(({ price }) => price)).toEqual([
			3, 15,
		]);
		// Nobody's prices are told where they do not come to the cost, or it is not known that they were taken.
		for (const other of [{ costUsd: 0.0036 }, { costUsd: 0.0035, pricedModel: undefined }]) {
			const { addsUp, parts } = explain({ ...call, ...other });
			expect([addsUp, ...parts.map(({ price }) => price)]).toEqual([false, undefined, undefined]);
		}
	});

	test("has no price where nobody knows one, and does not add up to what the provider told", () => {
		const usage = { inputUncached: 10, output: 20 };
		expect(explain({ model: "unheard-of", usage })).toEqual({
			addsUp: false,
			parts: [
				{ class: "input", count: 10, price: undefined, per: "million", costUsd: undefined },
				{ class: "output", count: 20, price: undefined, per: "million", costUsd: undefined },
			],
		});
		expect(explain({ usage, costUsd: 0.5 }).addsUp).toBe(false);
		expect(explain({ usage: undefined, costUsd: 0.5 })).toEqual({ addsUp: false, parts: [] });
		expect(explain({ usage: {}, costUsd: 0 })).toEqual({ addsUp: true, parts: [] });
	});
});

const count = fc.oneof(fc.constant(0), fc.nat({ max: 900_000 }), fc.constantFrom(200_000, 200_001, 272_001));
const usages: fc.Arbitrary<TokenUsage> = fc.record(
	{
		inputUncached: count,
		cacheRead: count,
		cacheWrite5m: count,
		cacheWrite1h: count,
		output: count,
		reasoning: count,
		inputAudio: count,
		cacheReadAudio: count,
		inputImage: count,
		outputAudio: count,
		outputImage: count,
		webSearches: fc.nat({ max: 20 }),
	},
	{ requiredKeys: [] },
);
const models = fc.constantFrom(
	["openai", "gpt-4o"],
	["openai", "gpt-4o-audio-preview"],
	["openai", "gpt-5"],
	["anthropic", "claude-sonnet-4-5"],
	["anthropic", "claude-3-haiku-20240307"],
	["google", "gemini-2.5-pro"],
	["google", "gemini-2.5-flash"],
	["mistral", "mistral-large-latest"],
);

test("whatever was used, the parts of a priced call come to its cost, and no token is in two", () => {
	const book = new PriceBook();
	fc.assert(
		fc.property(
			models,
			usages,
			fc.array(usages, { maxLength: 3 }),
			([provider = "", model = ""], whole, iterations) => {
				const usage = iterations.length === 0 ? whole : { ...whole, iterations };
				// The price that the call was billed by; rate-card.test.ts holds it equal to genai-prices'.
				const { costUsd, pricedModel, unpriced } = book.price({ provider, model, usage, at: AT });
				const { addsUp, parts } = explain({ provider, model, usage, costUsd, pricedModel }, book);
				expect(addsUp || unpriced !== undefined).toBe(true);
				const tokens = parts
					.filter(({ per }) => per === "million")
					.reduce((sum, part) => sum + part.count, 0);
				const wholes = (iterations.length === 0 ? [usage] : iterations).map(
					({ cacheRead, cacheReadAudio = 0, cacheWrite1h = 0, cacheWrite5m = 0, inputAudio = 0, ...rest }) =>
						(rest.inputUncached ?? inputAudio + (rest.inputImage ?? 0)) +
						(cacheRead ?? cacheReadAudio) +
						cacheWrite5m +
						cacheWrite1h +
						(rest.output ?? (rest.reasoning ?? 0) + (rest.outputAudio ?? 0) + (rest.outputImage ?? 0)),
				);
				expect(tokens).toBe(wholes.reduce((sum, one) => sum + one, 0));
			},
		),
		{ numRuns: 2000 },
	);
});
