import { ERROR_TYPES, type ErrorType } from "../src/core/llm-error.ts";
import {
	type Outcome,
	OUTCOMES,
	type SettledCall,
	UNPRICED_REASONS,
	USAGE_MISSING_REASONS,
} from "../src/core/settled-call.ts";
import { installedRecorder, Recorder } from "../src/metrics/recorder.ts";
import { incActiveRequests, recordLlmError, recordLlmLatency } from "../src/monitoring/index.ts";
import { PrometheusHandle } from "../src/monitoring/prometheus.ts";
import type { Contender, Format, OperationName, Pair } from "./contender.ts";
import { type BenchRequest, BOUND, decodeLabels, nextRequest, REQUESTS } from "./workload.ts";

/** A recorder of ours with its handle, installed for the manual functions. */
export function createOurs(): Contender {
	// The largest case has more pairs than a program should have.
	const recorder = new Recorder({ bounds: { pairs: 2000 } });
	const handle = new PrometheusHandle(recorder, {});
	installedRecorder.value = recorder;
	return {
		operation: (name) => operationOf(name, recorder),
		touch: (index) => void JSON.stringify(CALLS[index]),
		fill(pairs) {
			for (const { model, route } of pairs) recorder.pair(route, model);
		},
		change: (pair) => change(recorder, pair),
		scrape: (format) => scrape(handle, format),
	};
}

/* ADAPT: the formats, when the handle has `scrape(format): Promise<Uint8Array>`. */
function scrape(handle: PrometheusHandle, format: Format): Promise<string> | undefined {
	return format === "text" ? Promise.resolve(handle.render()) : undefined;
}

/* ADAPT: stands in for `bindLlmSeries(route, model)` of src/monitoring/index.ts until there is one. */
function bindLlmSeries(route: string, model: string): BoundSeries {
	return new BoundSeries(route, model);
}
class BoundSeries {
	readonly #recorder = installedRecorder.value!; // createOurs() has installed it
	readonly #pair: number;
	constructor(route: string, model: string) {
		this.#pair = this.#recorder.pair(route, model);
	}
	recordError(type: ErrorType): void {
		this.#recorder.error(this.#pair, type);
	}
	recordLatency(ms: number): void {
		this.#recorder.latency(this.#pair, ms);
	}
	incActiveRequests(): void {
		this.#recorder.activeUp(this.#pair);
	}
}

function operationOf(name: OperationName, recorder: Recorder): (() => void) | undefined {
	const bound = bindLlmSeries(BOUND.route, BOUND.model);
	switch (name) {
		case "counter-labels":
			return () => {
				const { model, route } = nextRequest();
				recordLlmError(route, model, "timeout");
			};
		case "counter-bound":
			return () => bound.recordError("timeout");
		case "gauge-labels":
			return () => {
				const { model, route } = nextRequest();
				incActiveRequests(route, model);
			};
		case "gauge-bound":
			return () => bound.incActiveRequests();
		case "histogram-labels":
			return () => {
				const { latencyMs, model, route } = nextRequest();
				recordLlmLatency(route, model, latencyMs);
			};
		case "histogram-bound":
			return () => bound.recordLatency(BOUND.latencyMs);
		case "request":
			return () => {
				const request = nextRequest();
				record(recorder, request, request.index);
			};
		case "request-decoded":
			return () => {
				const { index } = nextRequest();
				record(recorder, decodeLabels(index), index);
			};
		case "request-native":
			/* ADAPT: the same as "request" on a recorder with native histograms on. */
			return undefined;
	}
}

/** What `settle` is told of the calls: it adds three more counters and the time per output token to the others' records. */
const CALLS: readonly SettledCall[] = REQUESTS.map(callOf);

function callOf({
	costUsd,
	index,
	input,
	latencyMs,
	model,
	output,
	route,
	timeToFirstTokenMs,
}: BenchRequest): SettledCall {
	return {
		operation: "chat",
		route,
		provider: "openai",
		model,
		answeredModel: undefined,
		startedAt: 0,
		latencyMs,
		timeToFirstTokenMs,
		outcome: "success",
		errorType: undefined,
		// Providers report in different shapes.
		usage:
			index % 2 === 0 ? { inputUncached: input, output } : { inputUncached: input, cacheRead: 0, output },
		usageMissing: undefined,
		costUsd,
		unpriced: undefined,
		attempts: 1,
	};
}

function record(recorder: Recorder, { model, route }: Pair, index: number): void {
	const pair = recorder.pair(route, model);
	recorder.activeUp(pair);
	recorder.activeDown(pair);
	recorder.settle(pair, CALLS[index]!);
}

/** Calls that touch every series: one of each outcome, error type and reason; histograms in their lowest bucket. */
const CHANGES: readonly SettledCall[] = [
	...OUTCOMES.map((outcome) => changeOf(outcome, 0)),
	...ERROR_TYPES.map((_, i) => changeOf("error", i)),
];

function changeOf(outcome: Outcome, i: number): SettledCall {
	return {
		...CALLS[0]!,
		outcome,
		latencyMs: 0.5,
		timeToFirstTokenMs: 0.25,
		errorType: outcome === "error" ? ERROR_TYPES[i] : undefined,
		usage: { inputUncached: 1, cacheRead: 1, cacheWrite5m: 1, output: 2, reasoning: 1 },
		usageMissing: USAGE_MISSING_REASONS[i % USAGE_MISSING_REASONS.length],
		unpriced: UNPRICED_REASONS[i % UNPRICED_REASONS.length],
	};
}

function change(recorder: Recorder, { model, route }: Pair): void {
	const pair = recorder.pair(route, model);
	recorder.activeUp(pair);
	for (const call of CHANGES) recorder.settle(pair, call);
}
