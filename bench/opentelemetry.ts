import type { Counter, Histogram, Meter, UpDownCounter } from "@opentelemetry/api";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { Contender, OperationName, Pair } from "./contender.ts";
import {
	type BenchFamily,
	changingSeriesOf,
	FAMILIES,
	labelSetsOf,
	metricOf,
	PLAIN_COUNTER,
} from "./families.ts";
import { type BenchRequest, nextRequest, recordRequests, REQUESTS } from "./workload.ts";

/** Reads when it is asked, as the Prometheus exporter does; without a reader the SDK records nothing. */
class PullReader extends MetricReader {
	protected override async onForceFlush(): Promise<void> {}
	protected override async onShutdown(): Promise<void> {}
}

interface Instruments {
	readonly sums: ReadonlyMap<string, Counter | UpDownCounter>;
	readonly histograms: ReadonlyMap<string, Histogram>;
}

/** A meter provider of its own, with all families; the text is written by OpenTelemetry's Prometheus exporter. */
export function createOpenTelemetry(): Contender {
	// The default of 2,000 label sets an instrument would put the largest case into one overflow series.
	const reader = new PullReader({ cardinalitySelector: () => 1e6 });
	const instruments = instrumentsOf(new MeterProvider({ readers: [reader] }).getMeter("bench"));
	const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
	const record = ({ name }: BenchFamily, labels: Record<string, string>, amount: number): void => {
		instruments.sums.get(name)?.add(amount, labels);
		instruments.histograms.get(name)?.record(amount / 2, labels);
	};
	return {
		operation: (name) => operationOf(name, instruments),
		fill(pairs) {
			// A histogram exists only from its first value on, so that it is born with a 0 in it.
			for (const pair of pairs) {
				for (const family of FAMILIES)
					for (const labels of labelSetsOf(family, pair)) record(family, labels, 0);
			}
		},
		change(pair) {
			for (const { family, labels } of changingSeriesOf(pair)) record(family, labels, 1);
		},
		scrape: (format) =>
			format === "text"
				? reader.collect().then(({ resourceMetrics }) => serializer.serialize(resourceMetrics))
				: undefined,
	};
}

function instrumentsOf(meter: Meter): Instruments {
	const sums = new Map<string, Counter | UpDownCounter>();
	const histograms = new Map<string, Histogram>();
	for (const { buckets, help: description, name, type } of FAMILIES) {
		if (type === "counter") sums.set(name, meter.createCounter(name, { description }));
		else if (type === "gauge") sums.set(name, meter.createUpDownCounter(name, { description }));
		else {
			const advice = { explicitBucketBoundaries: [...buckets] };
			histograms.set(name, meter.createHistogram(name, { description, advice }));
		}
	}
	sums.set(PLAIN_COUNTER, meter.createCounter(PLAIN_COUNTER));
	return { sums, histograms };
}

/** OpenTelemetry has no handles any more: "bound" gives it the same attributes object each time. */
function operationOf(name: OperationName, { histograms, sums }: Instruments): (() => void) | undefined {
	const errors = metricOf(sums, "llm_errors_total");
	const active = metricOf(sums, "llm_active_requests");
	const latency = metricOf(histograms, "llm_latency_ms");
	const hits = metricOf(sums, PLAIN_COUNTER);
	const bound = REQUESTS.map(({ model, route }) => ({ route, model }));
	switch (name) {
		case "counter-labels":
			return () => {
				const { model, route } = nextRequest();
				errors.add(1, { route, model, error_type: "timeout" });
			};
		case "counter-bound":
			return () => hits.add(1, bound[nextRequest().index]);
		case "gauge-labels":
			return () => {
				const { model, route } = nextRequest();
				active.add(1, { route, model });
			};
		case "gauge-bound":
			return () => active.add(1, bound[nextRequest().index]);
		case "histogram-labels":
			return () => {
				const { latencyMs, model, route } = nextRequest();
				latency.record(latencyMs, { route, model });
			};
		case "histogram-bound":
			return () => {
				const { index, latencyMs } = nextRequest();
				latency.record(latencyMs, bound[index]);
			};
		case "request":
		case "request-decoded":
			return recordRequests(requestOf({ histograms, sums }), name === "request-decoded");
		case "request-native":
			return undefined;
	}
}

/** One request, with as few attribute objects as there can be. */
function requestOf({ histograms, sums }: Instruments): (labels: Pair, request: BenchRequest) => void {
	const active = metricOf(sums, "llm_active_requests");
	const input = metricOf(sums, "llm_tokens_input_total");
	const output = metricOf(sums, "llm_tokens_output_total");
	const tokens = metricOf(sums, "llm_tokens_total");
	const cost = metricOf(sums, "llm_cost_usd_total");
	const requests = metricOf(sums, "llm_requests_total");
	const latency = metricOf(histograms, "llm_latency_ms");
	const firstToken = metricOf(histograms, "llm_time_to_first_token_ms");
	return ({ model, route }, request) => {
		const attributes = { route, model };
		active.add(1, attributes);
		active.add(-1, attributes);
		input.add(request.input, attributes);
		output.add(request.output, attributes);
		tokens.add(request.input + request.output, attributes);
		cost.add(request.costUsd * 100, attributes);
		requests.add(1, { route, model, outcome: "success" });
		latency.record(request.latencyMs, attributes);
		firstToken.record(request.timeToFirstTokenMs, attributes);
	};
}
