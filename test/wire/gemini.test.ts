import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseGeminiUsage } from "../../src/wire/gemini.ts";
import { inOracleClasses, oracleUsage } from "./oracle.ts";

const audio = (tokenCount: number): object[] => [
	{ modality: "TEXT", tokenCount: 9 },
	{ modality: "AUDIO", tokenCount },
];

describe("parseGeminiUsage", () => {
	test("takes the cache out of the prompt, adds what tools put in, and thoughts to the output", () => {
		// 1,000 in with 600 cached, and 50 of a search beside them: 450 uncached. Out came 20 and 80 thoughts.
		const usage = {
			promptTokenCount: 1000,
			cachedContentTokenCount: 600,
			toolUsePromptTokenCount: 50,
			candidatesTokenCount: 20,
			thoughtsTokenCount: 80,
			totalTokenCount: 1150,
		};
		expect(parseGeminiUsage(usage)).toEqual({
			usage: { inputUncached: 450, cacheRead: 600, output: 100, reasoning: 80 },
		});
		expect(inOracleClasses(parseGeminiUsage(usage))).toMatchObject({
			input_tokens: 1050,
			cache_read_tokens: 600,
			output_tokens: 100,
			output_reasoning_tokens: 80,
		});
	});

	test("splits the prompt's audio over uncached and cached", () => {
		// 300 of the prompt's 400 are audio, 120 of those in the cached 150: 180 of the uncached 250 are left.
		const usage = {
			promptTokenCount: 400,
			cachedContentTokenCount: 150,
			candidatesTokenCount: 30,
			promptTokensDetails: audio(300),
			cacheTokensDetails: audio(120),
			candidatesTokensDetails: audio(25),
		};
		expect(parseGeminiUsage(usage)).toEqual({
			usage: {
				inputUncached: 250,
				cacheRead: 150,
				output: 30,
				inputAudio: 180,
				cacheReadAudio: 120,
				outputAudio: 25,
			},
		});
	});

	test("reads images in and out", () => {
		const image = (tokenCount: number): object[] => [{ modality: "IMAGE", tokenCount }];
		const usage = {
			promptTokenCount: 300,
			candidatesTokenCount: 1290,
			promptTokensDetails: image(258),
			candidatesTokensDetails: image(1290),
		};
		expect(parseGeminiUsage(usage)).toEqual({
			usage: { inputUncached: 300, output: 1290, inputImage: 258, outputImage: 1290 },
		});
	});

	test("says nothing of an output that was not reported", () => {
		expect(parseGeminiUsage({ promptTokenCount: 8, totalTokenCount: 8 })).toEqual({
			usage: { inputUncached: 8 },
		});
	});

	test.each([undefined, null, {}])("%j was not reported", (usage) => {
		expect(parseGeminiUsage(usage)).toEqual({ missing: "not_reported" });
	});

	test.each([
		"usage",
		[[]],
		{ totalTokenCount: 5 },
		{ promptTokenCount: "5" },
		{ promptTokenCount: 5, cachedContentTokenCount: 6 },
		{ promptTokenCount: 5, candidatesTokenCount: 1, candidatesTokensDetails: audio(2) },
		{ promptTokenCount: 5, promptTokensDetails: {} },
	])("%j is a parse error", (usage) => {
		expect(parseGeminiUsage(usage)).toEqual({ missing: "parse_error" });
	});

	test("agrees with genai-prices wherever the parts fit into their wholes", () => {
		const usages = fc
			.record({
				cached: fc.nat(1e6),
				rest: fc.nat(1e6),
				tools: fc.nat(1e5),
				answer: fc.nat(1e6),
				thoughts: fc.nat(1e6),
			})
			.map(({ answer, cached, rest, thoughts, tools }) => ({
				promptTokenCount: cached + rest,
				cachedContentTokenCount: cached,
				toolUsePromptTokenCount: tools,
				candidatesTokenCount: answer,
				thoughtsTokenCount: thoughts,
			}));
		fc.assert(
			fc.property(usages, (usageMetadata) => {
				const { input_tool_tokens: _, ...oracle } = oracleUsage(
					"google",
					{ modelVersion: "gemini-2.5-flash", usageMetadata },
					"default",
				);
				expect(inOracleClasses(parseGeminiUsage(usageMetadata))).toMatchObject(oracle);
			}),
		);
	});

	test("never throws, and what it returns is made of counts that fit into each other", () => {
		const count = fc.oneof(fc.nat(50), fc.constant(null), fc.anything());
		const details = fc.oneof(
			fc.array(fc.record({ modality: fc.constantFrom("AUDIO", "IMAGE"), tokenCount: count })),
			fc.anything(),
		);
		const usage = fc.record({
			promptTokenCount: count,
			cachedContentTokenCount: count,
			candidatesTokenCount: count,
			thoughtsTokenCount: count,
			promptTokensDetails: details,
			cacheTokensDetails: details,
			candidatesTokensDetails: details,
		});
		fc.assert(
			fc.property(fc.oneof(usage, fc.anything()), (any) => {
				const parsed = parseGeminiUsage(any);
				const {
					inputUncached = 0,
					cacheRead = 0,
					output = 0,
					...parts
				} = "usage" in parsed ? parsed.usage : {};
				expect(Math.min(inputUncached, cacheRead, output)).toBeGreaterThanOrEqual(0);
				expect((parts.inputAudio ?? 0) + (parts.inputImage ?? 0)).toBeLessThanOrEqual(inputUncached);
				expect(parts.cacheReadAudio ?? 0).toBeLessThanOrEqual(cacheRead);
				expect((parts.outputAudio ?? 0) + (parts.outputImage ?? 0)).toBeLessThanOrEqual(output);
				expect(parts.reasoning ?? 0).toBeLessThanOrEqual(output);
			}),
		);
	});
});
