import {
	calcPrice,
	type ModelInfo,
	type ModelPrice,
	type Provider,
	type Usage,
	waitForUpdate,
} from "@pydantic/genai-prices";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TokenUsage } from "../../src/core/token-usage.ts";
import type { TOKEN_KINDS } from "../../src/pricing/prices.ts";
import { RateCard } from "../../src/pricing/rate-card.ts";

/** Everything that genai-prices lists, whatever it will list in its next version. */
const PROVIDERS: readonly Provider[] = (await waitForUpdate()) ?? [];

/** The provider with that model only, under a name that finds it: many cannot be reached by a name of their own. */
function alone(provider: Provider, model: ModelInfo): Provider {
	return { ...provider, models: [{ ...model, match: { equals: "it" } }] };
}

/** A usage in genai-prices' words: its input includes the cache, and parts are told beside their whole. */
function toGenaiUsage(usage: TokenUsage): Usage {
	const sum = (...counts: readonly (number | undefined)[]): number =>
		counts.reduce<number>((total, count) => total + (count ?? 0), 0);
	const uncached = usage.inputUncached ?? sum(usage.inputAudio, usage.inputImage);
	const read = usage.cacheRead ?? sum(usage.cacheReadAudio);
	const written = sum(usage.cacheWrite5m, usage.cacheWrite1h);
	return {
		input_tokens: uncached + read + written,
		cache_read_tokens: read,
		cache_write_tokens: written,
		cache_write_5m_tokens: sum(usage.cacheWrite5m),
		cache_write_1h_tokens: sum(usage.cacheWrite1h),
		input_audio_tokens: sum(usage.inputAudio, usage.cacheReadAudio),
		cache_audio_read_tokens: sum(usage.cacheReadAudio),
		input_image_tokens: sum(usage.inputImage),
		cache_image_read_tokens: 0,
		output_tokens: usage.output ?? sum(usage.reasoning, usage.outputAudio, usage.outputImage),
		output_reasoning_tokens: sum(usage.reasoning),
		output_audio_tokens: sum(usage.outputAudio),
		output_image_tokens: sum(usage.outputImage),
		web_searches: sum(usage.webSearches),
	};
}

