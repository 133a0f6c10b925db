import { formatCents } from "../core/money.ts";
import type { HistogramPlacement, Placement } from "../metrics/layout.ts";
import { writeHistogram } from "./protobuf-histogram.ts";
import type { EncodedLabelSet } from "./protobuf-labels.ts";
import { COUNTER_CREATED, FAMILY, HISTOGRAM, METRIC, VALUE } from "./protobuf-tags.ts";
import type { ProtobufWriter } from "./protobuf-writer.ts";
import type { Source } from "./source.ts";

/** The tag and the length of a short message. */
const SHORT_HEAD = 2;
/** A double with its tag. */
const DOUBLE = 9;

/**
 * A counter's or gauge's metrics of one label set; the answer is how many there are.
 *
 * @param constant the constant labels
 * @param variants the labels of each variant; empty ones where the family has none
 */
export function writeValues(
	writer: ProtobufWriter,
	{ slots }: Source,
	{ definition, offset, width }: Placement,
	{ base, created, labels }: EncodedLabelSet,
	constant: Uint8Array,
	variants: readonly Uint8Array[],
): number {
	const isCounter = definition.type === "counter";
	const isMoney = definition.unit === "money";
	const body = isCounter ? DOUBLE + SHORT_HEAD + created.length : DOUBLE;
	const size = constant.length + labels.length + SHORT_HEAD + body;
	let written = 0;
	let at = base + offset;
	for (const variant of variants) {
		const number = slots[at]!;
		// NaN marks a series that has no value yet.
		if (!Number.isNaN(number)) {
			writer.uint(FAMILY.metric, size + variant.length);
			writer.raw(constant);
			writer.raw(labels);
			writer.raw(variant);
			writer.uint(isCounter ? METRIC.counter : METRIC.gauge, body);
			// The nearest double of the exact decimal, as a reader of the text has it.
			writer.double(VALUE, isMoney ? Number(formatCents(number, slots[at + 1]!)) : number);
			if (isCounter) {
				writer.uint(COUNTER_CREATED, created.length);
				writer.raw(created);
			}
			written += 1;
		}
		at += width;
	}
	return written;
}

/** A histogram's metric of one label set. */
export function writeDistribution(
	writer: ProtobufWriter,
	source: Source,
	histogram: HistogramPlacement,
	{ base, created, labels }: EncodedLabelSet,
	constant: Uint8Array,
	sum: number,
): void {
	writer.begin(FAMILY.metric, 2);
	writer.raw(constant);
	writer.raw(labels);
	writer.begin(METRIC.histogram, 2);
	writeHistogram(writer, source, histogram, base, sum);
	writer.uint(HISTOGRAM.created, created.length);
	writer.raw(created);
	writer.close();
	writer.close();
}
