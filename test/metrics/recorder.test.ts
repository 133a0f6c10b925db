import { describe, expect, test } from "vitest";
import type { SettledCall } from "../../src/core/settled-call.ts";
import { CATALOG } from "../../src/metrics/catalog.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { takeSnapshot } from "../../src/metrics/snapshot.ts";

const CALL: SettledCall = {
	id: "019abb1c2d3e4f5a6b7c8d-0000001",
	operation: "chat",
	route: "chat",
	provider: "openai",
	model: "m",
	answeredModel: undefined,
	startedAt: 0,
	latencyMs: 1100,
	timeToFirstTokenMs: 100,
	timePerOutputTokenMs: 100,
	outcome: "success",
	errorType: undefined,
	usage: { inputUncached: 10, cacheRead: 20, cacheWrite5m: 3, cacheWrite1h: 4, output: 11, reasoning: 5 },
	usageMissing: undefined,
	costUsd: 0.0025,
	priceSource: "genai-prices",
	pricedModel: "gpt-4-turbo",
	unpriced: undefined,
	exemplar: undefined,
	attempts: 1,
	tags: undefined,
};

/** The value of one series; undefined where there is none. */
function read(recorder: Recorder, name: string, labels: Record<string, string> = {}): number | undefined {
	return takeSnapshot(recorder)[name]?.find((series) =>
		Object.entries(labels).every(([label, value]) => series.labels[label] === value),
	)?.value;
}

describe("the recorder", () => {
	test("a settled call is in every metric that it touches, and cached tokens are input", () => {
		const recorder = new Recorder();
		recorder.settle(recorder.pair("chat", "m"), CALL);
		const of = (name: string, labels = {}) => read(recorder, name, { route: "chat", model: "m", ...labels });
		expect(of("llm_tokens_input_total")).toBe(37);
		expect(of("llm_tokens_output_total")).toBe(11);
		expect(of("llm_tokens_total")).toBe(48);
		expect(of("llm_tokens_cache_read_total")).toBe(20);
		expect(of("llm_tokens_cache_write_total")).toBe(7);
		expect(of("llm_tokens_reasoning_total")).toBe(5);
		expect(of("llm_cost_usd_total")).toBe(0.25);
		expect(of("llm_requests_total", { outcome: "success" })).toBe(1);
		expect(of("llm_latency_ms")).toBe(1);
		expect(of("llm_time_to_first_token_ms")).toBe(1);
		const perToken = takeSnapshot(recorder)["llm_time_per_output_token_ms"]?.[0];
		expect(perToken?.histogram?.sum).toBe(100);
	});

	test("an abandoned call leaves no latency", () => {
		const recorder = new Recorder();
		recorder.settle(recorder.pair("chat", "m"), {
			...CALL,
			outcome: "abandoned",
			timeToFirstTokenMs: undefined,
		});
		expect(read(recorder, "llm_latency_ms")).toBe(0);
		expect(read(recorder, "llm_requests_total", { outcome: "abandoned" })).toBe(1);
	});

	test("a value on a bound is in that bound's bucket, as le says", () => {
		const recorder = new Recorder({ latencyBuckets: [10, 20] });
		const pair = recorder.pair("r", "m");
		for (const ms of [0, 10, 10.5, 20, 20.5]) recorder.latency(pair, ms);
		expect(takeSnapshot(recorder)["llm_latency_ms"]?.[0]?.histogram).toEqual({
			bounds: [10, 20],
			counts: [2, 2, 1],
			sum: 61,
		});
	});

	test("what becomes of the caller's list of bounds afterwards does not matter", () => {
		const latencyBuckets = [10, 20];
		const recorder = new Recorder({ latencyBuckets });
		latencyBuckets.push(30);
		expect(takeSnapshot(new Recorder({ latencyBuckets }))).toHaveProperty("llm_latency_ms");
		recorder.latency(recorder.pair("r", "m"), 25);
		expect(takeSnapshot(recorder)["llm_latency_ms"]?.[0]?.histogram).toEqual({
			bounds: [10, 20],
			counts: [0, 0, 1],
			sum: 25,
		});
	});

	test("ten million costs of $0.0000001 are exactly 100 cents", () => {
		const recorder = new Recorder();
		const pair = recorder.pair("chat", "m");
		for (let i = 0; i < 10_000_000; i += 1) recorder.cost(pair, 0.0000001);
		expect(read(recorder, "llm_cost_usd_total")).toBe(100);
	});

	test("the gauge of active requests is never negative", () => {
		const recorder = new Recorder();
		const pair = recorder.pair("chat", "m");
		expect(recorder.activeDown(pair)).toBe(false);
		recorder.activeUp(pair);
		expect(recorder.activeDown(pair)).toBe(true);
		expect(read(recorder, "llm_active_requests")).toBe(0);
	});

	test("the first pair brings all its series at 0; what waits for a first value has none", () => {
		const recorder = new Recorder();
		recorder.pair("chat", "m");
		recorder.target("openai", "m");
		const snapshot = takeSnapshot(recorder);
		for (const { name, scope, variants, born } of CATALOG) {
			if (scope !== "pair" && scope !== "target") continue;
			const expected = born === "first" ? 0 : (variants?.values.length ?? 1);
			expect(snapshot[name], name).toHaveLength(expected);
			for (const series of snapshot[name] ?? []) expect(series.value, name).toBe(0);
		}
	});

	test("growing keeps every number", () => {
		const recorder = new Recorder();
		const pairs = Array.from({ length: 500 }, (_, i) => recorder.pair("chat", `m${i}`));
		pairs.forEach((pair, i) => recorder.tokens(pair, i, 0));
		expect(takeSnapshot(recorder)["llm_tokens_input_total"]?.map(({ value }) => value)).toEqual(
			Array.from({ length: 500 }, (_, i) => i),
		);
	});

	test("over the bound sums stay exact, the overflow is counted, and told once", () => {
		const told: string[] = [];
		const recorder = new Recorder({ bounds: { pairs: 10 }, onOverflow: (scope) => told.push(scope) });
		for (let i = 0; i < 1000; i += 1) recorder.tokens(recorder.pair("chat", `m${i}`), 1, 2);
		const totals = takeSnapshot(recorder)["llm_tokens_total"] ?? [];
		expect(totals.length).toBeLessThanOrEqual(10);
		expect(totals.reduce((sum, { value }) => sum + value, 0)).toBe(3000);
		expect(read(recorder, "hyperagent_label_overflow_total", { metric: "llm_requests_total" })).toBe(992);
		expect(told).toEqual(["pair"]);
	});
});
