import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { TokenUsage } from "../../src/core/token-usage.ts";
import { LIST_VERSION } from "../../src/pricing/list-date.ts";
import { type Price, PriceBook, type PriceQuery } from "../../src/pricing/price-book.ts";

const book = new PriceBook();
const AT = Date.parse("2026-11-01T12:00:00Z");

function price(provider: string, model: string, usage: TokenUsage, more: Partial<PriceQuery> = {}): Price {
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

	test("Gemini 2.5 Flash: audio has its own price, and so has cached audio", () => {
		// A million: $0.30 text, $1 audio, $0.03 cached, $0.10 cached audio, $2.50 out.
		// 600 × 0.3 + 400 × 1 + 300 × 0.03 + 200 × 0.1 + 100 × 2.5 = 180 + 400 + 9 + 20 + 250 = 859 → $0.000859
		const usage: TokenUsage = {
			inputUncached: 1000,
			inputAudio: 400,
			cacheRead: 500,
			cacheReadAudio: 200,
			output: 100,
		};
		expect(price("google", "gemini-2.5-flash", usage).costUsd).toBeCloseTo(0.000859, 15);
	});

	test("Perplexity Sonar: a fee for each request beside its tokens", () => {
		// $1 a million in and out, $12 a thousand requests: 500 × 1 + 200 × 1 → $0.0007 + $0.012
		const usage = { inputUncached: 500, output: 200 };
		expect(price("perplexity", "sonar", usage).costUsd).toBeCloseTo(0.0127, 15);
	});

	test("Sonar Deep Research: reasoning has a price of its own", () => {
		// $8 a million out, $3 reasoning: 200 × 8 + 800 × 3 = 4000 → $0.004
		const usage = { output: 1000, reasoning: 800 };
		expect(price("perplexity", "sonar-deep-research", usage).costUsd).toBeCloseTo(0.004, 15);
	});

	test("the price is that of the time at which the call started", () => {
		const usage = { inputUncached: 1_000_000, output: 1_000_000 };
		// o3 fell from $10 and $40 to $2 and $8 on 2025-06-10.
		const before = { at: Date.parse("2025-06-09T23:59:59.999Z") };
		const after = { at: Date.parse("2025-06-10T00:00:00Z") };
		for (let round = 0; round < 2; round += 1) {
			expect(price("openai", "o3", usage, before).costUsd).toBeCloseTo(50, 12);
			expect(price("openai", "o3", usage, after).costUsd).toBeCloseTo(10, 12);
		}
		// DeepSeek's chat cost half from 16:30 to 00:30 UTC: $0.27 and $1.10 by day.
		for (const [time, usd] of [
			["00:29:59.999", 0.685],
			["00:30:00.000", 1.37],
			["16:29:59.999", 1.37],
			["16:30:00.000", 0.685],
		] as const) {
			const at = Date.parse(`2025-05-01T${time}Z`);
			expect(price("deepseek", "deepseek-chat", usage, { at }).costUsd, time).toBeCloseTo(usd, 12);
		}
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

	test("a file search at OpenAI costs $2.50 a thousand", () => {
		// 1000 × $2.50/1M + 2 × $0.0025
		const usage = { inputUncached: 1000, serverTools: { file_search: 2 } };
		expect(price("openai", "gpt-4o", usage)).toMatchObject({
			costUsd: expect.closeTo(0.0075, 15),
			unpriced: undefined,
		});
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
		// Searches belong to the whole, and are billed once: $0.02 more.
		const searched = { ...usage, webSearches: 2 };
		expect(price("anthropic", "claude-sonnet-4-5", searched).costUsd).toBeCloseTo(0.9275, 12);
	});

	test("no iterations at all: the usage itself is priced", () => {
		const usage = { inputUncached: 1000, iterations: [] };
		expect(price("anthropic", "claude-sonnet-4-5", usage).costUsd).toBeCloseTo(0.003, 15);
	});

	test("an iteration of a model that the book does not know has no price, and that is said", () => {
		const usage = { iterations: [{ inputUncached: 1000 }, { model: "model-of-nobody-1", output: 100 }] };
		// 1000 × $3/1M
		expect(price("anthropic", "claude-sonnet-4-5", usage)).toMatchObject({
			costUsd: expect.closeTo(0.003, 15),
			unpriced: "unknown_model",
		});
	});

	test("an iteration of the model that answered is the call's own, whatever the book calls it", () => {
		const usage = { iterations: [{ inputUncached: 1000 }, { model: "my-deployment", output: 100 }] };
		const more = { answeredModel: "my-deployment" };
		// 1000 × $3/1M + 100 × $15/1M
		expect(price("anthropic", "claude-sonnet-4-5", usage, more)).toMatchObject({
			costUsd: expect.closeTo(0.0045, 15),
			unpriced: undefined,
		});
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

	test.each([
		// Azure and Vertex sell what others make; genai-prices says whose prices they take.
		[
			"gpt-4o-2024-08-06",
			2.5,
			["azure", "Azure", "azure-openai", "azure_openai", "azure.ai.openai", "my-azure"],
		],
		["gpt-4o-2024-08-06", 2.5, ["openai", " OpenAI ", "openai.chat", "my-openai-proxy"]],
		["claude-opus-4-5", 5, ["anthropic", "claude", "anthropic.messages", "vertex-anthropic"]],
		["gemini-2.5-flash", 0.3, ["google", "gemini", "vertex", "vertex_ai", "gcp.gemini", "gcp.gen_ai"]],
		["grok-3", 3, ["x-ai", "xai", "x.ai", "x_ai", "grok", "xai.chat"]],
		["mistral-large-2411", 2, ["mistral", "mistral_ai", "mistral.chat"]],
		["openai/gpt-4o", 2.5, ["openrouter", "open-router", "litellm"]],
		["us.anthropic.claude-3-haiku-20240307-v1:0", 0.25, ["aws", "aws.bedrock", "amazon-bedrock"]],
	])("of %s, $%s a million, by all the names that its providers go by", (model, usd, names) => {
		for (const name of names) expect(price(name, model, USAGE).costUsd, name).toBeCloseTo(usd, 12);
	});

	test.each([
		["google", "models/gemini-2.5-flash"],
		["vertex", "publishers/google/models/gemini-2.5-flash"],
		["vertex", "projects/p-1/locations/us-east5/publishers/google/models/gemini-2.5-flash"],
		["litellm", "gemini/models/gemini-2.5-flash"],
	])("of %s %s, which is a resource's path", (provider, model) => {
		// Gemini 2.5 Flash: $0.30, half of it in flex.
		expect(price(provider, model, USAGE).costUsd).toBeCloseTo(0.3, 12);
		expect(price(provider, model, USAGE, { serviceTier: "flex" }).costUsd).toBeCloseTo(0.15, 12);
		const models = [{ provider: "google", model: "gemini-2.5*", input: 7 }];
		const query = { provider, model, usage: USAGE, at: AT };
		expect(new PriceBook({ models }).price(query).costUsd).toBe(7);
		// An entry may be for the path, too.
		expect(new PriceBook({ models: [{ provider, model, input: 6 }] }).price(query).costUsd).toBe(6);
		expect(price("openai", "models/gpt-4o", USAGE).unpriced).toBe("unknown_model");
	});

	test("how it was matched", () => {
		expect(price("openai", "gpt-4-turbo", USAGE).match).toBe("exact");
		const listed = { match: "exact", pricedModel: "gpt-4-turbo" };
		expect(price("openai", "gpt-4-turbo-2024-04-09", USAGE)).toMatchObject(listed);
		const matched = { match: "prefix", pricedModel: "claude-sonnet-4-5" };
		expect(price("anthropic", "claude-sonnet-4-5-20250929", USAGE)).toMatchObject(matched);
	});

	test("none for what nobody knows: never a guess from the model's name", () => {
		const none = { costUsd: undefined, unpriced: "unknown_model" };
		expect(price("openai", "model-of-nobody-1", USAGE)).toMatchObject(none);
		expect(price("some-gateway", "gpt-4-turbo", USAGE)).toMatchObject(none);
		expect(price("ollama", "llama3.3", USAGE)).toMatchObject(none);
		expect(price("litellm", "gpt-4-turbo", USAGE)).toMatchObject(none);
		expect(price("", "gpt-4-turbo", USAGE)).toMatchObject(none);
		expect(price("openai", "", USAGE)).toMatchObject(none);
	});

	test("none for whoever speaks a provider's API: that is not the provider", () => {
		const none = { costUsd: undefined, unpriced: "unknown_model" };
		// What OpenAICompatibleProvider calls a server of one's own.
		for (const label of ["openai-compatible", "openai_compatible.chat", "OpenAI-like", "groq-openai-compat"])
			expect(price(label, "gpt-oss-20b", USAGE), label).toMatchObject(none);
		expect(price("anthropic-compatible", "claude-opus-4-5", USAGE)).toMatchObject(none);
		// Who else is named there bills.
		expect(price("google-openai-compatible", "gemini-2.5-flash", USAGE).costUsd).toBeCloseTo(0.3, 12);
		expect(price("azure-openai-compat", "gpt-4o", USAGE).costUsd).toBeCloseTo(2.5, 12);
		// And where the user has a price, it holds.
		const models = [{ provider: "openai-compatible", model: "*", input: 0, output: 0 }];
		const query = { provider: "openai-compatible", model: "gpt-oss-20b", usage: USAGE, at: AT };
		expect(new PriceBook({ models }).price(query)).toMatchObject({ costUsd: 0, source: "override" });
	});

	test("what is known is priced, what is not is said", () => {
		expect(
			price("openai", "gpt-4-turbo", { inputUncached: 1000, serverTools: { code_execution: 1 } }),
		).toMatchObject({
			unpriced: "server_tool",
			costUsd: expect.closeTo(0.01, 12),
		});
		expect(price("openai", "gpt-4-turbo", { webSearches: 1 })).toMatchObject({
			unpriced: "server_tool",
			costUsd: undefined,
		});
		// An embedding model has no price for output.
		const embedded = { inputUncached: 1_000_000, output: 1 };
		expect(price("openai", "text-embedding-3-small", embedded)).toMatchObject({
			unpriced: "unknown_rate",
			costUsd: expect.closeTo(0.02, 12),
		});
		// Whisper is billed by the hour, which we do not count.
		expect(price("groq", "whisper-large-v3", {})).toMatchObject({
			unpriced: "unknown_rate",
			costUsd: undefined,
		});
	});

	test("some things cost nothing", () => {
		// Anthropic bills a fetched page by its tokens; another provider's tool of that name is not known.
		const fetched = { inputUncached: 1000, serverTools: { web_fetch: 2 } };
		expect(price("anthropic", "claude-sonnet-4-5", fetched)).toMatchObject({
			costUsd: expect.closeTo(0.003, 15),
			unpriced: undefined,
		});
		expect(price("openai", "gpt-4o", fetched).unpriced).toBe("server_tool");
		const free = { costUsd: 0, unpriced: undefined };
		expect(price("openrouter", "deepseek/deepseek-r1:free", USAGE)).toMatchObject(free);
		expect(price("openai", "gpt-4o", { inputUncached: 0, output: 0 })).toMatchObject(free);
		// A price list without a price, for a model that is not called free.
		expect(price("openrouter", "google/lyria-3-pro-preview", USAGE)).toMatchObject({
			costUsd: undefined,
			unpriced: "unknown_rate",
		});
	});
});

describe("a price book", () => {
	test.each([
		{ inputUncached: Number.NaN },
		{ output: Number.POSITIVE_INFINITY },
		{ output: -5 },
		{ inputUncached: 5, webSearches: Number.NaN },
	])("answers a usage that is none, %o, without a price", (usage) => {
		expect(price("openai", "gpt-4o", usage)).toMatchObject({ costUsd: undefined, unpriced: "unknown_rate" });
	});

	test("answers a time that is none", () => {
		const usage = { output: 1_000_000 };
		expect(price("openai", "gpt-4o", usage, { at: Number.NaN }).costUsd).toBeCloseTo(10, 12);
		expect(price("openai", "o3", usage, { at: Number.NaN }).unpriced).toBe("unknown_model");
		expect(price("openai", "o3", usage).costUsd).toBeCloseTo(8, 12);
	});

	test.each([
		["unknown models", (i: number) => ["openai", `nobody-${i}`]],
		["names that a pattern matches", (i: number) => ["anthropic", `claude-sonnet-4-5-${i}`]],
		["providers", (i: number) => [`nobody-${i}`, "gpt-4-turbo"]],
	] as const)("stays small in a flood of %s, and answers on", (_what, nameOf) => {
		const flood = new PriceBook();
		const usage = { inputUncached: 1_000_000 };
		let largest = 0;
		for (let i = 0; i < 12_000; i += 1) {
			const [provider = "", model = ""] = nameOf(i);
			flood.price({ provider, model, usage, at: AT });
			largest = Math.max(largest, flood.size);
		}
		expect(largest).toBe(5000);
		const known = { provider: "openai", model: "gpt-4-turbo", usage, at: AT };
		expect(flood.price(known).costUsd).toBeCloseTo(10, 12);
	});

	test("neither looks up nor keeps a text that is no name", () => {
		const other = new PriceBook();
		for (const model of [`claude-sonnet-4-5${"x".repeat(300)}`, "x".repeat(1_000_000)]) {
			const answer = other.price({ provider: "anthropic", model, usage: { output: 1 }, at: AT });
			expect(answer.unpriced).toBe("unknown_model");
		}
		expect(other.size).toBe(0);
	});

	test("keeps names apart that a joined key would mix up", () => {
		const other = new PriceBook();
		for (const [provider, model] of [
			["openrouter", "openai/gpt-4o"],
			["openrouter/openai", "gpt-4o"],
		] as const) {
			other.price({ provider, model, usage: {}, at: AT });
		}
		expect(other.size).toBe(2);
	});

	test("is as old as the version of genai-prices that is installed", () => {
		const manifest = new URL("../../node_modules/@pydantic/genai-prices/package.json", import.meta.url);
		expect(JSON.parse(readFileSync(manifest, "utf8")).version).toBe(LIST_VERSION);
		// 0.1.8 was published on 2026-09-23 at 10:11:04 UTC, by the registry.
		expect(book.ageSeconds(Date.parse("2026-09-24T10:11:04Z"))).toBe(86_400);
		expect(book.ageSeconds(0)).toBe(0);
	});
});
