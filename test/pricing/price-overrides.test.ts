import { describe, expect, test } from "vitest";
import type { TokenUsage } from "../../src/core/token-usage.ts";
import { LIST_PUBLISHED } from "../../src/pricing/list-date.ts";
import { type Price, PriceBook, type PriceQuery } from "../../src/pricing/price-book.ts";
import type { ModelPrices, Prices } from "../../src/pricing/prices.ts";

const AT = Date.parse("2026-11-01T12:00:00Z");
const MILLION: TokenUsage = { inputUncached: 1_000_000 };

function price(prices: Prices, query: Partial<PriceQuery>): Price {
	return new PriceBook(prices).price({
		provider: "openai",
		model: "gpt-4o",
		usage: MILLION,
		at: AT,
		...query,
	});
}

/** What a million input tokens cost, with entries that are told apart by their price. */
function input(models: readonly Partial<ModelPrices>[], query: Partial<PriceQuery> = {}): number | undefined {
	const entries = models.map((entry): ModelPrices => ({ provider: "openai", model: "gpt-4o", ...entry }));
	return price({ models: entries }, query).costUsd;
}

describe("which entry counts", () => {
	const LISTED = 2.5;

	test.each<[string, readonly Partial<ModelPrices>[], Partial<PriceQuery>, number]>([
		["the exact name", [{ input: 1 }], {}, 1],
		["in any case", [{ provider: " OpenAI", model: "GPT-4o ", input: 1 }], {}, 1],
		["no other name", [{ model: "gpt-4", input: 1 }], {}, LISTED],
		["a prefix", [{ model: "gpt-4o*", input: 1 }], { model: "gpt-4o-mini" }, 1],
		["every model", [{ model: "*", input: 1 }], {}, 1],
		["the exact one before a prefix", [{ model: "gpt-4o*", input: 1 }, { input: 2 }], {}, 2],
		[
			"the longer prefix",
			[
				{ model: "gpt-*", input: 1 },
				{ model: "gpt-4*", input: 2 },
				{ model: "*", input: 3 },
			],
			{},
			2,
		],
		["another provider's not", [{ provider: "azure", input: 1 }], {}, LISTED],
		["a label of the provider", [{ input: 1 }], { provider: "openai.chat" }, 1],
		[
			"a label with the provider's name in it",
			[{ provider: "azure", input: 1 }],
			{ provider: "azure-eu" },
			1,
		],
		[
			"by label first",
			[
				{ provider: "azure", input: 1 },
				{ provider: "azure-eu", model: "*", input: 2 },
			],
			{ provider: "azure-eu" },
			2,
		],
		["one label's not for another", [{ provider: "azure-eu", input: 1 }], { provider: "azure-us" }, LISTED],
		["an alias", [{ provider: "xai", model: "grok-3", input: 1 }], { provider: "x-ai", model: "grok-3" }, 1],
		["LiteLLM's names", [{ input: 1 }], { provider: "litellm", model: "openai/gpt-4o" }, 1],
	])("%s", (_what, models, query, usd) => {
		expect(input(models, query)).toBeCloseTo(usd, 12);
	});

	test.each([
		["bedrock", ["aws", "aws.bedrock", "amazon-bedrock", "my-bedrock"], "amazon.nova-pro-v1:0"],
		["amazon-bedrock", ["bedrock", "aws.bedrock"], "amazon.nova-pro-v1:0"],
		["gemini", ["google", "google.generative-ai", "gcp.gemini"], "gemini-2.5-pro"],
		["mistralai", ["mistral", "mistral.chat"], "mistral-large-latest"],
		["moonshot", ["moonshotai", "kimi"], "kimi-k2-0905-preview"],
		["Claude", ["anthropic", "anthropic.messages"], "claude-opus-4-5"],
	])("an entry for %s is for all labels of that provider: %j", (provider, labels, model) => {
		const models = [{ provider, model: "*", input: 7 }];
		for (const label of labels) expect(input(models, { provider: label, model }), label).toBe(7);
	});

	test("a provider that nobody lists", () => {
		const models = [{ provider: "ollama", model: "*", input: 0, output: 0 }];
		const free = price({ models }, { provider: "ollama", model: "llama3.3" });
		expect(free).toMatchObject({ costUsd: 0, unpriced: undefined, source: "override" });
		expect(price({ models }, { provider: "vllm", model: "llama3.3" }).unpriced).toBe("unknown_model");
	});

	test("dates: the later `from` of those that hold, each from its first to its last millisecond", () => {
		const models = [
			{ input: 1 },
			{ input: 2, from: "2026-03-01" },
			{ input: 3, from: "2026-06-01T12:00:00+02:00", until: "2026-07-01" },
		];
		const times = [
			["2026-02-28T23:59:59.999Z", 1],
			["2026-03-01T00:00:00Z", 2],
			["2026-06-01T09:59:59.999Z", 2],
			["2026-06-01T10:00:00Z", 3],
			["2026-06-30T23:59:59.999Z", 3],
			["2026-07-01T00:00:00Z", 2],
		] as const;
		const entries = models.map((entry) => ({ provider: "openai", model: "gpt-4o", ...entry }));
		const book = new PriceBook({ models: entries });
		// Forwards and back, so that what the book remembers is tried as well.
		for (const [time, usd] of [...times, ...times.toReversed()]) {
			const query = { provider: "openai", model: "gpt-4o", usage: MILLION, at: Date.parse(time) };
			expect(book.price(query).costUsd, time).toBe(usd);
		}
		const now = book.price({ provider: "openai", model: "gpt-4o", usage: MILLION, at: AT });
		expect(now.asOf).toBe(Date.parse("2026-03-01"));
	});

	test("outside its dates the list holds", () => {
		expect(input([{ input: 1, until: "2026-01-01" }])).toBeCloseTo(LISTED, 12);
	});
});

