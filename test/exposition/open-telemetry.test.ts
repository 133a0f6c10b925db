import { readFileSync } from "node:fs";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import {
	AggregationTemporality,
	DataPointType,
	InMemoryMetricExporter,
	MeterProvider,
	type MetricData,
	type MetricProducer,
	PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { ValueType } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import type { MetricNames } from "../../src/monitoring/index.ts";
import {
	AGGREGATION_TEMPORALITY,
	DATA_POINT_TYPE,
	VALUE_TYPE,
} from "../../src/exposition/metric-producer.ts";
import { CATALOG } from "../../src/metrics/catalog.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { PrometheusHandle } from "../../src/monitoring/prometheus-handle.ts";
import { expectedLines, parseLines, withoutAge } from "./series-lines.ts";

const CHAT = {
	"gen_ai.operation.name": "chat",
	"gen_ai.provider.name": "mistral_ai",
	"gen_ai.request.model": "m",
	"hyperagent.route": "chat",
} as const;
const USAGE = "gen_ai.client.inference.usage";

function recorded(constant: Record<string, string> = {}): PrometheusHandle {
	const recorder = new Recorder();
	const chat = recorder.pair("chat", "m");
	recorder.setOrigin(chat, { provider: "mistral", operation: "chat" });
	recorder.setOrigin(chat, { provider: "openai", operation: "embeddings" });
	recorder.settle(chat, {
		id: "019abb1c2d3e4f5a6b7c8d-0000001",
		operation: "chat",
		route: "chat",
		provider: "mistral",
		model: "m",
		answeredModel: undefined,
		startedAt: 0,
		latencyMs: 2500,
		timeToFirstTokenMs: undefined,
		timePerOutputTokenMs: undefined,
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
	});
	recorder.latency(chat, 1e9);
	const embed = recorder.pair("search", "e");
	recorder.setOrigin(embed, { provider: "openai", operation: "embeddings" });
	recorder.latency(embed, 50);
	recorder.tokens(recorder.pair("by_hand", "m"), 1, 2);
	recorder.activeUp(chat);
	return new PrometheusHandle(recorder, constant, false);
}

/** What a real SDK has exported, by metric name, and under which scopes. */
async function exported(
	handle: PrometheusHandle,
	names?: MetricNames,
): Promise<ReadonlyMap<string, MetricData>> {
	// The assignment holds our types to theirs.
	const producer: MetricProducer = handle.metricProducer(names === undefined ? {} : { names });
	const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
	const reader = new PeriodicExportingMetricReader({ exporter, metricProducers: [producer] });
	const provider = new MeterProvider({ readers: [reader] });
	provider.getMeter("the user's own").createCounter("jobs").add(1);
	await provider.forceFlush();
	const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
	await provider.shutdown();
	expect(scopes.map(({ scope }) => scope.name)).toEqual(
		expect.arrayContaining(["the user's own", "@hyperagent/observe"]),
	);
	const metrics = scopes
		.filter(({ scope }) => scope.name === "@hyperagent/observe")
		.flatMap(({ metrics: own }) => own);
	expect(new Set(metrics.map(({ descriptor }) => descriptor.name)).size).toBe(metrics.length);
	return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
}

function valueOf(metric: MetricData | undefined, attributes: Record<string, string>): unknown {
	return metric?.dataPoints.find((point) => JSON.stringify(point.attributes) === JSON.stringify(attributes))
		?.value;
}

describe("an OpenTelemetry SDK reads from our producer", () => {
	test("the GenAI conventions' names with their units and attributes", async () => {
		const metrics = await exported(recorded());
		const tokens = { ...CHAT, "gen_ai.token.modality": "unknown" };
		for (const [name, value] of [
			["input_tokens", 37],
			["output_tokens", 11],
			["cache_read.input_tokens", 20],
			["cache_write.input_tokens", 7],
			["reasoning.output_tokens", 5],
		] as const) {
			const metric = metrics.get(`${USAGE}.${name}`);
			expect(metric).toMatchObject({
				descriptor: { unit: "{token}" },
				dataPointType: DataPointType.SUM,
				aggregationTemporality: AggregationTemporality.CUMULATIVE,
				isMonotonic: true,
			});
			const point = metric?.dataPoints.find(({ attributes }) => attributes["hyperagent.route"] === "chat");
			expect(point).toMatchObject({ attributes: tokens, value });
			expect(point?.attributes).toEqual(tokens);
		}
	});

	test("the duration in seconds, with exact bounds", async () => {
		const duration = (await exported(recorded())).get("gen_ai.client.inference.duration");
		expect(duration).toMatchObject({ descriptor: { unit: "s" }, dataPointType: DataPointType.HISTOGRAM });
		expect(valueOf(duration, CHAT)).toEqual({
			buckets: {
				boundaries: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600],
				counts: [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
			},
			sum: 1_000_002.5,
			count: 2,
		});
	});

	test("embeddings' duration under the name that is theirs, and nowhere else", async () => {
		const metrics = await exported(recorded());
		const routes = (name: string) =>
			metrics.get(name)?.dataPoints.map(({ attributes }) => attributes["hyperagent.route"]);
		expect(routes("gen_ai.client.operation.duration")).toEqual(["search"]);
		expect(routes("gen_ai.client.inference.duration")).toEqual(["chat", "by_hand"]);
	});

	test("a pair that is only recorded by hand has neither provider nor operation", async () => {
		const metric = (await exported(recorded())).get(`${USAGE}.output_tokens`);
		const attributes = {
			"gen_ai.request.model": "m",
			"gen_ai.token.modality": "unknown",
			"hyperagent.route": "by_hand",
		};
		expect(valueOf(metric, attributes)).toBe(2);
	});

	test("the pair that stands for those over the bound has neither", async () => {
		const recorder = new Recorder({ bounds: { pairs: 1 } });
		recorder.setOrigin(recorder.pair("chat", "m"), { provider: "openai", operation: "chat" });
		const metrics = await exported(new PrometheusHandle(recorder, {}, false));
		const points = metrics.get(`${USAGE}.input_tokens`)?.dataPoints ?? [];
		expect(points).toHaveLength(1);
		expect(Object.keys(points[0]?.attributes ?? {})).not.toContain("gen_ai.provider.name");
	});

	test.each<[MetricNames | undefined, boolean, boolean]>([
		[undefined, true, false],
		["gen_ai", true, false],
		["hyperagent", false, true],
		["both", true, true],
	])("names %s: whatever has no name there comes under ours", async (names, genAi, own) => {
		const metrics = await exported(recorded({ service: "api" }), names);
		expect(metrics.has(`${USAGE}.input_tokens`)).toBe(genAi);
		expect(metrics.has("llm_tokens_input_total")).toBe(own);
		expect(metrics.has("llm_latency_ms")).toBe(own);
		const cost = metrics.get("llm_cost_usd_total");
		expect(valueOf(cost, { service: "api", route: "chat", model: "m" })).toBe(0.25);
		expect(metrics.get("llm_active_requests")?.dataPointType).toBe(DataPointType.GAUGE);
	});

	test("under our names everything is as in the snapshot", async () => {
		const handle = recorded({ service: "api" });
		const metrics = await exported(handle, "hyperagent");
		for (const [name, series] of Object.entries(handle.snapshot())) {
			if (name === "hyperagent_price_book_age_seconds") continue;
			const points =
				metrics.get(name)?.dataPoints.map(({ attributes, value }) => ({ attributes, value })) ?? [];
			const expected = series.map(({ histogram, labels, value }) => ({
				attributes: { service: "api", ...labels },
				value:
					histogram === undefined
						? value
						: {
								buckets: { boundaries: histogram.bounds, counts: histogram.counts },
								sum: histogram.sum,
								count: value,
							},
			}));
			expect(points, name).toEqual(expected);
			expect(metrics.get(name)?.descriptor.unit ?? "").toBe("");
		}
	});

	test("a series starts when its label set came, and ends now", async () => {
		const before = Date.now();
		const handle = recorded();
		const after = Date.now();
		const [point] = (await exported(handle)).get("llm_cost_usd_total")?.dataPoints ?? [];
		const ms = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6;
		expect(ms(point?.startTime ?? [0, 0])).toBeGreaterThanOrEqual(before);
		expect(ms(point?.startTime ?? [0, 0])).toBeLessThanOrEqual(after);
		expect(ms(point?.endTime ?? [0, 0])).toBeGreaterThanOrEqual(ms(point?.startTime ?? [0, 0]));
	});

	test("under our names, a Prometheus exporter of OpenTelemetry writes the lines of /metrics", async () => {
		const handle = recorded();
		const producer: MetricProducer = handle.metricProducer({ names: "hyperagent" });
		const { resourceMetrics } = await producer.collect();
		const lines = parseLines(new PrometheusSerializer().serialize(resourceMetrics));
		// It adds labels that tell the scope.
		const own = [...lines].map(([key, value]) => [key.replace(/otel_scope_\w+=[^,}]*,?/g, ""), value]);
		const written = new Map(own.map(([key, value]) => [String(key).replace(",}", "}"), value]));
		for (const [key, value] of withoutAge(expectedLines(handle.snapshot())))
			expect(written.get(key), key).toBe(value);
	});

	test("other names are refused", () => {
		expect(() => recorded().metricProducer({ names: "otel" as MetricNames })).toThrow(
			"gen_ai, hyperagent, both",
		);
	});

	test("our numbers are those of its enums", () => {
		expect(DATA_POINT_TYPE.histogram).toBe(DataPointType.HISTOGRAM);
		expect(DATA_POINT_TYPE.gauge).toBe(DataPointType.GAUGE);
		expect(DATA_POINT_TYPE.sum).toBe(DataPointType.SUM);
		expect(AGGREGATION_TEMPORALITY.cumulative).toBe(AggregationTemporality.CUMULATIVE);
		expect(VALUE_TYPE.double).toBe(ValueType.DOUBLE);
	});

	test("each name of the conventions stands in the catalog once, and in the docs beside ours", () => {
		const docs = readFileSync(new URL("../../docs/bridges.md", import.meta.url), "utf8");
		for (const { genAi, name } of CATALOG) {
			const row = docs.split("\n").find((line) => line.startsWith(`| \`${name}\` |`)) ?? "";
			for (const one of Object.values(genAi ?? {})) expect(row).toContain(`\`${String(one)}\``);
		}
		const names = CATALOG.flatMap(({ genAi }) => (genAi === undefined ? [] : [genAi.name]));
		expect(new Set(names).size).toBe(names.length);
		expect(names).toHaveLength(6);
	});
});
