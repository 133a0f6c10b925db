import type { StoredExemplar } from "../metrics/exemplar.ts";
import type { HistogramPlacement } from "../metrics/layout.ts";
import type { NativeBuckets } from "../metrics/native-histogram.ts";
import { writeLabel, writeTimestamp } from "./protobuf-labels.ts";
import { BUCKET, EXEMPLAR, HISTOGRAM, SPAN } from "./protobuf-tags.ts";
import { type ProtobufWriter, sizeOf } from "./protobuf-writer.ts";
import type { Source } from "./source.ts";

/** So many empty buckets in a row are written as such: up to there that is shorter than a new span. */
const LONGEST_GAP = 2;

/** The fields of a Histogram, but for since when it counts. */
export function writeHistogram(
	writer: ProtobufWriter,
	{ exemplars, native, slots }: Source,
	{ bounds, nativeOffset, offset }: HistogramPlacement,
	base: number,
	sum: number,
): void {
	const first = base + offset;
	let count = 0;
	for (let i = 0; i < bounds.length; i += 1) {
		const own = slots[first + i]!;
		count += own;
		const exemplar = own === 0 ? undefined : exemplars.get(first + i);
		writeBucket(writer, bounds[i]!, count, exemplar);
	}
	const beyond = slots[first + bounds.length]!;
	count += beyond;
	// As client_golang has it, the last bucket is left to the reader unless it has something more to say.
	const exemplar = beyond === 0 ? undefined : exemplars.get(first + bounds.length);
	if (exemplar !== undefined) writeBucket(writer, Number.POSITIVE_INFINITY, count, exemplar);
	writer.uint(HISTOGRAM.sampleCount, count);
	writer.double(HISTOGRAM.sampleSum, sum);
	if (native !== undefined && nativeOffset >= 0) {
		writeNative(writer, native, slots, base + nativeOffset, count);
	}
}

function writeBucket(
	writer: ProtobufWriter,
	bound: number,
	count: number,
	exemplar: StoredExemplar | undefined,
): void {
	if (exemplar === undefined) writer.uint(HISTOGRAM.bucket, 10 + sizeOf(count));
	else writer.begin(HISTOGRAM.bucket, 1);
	writer.uint(BUCKET.cumulativeCount, count);
	writer.double(BUCKET.upperBound, bound);
	if (exemplar === undefined) return;
	writer.begin(BUCKET.exemplar, 1);
	writeExemplar(writer, exemplar);
	writer.close();
	writer.close();
}

function writeExemplar(writer: ProtobufWriter, { at, spanId, traceId, value }: StoredExemplar): void {
	writeLabel(writer, EXEMPLAR.label, "trace_id", traceId);
	if (spanId !== undefined) writeLabel(writer, EXEMPLAR.label, "span_id", spanId);
	writer.double(EXEMPLAR.value, value);
	writer.begin(EXEMPLAR.timestamp, 1);
	writeTimestamp(writer, at);
	writer.close();
}

/**
 * The native part: https://prometheus.io/docs/specs/native_histograms/#spans-and-deltas. An empty one needs no span to
 * be told from a classic one, since its zero bucket has a width.
 */
function writeNative(
	writer: ProtobufWriter,
	{ firstIndex, schema, width, zeroThreshold }: NativeBuckets,
	slots: Float64Array,
	first: number,
	count: number,
): void {
	writer.sint(HISTOGRAM.schema, schema);
	writer.double(HISTOGRAM.zeroThreshold, zeroThreshold);
	const zeroCount = slots[first]!;
	writer.uint(HISTOGRAM.zeroCount, zeroCount);
	let previousEnd = 0;
	let previous = 0;
	// Once all are found, the rest is empty: most of it is.
	let left = count - zeroCount;
	for (let slot = 1; left > 0 && slot < width; slot += 1) {
		if (slots[first + slot] === 0) continue;
		const end = endOfSpan(slots, first, slot, width);
		const index = firstIndex + slot - 1;
		writer.begin(HISTOGRAM.positiveSpan, 1);
		writer.sint(SPAN.offset, index - previousEnd);
		writer.uint(SPAN.length, end - slot);
		writer.close();
		previousEnd = index + end - slot;
		for (; slot < end; slot += 1) {
			const own = slots[first + slot]!;
			writer.sint(HISTOGRAM.positiveDelta, own - previous);
			previous = own;
			left -= own;
		}
	}
}

/** Where the span ends that begins at a slot, closing short gaps. */
function endOfSpan(slots: Float64Array, first: number, start: number, width: number): number {
	let end = start + 1;
	for (let slot = end; slot < width && slot - end <= LONGEST_GAP; slot += 1) {
		if (slots[first + slot] !== 0) end = slot + 1;
	}
	return end;
}
