/** Bodies as providers send them, and what they cost to the last digit: worked by hand beside each. */
import { describe, expect, test } from "vitest";
import { roundUsd } from "../../src/core/money.ts";
import { type Price, PriceBook } from "../../src/pricing/price-book.ts";
import type { Prices } from "../../src/pricing/prices.ts";
import { readerFor } from "../../src/wire/reader-for.ts";
import type { WireFormat } from "../../src/wire/wire-format.ts";
import { recordedBody, recordingsAbsent } from "../wire/recordings.ts";

const AT = Date.parse("2026-11-01T12:00:00Z");

interface Asked {
	readonly provider: string;
	readonly model: string;
	readonly at?: number;
	readonly prices?: Prices;
}

/** The price of a whole answer, read as it is off the wire. */
function bill(format: WireFormat, body: unknown, { at = AT, model, prices, provider }: Asked): Price {
	const reader = readerFor(format);
	reader.body(body);
	const said = reader.usage;
	if (!("usage" in said)) throw new Error(`no usage: ${said.missing}`);
	const { reportedCostUsd, serviceTier, usage } = said;
	const query = { provider, model, answeredModel: reader.model, usage, serviceTier, reportedCostUsd, at };
	return new PriceBook(prices).price(query);
}

/** Rounded once, as a call's cost is. */
function usd({ costUsd, unpriced }: Price): number | undefined {
	expect(unpriced).toBeUndefined();
	return costUsd === undefined ? undefined : roundUsd(costUsd);
}

function message(model: string, usage: unknown): unknown {
	return { type: "message", role: "assistant", content: [], model, usage };
}

function completion(model: string, usage: unknown, more: object = {}): unknown {
	return { object: "chat.completion", choices: [], model, usage, ...more };
}

const SONNET = { provider: "anthropic", model: "claude-sonnet-4-5" };
const GPT_5 = { provider: "openai", model: "gpt-5" };
// 1000 × $1.25 + 2000 × $0.125 + 500 × $10, a million: 1250 + 250 + 5000 = 6500 → $0.0065
const GPT_5_USAGE = {
	prompt_tokens: 3000,
	completion_tokens: 500,
	total_tokens: 3500,
	prompt_tokens_details: { cached_tokens: 2000, audio_tokens: 0 },
	completion_tokens_details: { reasoning_tokens: 320, audio_tokens: 0 },
};

