import type { OperationName, Pair } from "./contender.ts";
import { metricOf, PLAIN_COUNTER } from "./families.ts";
import { type BenchRequest, nextRequest, recordRequests, REQUESTS } from "./workload.ts";

export type Labels = Record<string, string>;

export interface Counter {
	inc(labels: Labels, value?: number): void;
	labels(...values: string[]): { inc(value?: number): void };
}
export interface Gauge extends Counter {
	dec(labels: Labels): void;
	set(labels: Labels, value: number): void;
}
export interface Histogram {
	observe(labels: Labels, value: number): void;
	zero(labels: Labels): void;
	labels(...values: string[]): { observe(value: number): void };
}

/** The metrics of one registry, by name. */
export interface PromMetrics {
	readonly counters: ReadonlyMap<string, Counter>;
	readonly gauges: ReadonlyMap<string, Gauge>;
	readonly histograms: ReadonlyMap<string, Histogram>;
}

/** One iteration of the two Prometheus clients; "bound" is the child that `.labels()` gives. */
export function operationOf(name: OperationName, metrics: PromMetrics): (() => void) | undefined {
	const errors = metricOf(metrics.counters, "llm_errors_total");
	const active = metricOf(metrics.gauges, "llm_active_requests");
	const latency = metricOf(metrics.histograms, "llm_latency_ms");
	switch (name) {
		case "counter-labels":
			return () => {
				const { model, route } = nextRequest();
				errors.inc({ route, model, error_type: "timeout" });
			};
		case "counter-bound": {
			const counter = metricOf(metrics.counters, PLAIN_COUNTER);
			const bound = REQUESTS.map(({ model, route }) => counter.labels(route, model));
			return () => bound[nextRequest().index]!.inc();
		}
		case "gauge-labels":
			return () => {
				const { model, route } = nextRequest();
				active.inc({ route, model });
			};
		case "gauge-bound": {
			const bound = REQUESTS.map(({ model, route }) => active.labels(route, model));
			return () => bound[nextRequest().index]!.inc();
		}
		case "histogram-labels":
			return () => {
				const { latencyMs, model, route } = nextRequest();
				latency.observe({ route, model }, latencyMs);
			};
		case "histogram-bound": {
			const bound = REQUESTS.map(({ model, route }) => latency.labels(route, model));
			return () => {
				const { index, latencyMs } = nextRequest();
				bound[index]!.observe(latencyMs);
			};
		}
		case "request":
		case "request-decoded":
			return recordRequests(requestOf(metrics), name === "request-decoded");
		case "request-native":
			return undefined;
	}
}

/** One request: the gauge up and down, five counters, two histograms, with as few label objects as there can be. */
function requestOf({
	counters,
	gauges,
	histograms,
}: PromMetrics): (labels: Pair, request: BenchRequest) => void {
	const active = metricOf(gauges, "llm_active_requests");
	const input = metricOf(counters, "llm_tokens_input_total");
	const output = metricOf(counters, "llm_tokens_output_total");
	const tokens = metricOf(counters, "llm_tokens_total");
	const cost = metricOf(counters, "llm_cost_usd_total");
	const requests = metricOf(counters, "llm_requests_total");
	const latency = metricOf(histograms, "llm_latency_ms");
	const firstToken = metricOf(histograms, "llm_time_to_first_token_ms");
	return ({ model, route }, request) => {
		const labels = { route, model };
		active.inc(labels);
		active.dec(labels);
		input.inc(labels, request.input);
		output.inc(labels, request.output);
		tokens.inc(labels, request.input + request.output);
		cost.inc(labels, request.costUsd * 100);
		requests.inc({ route, model, outcome: "success" });
		latency.observe(labels, request.latencyMs);
		firstToken.observe(labels, request.timeToFirstTokenMs);
	};
}
