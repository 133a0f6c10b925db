import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRecord } from "../../src/wire/is-record.ts";
import {
	openAIChunkUsage,
	parseOpenAIChatUsage,
	parseOpenAIEmbeddingsUsage,
} from "../../src/wire/openai-chat.ts";
import { inOracleClasses, oracleUsage } from "./oracle.ts";
import { recordedBody, recordedEvents, recordingsAbsent, recordingsOf } from "./recordings.ts";

/** The provider and API flavor of genai-prices, by how a recording's name begins. */
const FLAVORS: Readonly<Record<string, readonly [string, string?]>> = {
	openai: ["openai", "chat"],
	azure: ["azure", "chat"],
	deepseek: ["deepseek", "chat"],
	groq: ["groq"],
	mistral: ["mistral"],
	xai: ["x-ai", "chat"],
};

function usageOf(body: unknown): unknown {
	return isRecord(body) ? body["usage"] : undefined;
}

function finalUsage(name: string): unknown {
	const said = recordedEvents("openai-chat", name).map((event): unknown =>
		openAIChunkUsage(JSON.parse(event)),
	);
	return said.findLast((usage) => usage !== undefined);
}

describe("recorded responses", () => {
	test("are there", ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		expect(recordingsOf("openai-chat", ".chunks.txt").length).toBeGreaterThan(0);
	});

	const bodies = recordingsOf("openai-chat", ".json").filter((name) => !name.startsWith("error"));
	test.each(bodies)("%s has the usage that genai-prices extracts", (name) => {
		const body = recordedBody("openai-chat", name);
		const [provider, flavor] = FLAVORS[name.split("-")[0] ?? ""] ?? ["openai", "chat"];
		expect(inOracleClasses(parseOpenAIChatUsage(usageOf(body)))).toMatchObject(
			oracleUsage(provider, body, flavor),
		);
	});

	test.each(recordingsOf("openai-chat", ".chunks.txt"))(
		"%s ends with the usage that genai-prices extracts",
		(name) => {
			const usage = finalUsage(name);
			const [provider, flavor] = FLAVORS[name.split("-")[0] ?? ""] ?? ["openai", "chat"];
			const oracle = oracleUsage(provider, { model: "of the recording", usage }, flavor);
			expect(inOracleClasses(parseOpenAIChatUsage(usage))).toMatchObject(oracle);
		},
	);

	test.each(recordingsOf("openai-embeddings", ".json"))(
		"%s has the usage that genai-prices extracts",
		(name) => {
			const body = recordedBody("openai-embeddings", name);
			const parsed = parseOpenAIEmbeddingsUsage(usageOf(body));
			expect(inOracleClasses(parsed)).toEqual(oracleUsage("openai", body, "embeddings"));
		},
	);

	// xai-text.json: 12 prompt (2 cached) + 1 completion + 228 reasoning = 241 in all. Its cost_in_usd_ticks proves
	// that the reasoning is billed beside the completion: (10 × $0.30 + 2 × $0.075 + 229 × $0.50) / 10⁶
	// = $0.00011765 = 1,176,500 ticks of 10⁻¹⁰.
	test("xAI's reasoning is output", ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		expect(parseOpenAIChatUsage(usageOf(recordedBody("openai-chat", "xai-text.json")))).toEqual({
			reportedCostUsd: 0.00011765,
			usage: {
				inputUncached: 10,
				cacheRead: 2,
				output: 229,
				reasoning: 228,
				inputAudio: 0,
				inputImage: 0,
				outputAudio: 0,
			},
		});
	});
});