describe("Anthropic", () => {
	test("cache reads and both classes of cache writes", () => {
		// Sonnet 4.5 a million: $3 in, $0.30 read, $3.75 written for five minutes, $6 for an hour, $15 out.
		// 100 × 3 + 1000 × 0.3 + 200 × 3.75 + 400 × 6 + 50 × 15 = 300 + 300 + 750 + 2400 + 750 = 4500
		const usage = {
			input_tokens: 100,
			cache_read_input_tokens: 1000,
			cache_creation_input_tokens: 600,
			cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 400 },
			output_tokens: 50,
			service_tier: "standard",
			inference_geo: "not_available",
		};
		expect(usd(bill("anthropic-messages", message("claude-sonnet-4-5-20250929", usage), SONNET))).toBe(
			0.0045,
		);
	});

	test("above 200,000 tokens of input, cached ones included, everything costs more", () => {
		// Sonnet 4.5 above: $6 in, $0.60 read, $22.50 out. 1000 × 6 + 199,001 × 0.6 + 100 × 22.5
		// = 6000 + 119,400.6 + 2250 = 127,650.6
		const usage = { input_tokens: 1000, cache_read_input_tokens: 199_001, output_tokens: 100 };
		expect(usd(bill("anthropic-messages", message("claude-sonnet-4-5", usage), SONNET))).toBe(0.1276506);
	});

	test("iterations: the bill is their sum, and the top-level numbers are only the last", () => {
		// Opus 4.6, since 2026-03-13 at one price: $5 in, $25 out. (180,000 + 23,000) × 5 + (3500 + 1000) × 25
		// = 1,015,000 + 112,500 = 1,127,500
		const usage = {
			input_tokens: 23_000,
			output_tokens: 1000,
			iterations: [
				{ type: "compaction", input_tokens: 180_000, output_tokens: 3500 },
				{ type: "message", input_tokens: 23_000, output_tokens: 1000 },
			],
		};
		const asked = { provider: "anthropic", model: "claude-opus-4-6" };
		expect(usd(bill("anthropic-messages", message("claude-opus-4-6", usage), asked))).toBe(1.1275);
	});

	test("the recorded compaction", ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		// (60,385 + 682) × 5 + (592 + 1320) × 25 = 305,335 + 47,800 = 353,135; the top level says 682 × 5 + 1320 × 25.
		const body = recordedBody("anthropic-messages", "compaction.1.json");
		const asked = { provider: "anthropic", model: "claude-opus-4-6" };
		expect(usd(bill("anthropic-messages", body, asked))).toBe(0.353135);
	});

	test("web searches, $10 a thousand", () => {
		// 1000 × 3 + 200 × 15 = 6000 → $0.006, and 3 × $0.01
		const usage = { input_tokens: 1000, output_tokens: 200, server_tool_use: { web_search_requests: 3 } };
		expect(usd(bill("anthropic-messages", message("claude-sonnet-4-5", usage), SONNET))).toBe(0.036);
	});

	const BATCHED = {
		input_tokens: 10_000,
		output_tokens: 2000,
		server_tool_use: { web_search_requests: 1 },
		service_tier: "batch",
	};
	const HAIKU = { provider: "anthropic", model: "claude-haiku-4-5" };

	test("a batch is half the tokens' price, as published; a search in it costs what it always does", () => {
		// Haiku 4.5: $1 in, $5 out. (10,000 × 1 + 2000 × 5) / 2 = 10,000 → $0.01, and $0.01
		expect(usd(bill("anthropic-messages", message("claude-haiku-4-5", BATCHED), HAIKU))).toBe(0.02);
	});

	test("a batch by the user's own factor", () => {
		// (10,000 × 1 + 2000 × 5) × 0.4 = 8000 → $0.008, and $0.01
		const prices = { providers: { anthropic: { serviceTiers: { batch: 0.4 } } } };
		const priced = bill("anthropic-messages", message("claude-haiku-4-5", BATCHED), { ...HAIKU, prices });
		expect(usd(priced)).toBe(0.018);
	});

	test("inference that stays in the US costs 1.1 times as much", () => {
		// (1000 × 5 + 100 × 25) × 1.1 = 8250
		const usage = { input_tokens: 1000, output_tokens: 100, service_tier: "standard", inference_geo: "us" };
		const asked = { provider: "anthropic", model: "claude-opus-4-6" };
		expect(usd(bill("anthropic-messages", message("claude-opus-4-6", usage), asked))).toBe(0.00825);
	});
});

