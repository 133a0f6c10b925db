import { HyperAgentError } from "../core/hyperagent-error.ts";
import { VERSION } from "../core/version.ts";
import { CATALOG, type MetricDefinition } from "../metrics/catalog.ts";
import type { Recorder } from "../metrics/recorder.ts";
import { readFamily, type SeriesSnapshot } from "../metrics/snapshot.ts";
import { genAiAttributes } from "./gen-ai-attributes.ts";
import {
	AGGREGATION_TEMPORALITY,
	DATA_POINT_TYPE,
	type DataPoint,
	type HistogramPoint,
	type HrTime,
	type ProducedMetric,
	type ProducedMetrics,
	type ProducedResource,
	VALUE_TYPE,
} from "./metric-producer.ts";
import type { ConstantLabels } from "./source.ts";

/**
 * Under which names OpenTelemetry gets the metrics: `gen_ai` takes the GenAI conventions' where they have one and ours
 * for the rest (cost, errors, caches, rate limits), so that every number comes once; `hyperagent` takes only ours, as on
 * `/metrics`; `both` gives all of ours and the conventions' beside them.
 */
export const METRIC_NAMES = ["gen_ai", "hyperagent", "both"] as const;

/** One of {@link METRIC_NAMES}. */
export type MetricNames = (typeof METRIC_NAMES)[number];

/** @throws HyperAgentError `BAD_OPTION` for anything but one of {@link METRIC_NAMES} */
export function checkMetricNames(names: MetricNames): void {
	if (METRIC_NAMES.includes(names)) return;
	throw new HyperAgentError(
		"BAD_OPTION",
		`metricProducer(): expected one of ${METRIC_NAMES.join(", ")} at \`names\`, got ${JSON.stringify(names)}.`,
	);
}

/** All that the recorder holds, at one instant, as OpenTelemetry's data model has it. */
export function produceMetrics(
	recorder: Recorder,
	constantLabels: ConstantLabels,
	names: MetricNames,
): ProducedMetrics {
	const now = Date.now();
	const metrics = CATALOG.flatMap((definition) => {
		const { genAi } = definition;
		const series = readSeries(recorder, definition, constantLabels, now);
		const own = names === "gen_ai" && genAi !== undefined ? [] : [ownMetric(definition, series)];
		return names === "hyperagent" || genAi === undefined
			? own
			: [...own, ...genAiMetrics(definition, series)];
	}).filter(({ dataPoints }) => dataPoints.length > 0);
	const scope = { name: "@hyperagent/observe", version: VERSION };
	return { resourceMetrics: { resource: NO_RESOURCE, scopeMetrics: [{ scope, metrics }] }, errors: [] };
}

const NO_RESOURCE: ProducedResource = {
	attributes: {},
	merge: (other) => other ?? NO_RESOURCE,
	getRawAttributes: () => [],
};

interface Series {
	readonly snapshot: SeriesSnapshot;
	readonly startTime: HrTime;
	readonly endTime: HrTime;
	readonly genAiAttributes: Record<string, string>;
	readonly attributes: Record<string, string>;
	readonly isEmbeddings: boolean;
}

function readSeries(
	recorder: Recorder,
	definition: MetricDefinition,
	constantLabels: ConstantLabels,
	now: number,
): readonly Series[] {
	return readFamily(recorder, definition).flatMap(({ labelSet: { base, createdAt }, series }) => {
		const origin = definition.scope === "pair" ? recorder.originOf(base) : undefined;
		const startTime = hrTime(createdAt);
		// A clock that was set back must not end a series before its start.
		const endTime = hrTime(Math.max(now, createdAt));
		return series.map((snapshot) => ({
			snapshot,
			startTime,
			endTime,
			attributes: { ...constantLabels, ...snapshot.labels },
			genAiAttributes: { ...constantLabels, ...genAiAttributes(definition, snapshot.labels, origin) },
			isEmbeddings: origin?.operation === "embeddings",
		}));
	});
}

/**
 * Under our name, which has the unit in it: a unit beside it would come twice when OpenTelemetry's names become
 * Prometheus' again (`llm_latency_ms_milliseconds`).
 */
function ownMetric({ help, name, type }: MetricDefinition, series: readonly Series[]): ProducedMetric {
	return metric(
		type,
		name,
		help,
		"",
		series.map((one) => ({ ...one, scale: 1 })),
	);
}

/** Under the conventions' names: embeddings may have another one. */
function genAiMetrics(definition: MetricDefinition, series: readonly Series[]): readonly ProducedMetric[] {
	const { genAi, help, type, unit } = definition;
	if (genAi === undefined) return [];
	const isTime = unit === "milliseconds";
	const { embeddings = genAi.name, name } = genAi;
	return [...new Set([name, embeddings])].map((one) => {
		const its = series.filter(({ isEmbeddings }) => (isEmbeddings ? embeddings : name) === one);
		const points = its.map((s) => ({ ...s, attributes: s.genAiAttributes, scale: isTime ? 1000 : 1 }));
		return metric(type, one, help, isTime ? "s" : "{token}", points);
	});
}

/** @param points with how many of our units make one of the metric's */
function metric(
	type: MetricDefinition["type"],
	name: string,
	description: string,
	unit: string,
	points: readonly (Series & { readonly scale: number })[],
): ProducedMetric {
	const base = {
		descriptor: { name, description, unit, valueType: VALUE_TYPE.double },
		aggregationTemporality: AGGREGATION_TEMPORALITY.cumulative,
	};
	if (type === "histogram") {
		const dataPoints = points.map((one) => dataPoint(one, histogramPoint(one.snapshot, one.scale)));
		return { ...base, dataPointType: DATA_POINT_TYPE.histogram, dataPoints };
	}
	const dataPoints = points.map((one) => dataPoint(one, one.snapshot.value));
	if (type === "gauge") return { ...base, dataPointType: DATA_POINT_TYPE.gauge, dataPoints };
	return { ...base, dataPointType: DATA_POINT_TYPE.sum, isMonotonic: true, dataPoints };
}

function dataPoint<T>({ attributes, endTime, startTime }: Series, value: T): DataPoint<T> {
	return { startTime, endTime, attributes, value };
}

function histogramPoint({ histogram, value: count }: SeriesSnapshot, scale: number): HistogramPoint {
	const { bounds = [], counts = [], sum = 0 } = histogram ?? {};
	return {
		// Dividing rounds once: 2500 ms is exactly the double 2.5.
		buckets: { boundaries: bounds.map((bound) => bound / scale), counts: [...counts] },
		sum: sum / scale,
		count,
	};
}

function hrTime(ms: number): HrTime {
	const seconds = Math.floor(ms / 1000);
	return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