describe("parseOpenAIChatUsage", () => {
	test("keeps what was not reported absent", () => {
		expect(parseOpenAIChatUsage({ prompt_tokens: 13, total_tokens: 21, completion_tokens: 8 })).toEqual({
			usage: { inputUncached: 13, output: 8 },
		});
	});

	test("takes cached and written tokens out of the prompt", () => {
		const usage = {
			prompt_tokens: 2000,
			completion_tokens: 10,
			prompt_tokens_details: { cached_tokens: 1024, cache_write_tokens: 512 },
		};
		expect(parseOpenAIChatUsage(usage)).toEqual({
			usage: { inputUncached: 464, cacheRead: 1024, cacheWrite5m: 512, output: 10 },
		});
	});

	test("takes the cache writes of LiteLLM and DashScope out of the prompt", () => {
		// 10,000 in all, of which 1,000 were read and 8,000 written.
		const sizes = { prompt_tokens: 10_000, completion_tokens: 100, total_tokens: 10_100 };
		const litellm = {
			...sizes,
			cache_creation_input_tokens: 8000,
			cache_read_input_tokens: 1000,
			prompt_tokens_details: { cached_tokens: 1000, cache_creation_tokens: 8000 },
		};
		const details = { cached_tokens: 1000, cache_creation_input_tokens: 8000, cache_type: "ephemeral" };
		const read = { inputUncached: 1000, cacheRead: 1000, output: 100 };
		for (const usage of [
			litellm,
			{ ...litellm, prompt_tokens_details: { cached_tokens: 1000 } },
			{ ...sizes, prompt_tokens_details: details },
		]) {
			expect(parseOpenAIChatUsage(usage)).toEqual({ usage: { ...read, cacheWrite5m: 8000 } });
		}
		const hour = { ephemeral_5m_input_tokens: 3000, ephemeral_1h_input_tokens: 5000 };
		for (const usage of [
			{
				...litellm,
				prompt_tokens_details: { ...litellm.prompt_tokens_details, cache_creation_token_details: hour },
			},
			{ ...sizes, prompt_tokens_details: { ...details, cache_creation: hour } },
		]) {
			expect(parseOpenAIChatUsage(usage)).toEqual({
				usage: { ...read, cacheWrite5m: 3000, cacheWrite1h: 5000 },
			});
		}
		// The lifetimes alone, and ones that cannot be read.
		const split = { ...sizes, prompt_tokens_details: { cached_tokens: 1000, cache_creation: hour } };
		expect(parseOpenAIChatUsage(split)).toEqual({
			usage: { ...read, cacheWrite5m: 3000, cacheWrite1h: 5000 },
		});
		expect(
			parseOpenAIChatUsage({ ...sizes, prompt_tokens_details: { ...details, cache_creation: 8000 } }),
		).toEqual({ usage: { ...read, cacheWrite5m: 8000 } });
	});

	test("an older LiteLLM counts them beside the prompt: they are more than it", () => {
		const usage = {
			completion_tokens: 467,
			prompt_tokens: 31,
			total_tokens: 498,
			prompt_tokens_details: { cached_tokens: 0 },
			cache_creation_input_tokens: 1253,
			cache_read_input_tokens: 0,
		};
		expect(parseOpenAIChatUsage(usage)).toEqual({
			usage: { inputUncached: 31, cacheRead: 0, cacheWrite5m: 1253, output: 467 },
		});
	});

	test("reads the cache of DeepSeek and Moonshot", () => {
		const hit = {
			prompt_tokens: 100,
			completion_tokens: 1,
			prompt_cache_hit_tokens: 64,
			prompt_cache_miss_tokens: 36,
		};
		const cached = { prompt_tokens: 100, completion_tokens: 1, cached_tokens: 64 };
		for (const usage of [hit, cached]) {
			expect(parseOpenAIChatUsage(usage)).toEqual({ usage: { inputUncached: 36, cacheRead: 64, output: 1 } });
		}
	});

	test("leaves reasoning inside the completion where the total says so", () => {
		const usage = {
			prompt_tokens: 15,
			completion_tokens: 78,
			total_tokens: 93,
			completion_tokens_details: { reasoning_tokens: 64 },
		};
		expect(parseOpenAIChatUsage(usage)).toEqual({ usage: { inputUncached: 15, output: 78, reasoning: 64 } });
	});

	test("takes reasoning for outside where it is more than the completion and there is no total", () => {
		const usage = {
			prompt_tokens: 1,
			completion_tokens: 2,
			completion_tokens_details: { reasoning_tokens: 5 },
		};
		expect(parseOpenAIChatUsage(usage)).toEqual({ usage: { inputUncached: 1, output: 7, reasoning: 5 } });
	});

	test("takes what only the total has for reasoning: Google's thoughts", () => {
		// 105 - 9 - 3 = 93.
		expect(parseOpenAIChatUsage({ completion_tokens: 3, prompt_tokens: 9, total_tokens: 105 })).toEqual({
			usage: { inputUncached: 9, output: 96, reasoning: 93 },
		});
		const cached = {
			completion_tokens: 3,
			prompt_tokens: 9000,
			prompt_tokens_details: { cached_tokens: 8000 },
			total_tokens: 9096,
		};
		expect(parseOpenAIChatUsage(cached)).toEqual({
			usage: { inputUncached: 1000, cacheRead: 8000, output: 96, reasoning: 93 },
		});
		// What is more by just the cache is the cache: 12,000 + 50 + 10,000.
		const beside = { prompt_tokens: 12_000, completion_tokens: 50, total_tokens: 22_050 };
		expect(
			parseOpenAIChatUsage({ ...beside, prompt_tokens_details: { cached_tokens: 10_000 } }),
		).toMatchObject({ usage: { output: 50 } });
		// The limit was reached in the middle of the thoughts.
		for (const none of [{ completion_tokens: 0 }, {}]) {
			expect(parseOpenAIChatUsage({ ...none, prompt_tokens: 9, total_tokens: 105 })).toEqual({
				usage: { inputUncached: 9, output: 96, reasoning: 96 },
			});
		}
	});

	test.each([
		["the seconds of an audio input", { prompt_audio_seconds: 203 }],
		[
			"a cache beside the prompt",
			{ cache_read_input_tokens: 93, prompt_tokens_details: { cached_tokens: 0 } },
		],
		["reasoning that is none", { completion_tokens_details: { reasoning_tokens: 0 } }],
		["reasoning in another place", { reasoning_tokens: 50 }],
	])("leaves alone what a total has more where there is %s", (_what, more) => {
		const usage = { completion_tokens: 3, prompt_tokens: 9, total_tokens: 105, ...more };
		expect(parseOpenAIChatUsage(usage)).toMatchObject({ usage: { inputUncached: 9, output: 3 } });
	});

	test("leaves out a reasoning that contradicts completion and total", () => {
		const usage = {
			prompt_tokens: 1,
			completion_tokens: 2,
			total_tokens: 3,
			completion_tokens_details: { reasoning_tokens: 5 },
		};
		expect(parseOpenAIChatUsage(usage)).toEqual({ usage: { inputUncached: 1, output: 2 } });
	});

	test("splits the prompt's audio over uncached and cached", () => {
		const usage = {
			prompt_tokens: 100,
			completion_tokens: 50,
			prompt_tokens_details: { cached_tokens: 70, audio_tokens: 80 },
			completion_tokens_details: { audio_tokens: 40 },
		};
		expect(parseOpenAIChatUsage(usage)).toEqual({
			usage: {
				inputUncached: 30,
				cacheRead: 70,
				output: 50,
				inputAudio: 30,
				cacheReadAudio: 50,
				outputAudio: 40,
			},
		});
	});

	test("counts searches and other tools that the provider ran", () => {
		const base = { prompt_tokens: 1, completion_tokens: 1 };
		expect(parseOpenAIChatUsage({ ...base, num_search_queries: 3 })).toMatchObject({
			usage: { webSearches: 3 },
		});
		expect(parseOpenAIChatUsage({ ...base, server_tool_use: { web_search_requests: 2 } })).toMatchObject({
			usage: { webSearches: 2 },
		});
		expect(parseOpenAIChatUsage({ ...base, num_sources_used: 4 })).toMatchObject({
			usage: { serverTools: { live_search_sources: 4 } },
		});
	});

	test.each([undefined, null, {}, { prompt_tokens: null, completion_tokens: null }])(
		"%j was not reported",
		(usage) => {
			expect(parseOpenAIChatUsage(usage)).toEqual({ missing: "not_reported" });
		},
	);

	test.each([
		"12 tokens",
		7,
		[[]],
		{ tokens: 7 },
		{ prompt_tokens: -1, completion_tokens: 1 },
		{ prompt_tokens: 1.5, completion_tokens: 1 },
		{ prompt_tokens: "12", completion_tokens: 1 },
		{ prompt_tokens: Number.NaN, completion_tokens: 1 },
		{ prompt_tokens: Number.POSITIVE_INFINITY, completion_tokens: 1 },
		{ prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 11 } },
		{
			prompt_tokens: 10,
			completion_tokens: 1,
			prompt_tokens_details: { cached_tokens: 6, cache_write_tokens: 5 },
		},
		{
			prompt_tokens: 10,
			completion_tokens: 1,
			prompt_tokens_details: {
				cache_creation_tokens: 5,
				cache_creation_token_details: { ephemeral_1h_input_tokens: 6 },
			},
		},
		{ prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { audio_tokens: 11 } },
		{ prompt_tokens: 10, completion_tokens: 1, completion_tokens_details: { audio_tokens: 2 } },
		{ prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: 3 },
	])("%j is a parse error", (usage) => {
		expect(parseOpenAIChatUsage(usage)).toEqual({ missing: "parse_error" });
	});

	test("never throws, and what it returns is made of counts that fit into each other", () => {
		const count = fc.oneof(fc.nat(50), fc.constant(null), fc.constant(undefined), fc.anything());
		const details = fc.oneof(
			fc.record({ cached_tokens: count, audio_tokens: count, image_tokens: count, reasoning_tokens: count }),
			fc.anything(),
		);
		const usage = fc.record({
			prompt_tokens: count,
			completion_tokens: count,
			total_tokens: count,
			prompt_tokens_details: details,
			completion_tokens_details: details,
		});
		fc.assert(
			fc.property(fc.oneof(usage, fc.jsonValue(), fc.anything()), (any) => {
				parseOpenAIEmbeddingsUsage(any);
				openAIChunkUsage(any);
				const parsed = parseOpenAIChatUsage(any);
				if ("missing" in parsed) return;
				const { inputUncached = 0, cacheRead = 0, output = 0, ...parts } = parsed.usage;
				expect(Math.min(inputUncached, cacheRead, output)).toBeGreaterThanOrEqual(0);
				expect((parts.inputAudio ?? 0) + (parts.inputImage ?? 0)).toBeLessThanOrEqual(inputUncached);
				expect(parts.cacheReadAudio ?? 0).toBeLessThanOrEqual(cacheRead);
				expect(parts.reasoning ?? 0).toBeLessThanOrEqual(output);
			}),
		);
	});
});

describe("parseOpenAIEmbeddingsUsage", () => {
	test("reads the prompt, or the total of servers that report only that", () => {
		expect(parseOpenAIEmbeddingsUsage({ prompt_tokens: 12, total_tokens: 12 })).toEqual({
			usage: { inputUncached: 12 },
		});
		expect(parseOpenAIEmbeddingsUsage({ total_tokens: 9 })).toEqual({ usage: { inputUncached: 9 } });
	});

	test("says what is missing", () => {
		expect(parseOpenAIEmbeddingsUsage(null)).toEqual({ missing: "not_reported" });
		expect(parseOpenAIEmbeddingsUsage({ prompt_tokens: -1 })).toEqual({ missing: "parse_error" });
	});
});

test("openAIChunkUsage finds Groq's usage where nobody asked for one", () => {
	const usage = { prompt_tokens: 45, completion_tokens: 662, total_tokens: 707 };
	expect(openAIChunkUsage({ choices: [], x_groq: { id: "req_1", usage } })).toEqual(usage);
	expect(openAIChunkUsage({ choices: [], usage: null })).toBeUndefined();
});