describe("the model that was asked and the one that answered", () => {
	test("a price for the name that one asks by holds for the longer one that answers", () => {
		expect(input([{ input: 1 }], { answeredModel: "gpt-4o-2024-08-06" })).toBe(1);
	});

	test("one for the name that answers comes first", () => {
		const models = [{ input: 1 }, { model: "gpt-4o-2024-08-06", input: 2 }];
		expect(input(models, { answeredModel: "gpt-4o-2024-08-06" })).toBe(2);
	});

	test("of entries for either name the closer one counts", () => {
		const answeredModel = "gpt-4o-2024-08-06";
		expect(input([{ input: 1 }, { model: "*", input: 2 }], { answeredModel })).toBe(1);
		expect(input([{ input: 1 }, { model: "gpt-4o-2024*", input: 2 }], { answeredModel })).toBe(1);
		expect(
			input(
				[
					{ model: "gpt-4o*", input: 1 },
					{ model: "gpt-4o-2024*", input: 2 },
				],
				{ answeredModel },
			),
		).toBe(2);
		// A price before what only has factors.
		const factors = { model: answeredModel, serviceTiers: { flex: 0.5 } };
		expect(input([{ model: "gpt*", input: 1 }, factors], { answeredModel })).toBe(1);
	});

	test("when another model has answered, its own price counts", () => {
		// GPT-4o mini is listed at $0.15.
		expect(input([{ input: 1 }], { answeredModel: "gpt-4o-mini-2024-07-18" })).toBeCloseTo(0.15, 12);
	});

	test("an answering name that the list does not know is not another model's", () => {
		const models = [{ input: 1 }, { model: "*", input: 9 }];
		expect(input(models, { answeredModel: "name-of-nobody-1" })).toBe(1);
		// A closer entry for that very name counts still.
		const closer = [...models, { model: "name-of-nobody-1", input: 2 }];
		expect(input(closer, { answeredModel: "name-of-nobody-1" })).toBe(2);
	});

	test("a name that the list does not know is the user's to price", () => {
		const models = [{ model: "my-router", input: 1 }];
		expect(input(models, { model: "my-router", answeredModel: "gpt-4o-mini" })).toBe(1);
	});

	test("each iteration by its own model's price", () => {
		const iterations = [MILLION, { ...MILLION, model: "claude-opus-4-5" }];
		const models = [
			{ provider: "anthropic", model: "claude-sonnet-4-5", input: 1 },
			{ provider: "anthropic", model: "claude-opus*", input: 2 },
		];
		const query = { provider: "anthropic", model: "claude-sonnet-4-5", usage: { iterations } };
		expect(price({ models }, query).costUsd).toBe(3);
	});
});

