import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseOpenAIResponsesUsage } from "../../src/wire/openai-responses.ts";

const usageOf = (usage: unknown, output: unknown = []): unknown =>
	parseOpenAIResponsesUsage({ object: "response", output, usage });

describe("parseOpenAIResponsesUsage", () => {
	test("takes cached and written tokens out of the input", () => {
		// 2,000 in, of which 1,024 were read and 512 written: 464 are left.
		const usage = {
			input_tokens: 2000,
			input_tokens_details: { cached_tokens: 1024, cache_write_tokens: 512 },
			output_tokens: 163,
			output_tokens_details: { reasoning_tokens: 128 },
			total_tokens: 2163,
		};
		expect(usageOf(usage)).toEqual({
			usage: { inputUncached: 464, cacheRead: 1024, cacheWrite5m: 512, output: 163, reasoning: 128 },
		});
	});

	test("adds reasoning that is counted outside", () => {
		// 32 + 9 + 120 = 161, so the 120 are beside the 9.
		const usage = {
			input_tokens: 32,
			output_tokens: 9,
			output_tokens_details: { reasoning_tokens: 120 },
			total_tokens: 161,
		};
		expect(usageOf(usage)).toEqual({ usage: { inputUncached: 32, output: 129, reasoning: 120 } });
	});

	test("leaves it inside where the total says so: xAI's recorded answer", () => {
		const usage = {
			input_tokens: 216,
			input_tokens_details: { cached_tokens: 192 },
			output_tokens: 923,
			output_tokens_details: { reasoning_tokens: 323 },
			total_tokens: 1139,
			num_sources_used: 0,
		};
		expect(usageOf(usage)).toEqual({
			usage: { inputUncached: 24, cacheRead: 192, output: 923, reasoning: 323 },
		});
	});

	test("leaves out a reasoning that contradicts the output", () => {
		const usage = {
			input_tokens: 1,
			output_tokens: 2,
			output_tokens_details: { reasoning_tokens: 3 },
			total_tokens: 3,
		};
		expect(usageOf(usage)).toEqual({ usage: { inputUncached: 1, output: 2 } });
	});

	test("counts the provider's tools that ran, and of its searches those that searched", () => {
		const output = [
			{ type: "reasoning" },
			{ type: "web_search_call", action: { type: "search", query: "…" } },
			{ type: "web_search_call", action: { type: "open_page" } },
			{ type: "web_search_call", action: { type: "find_in_page" } },
			{ type: "web_search_call" },
			{ type: "code_interpreter_call" },
			{ type: "code_interpreter_call" },
			{ type: "file_search_call" },
			{ type: "image_generation_call" },
			{ type: "function_call" },
			{ type: "message" },
			null,
			"web_search_call",
		];
		const usage = { input_tokens: 1, output_tokens: 1, num_sources_used: 4 };
		expect(usageOf(usage, output)).toEqual({
			usage: {
				inputUncached: 1,
				output: 1,
				webSearches: 2,
				serverTools: { code_interpreter: 2, file_search: 1, image_generation: 1, live_search_sources: 4 },
			},
		});
	});

	test.each<[string, unknown, number | undefined]>([
		["as many as are billed", { web_search: { num_requests: 3 } }, 3],
		["none where they are free", { web_search: { num_requests: 0 } }, undefined],
		["one an item where nothing is told", { image_gen: {} }, 1],
		["one an item where it is no count", { web_search: { num_requests: "3" } }, 1],
		["one an item where it is nothing", null, 1],
	])("counts searches: %s", (_what, toolUsage, webSearches) => {
		const response = {
			output: [{ type: "web_search_call", action: { type: "search", queries: ["a", "b", "c"] } }],
			usage: { input_tokens: 1, output_tokens: 1 },
			tool_usage: toolUsage,
		};
		const usage = { inputUncached: 1, output: 1, ...(webSearches === undefined ? {} : { webSearches }) };
		expect(parseOpenAIResponsesUsage(response)).toEqual({ usage });
	});

	test.each([undefined, null, {}, { input_tokens: null }])("%j was not reported", (usage) => {
		expect(usageOf(usage)).toEqual({ missing: "not_reported" });
	});

	test.each([
		"usage",
		[[]],
		{ tokens: 1 },
		{ input_tokens: -1, output_tokens: 1 },
		{ input_tokens: 1, output_tokens: "1" },
		{ input_tokens: 1, output_tokens: 1, input_tokens_details: { cached_tokens: 2 } },
		{ input_tokens: 1, output_tokens: 1, output_tokens_details: 5 },
	])("%j is a parse error", (usage) => {
		expect(usageOf(usage)).toEqual({ missing: "parse_error" });
	});

	test("never throws, and what it returns is made of counts that fit into each other", () => {
		const count = fc.oneof(fc.nat(50), fc.constant(null), fc.anything());
		const details = fc.oneof(fc.record({ cached_tokens: count, reasoning_tokens: count }), fc.anything());
		const usage = fc.record({
			input_tokens: count,
			output_tokens: count,
			total_tokens: count,
			input_tokens_details: details,
			output_tokens_details: details,
		});
		fc.assert(
			fc.property(fc.oneof(usage, fc.anything()), fc.anything(), (said, output) => {
				parseOpenAIResponsesUsage(said);
				const parsed = parseOpenAIResponsesUsage({ usage: said, output });
				const {
					inputUncached = 0,
					cacheRead = 0,
					output: out = 0,
					reasoning = 0,
				} = "usage" in parsed ? parsed.usage : {};
				expect(Math.min(inputUncached, cacheRead, out)).toBeGreaterThanOrEqual(0);
				expect(reasoning).toBeLessThanOrEqual(out);
			}),
		);
	});
});
