import { describe, expect, test } from "vitest";
import { Exposition } from "../../src/exposition/exposition.ts";
import { MoneySum } from "../../src/core/money.ts";
import { CATALOG } from "../../src/metrics/catalog.ts";
import { Recorder } from "../../src/metrics/recorder.ts";

function linesOf(text: string, name: string): string[] {
	return text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

describe("the text format", () => {
	test("a counter, as the format's specification writes it", () => {
		const recorder = new Recorder();
		recorder.tokens(recorder.pair("chat", "gpt-4-turbo"), 150, 50);
		const text = new Exposition(recorder).renderText();
		expect(text).toContain(
			[
				"# HELP llm_tokens_total Input and output tokens together.",
				"# TYPE llm_tokens_total counter",
				'llm_tokens_total{route="chat",model="gpt-4-turbo"} 200',
				"",
			].join("\n"),
		);
	});

	test("buckets add up, and end with +Inf, sum and count", () => {
		const recorder = new Recorder({ latencyBuckets: [100, 250.5] });
		const pair = recorder.pair("chat", "m");
		for (const ms of [50, 200, 300]) recorder.latency(pair, ms);
		const text = new Exposition(recorder).renderText();
		expect(text).toContain(
			[
				"# TYPE llm_latency_ms histogram",
				'llm_latency_ms_bucket{route="chat",model="m",le="100"} 1',
				'llm_latency_ms_bucket{route="chat",model="m",le="250.5"} 2',
				'llm_latency_ms_bucket{route="chat",model="m",le="+Inf"} 3',
				'llm_latency_ms_sum{route="chat",model="m"} 550',
				'llm_latency_ms_count{route="chat",model="m"} 3',
				"",
			].join("\n"),
		);
	});

	test("costs are cents to the last digit", () => {
		const recorder = new Recorder();
		const pair = recorder.pair("chat", "m");
		recorder.cost(pair, 0.0025);
		recorder.cost(pair, 1e-12);
		const text = new Exposition(recorder).renderText();
		expect(linesOf(text, "llm_cost_usd_total")).toEqual([
			'llm_cost_usd_total{route="chat",model="m"} 0.2500000001',
		]);
	});

	test("backslash, quote and newline are escaped, anything else is itself", () => {
		const recorder = new Recorder();
		recorder.cacheHit(recorder.route('a"b\\c\nd\te,}é😀'));
		const text = new Exposition(recorder).renderText();
		expect(linesOf(text, "llm_cache_hits_total")).toEqual([
			'llm_cache_hits_total{route="a\\"b\\\\c\\nd\te,}é😀"} 1',
		]);
	});

	test("constant labels are on every line, those without labels of their own included", () => {
		const recorder = new Recorder();
		recorder.pair("chat", "m");
		const text = new Exposition(recorder, { constantLabels: { service: 'a "b"' } }).renderText();
		const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
		expect(lines.length).toBeGreaterThan(50);
		expect(lines.filter((line) => !line.includes('{service="a \\"b\\""'))).toEqual([]);
	});

	test("a gauge that waits for its first value is not there, nor is its head", () => {
		const recorder = new Recorder();
		const target = recorder.target("openai", "m");
		const exposition = new Exposition(recorder);
		expect(exposition.renderText()).not.toContain("llm_ratelimit_remaining");
		recorder.rateLimitRemaining(target, "tokens", 149_984);
		const labels = '{provider="openai",model="m",resource="tokens"}';
		expect(linesOf(exposition.renderText(), "llm_ratelimit_remaining")).toEqual([
			`llm_ratelimit_remaining${labels} 149984`,
		]);
	});

	test("every family has one head, before its lines, and ends with a newline", () => {
		const recorder = new Recorder();
		for (const model of ["a", "b"]) {
			recorder.pair("chat", model);
			recorder.target("openai", model);
		}
		recorder.route("chat");
		recorder.budget("chat", new MoneySum(), new MoneySum(), 0);
		const text = new Exposition(recorder).renderText();
		expect(text.endsWith("\n")).toBe(true);
		const families = text.split("\n").flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
		const expected = CATALOG.filter(({ born }) => born !== "first").map(({ name }) => name);
		expect(families).toEqual(expected);
	});
});