const count = fc.oneof(
	fc.constant(0),
	fc.nat({ max: 3000 }),
	fc.nat({ max: 900_000 }),
	// Where the tiers of the book begin, and one to each side.
	fc.constantFrom(128_000, 128_001, 199_999, 200_000, 200_001, 271_999, 272_000, 272_001, 512_000, 512_001),
);
/** Any usage: the classes in any combination, parts with and without their whole. */
const anyUsages: fc.Arbitrary<TokenUsage> = fc.record(
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
/** Those that genai-prices takes: where a whole is told, its parts fit into it. */
const usages: fc.Arbitrary<TokenUsage> = anyUsages.map((usage) => {
	const fitted: { -readonly [Class in keyof TokenUsage]: TokenUsage[Class] } = { ...usage };
	fit(fitted, "inputUncached", ["inputAudio", "inputImage"]);
	fit(fitted, "cacheRead", ["cacheReadAudio"]);
	fit(fitted, "output", ["reasoning", "outputAudio", "outputImage"]);
	return fitted;
});

type Count = Exclude<keyof TokenUsage, "serverTools" | "iterations">;

function fit(usage: Partial<Record<Count, number>>, whole: Count, parts: readonly Count[]): void {
	let left = usage[whole];
	if (left === undefined) return;
	for (const part of parts) {
		if (usage[part] === undefined) continue;
		usage[part] = Math.min(usage[part], left);
		left -= usage[part];
	}
}

/** Any time of the years in which prices have changed, or the moment of a change, or the one before it. */
function timesOf({ prices }: ModelInfo): fc.Arbitrary<number> {
	const any = fc.integer({ min: Date.parse("2024-01-01"), max: Date.parse("2028-01-01") });
	if (!Array.isArray(prices)) return any;
	const day = fc.integer({ min: 0, max: 1000 }).map((days) => Date.parse("2025-01-01") + days * 86_400_000);
	const changes = prices.flatMap(({ constraint }) => {
		if (constraint === undefined) return [];
		if (constraint.type === "start_date") return [fc.constant(Date.parse(constraint.start_date))];
		return [constraint.start_time, constraint.end_time].map((time) =>
			day.map((midnight) => midnight + Date.parse(`1970-01-01T${time}`)),
		);
	});
	const change = fc.tuple(fc.oneof(...changes), fc.constantFrom(-1, 0, 1));
	return fc.oneof(
		any,
		change.map(([at, shift]) => at + shift),
	);
}

/** How far one price is from another, relative to it: 0 where both are none, or nothing. */
function difference(actual: number | undefined, expected: number | undefined): number {
	if (actual === expected) return 0;
	if (actual === undefined || expected === undefined || expected === 0) return Number.POSITIVE_INFINITY;
	return Math.abs(actual - expected) / expected;
}

/** What genai-prices calls the price of each kind of tokens. */
const GENAI_KEYS: Readonly<Record<(typeof TOKEN_KINDS)[number], string>> = {
	input: "input_mtok",
	cacheRead: "cache_read_mtok",
	cacheWrite5m: "cache_write_5m_mtok",
	cacheWrite1h: "cache_write_1h_mtok",
	inputAudio: "input_audio_mtok",
	inputImage: "input_image_mtok",
	cacheReadAudio: "cache_audio_read_mtok",
	output: "output_mtok",
	reasoning: "output_reasoning_mtok",
	outputAudio: "output_audio_mtok",
	outputImage: "output_image_mtok",
};

describe("a rate card costs what genai-prices' own calcPrice says", () => {
	test("genai-prices lists what this file is about", () => {
		expect(PROVIDERS.length).toBeGreaterThan(40);
		expect(PROVIDERS.flatMap(({ models }) => models).length).toBeGreaterThan(1500);
	});

	test.each(PROVIDERS.map((provider) => [provider.id, provider] as const))(
		"every model of %s",
		(_id, provider) => {
			for (const model of provider.models) {
				const only = alone(provider, model);
				const check = fc.property(usages, timesOf(model), (usage, at) => {
					const options = { provider: only, timestamp: new Date(at) };
					const expected = calcPrice(toGenaiUsage(usage), "it", options)?.total_price;
					const cost = RateCard.compile(only, "it", at)?.cost(usage);
					expect(difference(cost, expected), `${model.id} at ${at}`).toBeLessThanOrEqual(1e-12);
				});
				fc.assert(check, { numRuns: Array.isArray(model.prices) ? 200 : 20 });
			}
		},
	);

	test("a price list as nobody has it yet: several tiers, each class its own, a time of day with an offset", () => {
		const tiered = (base: number, ...tiers: readonly (readonly [start: number, price: number])[]) => ({
			base,
			tiers: tiers.map(([start, price]) => ({ start, price })),
		});
		const everything: ModelPrice = {
			input_mtok: tiered(3, [272_000, 7], [128_000, 5], [0, 4]),
			cache_read_mtok: tiered(0.3, [200_000, 0.5], [512_000, 0.6]),
			cache_write_mtok: 3.75,
			cache_write_5m_mtok: tiered(3.9, [271_999, 4.1]),
			cache_write_1h_mtok: 6,
			output_mtok: tiered(15, [200_000, 22.5], [200_000, 23], [0, 16]),
			requests_kcount: 5,
			web_searches_kcount: 10,
		};
		const parts: ModelPrice = {
			input_mtok: 1,
			input_audio_mtok: tiered(2, [128_000, 3]),
			input_image_mtok: 4,
			output_mtok: 5,
			output_audio_mtok: 6,
			output_image_mtok: tiered(7, [200_000, 8]),
		};
		const model: ModelInfo = {
			id: "it",
			match: { equals: "it" },
			prices: [
				{ prices: everything },
				{
					constraint: { type: "time_of_date", start_time: "22:30:00-05:00", end_time: "06:00:00+09:00" },
					prices: parts,
				},
			],
		};
		const provider: Provider = { id: "nobody", name: "Nobody", api_pattern: "nobody", models: [model] };
		const seen = new Set<number | undefined>();
		const check = fc.property(usages, timesOf(model), (usage, at) => {
			const answer = calcPrice(toGenaiUsage(usage), "it", { provider, timestamp: new Date(at) });
			seen.add(answer?.model_price["requests_kcount"] as number | undefined);
			const cost = RateCard.compile(provider, "it", at)?.cost(usage);
			expect(difference(cost, answer?.total_price)).toBeLessThanOrEqual(1e-12);
		});
		fc.assert(check, { numRuns: 2000 });
		// Both price lists have been asked.
		expect([...seen]).toEqual(expect.arrayContaining([5, undefined]));
	});

	// Not all at once: genai-prices wants a price for each two that may meet (audio that is written to the cache).
	test.each([
		["input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "output", "reasoning"],
		["input", "cacheRead", "inputAudio", "cacheReadAudio", "output"],
		["input", "inputAudio", "inputImage", "output", "outputAudio", "outputImage"],
	] as const)(
		"of the user's own prices as well, where genai-prices is given the same: %s, %s, %s …",
		(...names) => {
			const usd = fc.integer({ min: 0, max: 1_000_000 }).map((price) => price / 10_000);
			const kinds = fc.record(Object.fromEntries(names.map((kind) => [kind, usd])));
			const entries = fc.record({
				low: kinds,
				above: fc.integer({ min: 1, max: 300_000 }),
				high: kinds,
				search: usd,
			});
			const check = fc.property(entries, usages, ({ above, high, low, search }, usage) => {
				const tiered = (kind: keyof typeof GENAI_KEYS) => ({
					base: low[kind] ?? 0,
					tiers: [{ start: above, price: high[kind] ?? 0 }],
				});
				const prices: ModelPrice = {
					...Object.fromEntries(names.map((kind) => [GENAI_KEYS[kind], tiered(kind)])),
					// The whole of the two classes, of which no usage here has any more.
					...(names[2] === "cacheWrite5m" ? { cache_write_mtok: 0 } : undefined),
					web_searches_kcount: search * 1000,
				};
				const model: ModelInfo = { id: "it", match: { equals: "it" }, prices };
				const provider: Provider = { id: "nobody", name: "Nobody", api_pattern: "nobody", models: [model] };
				const own = { provider: "nobody", model: "it", ...low, webSearch: search };
				const card = RateCard.ofOverride({ ...own, tiers: [{ above, ...high }] });
				const expected = calcPrice(toGenaiUsage(usage), "it", { provider })?.total_price;
				expect(difference(card.cost(usage), expected)).toBeLessThanOrEqual(1e-12);
			});
			fc.assert(check, { numRuns: 2000 });
		},
	);

	test("and takes the model that calcPrice takes, by the names that people use", () => {
		const usage = { inputUncached: 1000, cacheRead: 500, output: 1000 };
		const at = Date.parse("2026-11-01T12:00:00Z");
		for (const { id: providerId, models } of PROVIDERS) {
			for (const { id: name } of models) {
				const expected = calcPrice(toGenaiUsage(usage), name, { providerId, timestamp: new Date(at) });
				const card = RateCard.compile(providerId, name, at);
				expect(card?.modelId, `${providerId} ${name}`).toBe(expected?.model.id);
				const error = difference(card?.cost(usage), expected?.total_price);
				expect(error, `${providerId} ${name}`).toBeLessThanOrEqual(1e-12);
			}
		}
	});
});

describe("a rate card", () => {
	test("holds from one change of its price to the next, and no longer", () => {
		const changing = PROVIDERS.flatMap((provider) =>
			provider.models
				.filter(({ prices }) => Array.isArray(prices))
				.map((model) => ({ model, only: alone(provider, model) })),
		);
		expect(changing.length).toBeGreaterThan(20);
		for (const { model, only } of changing) {
			const priceAt = (at: number): string =>
				JSON.stringify(calcPrice({}, "it", { provider: only, timestamp: new Date(at) })?.model_price);
			const check = fc.property(timesOf(model), fc.nat({ max: 1000 }), (at, share) => {
				const card = RateCard.compile(only, "it", at);
				const from = Math.max(card?.from ?? Number.NaN, Date.parse("2024-01-01"));
				const until = Math.min(card?.until ?? Number.NaN, Date.parse("2028-01-02"));
				expect(from).toBeLessThanOrEqual(at);
				expect(until).toBeGreaterThan(at);
				for (const other of [from, until - 1, Math.floor(from + (share / 1000) * (until - 1 - from))]) {
					expect(priceAt(other), `${model.id} at ${other}`).toBe(priceAt(at));
				}
			});
			fc.assert(check, { numRuns: 50 });
		}
	});

	test("has a price of at least 0 for every usage, also where parts do not fit into their whole", () => {
		const cards = PROVIDERS.flatMap((provider) =>
			provider.models.map((model) => RateCard.compile(alone(provider, model), "it", Date.now())),
		);
		const check = fc.property(anyUsages, fc.constantFrom(...cards), (usage, card) => {
			const cost = card?.cost(usage) ?? Number.NaN;
			expect(cost).toBeGreaterThanOrEqual(0);
			expect(cost).toBeLessThan(Number.POSITIVE_INFINITY);
		});
		fc.assert(check, { numRuns: 5000 });
	});

	test("is quick: how quick is printed, since the machine decides", () => {
		const card = RateCard.compile("anthropic", "claude-sonnet-4-5", Date.now());
		const usage = { inputUncached: 1000, cacheRead: 300_000, cacheWrite5m: 200, output: 50 };
		let sum = 0;
		const rounds = 300_000;
		const start = performance.now();
		for (let round = 0; round < rounds; round += 1) sum += card?.cost(usage) ?? 0;
		console.log(`a rate card's cost(): ${(((performance.now() - start) * 1e6) / rounds).toFixed(0)} ns`);
		expect(sum).toBeGreaterThan(0);
	});
});
