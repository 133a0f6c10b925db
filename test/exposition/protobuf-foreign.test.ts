import { describe, expect, test } from "vitest";
import { encodeProtobuf } from "../../src/exposition/protobuf.ts";
import { pickFamilies } from "../../src/exposition/rendered.ts";
import type { ForeignFamily, ForeignSample } from "../../src/exposition/source.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { type DecodedFamily, decodeFamilies } from "./decode-families.ts";
import { runSteps, sourceOf } from "./source-of.ts";

/** The families behind ours. */
function decodeForeign(foreign: readonly ForeignFamily[]): readonly DecodedFamily[] {
	const source = sourceOf(new Recorder(), { foreign, constantLabels: { service: "ours" } });
	const rendered = runSteps(encodeProtobuf(source));
	const names = new Set(foreign.map(({ name }) => name));
	const families = decodeFamilies(pickFamilies(rendered, names));
	expect(families).toEqual(decodeFamilies(rendered.bytes).slice(-families.length));
	return families;
}

function sample(name: string, value: number, labels: Record<string, string> = {}): ForeignSample {
	return { name, labels, value };
}

describe("foreign families in protobuf", () => {
	test("counters, gauges and what has no type", () => {
		const value = (type: "counter" | "gauge" | "untyped"): ForeignFamily => ({
			name: `a_${type}`,
			help: 'Says "a\\b\n".',
			type,
			samples: [sample(`a_${type}`, -0.5, { x: '"\\\n😀' }), sample(`a_${type}`, Number.NaN)],
		});
		expect(decodeForeign([value("counter"), value("gauge"), value("untyped")])).toMatchObject(
			(["counter", "gauge", "untyped"] as const).map((type) => ({
				name: `a_${type}`,
				help: 'Says "a\\b\n".',
				type: type.toUpperCase(),
				metric: [
					{ label: [{ name: "x", value: '"\\\n😀' }], [type]: { value: -0.5 } },
					{ label: [], [type]: { value: Number.NaN } },
				],
			})),
		);
	});

	test("a histogram's samples are put together by their labels", () => {
		const of = (path: string, ...values: readonly [number, number, number, number]): ForeignSample[] => [
			sample("h_bucket", values[0], { le: "0.1", path }),
			sample("h_bucket", values[1], { path, le: "2.5" }),
			sample("h_bucket", values[2], { path, le: "+Inf" }),
			sample("h_sum", values[3], { path }),
			sample("h_count", values[2], { path }),
		];
		const samples = [...of("/a", 1, 2, 3, 4.5), ...of("/b", 0, 0, 1e10, 7)];
		const [family] = decodeForeign([{ name: "h", help: "", type: "histogram", samples }]);
		expect(family?.type).toBe("HISTOGRAM");
		expect(family?.metric.map(({ histogram, label }) => [label, histogram])).toMatchObject([
			[
				[{ name: "path", value: "/a" }],
				{
					sampleCount: 3,
					sampleSum: 4.5,
					bucket: [
						{ cumulativeCount: 1, upperBound: 0.1 },
						{ cumulativeCount: 2, upperBound: 2.5 },
					],
				},
			],
			[[{ name: "path", value: "/b" }], { sampleCount: 1e10, sampleSum: 7 }],
		]);
	});

	test("a summary's too", () => {
		const samples = [
			sample("s", 0.5, { quantile: "0.5" }),
			sample("s", Number.NaN, { quantile: "0.99" }),
			sample("s_sum", 12.5),
			sample("s_count", 20),
		];
		expect(decodeForeign([{ name: "s", help: "", type: "summary", samples }])[0]).toMatchObject({
			type: "SUMMARY",
			metric: [
				{
					label: [],
					summary: {
						sampleCount: 20,
						sampleSum: 12.5,
						quantile: [
							{ quantile: 0.5, value: 0.5 },
							{ quantile: 0.99, value: Number.NaN },
						],
					},
				},
			],
		});
	});

	test("a sample of another name has its own message", () => {
		const samples = [sample("x_info", 1, { a: "b" }), sample("x", 2), sample("x_info", 3)];
		const families = decodeForeign([{ name: "x", help: "", type: "untyped", samples }]);
		expect(families.map(({ metric, name }) => [name, metric.map(({ untyped }) => untyped?.value)])).toEqual([
			["x_info", [1, 3]],
			["x", [2]],
		]);
	});

	test("one without samples is left out; a large one is whole", () => {
		const many = (name: string): ForeignSample[] =>
			Array.from({ length: 20_000 }, (_, i) => sample(name, i, { i: String(i) }));
		const families = decodeForeign([
			{ name: "none", help: "", type: "summary", samples: [] },
			{ name: "g", help: "", type: "gauge", samples: many("g") },
			{ name: "g2", help: "", type: "gauge", samples: many("g2") },
		]);
		expect(families.map(({ name }) => name)).toEqual(["g", "g2"]);
		for (const { metric } of families) {
			expect(metric.map(({ gauge }) => gauge?.value)).toEqual(many("g").map(({ value }) => value));
		}
	});

	test("a count that is no whole number becomes one", () => {
		const samples = [
			sample("s_count", -1, { x: "a" }),
			sample("s_count", Number.NaN, { x: "b" }),
			sample("s_count", 2.6),
		];
		const [family] = decodeForeign([{ name: "s", help: "", type: "summary", samples }]);
		expect(family?.metric.map(({ summary }) => summary?.sampleCount)).toEqual([0, 0, 3]);
	});
});
