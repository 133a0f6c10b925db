/** Expected numbers are added up by hand from the providers' own definitions of their fields. */
import { describe, expect, test } from "vitest";
import { parseAiSdkEmbeddingUsage, parseAiSdkUsage } from "../../src/instrument/ai-sdk-usage.ts";

const NOTHING = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined };
const input = (counts: object): object => ({ ...NOTHING, ...counts });
const output = (counts: object): object => ({
	total: undefined,
	text: undefined,
	reasoning: undefined,
	...counts,
});

describe("the specification's own numbers", () => {
	test.each<[string, object, object, object]>([
		[
			"all of them",
			input({ total: 100, noCache: 50, cacheRead: 40, cacheWrite: 10 }),
			output({ total: 20, text: 15, reasoning: 5 }),
			{ inputUncached: 50, cacheRead: 40, cacheWrite5m: 10, output: 20, reasoning: 5 },
		],
		["only totals", input({ total: 100 }), output({ total: 20 }), { inputUncached: 100, output: 20 }],
		[
			"no total",
			input({ noCache: 7, cacheRead: 1 }),
			output({ text: 3, reasoning: 2 }),
			{ inputUncached: 7, cacheRead: 1, output: 5, reasoning: 2 },
		],
		[
			"parts that leave something over: the total counts",
			input({ total: 100, noCache: 10, cacheRead: 40 }),
			output({}),
			{ inputUncached: 60, cacheRead: 40 },
		],
		[
			"a total without the cache",
			input({ total: 10, noCache: 10, cacheRead: 900 }),
			output({ total: 1 }),
			{ inputUncached: 10, cacheRead: 900, output: 1 },
		],
		[
			"reasoning without output says nothing",
			input({ total: 1 }),
			output({ reasoning: 5 }),
			{ inputUncached: 1 },
		],
		["more reasoning than output", input({}), output({ total: 3, reasoning: 5 }), { output: 3 }],
		["a zero that was said", input({ total: 0 }), output({ total: 0 }), { inputUncached: 0, output: 0 }],
	])("%s", (_what, inputTokens, outputTokens, usage) => {
		expect(parseAiSdkUsage({ inputTokens, outputTokens })).toEqual({ usage });
	});

	test.each([undefined, null, {}, { inputTokens: input({}), outputTokens: output({}) }, 5])(
		"%j is no report",
		(usage) => {
			expect(parseAiSdkUsage(usage)).toEqual({ missing: "not_reported" });
		},
	);

	test.each([
		{ inputTokens: input({ total: Number.NaN }), outputTokens: output({}) },
		{ inputTokens: input({ total: "100" }), outputTokens: output({}) },
		{ inputTokens: input({ noCache: -1 }), outputTokens: output({}) },
		{ inputTokens: input({ total: 1, cacheRead: 2 }), outputTokens: output({}) },
		{ inputTokens: 100, outputTokens: 20 },
	])("%j cannot be read", (usage) => {
		expect(parseAiSdkUsage(usage)).toEqual({ missing: "parse_error" });
	});
});

