import { describe, expect, test } from "vitest";
import { Exposition } from "../../src/exposition/exposition.ts";
import { writeCanonical } from "../../src/exposition/openmetrics-format.ts";
import { Recorder } from "../../src/metrics/recorder.ts";

async function render(recorder: Recorder, createdSeries = false): Promise<string> {
	const exposition = new Exposition(recorder, { createdSeries });
	return new TextDecoder().decode(await exposition.render("openmetrics"));
}

describe("OpenMetrics", () => {
	test("a counter's family has no suffix, its sample has, and the text has an end", async () => {
		const recorder = new Recorder();
		recorder.tokens(recorder.pair("chat", "m"), 150, 50);
		const text = await render(recorder);
		expect(text).toContain(
			'# HELP llm_tokens Input and output tokens together.\n# TYPE llm_tokens counter\nllm_tokens_total{route="chat",model="m"} 200\n',
		);
		expect(text.endsWith("\n# EOF\n")).toBe(true);
	});

	test("bounds are written as floats, and count comes before sum", async () => {
		const recorder = new Recorder({ latencyBuckets: [0.5, 100, 600_000, 2_500_000] });
		recorder.latency(recorder.pair("chat", "m"), 50);
		expect(await render(recorder)).toContain(
			[
				"# TYPE llm_latency_ms histogram",
				'llm_latency_ms_bucket{route="chat",model="m",le="0.5"} 0',
				'llm_latency_ms_bucket{route="chat",model="m",le="100.0"} 1',
				'llm_latency_ms_bucket{route="chat",model="m",le="600000.0"} 1',
				'llm_latency_ms_bucket{route="chat",model="m",le="2.5e+06"} 1',
				'llm_latency_ms_bucket{route="chat",model="m",le="+Inf"} 1',
				'llm_latency_ms_count{route="chat",model="m"} 1',
				'llm_latency_ms_sum{route="chat",model="m"} 50',
				"",
			].join("\n"),
		);
	});

	/** What Go's strconv.FormatFloat(bound, 'g', -1, 64) writes, with ".0" where that looks like an integer. */
	test.each([
		[0.00001, "1e-05"],
		[0.0001, "0.0001"],
		[1, "1.0"],
		[2.5, "2.5"],
		[123_456, "123456.0"],
		[1_000_000, "1e+06"],
		[1_234_567.5, "1.2345675e+06"],
		[-3, "-3.0"],
	])("%d is %s", (bound, written) => {
		expect(writeCanonical(bound)).toBe(written);
	});

	test("an exemplar stands behind the bucket that it fell into", async () => {
		const recorder = new Recorder({ latencyBuckets: [100, 200] });
		const pair = recorder.pair("chat", "m");
		recorder.latencyOf(pair, 150, {
			traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
			spanId: "00f067aa0ba902b7",
		});
		expect(await render(recorder)).toMatch(
			/le="100\.0"} 0\n.*le="200\.0"} 1 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736",span_id="00f067aa0ba902b7"} 150 \d{10}(\.\d{1,3})?\n.*le="\+Inf"} 1\n/,
		);
	});

	test("an exemplar whose id is longer than any is left out: the format bounds it", async () => {
		const recorder = new Recorder();
		recorder.latencyOf(recorder.pair("chat", "m"), 150, { traceId: "x".repeat(129) });
		expect(await render(recorder)).not.toContain(" # {");
	});

	test("an exemplar whose id is not of ASCII is left out: no scrape is anything but UTF-8", async () => {
		const recorder = new Recorder();
		const pair = recorder.pair("chat", "m");
		const exposition = new Exposition(recorder);
		const decoder = new TextDecoder("utf-8", { fatal: true });
		for (let scrape = 0; scrape < 3; scrape += 1) {
			recorder.latencyOf(pair, 150, { traceId: "trace-ü", spanId: "1" });
			expect(decoder.decode(await exposition.render("openmetrics"))).not.toContain(" # {");
		}
		recorder.latencyOf(pair, 150, { traceId: 'a"b', spanId: "ü" });
		expect(decoder.decode(await exposition.render("openmetrics"))).toContain(' # {trace_id="a\\"b"} 150 ');
	});

	test("by option each counter and histogram says since when it counts", async () => {
		const recorder = new Recorder();
		recorder.pair("chat", "m");
		const text = await render(recorder, true);
		expect(text).toMatch(
			/llm_tokens_total\{route="chat",model="m"} 0\nllm_tokens_created\{route="chat",model="m"} \d{10}/,
		);
		expect(text).toMatch(/llm_latency_ms_sum\{route="chat",model="m"} 0\nllm_latency_ms_created\{/);
		expect(text).not.toContain("llm_active_requests_created");
		expect(await render(recorder)).not.toContain("_created");
	});
});
