import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeProtobuf } from "../../src/exposition/protobuf.ts";
import type { NativeSchema } from "../../src/metrics/native-histogram.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { takeFamilies } from "../../src/metrics/snapshot.ts";
import { indexOf } from "../metrics/native-bound.ts";
import { type DecodedHistogram, decodeFamilies, nativeCounts, toSnapshots } from "./decode-families.ts";
import { runSteps, sourceOf } from "./source-of.ts";

/** The latency histogram of the first pair. */
function latencyOf(recorder: Recorder): DecodedHistogram {
	const families = decodeFamilies(runSteps(encodeProtobuf(sourceOf(recorder))).bytes);
	const found = families.find(({ name }) => name === "llm_latency_ms")?.metric[0]?.histogram;
	if (found === undefined) throw new Error("There is no latency histogram.");
	return found;
}

function record(values: readonly number[], nativeSchema?: NativeSchema): DecodedHistogram {
	const recorder = new Recorder({ nativeSchema });
	const pair = recorder.pair("chat", "m");
	for (const value of values) recorder.latency(pair, value);
	return latencyOf(recorder);
}

describe("native histograms in protobuf", () => {
	test("are not there unless they are asked for", () => {
		const classic = record([0.1, 5]);
		expect(classic).not.toHaveProperty("schema");
		expect(classic).not.toHaveProperty("zeroThreshold");
		expect(classic.positiveSpan).toEqual([]);
	});

	test("an empty one says that it is native by the width of its zero bucket", () => {
		expect(record([], 3)).toMatchObject({
			sampleCount: 0,
			schema: 3,
			zeroThreshold: 0.125,
			zeroCount: 0,
			positiveSpan: [],
			positiveDelta: [],
		});
	});

	test("spans and deltas, with gaps of up to two empty buckets closed", () => {
		// With schema 0 bucket i holds what is above 2^(i-1), up to 2^i.
		expect(record([0.125, 0.2, 2, 2, 16, 256, 2 ** 27, 1e12], 0)).toMatchObject({
			sampleCount: 8,
			zeroCount: 1,
			positiveSpan: [
				{ offset: -2, length: 7 }, // buckets -2 to 4; -1, 0 and 2, 3 are empty
				{ offset: 3, length: 1 }, // bucket 8; 5, 6 and 7 are empty
				{ offset: 18, length: 1 }, // bucket 27
			],
			positiveDelta: [1, -1, 0, 2, -2, 0, 1, 0, 1],
		});
	});

	test("every observation is in the bucket where the definition puts it", () => {
		const value = fc
			.tuple(fc.double({ min: 1, max: 2, noNaN: true }), fc.integer({ min: -4, max: 24 }))
			.map(([mantissa, exponent]) => mantissa * 2 ** exponent);
		const schema = fc.constantFrom<NativeSchema>(0, 1, 2, 3, 4, 5);
		fc.assert(
			fc.property(fc.array(value, { maxLength: 60 }), schema, (values, nativeSchema) => {
				const expected = new Map<number, number>();
				for (const own of values.filter((one) => one > 0.125)) {
					const index = indexOf(own, nativeSchema);
					expected.set(index, (expected.get(index) ?? 0) + 1);
				}
				const histogram = record(values, nativeSchema);
				const found = [...nativeCounts(histogram)].filter(([, count]) => count > 0);
				expect(new Map(found)).toEqual(expected);
				expect(histogram.zeroCount).toBe(values.filter((one) => one <= 0.125).length);
				expect(histogram.schema).toBe(nativeSchema);
			}),
		);
	});

	test("the classic buckets stand beside them, whatever the size", () => {
		const recorder = new Recorder({ nativeSchema: 5 });
		for (let i = 0; i < 200; i += 1) {
			const pair = recorder.pair("chat", `m${i}`);
			// Every fourth bucket has its own span: that is more than anybody expects.
			for (let index = -96; index < 864; index += 4) recorder.latency(pair, 2 ** ((index + 0.5) / 32));
		}
		const { bytes } = runSteps(encodeProtobuf(sourceOf(recorder)));
		expect(toSnapshots(decodeFamilies(bytes))).toEqual(takeFamilies(recorder));
	});
});