describe("OpenAI", () => {
	test("cached tokens are in the prompt, reasoning is in the completion", () => {
		expect(usd(bill("openai-chat", completion("gpt-5-2025-08-07", GPT_5_USAGE), GPT_5))).toBe(0.0065);
	});

	test("the Responses API, with two searches and a page opened", () => {
		// 1000 × 1.25 + 2000 × 0.125 + 500 × 10 = 6500 → $0.0065, and 2 × $0.01
		const body = {
			object: "response",
			status: "completed",
			model: "gpt-5-2025-08-07",
			service_tier: "default",
			output: [
				{ type: "web_search_call", action: { type: "search" } },
				{ type: "web_search_call", action: { type: "open_page" } },
				{ type: "web_search_call", action: { type: "search" } },
			],
			usage: {
				input_tokens: 3000,
				input_tokens_details: { cached_tokens: 2000 },
				output_tokens: 500,
				output_tokens_details: { reasoning_tokens: 320 },
				total_tokens: 3500,
			},
		};
		expect(usd(bill("openai-responses", body, GPT_5))).toBe(0.0265);
	});

	test("an embedding", () => {
		// text-embedding-3-small: 8 × $0.02 a million
		const body = {
			object: "list",
			data: [],
			model: "text-embedding-3-small",
			usage: { prompt_tokens: 8, total_tokens: 8 },
		};
		const asked = { provider: "openai", model: "text-embedding-3-small" };
		expect(usd(bill("openai-embeddings", body, asked))).toBe(0.000_000_16);
	});

	test("what was answered in the flex tier is half the price, as published", () => {
		// 6500 / 2 = 3250
		const body = completion("gpt-5-2025-08-07", GPT_5_USAGE, { service_tier: "flex" });
		expect(usd(bill("openai-chat", body, GPT_5))).toBe(0.00325);
	});

	test("the priority tier has another price for each model, so it is the user's to say", () => {
		const body = completion("gpt-5-2025-08-07", GPT_5_USAGE, { service_tier: "priority" });
		// At the list price, and told to be a part of the truth only.
		const { costUsd = 0, unpriced } = bill("openai-chat", body, GPT_5);
		expect([roundUsd(costUsd), unpriced]).toEqual([0.0065, "unknown_rate"]);
		// Twice: 13,000. The entry has no price of its own, so the list's holds.
		const prices = { models: [{ ...GPT_5, serviceTiers: { priority: 2 } }] };
		expect(usd(bill("openai-chat", body, { ...GPT_5, prices }))).toBe(0.013);
	});

	test("a price that changed at a date is that of the call's start", () => {
		// o3: $10 and $40 until 2025-06-10, $2 and $8 from then on. 1000 × 10 + 500 × 40 = 30,000; 2000 + 4000 = 6000
		const body = completion("o3-2025-04-16", { prompt_tokens: 1000, completion_tokens: 500 });
		const asked = { provider: "openai", model: "o3" };
		const [before, after] = ["2025-06-09T23:59:59.999Z", "2025-06-10T00:00:00Z"].map((time) =>
			usd(bill("openai-chat", body, { ...asked, at: Date.parse(time) })),
		);
		expect([before, after]).toEqual([0.03, 0.006]);
	});

	test("and so is one of the user's own", () => {
		// $2 and $8 listed; $1.50 and $6 by contract from 2026-07-01. 1000 × 2 + 500 × 8 = 6000; 1500 + 3000 = 4500
		const body = completion("o3-2025-04-16", { prompt_tokens: 1000, completion_tokens: 500 });
		const asked = { provider: "openai", model: "o3" };
		const prices = { models: [{ ...asked, input: 1.5, output: 6, from: "2026-07-01" }] };
		const [before, after] = ["2026-06-30T23:59:59.999Z", "2026-07-01T00:00:00Z"].map((time) =>
			usd(bill("openai-chat", body, { ...asked, prices, at: Date.parse(time) })),
		);
		expect([before, after]).toEqual([0.006, 0.0045]);
	});

	test("a negotiated discount", () => {
		// 12 % off 6500 is 5720
		const prices = { providers: { openai: { discount: 0.12 } } };
		expect(usd(bill("openai-chat", completion("gpt-5", GPT_5_USAGE), { ...GPT_5, prices }))).toBe(0.00572);
	});
});

describe("input that includes cached tokens and input that excludes them", () => {
	// 100 × 3 + 900 × 0.3 + 10 × 15 = 300 + 270 + 150 = 720, whichever way it is told.
	test.each([
		[
			"anthropic-messages",
			message("claude-sonnet-4-5", { input_tokens: 100, cache_read_input_tokens: 900, output_tokens: 10 }),
		],
		[
			"openai-chat",
			completion("claude-sonnet-4-5", {
				prompt_tokens: 1000,
				prompt_tokens_details: { cached_tokens: 900 },
				completion_tokens: 10,
			}),
		],
	] as const)("%s", (format, body) => {
		expect(usd(bill(format, body, SONNET))).toBe(0.00072);
	});
});

