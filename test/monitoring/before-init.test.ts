import { describe, expect, test } from "vitest";
import {
	decActiveRequests,
	getPrometheus,
	HyperAgentError,
	incActiveRequests,
	incCacheHit,
	incCacheMiss,
	initPrometheus,
	type PrometheusOptions,
	recordLlmCost,
	recordLlmError,
	recordLlmLatency,
	recordLlmTokens,
	recordRateLimit,
	withActiveRequest,
} from "../../src/monitoring/index.ts";

function caught(fn: () => unknown): HyperAgentError {
	try {
		fn();
	} catch (error) {
		if (error instanceof HyperAgentError) return error;
		throw error;
	}
	throw new Error("nothing was thrown");
}

describe("before initPrometheus()", () => {
	test("the manual functions do nothing, whatever they get", () => {
		recordLlmTokens("chat", "early", 1, 1);
		recordLlmCost("chat", "early", 1);
		recordLlmLatency("", "early", Number.NaN);
		incCacheHit("chat");
		incCacheMiss("chat");
		recordRateLimit("openai", "early");
		recordLlmError("chat", "early", "nonsense");
		incActiveRequests("chat", "early");
		decActiveRequests("chat", "early");
		expect(withActiveRequest("chat", "early", () => 7)).toBe(7);
		expect(() => getPrometheus()).toThrow("no recorder is installed");
	});

	test("there is no handle, and the error says what to do", () => {
		const error = caught(() => getPrometheus());
		expect(error.code).toBe("NOT_INITIALIZED");
		expect(error.message).toContain("Call initPrometheus() once");
	});

	test.each<[string, unknown]>([
		["buckets.latencyMs", { buckets: { latencyMs: [] } }],
		["buckets.latencyMs", { buckets: { latencyMs: [5, 5] } }],
		["buckets.latencyMs", { buckets: { latencyMs: [1, Number.POSITIVE_INFINITY] } }],
		["buckets.timeToFirstTokenMs", { buckets: { timeToFirstTokenMs: ["1"] } }],
		["buckets", { buckets: { latency: [1] } }],
		["constantLabels.route", { constantLabels: { route: "x" } }],
		["constantLabels.le", { constantLabels: { le: "x" } }],
		["constantLabels.bad-name", { constantLabels: { "bad-name": "x" } }],
		["constantLabels.__x", { constantLabels: { __x: "x" } }],
		["constantLabels.service", { constantLabels: { service: 1 } }],
		["bounds.pairs", { bounds: { pairs: 0 } }],
		["bounds", { bounds: { models: 1 } }],
		["routes[0]", { routes: [""] }],
		["models[1].provider", { models: ["a", { provider: "", model: "b" }] }],
		["bounds.pairs", { routes: ["a", "b"], models: ["a", "b"], bounds: { pairs: 3 } }],
		["onError", { onError: "log" }],
		["options", { bucket: {} }],
		["options", null],
	])("refuses a bad option, naming %s", (path, options) => {
		// What a caller without types can write.
		const error = caught(() => initPrometheus(options as PrometheusOptions));
		expect(error.code).toBe("BAD_OPTION");
		expect(error.message).toContain(`\`${path}\``);
		expect(error.message).toMatch(/^initPrometheus\(\): expected .+, got .+\.$/);
	});
});

test("what came before is not in what comes after", () => {
	recordLlmTokens("chat", "early", 1, 1);
	expect(initPrometheus().render()).not.toContain("early");
});
