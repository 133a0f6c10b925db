import { describe, expect, test } from "vitest";
import type { TokenUsage } from "../../src/core/token-usage.ts";
import { PriceBook, type PriceQuery } from "../../src/pricing/price-book.ts";

const book = new PriceBook();
const AT = Date.parse("2026-11-01T12:00:00Z");

function price(provider: string, model: string, usage: TokenUsage, more: Partial<PriceQuery> = {}) {
	return book.price({ provider, model, usage, at: AT, ...more });
}

describe("the guide's price table, per 1,000 tokens", () => {
	test.each([
		["openai", "gpt-4-turbo", 0.01, 0.03],
		["openai", "gpt-4", 0.03, 0.06],
		["openai", "gpt-3.5-turbo", 0.0005, 0.0015],
		["anthropic", "claude-3-5-sonnet-20241022", 0.003, 0.015],
		["anthropic", "claude-3-opus-20240229", 0.015, 0.075],
		["anthropic", "claude-3-haiku-20240307", 0.00025, 0.00125],
	])("%s %s: $%s in, $%s out", (provider, model, input, output) => {
		expect(price(provider, model, { inputUncached: 1000 }).costUsd).toBeCloseTo(input, 12);
		expect(price(provider, model, { output: 1000 }).costUsd).toBeCloseTo(output, 12);
	});
});

describe("prices worked by hand", () => {
	test("Anthropic: cache reads cost a tenth, five-minute writes 1.25 times, one-hour writes twice the input", () => {
		// Sonnet 4.5 a million: $3 in, $0.30 read, $3.75 and $6 written, $15 out.
		// 100 × 3 + 1000 × 0.3 + 200 × 3.75 + 400 × 6 + 50 × 15 = 300 + 300 + 750 + 2400 + 750 = 4500 → $0.0045
		const usage = { inputUncached: 100, cacheRead: 1000, cacheWrite5m: 200, cacheWrite1h: 400, output: 50 };
		const { costUsd, unpriced } = price("anthropic", "claude-sonnet-4-5-20250929", usage);
		expect(costUsd).toBeCloseTo(0.0045, 15);
		expect(unpriced).toBeUndefined();
	});

	test("OpenAI: cached input at its own price, reasoning at the output's", () => {
		// GPT-4o a million: $2.50 in, $1.25 cached, $10 out. 1000 × 2.5 + 2000 × 1.25 + 300 × 10 = 8000 → $0.008
		const usage = { inputUncached: 1000, cacheRead: 2000, output: 300, reasoning: 200 };
		expect(price("openai", "gpt-4o-2024-08-06", usage).costUsd).toBeCloseTo(0.008, 15);
	});

	test("Gemini 2.5 Pro: above 200,000 tokens of input everything costs more", () => {
		// A million: $1.25 in and $10 out up to 200,000 tokens; $2.50 and $15 above.
		expect(price("google", "gemini-2.5-pro", { inputUncached: 200_000, output: 1000 }).costUsd).toBeCloseTo(
			0.26,
			12,
		);
		// 200,001 × 2.5 + 1000 × 15 = 515,002.5 → $0.5150025
		expect(price("google", "gemini-2.5-pro", { inputUncached: 200_001, output: 1000 }).costUsd).toBeCloseTo(
			0.5150025,
			12,
		);
	});

	test("an embedding", () => {
		// text-embedding-3-small: $0.02 a million.
		expect(price("openai", "text-embedding-3-small", { inputUncached: 8 }).costUsd).toBeCloseTo(
			0.00000016,
			18,
		);
	});

	test("a thousand web searches at Anthropic cost $10", () => {
		const { costUsd, unpriced } = price("anthropic", "claude-sonnet-4-5", {
			inputUncached: 1000,
			webSearches: 3,
		});
		// 1000 × $3/1M + 3 × $0.01
		expect(costUsd).toBeCloseTo(0.033, 15);
		expect(unpriced).toBeUndefined();
	});

	test("iterations are priced for themselves, each by its own model", () => {
		// Sonnet 4.5: above 200,000 tokens of input a request costs more; two of 150,000 do not.
		// 2 × 150,000 × $3/1M = $0.90; the advisor, Opus 4.5 at $5 and $25: 1000 × 5 + 100 × 25 = $0.0075
		const usage: TokenUsage = {
			inputUncached: 301_000,
			output: 100,
			iterations: [
				{ inputUncached: 150_000 },
				{ inputUncached: 150_000 },
				{ model: "claude-opus-4-5", inputUncached: 1000, output: 100 },
			],
		};
		expect(price("anthropic", "claude-sonnet-4-5", usage).costUsd).toBeCloseTo(0.9075, 12);
	});
});