describe("Gemini 2.5 Pro", () => {
	const GEMINI = { provider: "google", model: "gemini-2.5-pro" };
	// A million: $1.25 in, $0.125 cached, $10 out; above 200,000 tokens of input $2.50, $0.25 and $15.
	test.each([
		// 200,000 × 1.25 + (600 + 400) × 10 = 260,000
		[{ promptTokenCount: 200_000, candidatesTokenCount: 600, thoughtsTokenCount: 400 }, 0.26],
		// 200,001 × 2.5 + 1000 × 15 = 515,002.5
		[{ promptTokenCount: 200_001, candidatesTokenCount: 600, thoughtsTokenCount: 400 }, 0.5150025],
		// The prompt includes what was cached: 200,000 × 2.5 + 50,000 × 0.25 + 1000 × 15 = 527,500
		[{ promptTokenCount: 250_000, cachedContentTokenCount: 50_000, candidatesTokenCount: 1000 }, 0.5275],
		// Half of 260,000, as published.
		[{ promptTokenCount: 200_000, candidatesTokenCount: 1000, serviceTier: "flex" }, 0.13],
		// In a batch half, but "the cached tokens are priced the same as for non-batch API traffic":
		// (50,000 × 1.25 + 1000 × 10) / 2 + 100,000 × 0.125 = 36,250 + 12,500 = 48,750
		[
			{
				promptTokenCount: 150_000,
				cachedContentTokenCount: 100_000,
				candidatesTokenCount: 1000,
				serviceTier: "batch",
			},
			0.04875,
		],
		// Above 200,000: (100,000 × 2.5 + 1000 × 15) / 2 + 200,000 × 0.25 = 132,500 + 50,000 = 182,500
		[
			{
				promptTokenCount: 300_000,
				cachedContentTokenCount: 200_000,
				candidatesTokenCount: 1000,
				serviceTier: "batch",
			},
			0.1825,
		],
	])("%o", (usageMetadata, expected) => {
		const body = { candidates: [], modelVersion: "gemini-2.5-pro", usageMetadata };
		expect(usd(bill("gemini-generate", body, GEMINI))).toBe(expected);
	});
});

test("Gemini 2.5 Flash in a batch: cached audio keeps its price, too", () => {
	// $0.30 in, $0.03 cached, $0.10 cached audio, $2.50 out, a million; of 10,000 cached tokens 4000 are audio:
	// (10,000 × 0.3 + 1000 × 2.5) / 2 + 6000 × 0.03 + 4000 × 0.1 = 2750 + 180 + 400 = 3330
	const usageMetadata = {
		promptTokenCount: 20_000,
		cachedContentTokenCount: 10_000,
		candidatesTokenCount: 1000,
		promptTokensDetails: [
			{ modality: "TEXT", tokenCount: 16_000 },
			{ modality: "AUDIO", tokenCount: 4000 },
		],
		cacheTokensDetails: [
			{ modality: "TEXT", tokenCount: 6000 },
			{ modality: "AUDIO", tokenCount: 4000 },
		],
		serviceTier: "batch",
	};
	const body = { candidates: [], modelVersion: "gemini-2.5-flash", usageMetadata };
	const asked = { provider: "google", model: "gemini-2.5-flash" };
	expect(usd(bill("gemini-generate", body, asked))).toBe(0.00333);
	// A factor of the user's own is for all tokens: (3000 + 2500 + 180 + 400) / 4 = 1520
	const prices = { providers: { gemini: { serviceTiers: { batch: 0.25 } } } };
	expect(usd(bill("gemini-generate", body, { ...asked, prices }))).toBe(0.00152);
});

describe("xAI", () => {
	const usage = {
		prompt_tokens: 12,
		completion_tokens: 1,
		total_tokens: 241,
		prompt_tokens_details: { cached_tokens: 2 },
		completion_tokens_details: { reasoning_tokens: 228 },
		num_sources_used: 0,
	};
	const GROK = { provider: "xai", model: "grok-3-mini" };

	test("reasoning stands beside the completion, and is billed as output", () => {
		// grok-3-mini: $0.30 in, $0.075 cached, $0.50 out. 10 × 0.3 + 2 × 0.075 + 229 × 0.5 = 3 + 0.15 + 114.5 = 117.65
		expect(usd(bill("openai-chat", completion("grok-3-mini", usage), GROK))).toBe(0.000_117_65);
	});

	test("its own word comes first: ticks of 10⁻¹⁰ USD", () => {
		// 1,176,500 / 10¹⁰, what the recorded answer says; twice of it, so that it cannot be the list's.
		const said = { ...usage, cost_in_usd_ticks: 2_353_000 };
		const priced = bill("openai-chat", completion("grok-3-mini", said), GROK);
		expect(usd(priced)).toBe(0.0002353);
		expect(priced.source).toBe("reported");
	});

	test("the recorded answer: the list agrees with it", ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		const body = recordedBody("openai-chat", "xai-text.json");
		expect(usd(bill("openai-chat", body, GROK))).toBe(0.000_117_65);
	});
});

