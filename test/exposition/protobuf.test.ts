import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeProtobuf } from "../../src/exposition/protobuf.ts";
import { pickFamilies } from "../../src/exposition/rendered.ts";
import type { Source } from "../../src/exposition/source.ts";
import { MoneySum } from "../../src/core/money.ts";
import { CATALOG } from "../../src/metrics/catalog.ts";
import { fixedOffsets } from "../../src/metrics/layout.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { takeFamilies } from "../../src/metrics/snapshot.ts";
import { type DecodedFamily, decodeFamilies, labelsOf, toSnapshots } from "./decode-families.ts";
import { runSteps, sourceOf } from "./source-of.ts";

function decode(source: Source): readonly DecodedFamily[] {
	return decodeFamilies(runSteps(encodeProtobuf(source)).bytes);
}

/** Something in every family that a program can have. */
function busyRecorder(pairs: number): Recorder {
	const recorder = new Recorder({ latencyBuckets: [50, 250.5, 1e6] });
	for (let i = 0; i < pairs; i += 1) {
		const pair = recorder.pair(`route-${i % 7}`, `model ${i}`);
		recorder.tokens(pair, i * 3, i * 1e9);
		recorder.cost(pair, i * 0.012_345_678_901);
		for (const ms of [1, 50, 51.25, i * 1000]) recorder.latency(pair, ms);
		recorder.error(pair, "timeout");
		recorder.activeUp(pair);
	}
	recorder.cacheHit(recorder.route("route-1"));
	const target = recorder.target("openai", "m");
	recorder.attempt(target, "rate_limited");
	recorder.rateLimitRemaining(target, "tokens", 149_984.5);
	recorder.priceBookAge(12.5);
	recorder.ledgerPending(3);
	recorder.budget("chat", MoneySum.ofPico(50_000_000_000_000n), MoneySum.ofPico(1_234_567_890_123n), 2);
	recorder.internalError("usage");
	return recorder;
}

