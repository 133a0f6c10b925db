import { ERROR_TYPES } from "../src/core/llm-error.ts";
import {
	type Outcome,
	OUTCOMES,
	type SettledCall,
	UNPRICED_REASONS,
	USAGE_MISSING_REASONS,
} from "../src/core/settled-call.ts";
import type { NativeSchema } from "../src/metrics/native-histogram.ts";
import { installedRecorder, Recorder } from "../src/metrics/recorder.ts";
import {
	bindLlmSeries,
	incActiveRequests,
	recordLlmError,
	recordLlmLatency,
} from "../src/monitoring/index.ts";
import { PrometheusHandle } from "../src/monitoring/prometheus-handle.ts";
import type { Contender, Format, OperationName, Pair } from "./contender.ts";
import { type BenchRequest, decodeLabels, nextRequest, REQUESTS } from "./workload.ts";

/** A recorder of ours with its handle. */
interface Ours {
	readonly recorder: Recorder;
	readonly handle: PrometheusHandle;
}

/** Makes one, installed for the manual functions. */
function makeOurs(nativeSchema?: NativeSchema): Ours {
	// The largest case has more pairs than a program should have.
	const recorder = new Recorder({ bounds: { pairs: 2000 }, nativeSchema });
	installedRecorder.value = recorder;
	return { recorder, handle: new PrometheusHandle(recorder, {}, false) };
}

export function createOurs(): Contender {
	let ours = makeOurs();
	return {
		operation: (name) => {
			if (name === "request-native") ours = makeOurs(3);
			return operationOf(name, ours.recorder);
		},
		touch: (index) => void JSON.stringify(CALLS[index]),
		fill(pairs) {
			for (const { model, route } of pairs) ours.recorder.pair(route, model);
		},
		change: (pair) => change(ours.recorder, pair),
		scrape: (format) => scrape(ours.handle, format),
	};
}

/** As the scrapers ask for each format. */
const ACCEPT: Readonly<Record<Format, string>> = {
	text: "text/plain",
	openmetrics: "application/openmetrics-text",
	protobuf: "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
};

async function scrape(handle: PrometheusHandle, format: Format): Promise<Uint8Array> {
	return (await handle.scrape({ accept: ACCEPT[format] })).body;
}

function operationOf(name: OperationName, recorder: Recorder): (() => void) | undefined {
	const bound = REQUESTS.map(({ model, route }) => bindLlmSeries(route, model));
	switch (name) {
		case "counter-labels":
			return () => {
				const { model, route } = nextRequest();
				recordLlmError(route, model, "timeout");
			};
		case "counter-bound":
			return () => bound[nextRequest().index]!.incCacheHit();
		case "gauge-labels":
			return () => {
				const { model, route } = nextRequest();
				incActiveRequests(route, model);
			};
		case "gauge-bound":
			return () => bound[nextRequest().index]!.incActiveRequests();
		case "histogram-labels":
			return () => {
				const { latencyMs, model, route } = nextRequest();
				recordLlmLatency(route, model, latencyMs);
			};
		case "histogram-bound":
			return () => {
				const { index, latencyMs } = nextRequest();
				bound[index]!.recordLatency(latencyMs);
			};
		case "request":
		case "request-native":
			return () => {
				const request = nextRequest();
				record(recorder, request, request.index);
			};
		case "request-decoded":
			return () => {
				const { index } = nextRequest();
				record(recorder, decodeLabels(index), index);
			};
	}
}

/** What `settle` is told of the calls: the others' records, two histograms as they have, and three more counters. */
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
		id: "019abb1c2d3e4f5a6b7c8d-0000001",
		operation: "chat",
		route,
		provider: "openai",
		model,
		answeredModel: undefined,
		startedAt: 0,
		latencyMs,
		timeToFirstTokenMs,
		timePerOutputTokenMs: undefined,
		outcome: "success",
		errorType: undefined,
		// Providers report in different shapes.
		usage:
			index % 2 === 0 ? { inputUncached: input, output } : { inputUncached: input, cacheRead: 0, output },
		usageMissing: undefined,
		costUsd,
		priceSource: "genai-prices",
		pricedModel: "gpt-4-turbo",
		unpriced: undefined,
		exemplar: undefined,
		attempts: 1,
		tags: undefined,
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
		timePerOutputTokenMs: 0.25,
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
