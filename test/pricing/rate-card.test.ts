import { readFileSync } from "node:fs";
import { calcPrice, findProvider, type MatchLogic, type ModelInfo, type Usage } from "@pydantic/genai-prices";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TokenUsage } from "../../src/core/token-usage.ts";
import { PRICES_VERSION } from "../../src/pricing/price-book.ts";
import { RateCard } from "../../src/pricing/rate-card.ts";

const PROVIDERS = [
	"anthropic",
	"avian",
	"aws",
	"azure",
	"cerebras",
	"cohere",
	"deepseek",
	"fireworks",
	"google",
	"groq",
	"huggingface_together",
	"mistral",
	"moonshotai",
	"novita",
	"openai",
	"openrouter",
	"perplexity",
	"together",
	"x-ai",
];

/** A name that a model answers to: its own, where its pattern takes that, or what the pattern asks for. */
function nameOf(providerId: string, { id, match }: ModelInfo): string {
	const names = [id, ...namesIn(match)];
	return names.find((name) => calcPrice({}, name, { providerId })?.model.id === id) ?? id;
}

function namesIn(match: MatchLogic): readonly string[] {
	if ("or" in match) return match.or.flatMap(namesIn);
	if ("and" in match) return [match.and.flatMap(namesIn).join("")];
	return Object.values(match);
}

/** A usage in genai-prices' words: its input includes the cache, and parts are told beside their whole. */
function toGenaiUsage(usage: TokenUsage): Usage {
	const written = (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0);
	return {
		input_tokens: (usage.inputUncached ?? 0) + (usage.cacheRead ?? 0) + written,
		cache_read_tokens: usage.cacheRead ?? 0,
		cache_write_tokens: written,
		cache_write_5m_tokens: usage.cacheWrite5m ?? 0,
		cache_write_1h_tokens: usage.cacheWrite1h ?? 0,
		input_audio_tokens: (usage.inputAudio ?? 0) + (usage.cacheReadAudio ?? 0),
		cache_audio_read_tokens: usage.cacheReadAudio ?? 0,
		input_image_tokens: usage.inputImage ?? 0,
		cache_image_read_tokens: 0,
		output_tokens: usage.output ?? 0,
		output_reasoning_tokens: usage.reasoning ?? 0,
		output_audio_tokens: usage.outputAudio ?? 0,
		output_image_tokens: usage.outputImage ?? 0,
		web_searches: usage.webSearches ?? 0,
	};
}

const count = fc.oneof(fc.constant(0), fc.nat({ max: 3000 }), fc.nat({ max: 900_000 }));
const share = fc.double({ min: 0, max: 0.49, noNaN: true });

/** Any usage whose parts fit into their wholes. */
const usages: fc.Arbitrary<TokenUsage> = fc
	.record({
		inputUncached: count,
		cacheRead: count,
		cacheWrite5m: count,
		cacheWrite1h: count,
		output: count,
		webSearches: fc.nat({ max: 20 }),
		shares: fc.array(share, { minLength: 6, maxLength: 6 }),
	})
	.map(({ shares, ...whole }) => {
		const part = (of: number, i: number): number => Math.floor(of * (shares[i] ?? 0));
		return {
			...whole,
			inputAudio: part(whole.inputUncached, 0),
			inputImage: part(whole.inputUncached, 1),
			cacheReadAudio: part(whole.cacheRead, 2),
			// Each of the three is under a third, so that together they fit.
			reasoning: part(whole.output / 1.5, 3),
			outputAudio: part(whole.output / 1.5, 4),
			outputImage: part(whole.output / 1.5, 5),
		};
	});

describe("a rate card", () => {
	test.each(PROVIDERS)("costs what genai-prices' own calcPrice says, for every model of %s", (providerId) => {
		const models = findProvider({ providerId })?.models ?? [];
		expect(models.length).toBeGreaterThan(0);
		const now = Date.now();
		const compared = new Set<string>();
		for (const model of models) {
			const name = nameOf(providerId, model);
			fc.assert(
				// Around the clock: some prices change with the time of day, some at a date.
				fc.property(
					usages,
					fc.integer({ min: now - 400 * 86_400_000, max: now + 86_400_000 }),
					(usage, at) => {
						const expected = calcPrice(toGenaiUsage(usage), name, { providerId, timestamp: new Date(at) });
						const card = RateCard.compile(providerId, name, at);
						expect(card?.modelId).toBe(expected?.model.id);
						if (card === undefined || expected === null) return;
						compared.add(model.id);
						const cost = card.tokenCost(usage) + card.requestCost(usage.webSearches ?? 0, 0);
						const error = Math.abs(cost - expected.total_price);
						expect(error, `${name} at ${at}: ${cost} is not ${expected.total_price}`).toBeLessThanOrEqual(
							expected.total_price * 1e-12,
						);
					},
				),
				{ numRuns: models.length > 300 ? 6 : 12 },
			);
		}
		expect(compared.size).toBeGreaterThan(models.length * 0.95);
	});

	test("holds between two changes of its price, and no longer", () => {
		const changing = PROVIDERS.flatMap((providerId) =>
			(findProvider({ providerId })?.models ?? [])
				.filter(({ prices }) => Array.isArray(prices))
				.map((model) => ({ providerId, name: nameOf(providerId, model) })),
		);
		expect(changing.length).toBeGreaterThan(5);
		const usage = { inputUncached: 1000, cacheRead: 500, output: 1000 };
		let held = 0;
		for (const { providerId, name } of changing) {
			const card = RateCard.compile(providerId, name, Date.parse("2025-06-01T12:00:00Z"));
			// A few models are matched by an expression, which names nobody.
			if (card === undefined) continue;
			held += 1;
			expect(card.from).toBeLessThanOrEqual(Date.parse("2025-06-01T12:00:00Z"));
			expect(card.until).toBeGreaterThan(Date.parse("2025-06-01T12:00:00Z"));
			for (const at of [card.from, card.until - 1]) {
				if (!Number.isFinite(at)) continue;
				const answer = calcPrice(toGenaiUsage(usage), name, { providerId, timestamp: new Date(at) });
				expect(card.tokenCost(usage) + card.requestCost(0, 0)).toBeCloseTo(answer?.total_price ?? -1, 12);
			}
		}
		expect(held).toBeGreaterThan(changing.length / 2);
	});

	test("the date of the prices is that of the version that is installed", () => {
		const manifest = new URL("../../node_modules/@pydantic/genai-prices/package.json", import.meta.url);
		expect(JSON.parse(readFileSync(manifest, "utf8")).version).toBe(PRICES_VERSION);
	});
});