describe("OpenRouter", () => {
	const ASKED = { provider: "openrouter", model: "openai/gpt-5" };
	const PRICES = { models: [{ ...ASKED, input: 100, output: 100 }] };
	const of = (said: object): unknown => completion("openai/gpt-5", { ...GPT_5_USAGE, ...said });

	test.each([
		[{ cost: 0.00651 }, 0.00651],
		// It may repeat the cost as the upstream's, which is then no second one.
		[{ cost: 0.00651, is_byok: false, cost_details: { upstream_inference_cost: 0.00651 } }, 0.00651],
		// With the user's own key the fee and the provider's bill are two: 0.000325 + 0.0065
		[{ cost: 0.000325, is_byok: true, cost_details: { upstream_inference_cost: 0.0065 } }, 0.006825],
		[{ cost: 0, is_byok: true, cost_details: { upstream_inference_cost: 0.0360795 } }, 0.0360795],
	])("tells what it takes, %o, and that comes before the user's prices", (said, expected) => {
		const priced = bill("openai-chat", of(said), { ...ASKED, prices: PRICES });
		expect(usd(priced)).toBe(expected);
		expect(priced).toMatchObject({ source: "reported", match: undefined, pricedModel: undefined });
	});

	test.each([
		{ cost: 0 },
		{ cost: 0, is_byok: false, cost_details: { upstream_inference_cost: 0 } },
		{ cost: null },
		{ cost: -1 },
		{ cost: "0.1" },
		// The fee alone is not the bill.
		{ cost: 0.000325, is_byok: true, cost_details: { upstream_inference_cost: null } },
	])("what is no cost, %o, leaves it to the list", (said) => {
		const priced = bill("openai-chat", of(said), ASKED);
		expect(usd(priced)).toBe(0.0065);
		expect(priced.source).toBe("genai-prices");
	});
});

describe("Azure's names of models", () => {
	test.each([
		// A deployment has any name, the answer says which model it is. GPT-4o: 1000 × 2.5 + 100 × 10 = 3500
		["my-deployment", "gpt-4o-2024-11-20", 0.0035],
		// Azure writes GPT-3.5 without its dot: 1000 × 0.5 + 100 × 1.5 = 650
		["gpt-35-turbo", "gpt-35-turbo", 0.00065],
		["gpt-35-turbo", undefined, 0.00065],
	])("%s, answered by %s", (model, answered, expected) => {
		const body = completion(answered ?? "", { prompt_tokens: 1000, completion_tokens: 100 });
		expect(usd(bill("openai-chat", body, { provider: "azure", model }))).toBe(expected);
	});
});

describe("the user's own model", () => {
	test("each kind of token, tiers, requests, searches and tools", () => {
		const asked = { provider: "my-vllm", model: "llama-5" };
		const prices = {
			models: [
				{
					provider: "my-vllm",
					model: "llama-*",
					input: 0.2,
					cacheRead: 0.02,
					output: 0.6,
					tiers: [{ above: 100_000, input: 0.4, output: 1.2 }],
					request: 0.0001,
					webSearch: 0.005,
				},
			],
		};
		const usage = (prompt: number) => ({
			prompt_tokens: prompt,
			prompt_tokens_details: { cached_tokens: 1000 },
			completion_tokens: 500,
			num_search_queries: 2,
		});
		// 99,000 × 0.2 + 1000 × 0.02 + 500 × 0.6 = 19,800 + 20 + 300 = 20,120 → $0.02012, and $0.0001, and 2 × $0.005
		const low = bill("openai-chat", completion("llama-5", usage(100_000)), { ...asked, prices });
		expect(usd(low)).toBe(0.03022);
		// 99,001 × 0.4 + 1000 × 0.02 + 500 × 1.2 = 39,600.4 + 20 + 600 = 40,220.4 → $0.0402204
		const high = bill("openai-chat", completion("llama-5", usage(100_001)), { ...asked, prices });
		expect(usd(high)).toBe(0.0503204);
		expect(high).toMatchObject({ source: "override", match: "override", pricedModel: "llama-*" });
	});
});
