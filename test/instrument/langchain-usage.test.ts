import { mergeUsageMetadata } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addUsageMetadata, parseUsageMetadata } from "../../src/instrument/langchain-usage.ts";

describe("parseUsageMetadata", () => {
	test("input_tokens counts the cache, output_tokens the reasoning", () => {
		expect(
			parseUsageMetadata({
				input_tokens: 350,
				output_tokens: 240,
				total_tokens: 590,
				input_token_details: { audio: 10, cache_creation: 200, cache_read: 100 },
				output_token_details: { audio: 10, reasoning: 200 },
			}),
		).toStrictEqual({
			usage: {
				inputUncached: 50,
				cacheRead: 100,
				cacheWrite5m: 200,
				output: 240,
				reasoning: 200,
				inputAudio: 10,
				outputAudio: 10,
			},
		});
	});

	test("what was not reported is not 0", () => {
		expect(parseUsageMetadata({ input_tokens: 3, output_tokens: 5, total_tokens: 8 })).toStrictEqual({
			usage: { inputUncached: 3, output: 5 },
		});
		expect(
			parseUsageMetadata({ output_tokens: 5, input_token_details: { audio: undefined, cache_read: null } }),
		).toStrictEqual({ usage: { output: 5 } });
	});

	test("zeros are what ChatOpenAI makes of a missing usage", () => {
		for (const none of [
			undefined,
			{},
			{ input_token_details: {}, output_token_details: {} },
			{ input_tokens: 0, output_tokens: 0, total_tokens: 0, input_token_details: {} },
		]) {
			expect(parseUsageMetadata(none)).toStrictEqual({ missing: "not_reported" });
		}
	});

	test("an older Anthropic package left the cache out of input_tokens", () => {
		expect(
			parseUsageMetadata({ input_tokens: 4, output_tokens: 5, input_token_details: { cache_read: 1000 } }),
		).toStrictEqual({ usage: { inputUncached: 4, cacheRead: 1000, output: 5 } });
	});

	test("Google's package has the thoughts in the total alone", () => {
		// 623 - 20 - 198 = 405.
		expect(parseUsageMetadata({ input_tokens: 20, output_tokens: 198, total_tokens: 623 })).toStrictEqual({
			usage: { inputUncached: 20, output: 603, reasoning: 405 },
		});
		const cached = {
			input_tokens: 1000,
			output_tokens: 10,
			total_tokens: 1090,
			input_token_details: { cache_read: 600 },
		};
		expect(parseUsageMetadata(cached)).toStrictEqual({
			usage: { inputUncached: 400, cacheRead: 600, output: 90, reasoning: 80 },
		});
	});

	test("xAI's reasoning stands beside the output, everybody else's in it", () => {
		const usage = { input_tokens: 12, output_tokens: 1, output_token_details: { reasoning: 290 } };
		expect(parseUsageMetadata({ ...usage, total_tokens: 303 })).toStrictEqual({
			usage: { inputUncached: 12, output: 291, reasoning: 290 },
		});
		// A total that nothing explains: what is reported of the reasoning stands.
		expect(parseUsageMetadata({ ...usage, output_tokens: 300, total_tokens: 400 })).toStrictEqual({
			usage: { inputUncached: 12, output: 300, reasoning: 290 },
		});
	});

	test("an older AWS package left the cache out of input_tokens, and had it in the total", () => {
		const usage = {
			input_tokens: 400,
			output_tokens: 10,
			total_tokens: 710,
			input_token_details: { cache_read: 200, cache_creation: 100 },
		};
		expect(parseUsageMetadata(usage)).toStrictEqual({
			usage: { inputUncached: 400, cacheRead: 200, cacheWrite5m: 100, output: 10 },
		});
	});

	test("a total that is no count spoils nothing", () => {
		expect(parseUsageMetadata({ input_tokens: 3, output_tokens: 5, total_tokens: Number.NaN })).toStrictEqual(
			{ usage: { inputUncached: 3, output: 5 } },
		);
	});

	test("what is no count cannot be read", () => {
		for (const bad of [
			"12",
			{ input_tokens: -1 },
			{ input_tokens: 1.5 },
			{ input_tokens: 1, input_token_details: 3 },
		]) {
			expect(parseUsageMetadata(bad)).toStrictEqual({ missing: "parse_error" });
		}
	});
});

test("the usages of chunks add up as LangChain adds them up", () => {
	const count = fc.nat({ max: 1e6 });
	const usage = fc.record({
		input_tokens: count,
		output_tokens: count,
		total_tokens: count,
		input_token_details: fc.record({ cache_read: count, cache_creation: count }),
		output_token_details: fc.record({ reasoning: count }),
	});
	fc.assert(
		fc.property(usage, usage, (one, other) => {
			expect(addUsageMetadata(one, other)).toEqual(mergeUsageMetadata(one, other));
		}),
	);
	expect(addUsageMetadata(undefined, { input_tokens: 1 })).toEqual({ input_tokens: 1 });
});
