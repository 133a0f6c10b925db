import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { billSaid } from "../../src/wire/bill-said.ts";
import { readerFor } from "../../src/wire/reader-for.ts";
import type { WireFormat } from "../../src/wire/wire-format.ts";

describe("the service tier", () => {
	test.each([
		// OpenAI's stands beside the usage, in the answer.
		[{}, { service_tier: "flex" }, "flex"],
		[{}, { service_tier: "priority" }, "priority"],
		[{}, { service_tier: "scale" }, "scale"],
		[{}, { service_tier: "default" }, undefined],
		[{}, { service_tier: "auto" }, undefined],
		[{}, { service_tier: null }, undefined],
		// Groq's word for the standard one.
		[{}, { service_tier: "on_demand" }, undefined],
		// Anthropic's are in the usage, and multiply.
		[{ service_tier: "batch" }, undefined, "batch"],
		[{ service_tier: "standard", speed: "standard", inference_geo: "global" }, undefined, undefined],
		[{ service_tier: "standard", speed: "fast", inference_geo: "not_available" }, undefined, "fast"],
		[{ service_tier: "standard", speed: "fast", inference_geo: "us" }, undefined, "fast+us"],
		[{ service_tier: "priority", speed: null, inference_geo: null }, undefined, "priority"],
		// Google's, on the Gemini API and on Vertex.
		[{ serviceTier: "flex" }, undefined, "flex"],
		[{ serviceTier: "unspecified" }, undefined, undefined],
		[{ trafficType: "ON_DEMAND" }, undefined, undefined],
		[{ trafficType: "ON_DEMAND_FLEX" }, undefined, "on_demand_flex"],
		[{ trafficType: "PROVISIONED_THROUGHPUT" }, undefined, "provisioned_throughput"],
		// What is no word is no tier.
		[{ service_tier: 7, speed: {}, serviceTier: "" }, { service_tier: "flex" }, undefined],
		[{ service_tier: "what anyone may write, at any length" }, undefined, undefined],
	])("of %j in %j is %s", (usage, answer, tier) => {
		expect(billSaid(usage, answer).serviceTier).toBe(tier);
	});
});

describe("the cost", () => {
	test.each([
		[{ cost: 0.95 }, 0.95],
		[{ cost: 0 }, undefined],
		[{ cost: Number.NaN }, undefined],
		[{ cost: Number.POSITIVE_INFINITY }, undefined],
		[{ cost: -1 }, undefined],
		[{ cost: "0.95" }, undefined],
		// More dollars than can be counted one by one.
		[{ cost: 1e300 }, undefined],
		[{ cost: { total_cost: 1e16 } }, undefined],
		[{ cost: 0.5, is_byok: true, cost_details: { upstream_inference_cost: 19 } }, 19.5],
		[{ cost: 0, cost_details: { upstream_inference_cost: 19 } }, 19],
		[{ cost: 0, is_byok: false, cost_details: { upstream_inference_cost: 19 } }, undefined],
		[{ cost: 0.95, cost_details: { upstream_inference_cost: 0.95 } }, 0.95],
		[{ cost_in_usd_ticks: 37_756_000 }, 0.0037756],
		[{ cost_in_usd_ticks: 0 }, undefined],
		// Perplexity's.
		[{ cost: { input_tokens_cost: 0.001, request_cost: 0.005, total_cost: 0.0127 } }, 0.0127],
		[{ cost: { total_cost: 0 } }, undefined],
	])("in %j is %s", (usage, usd) => {
		expect(billSaid(usage).reportedCostUsd).toBe(usd);
	});
});

test("never throws, and says nothing but a word and a positive number", () => {
	const check = fc.property(fc.anything(), fc.anything(), (usage, answer) => {
		const { reportedCostUsd = 1, serviceTier = "" } = billSaid(usage, answer);
		expect(reportedCostUsd).toBeGreaterThan(0);
		expect(serviceTier).toMatch(/^[\w+-]*$/);
	});
	fc.assert(check);
});

test.each<[WireFormat, readonly string[]]>([
	[
		"openai-chat",
		[
			'{"model":"m","service_tier":"flex","choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}',
			'{"model":"m","service_tier":"flex","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.5}}',
		],
	],
	[
		"openai-responses",
		[
			'{"type":"response.created","response":{"model":"m","service_tier":"auto","status":"in_progress","output":[]}}',
			'{"type":"response.completed","response":{"model":"m","service_tier":"flex","status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":1,"cost":0.5}}}',
		],
	],
	[
		"anthropic-messages",
		[
			'{"type":"message_start","message":{"model":"m","usage":{"input_tokens":1,"output_tokens":0,"service_tier":"flex"}}}',
			'{"type":"message_delta","usage":{"output_tokens":1,"cost":0.5}}',
		],
	],
	[
		"gemini-generate",
		[
			'{"candidates":[],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"serviceTier":"flex","cost":0.5}}',
		],
	],
])("a stream of %s tells both", (format, events) => {
	const reader = readerFor(format);
	for (const event of events) reader.event(undefined, event);
	expect(reader.usage).toMatchObject({ serviceTier: "flex", reportedCostUsd: 0.5 });
});
