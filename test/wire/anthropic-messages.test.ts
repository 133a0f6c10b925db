import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mergeAnthropicUsage, parseAnthropicUsage } from "../../src/wire/anthropic-messages.ts";
import { isRecord } from "../../src/wire/is-record.ts";
import { inOracleClasses, oracleUsage } from "./oracle.ts";
import { recordedBody, recordedEvents, recordingsAbsent, recordingsOf } from "./recordings.ts";

const API = "anthropic-messages";

function usageOf(body: unknown): unknown {
	return isRecord(body) ? body["usage"] : undefined;
}

/** The usage of a recorded stream, merged event by event, and the last object that said one. */
function streamed(name: string): { merged: unknown; last: unknown } {
	let merged: unknown;
	let last: unknown;
	for (const text of recordedEvents(API, name)) {
		const event: unknown = JSON.parse(text);
		if (!isRecord(event)) continue;
		const said = event["type"] === "message_start" ? usageOf(event["message"]) : usageOf(event);
		if (said === undefined) continue;
		merged = mergeAnthropicUsage(merged, said);
		last = said;
	}
	return { merged, last };
}

describe("recorded responses", () => {
	test("are there", ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		expect(recordingsOf(API, ".chunks.txt").length).toBeGreaterThan(0);
	});

	const hasNoIterations = (name: string): boolean => !name.startsWith("compaction");
	const bodies = recordingsOf(API, ".json").filter(hasNoIterations);
	test.each(bodies)("%s has the usage that genai-prices extracts", (name) => {
		const body = recordedBody(API, name);
		expect(inOracleClasses(parseAnthropicUsage(usageOf(body)))).toMatchObject(
			oracleUsage("anthropic", body, "default"),
		);
	});

	const streams = recordingsOf(API, ".chunks.txt").filter(hasNoIterations);
	test.each(streams)("%s ends with the usage that genai-prices extracts", (name) => {
		const { merged, last } = streamed(name);
		const oracle = oracleUsage("anthropic", { model: "of the recording", usage: last }, "default");
		expect(inOracleClasses(parseAnthropicUsage(last))).toMatchObject(oracle);
		expect(inOracleClasses(parseAnthropicUsage(merged))).toMatchObject(oracle);
	});

	// compaction.1.json: 60,385 + 682 in, 592 + 1,320 out; the top level says 682 and 1,320.
	// compaction.1.chunks.txt: 60,385 + 612 in, 522 + 2,819 out; the top level says 612 and 2,819.
	test.for([
		["compaction.1.json", 60_385, 592, 682, 1320, 61_067, 1912],
		["compaction.1.chunks.txt", 60_385, 522, 612, 2819, 60_997, 3341],
	] as const)(
		"%s is billed as the sum of its iterations",
		([name, in1, out1, in2, out2, input, output], { skip }) => {
			skip(recordingsAbsent !== undefined, recordingsAbsent);
			const usage = name.endsWith(".json") ? usageOf(recordedBody(API, name)) : streamed(name).merged;
			const cache = { cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
			expect(parseAnthropicUsage(usage)).toEqual({
				usage: {
					...cache,
					inputUncached: input,
					output,
					webSearches: 0,
					iterations: [
						{ ...cache, inputUncached: in1, output: out1 },
						{ ...cache, inputUncached: in2, output: out2 },
					],
				},
			});
		},
	);

	// Billed at $10 a thousand beside the tokens: $0.02 and $0.01.
	test.for([
		["web-search-tool.1.json", 2],
		["web-search-tool.1.chunks.txt", 1],
	] as const)("%s has %d web searches", ([name, searches], { skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		const usage = name.endsWith(".json") ? usageOf(recordedBody(API, name)) : streamed(name).merged;
		expect(parseAnthropicUsage(usage)).toMatchObject({ usage: { webSearches: searches } });
	});
});

describe("parseAnthropicUsage", () => {
	test("keeps the cache apart from the input, and its two lifetimes from each other", () => {
		const usage = {
			input_tokens: 10,
			cache_read_input_tokens: 200,
			cache_creation_input_tokens: 3000,
			cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 2000 },
			output_tokens: 40,
			output_tokens_details: { thinking_tokens: 30 },
		};
		expect(parseAnthropicUsage(usage)).toEqual({
			usage: {
				inputUncached: 10,
				cacheRead: 200,
				cacheWrite5m: 1000,
				cacheWrite1h: 2000,
				output: 40,
				reasoning: 30,
			},
		});
	});

	test("counts writes without a lifetime as five minutes", () => {
		const usage = { input_tokens: 1, cache_creation_input_tokens: 3000, output_tokens: 1 };
		expect(parseAnthropicUsage(usage)).toEqual({
			usage: { inputUncached: 1, cacheWrite5m: 3000, output: 1 },
		});
	});

	test("keeps what was not reported absent", () => {
		const usage = {
			input_tokens: 43,
			output_tokens: 1,
			cache_read_input_tokens: null,
			server_tool_use: null,
		};
		expect(parseAnthropicUsage(usage)).toEqual({ usage: { inputUncached: 43, output: 1 } });
	});

	test("keeps the advisor's tokens with the advisor's model", () => {
		const usage = {
			input_tokens: 100,
			output_tokens: 50,
			iterations: [
				{ type: "message", input_tokens: 40, output_tokens: 20, model: null },
				{ type: "advisor_message", input_tokens: 900, output_tokens: 300, model: "claude-opus-4-6" },
				{ type: "message", input_tokens: 60, output_tokens: 30 },
			],
		};
		expect(parseAnthropicUsage(usage)).toEqual({
			usage: {
				inputUncached: 1000,
				output: 350,
				iterations: [
					{ inputUncached: 40, output: 20 },
					{ inputUncached: 900, output: 300, model: "claude-opus-4-6" },
					{ inputUncached: 60, output: 30 },
				],
			},
		});
	});

	test("a single iteration adds nothing", () => {
		const usage = {
			input_tokens: 4,
			output_tokens: 5,
			iterations: [{ type: "message", input_tokens: 4, output_tokens: 5 }],
		};
		expect(parseAnthropicUsage(usage)).toEqual({ usage: { inputUncached: 4, output: 5 } });
	});

	test("lists the other tools that ran, not those that did not", () => {
		const usage = {
			input_tokens: 1,
			output_tokens: 1,
			server_tool_use: { web_search_requests: 0, web_fetch_requests: 2, code_execution_requests: 0 },
		};
		expect(parseAnthropicUsage(usage)).toEqual({
			usage: { inputUncached: 1, output: 1, webSearches: 0, serverTools: { web_fetch: 2 } },
		});
	});

	test.each([undefined, null, {}])("%j was not reported", (usage) => {
		expect(parseAnthropicUsage(usage)).toEqual({ missing: "not_reported" });
	});

	test.each([
		"usage",
		[[]],
		{ prompt_tokens: 1 },
		{ input_tokens: -1, output_tokens: 1 },
		{ input_tokens: 1, output_tokens: "1" },
		{ input_tokens: 1, output_tokens: 1, cache_creation: 5 },
		{ input_tokens: 1, output_tokens: 1, iterations: {} },
		{ input_tokens: 1, output_tokens: 1, iterations: [7] },
		{
			input_tokens: 1,
			output_tokens: 1,
			cache_creation_input_tokens: 5,
			cache_creation: { ephemeral_5m_input_tokens: 6, ephemeral_1h_input_tokens: 0 },
		},
	])("%j is a parse error", (usage) => {
		expect(parseAnthropicUsage(usage)).toEqual({ missing: "parse_error" });
	});
});

