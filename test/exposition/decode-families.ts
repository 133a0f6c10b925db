import { join } from "node:path";
import protobuf from "protobufjs";
import type { FamilySnapshot, SeriesSnapshot } from "../../src/metrics/snapshot.ts";

const METRIC_FAMILY = protobuf
	.loadSync(join(import.meta.dirname, "metrics.proto"))
	.lookupType("io.prometheus.client.MetricFamily");

/** The messages of metrics.proto as protobufjs decodes them; what was not written is not there. */
export interface DecodedFamily {
	readonly name: string;
	readonly help: string;
	readonly type: "COUNTER" | "GAUGE" | "SUMMARY" | "UNTYPED" | "HISTOGRAM";
	readonly metric: readonly DecodedMetric[];
}

interface Timestamp {
	readonly seconds: number;
	readonly nanos: number;
}

interface LabelPair {
	readonly name: string;
	readonly value: string;
}

export interface DecodedMetric {
	readonly label: readonly LabelPair[];
	readonly counter?: { readonly value: number; readonly createdTimestamp: Timestamp };
	readonly gauge?: { readonly value: number };
	readonly untyped?: { readonly value: number };
	readonly summary?: {
		readonly sampleCount: number;
		readonly sampleSum: number;
		readonly quantile: readonly { readonly quantile: number; readonly value: number }[];
	};
	readonly histogram?: DecodedHistogram;
}

export interface DecodedHistogram {
	readonly sampleCount: number;
	readonly sampleSum: number;
	readonly bucket: readonly {
		readonly cumulativeCount: number;
		readonly upperBound: number;
		readonly exemplar?: {
			readonly label: readonly LabelPair[];
			readonly value: number;
			readonly timestamp: Timestamp;
		};
	}[];
	readonly schema?: number;
	readonly zeroThreshold?: number;
	readonly zeroCount?: number;
	readonly positiveSpan: readonly { readonly offset: number; readonly length: number }[];
	readonly positiveDelta: readonly number[];
	readonly createdTimestamp?: Timestamp;
}

/** Decodes a stream of MetricFamily messages by the official definition, with a program that is not ours. */
export function decodeFamilies(stream: Uint8Array): readonly DecodedFamily[] {
	const families: DecodedFamily[] = [];
	for (const reader = protobuf.Reader.create(stream); reader.pos < reader.len; ) {
		const message = METRIC_FAMILY.decodeDelimited(reader);
		families.push(
			METRIC_FAMILY.toObject(message, { arrays: true, enums: String, longs: Number }) as DecodedFamily,
		);
	}
	return families;
}

/** The same in the shape of a snapshot, so that both can be compared. */
export function toSnapshots(families: readonly DecodedFamily[]): readonly FamilySnapshot[] {
	return families.map(({ help, metric, name, type }) => ({
		name,
		help,
		type: type.toLowerCase() as FamilySnapshot["type"],
		series: metric.map(toSeries),
	}));
}

function toSeries({ counter, gauge, histogram, label }: DecodedMetric): SeriesSnapshot {
	const labels = labelsOf(label);
	if (histogram === undefined) return { labels, value: (counter ?? gauge)?.value ?? Number.NaN };
	const { bucket, sampleCount, sampleSum } = histogram;
	const finite = bucket.filter(({ upperBound }) => Number.isFinite(upperBound));
	const upTo = [0, ...finite.map(({ cumulativeCount }) => cumulativeCount), sampleCount];
	return {
		labels,
		value: sampleCount,
		histogram: {
			bounds: finite.map(({ upperBound }) => upperBound),
			counts: upTo.slice(1).map((count, i) => count - (upTo[i] ?? 0)),
			sum: sampleSum,
		},
	};
}

/** Label pairs by name. */
export function labelsOf(pairs: readonly LabelPair[]): Record<string, string> {
	return Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
}

/** The count of each native bucket by its index, those of spans that are empty included. */
export function nativeCounts({ positiveDelta, positiveSpan }: DecodedHistogram): Map<number, number> {
	const counts = new Map<number, number>();
	let at = 0;
	let index = 0;
	let count = 0;
	for (const { length, offset } of positiveSpan) {
		index += offset;
		for (let i = 0; i < length; i += 1) {
			count += positiveDelta[at++] ?? Number.NaN;
			counts.set(index++, count);
		}
	}
	if (at !== positiveDelta.length) throw new Error("The spans are shorter than the deltas.");
	return counts;
}
