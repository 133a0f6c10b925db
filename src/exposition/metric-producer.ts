/*
 * What `@opentelemetry/sdk-metrics` 2 and 3 ask of a MetricProducer, so that a user's own SDK takes ours and we need none.
 * https://github.com/open-telemetry/opentelemetry-js/blob/main/packages/sdk-metrics/src/export/MetricProducer.ts
 * The arrays are not readonly because its types are not.
 */

/** Seconds since the epoch, and nanoseconds. */
export type HrTime = [number, number];

/** As OpenTelemetry's enums number them. */
export const DATA_POINT_TYPE = { histogram: 0, gauge: 2, sum: 3 } as const;
export const AGGREGATION_TEMPORALITY = { cumulative: 1 } as const;
export const VALUE_TYPE = { double: 1 } as const;

/** One series of a metric. */
export interface DataPoint<T> {
	readonly startTime: HrTime;
	readonly endTime: HrTime;
	readonly attributes: Record<string, string>;
	readonly value: T;
}

/** A histogram with explicit bounds. */
export interface HistogramPoint {
	buckets: { boundaries: number[]; counts: number[] };
	sum: number;
	count: number;
}

interface MetricBase {
	readonly descriptor: {
		readonly name: string;
		readonly description: string;
		readonly unit: string;
		readonly valueType: typeof VALUE_TYPE.double;
	};
	readonly aggregationTemporality: typeof AGGREGATION_TEMPORALITY.cumulative;
}

/** One metric with its series. */
export type ProducedMetric =
	| (MetricBase & {
			readonly dataPointType: typeof DATA_POINT_TYPE.sum;
			readonly isMonotonic: boolean;
			readonly dataPoints: DataPoint<number>[];
	  })
	| (MetricBase & {
			readonly dataPointType: typeof DATA_POINT_TYPE.gauge;
			readonly dataPoints: DataPoint<number>[];
	  })
	| (MetricBase & {
			readonly dataPointType: typeof DATA_POINT_TYPE.histogram;
			readonly dataPoints: DataPoint<HistogramPoint>[];
	  });

/** Ours is empty: the reader puts the resource of its own SDK in its place. */
export interface ProducedResource {
	readonly attributes: Record<string, string>;
	merge(other: ProducedResource | null): ProducedResource;
	getRawAttributes(): [string, string][];
}

/** Everything that one collection gives. */
export interface ProducedMetrics {
	resourceMetrics: {
		resource: ProducedResource;
		scopeMetrics: { scope: { name: string; version: string }; metrics: ProducedMetric[] }[];
	};
	errors: unknown[];
}

/** A source of metrics for the `metricProducers` of an OpenTelemetry metric reader. */
export interface MetricProducer {
	collect(options?: { timeoutMillis?: number }): Promise<ProducedMetrics>;
}