describe("an entry is the whole price", () => {
	test.each<[Partial<ModelPrices>, TokenUsage, number]>([
		// Without a price of its own, a kind costs what it is a part of.
		[{ input: 3 }, { cacheRead: 1e6, cacheWrite5m: 1e6, cacheWrite1h: 1e6 }, 9],
		[{ input: 3, cacheWrite5m: 4 }, { cacheWrite5m: 1e6, cacheWrite1h: 1e6 }, 8],
		[{ input: 3, cacheWrite5m: 4, cacheWrite1h: 6 }, { cacheWrite5m: 1e6, cacheWrite1h: 1e6 }, 10],
		[{ input: 3, inputAudio: 5 }, { inputUncached: 2e6, inputAudio: 1e6 }, 8],
		[{ input: 3, cacheRead: 1, inputAudio: 5 }, { cacheRead: 1e6, cacheReadAudio: 1e6 }, 1],
		[{ input: 3, cacheRead: 1, cacheReadAudio: 2 }, { cacheRead: 1e6, cacheReadAudio: 1e6 }, 2],
		[{ input: 3, inputImage: 7 }, { inputUncached: 1e6, inputImage: 1e6 }, 7],
		[{ output: 3, reasoning: 1 }, { output: 2e6, reasoning: 1e6 }, 4],
		[{ output: 3, outputAudio: 5, outputImage: 9 }, { output: 3e6, outputAudio: 1e6, outputImage: 1e6 }, 17],
		[{ request: 0.002 }, { inputUncached: 1e6, output: 1e6 }, 0.002],
		[
			{ input: 1, webSearch: 0.01, tools: { file_search: 0.5 } },
			{ webSearches: 2, serverTools: { file_search: 3 } },
			1.52,
		],
	])("%o makes of %o $%s", (entry, usage, usd) => {
		const priced = price({ models: [{ provider: "openai", model: "gpt-4o", ...entry }] }, { usage });
		expect(priced.costUsd).toBeCloseTo(usd, 12);
		expect(priced.unpriced).toBeUndefined();
	});

	test("what it does not price is said, whatever the list has", () => {
		const models = [{ provider: "openai", model: "gpt-4o", input: 3 }];
		expect(price({ models }, { usage: { output: 5 } })).toMatchObject({
			costUsd: undefined,
			unpriced: "unknown_rate",
		});
		const searched = price({ models }, { usage: { ...MILLION, webSearches: 1 } });
		expect(searched).toMatchObject({ costUsd: 3, unpriced: "server_tool" });
	});

	test("tiers change only what they name", () => {
		const tiers = [
			{ above: 1000, input: 2 },
			{ above: 2000, output: 20 },
		];
		const models = [{ provider: "openai", model: "gpt-4o", input: 1, output: 10, tiers }];
		const cost = (inputUncached: number) =>
			price({ models }, { usage: { inputUncached, output: 1_000_000 } }).costUsd;
		// 1000 × 1, 1001 × 2 and 2001 × 2 a million, and a million of output at $10, $10 and $20.
		expect(cost(1000)).toBeCloseTo(10.001, 12);
		expect(cost(1001)).toBeCloseTo(10.002002, 12);
		expect(cost(2001)).toBeCloseTo(20.004002, 12);
	});
});

