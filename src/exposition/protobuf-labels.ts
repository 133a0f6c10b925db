import { type MetricScope, SCOPE_LABELS } from "../metrics/catalog.ts";
import type { LabelSet } from "../metrics/scope-series.ts";
import { LABEL, METRIC, TIMESTAMP } from "./protobuf-tags.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

/** What every series of a label set carries, encoded. */
export interface EncodedLabelSet {
	/** Its first slot. */
	readonly base: number;
	/** Fields of a Metric, without the constant labels. */
	readonly labels: Uint8Array;
	/** The content of a Timestamp: since when its counters and histograms count. */
	readonly created: Uint8Array;
}

/** Where small pieces are made before they are copied out. */
const SCRATCH: ProtobufWriter = new ProtobufWriter(0);

/** A label set never changes. */
const known = new WeakMap<LabelSet, EncodedLabelSet>();

/** A label set of that scope, encoded once. */
export function encodeLabelSet(labelSet: LabelSet, scope: MetricScope): EncodedLabelSet {
	let encoded = known.get(labelSet);
	if (encoded === undefined) {
		const labels = encodeLabels(SCOPE_LABELS[scope].map((name, i) => [name, labelSet.values[i] ?? ""]));
		writeTimestamp(SCRATCH, labelSet.createdAt);
		encoded = { base: labelSet.base, labels, created: SCRATCH.take() };
		known.set(labelSet, encoded);
	}
	return encoded;
}

/** The label fields of a Metric. */
export function encodeLabels(labels: Iterable<readonly [name: string, value: string]>): Uint8Array {
	for (const [name, value] of labels) writeLabel(SCRATCH, METRIC.label, name, value);
	return SCRATCH.take();
}

/** A label pair, of a Metric or of an exemplar. */
export function writeLabel(writer: ProtobufWriter, tag: number, name: string, value: string): void {
	writer.begin(tag, 1);
	writer.string(LABEL.name, name);
	writer.string(LABEL.value, value);
	writer.close();
}

/**
 * The fields of a Timestamp.
 *
 * @param ms since the epoch
 */
export function writeTimestamp(writer: ProtobufWriter, ms: number): void {
	const seconds = Math.floor(ms / 1000);
	writer.uint(TIMESTAMP.seconds, seconds);
	writer.uint(TIMESTAMP.nanos, Math.round((ms - seconds * 1000) * 1e6));
}
