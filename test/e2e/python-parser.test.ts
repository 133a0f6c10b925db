/** The text formats, read back by Python's prometheus_client: every value, and any label. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ERROR_TYPES } from "../../src/core/llm-error.ts";
import { Exposition } from "../../src/exposition/exposition.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { takeFamilies } from "../../src/metrics/snapshot.ts";
import { parseByPython, type ParsedSample } from "./python-parser.ts";

const FORMATS = ["text", "openmetrics"] as const;

/** A recorder in which everything has counted something. */
function busy(labels: readonly (readonly [string, string])[]): Recorder {
	const recorder = new Recorder({ latencyBuckets: [0.5, 100, 2500, 5_000_000] });
	for (const [i, [route, model]] of labels.entries()) {
		const pair = recorder.pair(route, model);
		recorder.tokens(pair, 1000 + i, 2 ** 40 + i);
		recorder.cost(pair, 0.1 + i / 1e9);
		for (const ms of [0.1, 50, 99.5, 3000, 1e7]) recorder.latency(pair, ms + i);
		recorder.latencyOf(pair, 77, { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" });
		recorder.activeUp(pair);
		for (const type of ERROR_TYPES) recorder.error(pair, type);
		recorder.cacheHit(recorder.route(route));
		recorder.attempt(recorder.target(route, model), "rate_limited");
		recorder.rateLimitRemaining(recorder.target(route, model), "tokens", 149_984.5);
	}
	recorder.priceBookAge(12.25);
	return recorder;
}

/** What a snapshot holds as samples: name, labels sorted, `le` as a number. */
function expected(recorder: Recorder): Map<string, number> {
	const samples = new Map<string, number>();
	const put = (name: string, labels: Readonly<Record<string, string>>, value: number): void => {
		samples.set(keyOf(name, labels), value);
	};
	for (const { name, series } of takeFamilies(recorder)) {
		for (const { histogram, labels, value } of series) {
			if (histogram === undefined) {
				put(name, labels, value);
				continue;
			}
			let count = 0;
			for (const [i, own] of histogram.counts.entries()) {
				count += own;
				put(`${name}_bucket`, { ...labels, le: String(histogram.bounds[i] ?? Infinity) }, count);
			}
			put(`${name}_sum`, labels, histogram.sum);
			put(`${name}_count`, labels, count);
		}
	}
	return samples;
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
	const entries = Object.entries(labels).map(([label, text]) => {
		return [label, label === "le" ? Number(text.replace("+Inf", "Infinity")) : text] as const;
	});
	return JSON.stringify([name, entries.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

function keyed(samples: readonly ParsedSample[]): Map<string, number> {
	return new Map(samples.map(({ labels, name, value }) => [keyOf(name, labels), value]));
}

describe.each(FORMATS)("%s", (format) => {
	test("every value is the snapshot's, and no sample is there twice", async () => {
		const recorder = busy([
			["chat", "gpt-4"],
			["summarize", "claude-3-haiku"],
		]);
		const { samples } = await parseByPython(format, await new Exposition(recorder).render(format));
		expect(keyed(samples)).toEqual(expected(recorder));
		expect(keyed(samples).size).toBe(samples.length);
	});

	test("families have the types and the help of the catalog", async () => {
		const recorder = busy([["chat", "m"]]);
		const { families } = await parseByPython(format, await new Exposition(recorder).render(format));
		// prometheus_client names a counter's family without its suffix, in either format.
		expect(families).toEqual(
			takeFamilies(recorder).map(({ help, name, type }) => ({
				name: type === "counter" ? name.replace(/_total$/, "") : name,
				type,
				help,
			})),
		);
	});

	test("any label survives: quotes, newlines, backslashes, every Unicode character", async () => {
		const label = fc.oneof(
			fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
			fc.string({
				unit: fc.constantFrom("\\", '"', "\n", "\r", "n", "}", ",", "=", "é", "😀", " "),
				minLength: 1,
				maxLength: 20,
			}),
		);
		// One run of Python for many labels; \r and others end a line for Python's own splitlines, not for the format.
		const labels = fc.sample(fc.tuple(label, label), { numRuns: 300, seed: 42 });
		const recorder = busy(labels);
		const { samples } = await parseByPython(format, await new Exposition(recorder).render(format));
		expect(keyed(samples)).toEqual(expected(recorder));
	});
});

test("OpenMetrics: exemplars and creation times are read as such", async () => {
	const exposition = new Exposition(busy([["chat", "m"]]), { createdSeries: true });
	const { samples } = await parseByPython("openmetrics", await exposition.render("openmetrics"));
	const exemplars = samples.filter(({ exemplar }) => exemplar !== null);
	expect(exemplars).toHaveLength(1);
	expect(exemplars[0]).toMatchObject({
		name: "llm_latency_ms_bucket",
		labels: { route: "chat", model: "m", le: "100.0" },
		exemplar: {
			labels: { trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", span_id: "00f067aa0ba902b7" },
			value: 77,
		},
	});
	const created = samples.find(({ name }) => name === "llm_tokens_created");
	expect(Math.abs((created?.value ?? 0) - Date.now() / 1000)).toBeLessThan(60);
});

test("the parser would say if something were wrong", async () => {
	await expect(parseByPython("openmetrics", "# TYPE a counter\na 1\n# EOF\n")).rejects.toThrow(
		"does not read this",
	);
	await expect(parseByPython("openmetrics", "# TYPE a gauge\na 1\n")).rejects.toThrow("# EOF");
	await expect(parseByPython("text", 'a{b="c} 1\n')).rejects.toThrow("does not read this");
});