describe("service tiers and discounts", () => {
	const flex = (prices: Prices, query: Partial<PriceQuery> = {}) =>
		price(prices, { serviceTier: "flex", ...query }).costUsd;

	test("the model's factor comes before the provider's, before all providers', before the published one", () => {
		// GPT-4o: $2.50. OpenAI publishes a half for flex.
		expect(flex({})).toBeCloseTo(1.25, 12);
		const everybody: Prices = { serviceTiers: { flex: 0.8 } };
		expect(flex(everybody)).toBeCloseTo(2, 12);
		const provider: Prices = { ...everybody, providers: { OpenAI: { serviceTiers: { flex: 0.6 } } } };
		expect(flex(provider)).toBeCloseTo(1.5, 12);
		const models = [{ provider: "openai", model: "gpt-4*", serviceTiers: { flex: 0.4 } }];
		expect(flex({ ...provider, models })).toBeCloseTo(1, 12);
		expect(flex({ ...provider, models }, { model: "gpt-3.5-turbo" })).toBeCloseTo(0.3, 12);
	});

	test("what is said of a label comes before what is said of its provider", () => {
		const providers: Prices["providers"] = {
			azure: { discount: 0.2, serviceTiers: { batch: 0.5, flex: 0.5 } },
			"azure-eu": { serviceTiers: { flex: 0.8 } },
		};
		const eu = { provider: "azure-eu" };
		// $2.50 × 0.8 × 0.8 and × 0.5 × 0.8; another label of the provider's: × 0.5 × 0.8
		expect(flex({ providers }, eu)).toBeCloseTo(1.6, 12);
		expect(flex({ providers }, { ...eu, serviceTier: "batch" })).toBeCloseTo(1, 12);
		expect(flex({ providers }, { provider: "azure-us" })).toBeCloseTo(1, 12);
	});

	test("a tier's name is the same in capitals", () => {
		expect(flex({ serviceTiers: { FLEX: 0.8 } })).toBeCloseTo(2, 12);
		const models = [{ provider: "google", model: "gemini*", serviceTiers: { ON_DEMAND_PRIORITY: 1.8 } }];
		const vertex = { provider: "vertex", model: "gemini-2.5-flash", serviceTier: "on_demand_priority" };
		// $0.30 × 1.8
		expect(price({ models }, vertex)).toMatchObject({
			costUsd: expect.closeTo(0.54, 12),
			unpriced: undefined,
		});
	});

	test("what is said of a label that no list has is for its calls, at the prices of who is behind it", () => {
		const prices: Prices = {
			discount: 0.1,
			models: [{ provider: "acme-eu", model: "gpt-4o", serviceTiers: { priority: 2 } }],
			providers: { "acme-eu": { discount: 0.5 } },
		};
		const book = new PriceBook(prices);
		const query: PriceQuery = { provider: "openai", model: "gpt-4o", usage: MILLION, at: AT };
		// $2.50, half of it off; twice as much in priority; a tenth off for everybody else.
		expect(book.under("Acme-EU").price(query).costUsd).toBeCloseTo(1.25, 12);
		const priority = { ...query, serviceTier: "priority" };
		expect(book.under("acme-eu").price(priority)).toMatchObject({
			costUsd: expect.closeTo(2.5, 12),
			unpriced: undefined,
		});
		expect(book.price(query).costUsd).toBeCloseTo(2.25, 12);
		expect(book.under("acme-us").price(query).costUsd).toBeCloseTo(2.25, 12);
		expect(book.under("acme-us")).toBe(book);
	});

	test("they multiply an entry's own prices as well", () => {
		const entry = { provider: "openai", model: "gpt-4o", input: 1 };
		expect(flex({ models: [entry] })).toBe(0.5);
		expect(flex({ models: [{ ...entry, serviceTiers: { flex: 0.25 } }] })).toBe(0.25);
		// One entry may say the price and another the factors.
		const factors = { provider: "openai", model: "gpt*", serviceTiers: { flex: 0.75 } };
		expect(flex({ models: [entry, factors] })).toBe(0.75);
	});

	test("tokens cost more or less, searches and requests do not", () => {
		const entry = { provider: "openai", model: "gpt-4o", input: 1, request: 0.25, webSearch: 0.5 };
		const usage = { ...MILLION, webSearches: 1 };
		expect(flex({ models: [entry] }, { usage })).toBe(1.25);
	});

	test("two of them at once multiply", () => {
		const anthropic = { provider: "anthropic", model: "claude-opus-4-6", serviceTier: "fast+us" };
		const models = [{ provider: "anthropic", model: "claude-opus-4-6", serviceTiers: { fast: 6 } }];
		// $5 × 6 × 1.1
		expect(price({ models }, anthropic).costUsd).toBeCloseTo(33, 12);
		expect(price({}, anthropic)).toMatchObject({ costUsd: expect.closeTo(5, 12), unpriced: "unknown_rate" });
	});

	test("an unknown tier costs what is listed, and is told, in iterations, too", () => {
		const unknown = { serviceTier: "lightning" };
		expect(price({}, unknown)).toMatchObject({ costUsd: expect.closeTo(2.5, 12), unpriced: "unknown_rate" });
		const usage = { iterations: [MILLION] };
		expect(price({}, { ...unknown, usage }).unpriced).toBe("unknown_rate");
		expect(price({}, { serviceTier: "flex", usage }).costUsd).toBeCloseTo(1.25, 12);
	});

	test("no name of an object's own is a tier or a provider", () => {
		for (const word of ["constructor", "__proto__", "toString"]) {
			expect(price({}, { serviceTier: word }).unpriced, word).toBe("unknown_rate");
			expect(price({ discount: 0.5 }, { provider: word }).unpriced, word).toBe("unknown_model");
		}
	});

	test("a discount is off the list, searches included, and never off the user's own prices", () => {
		const usage = { ...MILLION, webSearches: 10 };
		// $2.50 and 10 × $0.01, a fifth off
		expect(price({ discount: 0.2 }, { usage }).costUsd).toBeCloseTo(2.08, 12);
		const provider: Prices = { discount: 0.2, providers: { openai: { discount: 0.5 } } };
		expect(price(provider, {}).costUsd).toBeCloseTo(1.25, 12);
		expect(price(provider, { provider: "anthropic", model: "claude-opus-4-5" }).costUsd).toBeCloseTo(4, 12);
		const models = [{ provider: "openai", model: "gpt-4o", input: 1 }];
		expect(price({ ...provider, models }, {}).costUsd).toBe(1);
		expect(price(provider, { reportedCostUsd: 7 }).costUsd).toBe(7);
		expect(price({ discount: 1 }, {})).toMatchObject({ costUsd: 0, unpriced: undefined });
	});
});