describe("protobuf", () => {
	test("holds every family, label and value of the snapshot, in the catalog's order", () => {
		const recorder = busyRecorder(40);
		const families = decode(sourceOf(recorder));
		expect(toSnapshots(families)).toEqual(takeFamilies(recorder));
		expect(families.map(({ name }) => name)).toEqual(CATALOG.map(({ name }) => name));
	});

	test("says where each family stands, for who wants only some", () => {
		const rendered = runSteps(encodeProtobuf(sourceOf(busyRecorder(3))));
		expect(rendered.families.at(-1)?.end).toBe(rendered.bytes.length);
		for (const { name } of CATALOG) {
			const [only, ...more] = decodeFamilies(pickFamilies(rendered, new Set([name])));
			expect(only?.name).toBe(name);
			expect(more).toEqual([]);
		}
	});

	test("a series without a value is left out, and a family without series", () => {
		const recorder = new Recorder();
		expect(decode(sourceOf(recorder)).map(({ name }) => name)).toEqual([
			"hyperagent_label_overflow_total",
			"hyperagent_internal_errors_total",
			"hyperagent_build_info",
		]);
		recorder.rateLimitRemaining(recorder.target("openai", "m"), "tokens", 7);
		const remaining = decode(sourceOf(recorder)).find(({ name }) => name === "llm_ratelimit_remaining");
		expect(remaining?.metric.map(({ gauge, label }) => [labelsOf(label)["resource"], gauge?.value])).toEqual([
			["tokens", 7],
		]);
	});

	test("labels stand in the text format's order, constant ones first", () => {
		const recorder = new Recorder();
		recorder.pair("chat", "m");
		const families = decode(sourceOf(recorder, { constantLabels: { service: "api", zone: "é" } }));
		const errors = families.find(({ name }) => name === "llm_errors_total");
		expect(errors?.metric[0]?.label).toEqual([
			{ name: "service", value: "api" },
			{ name: "zone", value: "é" },
			{ name: "route", value: "chat" },
			{ name: "model", value: "m" },
			{ name: "error_type", value: "rate_limit" },
		]);
		for (const { metric } of families) {
			for (const { label } of metric) expect(labelsOf(label)).toMatchObject({ service: "api", zone: "é" });
		}
	});

	test("any label value survives", () => {
		const unit = fc.oneof(
			fc.string({ unit: "binary" }),
			fc.constantFrom('"', "\\", "\n", "\r", "\0", "\ud800", "\udc00x", "a", "é", "😀", "\uffff"),
		);
		const value = fc.array(unit, { maxLength: 40 }).map((parts) => parts.join("").slice(0, 256));
		fc.assert(
			fc.property(value, value, value, (route, model, service) => {
				const recorder = new Recorder();
				recorder.pair(route, model);
				const families = decode(sourceOf(recorder, { constantLabels: { service } }));
				const tokens = families.find(({ name }) => name === "llm_tokens_total");
				// The guard makes them well-formed, since Unicode's encodings have no lone surrogates.
				expect(labelsOf(tokens?.metric[0]?.label ?? [])).toEqual({
					service: service.toWellFormed(),
					route: route.toWellFormed(),
					model: model.toWellFormed(),
				});
			}),
		);
	});

	test("a cost is the double that is nearest to the exact cents", () => {
		const dollars = fc.integer({ min: 0, max: 2 ** 40 });
		fc.assert(
			fc.property(dollars, fc.integer({ min: 0, max: 999_999_999_999 }), (whole, pico) => {
				const recorder = new Recorder();
				const pair = recorder.pair("chat", "m");
				recorder.store.slots.set([whole, pico], pair + (fixedOffsets()["llm_cost_usd_total"] ?? Number.NaN));
				const cost = decode(sourceOf(recorder)).find(({ name }) => name === "llm_cost_usd_total");
				const exact = BigInt(whole) * 10n ** 12n + BigInt(pico);
				expect(cost?.metric[0]?.counter?.value).toBe(Number(`${exact}e-10`));
			}),
		);
	});

	test("numbers of any size are themselves", () => {
		const recorder = new Recorder({ latencyBuckets: [10, 20, 30] });
		const pair = recorder.pair("chat", "m");
		const { slots } = recorder.store;
		const { histogram, offset = 0 } =
			recorder.series.pair.layout.placements.find(({ definition }) => definition.name === "llm_latency_ms") ??
			{};
		const counts = [127, 2 ** 31 - 1, 2 ** 33, 2 ** 49];
		slots[pair + offset] = 1.5e300;
		slots.set(counts, pair + (histogram?.offset ?? Number.NaN));
		const latency = toSnapshots(decode(sourceOf(recorder))).find(({ name }) => name === "llm_latency_ms");
		expect(latency?.series[0]?.histogram).toEqual({ bounds: [10, 20, 30], counts, sum: 1.5e300 });
	});

	test("counters and histograms say since when they count", () => {
		const recorder = new Recorder();
		const before = Date.now();
		recorder.pair("chat", "m");
		const families = decode(sourceOf(recorder));
		const created = (name: string): number => {
			const metric = families.find((family) => family.name === name)?.metric[0];
			const { nanos = 0, seconds = 0 } =
				metric?.counter?.createdTimestamp ?? metric?.histogram?.createdTimestamp ?? {};
			return seconds * 1000 + nanos / 1e6;
		};
		expect(created("llm_tokens_total")).toBeGreaterThanOrEqual(before);
		expect(created("llm_tokens_total")).toBeLessThanOrEqual(Date.now());
		expect(created("llm_latency_ms")).toBe(created("llm_tokens_total"));
	});

	test("an exemplar stands at its bucket, that of +Inf included, which is left out otherwise", () => {
		const recorder = new Recorder({ latencyBuckets: [10, 20] });
		const pair = recorder.pair("chat", "m");
		const bounds = (): readonly unknown[] =>
			decode(sourceOf(recorder)).find(({ name }) => name === "llm_latency_ms")?.metric[0]?.histogram
				?.bucket ?? [];
		recorder.latency(pair, 30);
		expect(bounds()).toEqual([
			{ cumulativeCount: 0, upperBound: 10 },
			{ cumulativeCount: 0, upperBound: 20 },
		]);
		const traceId = "0123456789abcdef0123456789abcdef";
		recorder.latencyOf(pair, 15, { traceId });
		recorder.latencyOf(pair, 40, { traceId, spanId: "0123456789abcdef" });
		const exemplar = (value: number, more: readonly object[] = []): object => ({
			label: [{ name: "trace_id", value: traceId }, ...more],
			value,
			timestamp: { seconds: expect.any(Number), nanos: expect.any(Number) },
		});
		expect(bounds()).toEqual([
			{ cumulativeCount: 0, upperBound: 10 },
			{ cumulativeCount: 1, upperBound: 20, exemplar: exemplar(15) },
			{
				cumulativeCount: 3,
				upperBound: Number.POSITIVE_INFINITY,
				exemplar: exemplar(40, [{ name: "span_id", value: "0123456789abcdef" }]),
			},
		]);
	});

	test("others get a turn, and what is added then is not in it", () => {
		const recorder = busyRecorder(900);
		const expected = takeFamilies(recorder);
		const source = sourceOf(recorder);
		const generator = encodeProtobuf(source);
		for (let steps = 1; ; steps += 1) {
			const { done, value } = generator.next();
			recorder.pair("late", `model ${steps}`);
			recorder.target("late", `model ${steps}`);
			if (done !== true) continue;
			expect(toSnapshots(decodeFamilies(value.bytes))).toEqual(expected);
			expect(steps).toBeGreaterThan(50);
			return;
		}
	});
});