describe("the provider's own numbers beside them", () => {
	const inputTokens = input({ total: 1000, noCache: 100, cacheRead: 600, cacheWrite: 300 });
	const outputTokens = output({ total: 50 });

	test("Anthropic's cache writes for an hour, and its searches", () => {
		const raw = {
			input_tokens: 100,
			cache_read_input_tokens: 600,
			cache_creation_input_tokens: 300,
			cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
			output_tokens: 50,
			server_tool_use: { web_search_requests: 2 },
		};
		expect(parseAiSdkUsage({ inputTokens, outputTokens, raw })).toEqual({
			usage: {
				inputUncached: 100,
				cacheRead: 600,
				cacheWrite5m: 100,
				cacheWrite1h: 200,
				output: 50,
				webSearches: 2,
			},
		});
	});

	test("Anthropic's iterations, of which the adapter knew the last", () => {
		const iteration = { input_tokens: 2000, output_tokens: 70 };
		const last = {
			input_tokens: 100,
			cache_read_input_tokens: 600,
			cache_creation_input_tokens: 300,
			output_tokens: 50,
		};
		const raw = { ...last, iterations: [iteration, last] };
		expect(parseAiSdkUsage({ inputTokens, outputTokens, raw })).toMatchObject({
			usage: {
				inputUncached: 2100,
				cacheRead: 600,
				output: 120,
				iterations: [{ inputUncached: 2000 }, { inputUncached: 100 }],
			},
		});
	});

	test("OpenAI's audio", () => {
		const raw = {
			prompt_tokens: 1000,
			completion_tokens: 50,
			total_tokens: 1050,
			prompt_tokens_details: { cached_tokens: 600, audio_tokens: 30 },
		};
		expect(
			parseAiSdkUsage({ inputTokens: input({ total: 1000, cacheRead: 600 }), outputTokens, raw }),
		).toEqual({
			usage: { inputUncached: 400, cacheRead: 600, inputAudio: 30, output: 50 },
		});
	});

	test("Gemini's audio", () => {
		const raw = {
			promptTokenCount: 1000,
			cachedContentTokenCount: 600,
			candidatesTokenCount: 40,
			thoughtsTokenCount: 10,
			promptTokensDetails: [{ modality: "AUDIO", tokenCount: 30 }],
		};
		expect(
			parseAiSdkUsage({ inputTokens: input({ total: 1000, cacheRead: 600 }), outputTokens, raw }),
		).toEqual({
			usage: { inputUncached: 400, cacheRead: 600, inputAudio: 30, output: 50, reasoning: 10 },
		});
	});

	test("xAI's reasoning outside the output, as the adapter adds it", () => {
		const raw = {
			input_tokens: 1000,
			output_tokens: 20,
			total_tokens: 1050,
			input_tokens_details: { cached_tokens: 0 },
			output_tokens_details: { reasoning_tokens: 30 },
		};
		expect(parseAiSdkUsage({ inputTokens: input({ total: 1000 }), outputTokens, raw })).toEqual({
			usage: { inputUncached: 1000, cacheRead: 0, output: 50, reasoning: 30 },
		});
	});

	test("xAI's reasoning and its cost, where the adapter adds neither", () => {
		const raw = {
			prompt_tokens: 12,
			completion_tokens: 1,
			total_tokens: 303,
			prompt_tokens_details: { cached_tokens: 11 },
			completion_tokens_details: { reasoning_tokens: 290 },
			cost_in_usd_ticks: 1_466_250,
		};
		const said = {
			inputTokens: input({ total: 12, noCache: 1, cacheRead: 11 }),
			outputTokens: output({ total: 1, text: 0, reasoning: 290 }),
		};
		// 12 + 1 + 290 = 303: the reasoning stands beside the completion. A tick is 10⁻¹⁰ dollars.
		expect(parseAiSdkUsage({ ...said, raw })).toEqual({
			usage: { inputUncached: 1, cacheRead: 11, output: 291, reasoning: 290 },
			reportedCostUsd: 0.000146625,
		});
	});

	test.each([
		["of another answer", { prompt_tokens: 1, completion_tokens: 1 }],
		["that contradict themselves", { prompt_tokens: 1, prompt_tokens_details: { cached_tokens: 2 } }],
		["of nobody that we know", { tokens: 5 }],
		["of a part only", { input_tokens: 0, output_tokens: 50, cache_read_input_tokens: 0 }],
		["that are none", "1050"],
	])("those %s are left out", (_what, raw) => {
		expect(parseAiSdkUsage({ inputTokens, outputTokens, raw })).toEqual({
			usage: { inputUncached: 100, cacheRead: 600, cacheWrite5m: 300, output: 50 },
		});
	});
});

test("an embedding's", () => {
	expect(parseAiSdkEmbeddingUsage({ tokens: 5 })).toEqual({ usage: { inputUncached: 5 } });
	expect(parseAiSdkEmbeddingUsage({ tokens: Number.NaN })).toEqual({ missing: "parse_error" });
	expect(parseAiSdkEmbeddingUsage(undefined)).toEqual({ missing: "not_reported" });
	expect(parseAiSdkEmbeddingUsage({})).toEqual({ missing: "not_reported" });
});