describe("where a price comes from", () => {
	test("the provider's word, then the user's, then the list's, then none", () => {
		const models = [{ provider: "openai", model: "gpt-4o", input: 1, from: "2026-10-01" }];
		expect(price({ models }, { reportedCostUsd: 0.25 })).toEqual({
			costUsd: 0.25,
			unpriced: undefined,
			source: "reported",
			pricedModel: undefined,
			match: undefined,
			asOf: undefined,
		});
		expect(price({ models }, { reportedCostUsd: 0 })).toEqual({
			costUsd: 1,
			unpriced: undefined,
			source: "override",
			pricedModel: "gpt-4o",
			match: "override",
			asOf: Date.parse("2026-10-01"),
		});
		expect(price({}, {})).toEqual({
			costUsd: expect.closeTo(2.5, 12),
			unpriced: undefined,
			source: "genai-prices",
			pricedModel: "gpt-4o",
			match: "exact",
			asOf: LIST_PUBLISHED,
		});
		expect(price({ models }, { model: "model-of-nobody-1" })).toEqual({
			costUsd: undefined,
			unpriced: "unknown_model",
			source: undefined,
			pricedModel: undefined,
			match: undefined,
			asOf: undefined,
		});
	});

	test("what no call can cost is no cost: the list's price counts", () => {
		for (const reportedCostUsd of [1e300, 2 ** 60, Number.POSITIVE_INFINITY, Number.NaN, -1, 0]) {
			const answer = { source: "genai-prices", costUsd: expect.closeTo(2.5, 12) };
			expect(price({}, { reportedCostUsd }), `${reportedCostUsd}`).toMatchObject(answer);
		}
	});

	test("a reported cost is no question of whether the model is known", () => {
		const priced = price({}, { provider: "nobody", model: "what-is-this", reportedCostUsd: 0.1 });
		expect(priced).toMatchObject({ costUsd: 0.1, unpriced: undefined });
	});

	test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("a reported %s is none", (reportedCostUsd) => {
		expect(price({}, { reportedCostUsd })).toMatchObject({ source: "genai-prices" });
	});
});