describe("mergeAnthropicUsage", () => {
	test("replaces, and null says nothing", () => {
		const start = { input_tokens: 43, output_tokens: 1, cache_read_input_tokens: 7 };
		const first = mergeAnthropicUsage(start, { output_tokens: 20, input_tokens: null });
		const second = mergeAnthropicUsage(first, { output_tokens: 25, input_tokens: 61 });
		expect(second).toEqual({ input_tokens: 61, output_tokens: 25, cache_read_input_tokens: 7 });
	});

	test.each([
		// what the start said, the later total, the 5-minute and 1-hour writes that follow
		[{ ephemeral_5m_input_tokens: 3068, ephemeral_1h_input_tokens: 0 }, 3068, 3337, 3337, 0],
		[{ ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 3068 }, 3068, 3337, 0, 3337],
		[{ ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 }, 300, 350, 150, 200],
		[{ ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 }, 300, 300, 100, 200],
		[{ ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 }, 300, 150, 150, undefined],
	])("splits later cache writes as the start did: %j", (split, before, after, fiveMinutes, hour) => {
		const start = {
			input_tokens: 1,
			output_tokens: 1,
			cache_creation_input_tokens: before,
			cache_creation: split,
		};
		const merged = mergeAnthropicUsage(start, { output_tokens: 9, cache_creation_input_tokens: after });
		const parsed = parseAnthropicUsage(merged);
		expect("usage" in parsed && [parsed.usage.cacheWrite5m, parsed.usage.cacheWrite1h]).toEqual([
			fiveMinutes,
			hour,
		]);
	});
});

test("neither function throws, whatever it is given", () => {
	const tokens = fc.oneof(fc.nat(), fc.constant(null), fc.anything());
	const usage = fc.record({
		input_tokens: tokens,
		output_tokens: tokens,
		cache_creation_input_tokens: tokens,
		cache_creation: fc.oneof(
			fc.record({ ephemeral_5m_input_tokens: tokens, ephemeral_1h_input_tokens: tokens }),
			tokens,
		),
		iterations: fc.oneof(fc.array(fc.record({ input_tokens: tokens, model: fc.anything() })), tokens),
		server_tool_use: fc.oneof(fc.dictionary(fc.string(), fc.anything()), tokens),
	});
	const any = fc.oneof(usage, fc.jsonValue(), fc.anything());
	fc.assert(
		fc.property(any, any, (first, second) => {
			parseAnthropicUsage(first);
			parseAnthropicUsage(mergeAnthropicUsage(first, second));
		}),
	);
});