describe("which price", () => {
	const USAGE = { inputUncached: 1_000_000 };

	test("the answered model's where the book knows it, else the requested one's", () => {
		expect(price("azure", "model-router", USAGE, { answeredModel: "gpt-4o-2024-08-06" }).costUsd).toBeCloseTo(
			2.5,
			12,
		);
		expect(price("openai", "gpt-4-turbo", USAGE, { answeredModel: "what-is-this" }).costUsd).toBeCloseTo(
			10,
			12,
		);
	});

	test("providers go by many names", () => {
		for (const name of ["azure", "azure-openai", "Azure"]) {
			expect(price(name, "gpt-4o-2024-08-06", USAGE).costUsd, name).toBeCloseTo(2.5, 12);
		}
		for (const name of ["xai", "x-ai", "x.ai"])
			expect(price(name, "grok-3", USAGE).costUsd, name).toBeCloseTo(3, 12);
		expect(price("vertex", "gemini-2.5-flash", USAGE).costUsd).toBeCloseTo(0.3, 12);
		expect(price("openrouter", "openai/gpt-4o", USAGE).costUsd).toBeCloseTo(2.5, 12);
	});

	test("how it was matched", () => {
		expect(price("openai", "gpt-4-turbo", USAGE).match).toBe("exact");
		expect(price("openai", "gpt-4-turbo-2024-04-09", USAGE)).toMatchObject({
			match: "prefix",
			pricedModel: "gpt-4-turbo",
		});
	});

	test("none for what nobody knows: never a guess from the model's name", () => {
		const none = { costUsd: undefined, unpriced: "unknown_model" };
		expect(price("openai", "model-of-nobody-1", USAGE)).toMatchObject(none);
		expect(price("some-gateway", "gpt-4-turbo", USAGE)).toMatchObject(none);
		expect(price("ollama", "llama3.3", USAGE)).toMatchObject(none);
	});

	test("what is known is priced, what is not is said", () => {
		expect(
			price("openai", "gpt-4-turbo", { inputUncached: 1000, serverTools: { code_execution: 1 } }),
		).toMatchObject({
			unpriced: "server_tool",
			costUsd: expect.closeTo(0.01, 12),
		});
		const advised = { iterations: [{ inputUncached: 1000 }, { model: "model-of-nobody-1", output: 5 }] };
		expect(price("anthropic", "claude-sonnet-4-5", advised)).toMatchObject({
			unpriced: "unknown_model",
			costUsd: expect.closeTo(0.003, 12),
		});
		expect(price("openai", "gpt-4-turbo", { webSearches: 1 })).toMatchObject({
			unpriced: "server_tool",
			costUsd: undefined,
		});
		expect(
			price("anthropic", "claude-sonnet-4-5", { inputUncached: 1000, serverTools: { web_fetch: 2 } }),
		).toMatchObject({
			unpriced: undefined,
		});
	});

	test("a million unknown models neither fill the memory nor break it", () => {
		const flood = new PriceBook();
		for (let i = 0; i < 20_000; i += 1) {
			flood.price({ provider: "openai", model: `nobody-${i}`, usage: USAGE, at: AT });
		}
		expect(
			flood.price({ provider: "openai", model: "gpt-4-turbo", usage: USAGE, at: AT }).costUsd,
		).toBeCloseTo(10, 12);
	});
});
