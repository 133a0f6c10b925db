import { type Distribution, DistributionGatherer } from "./distribution.ts";
import type { FamilyStream } from "./family-stream.ts";
import { encodeLabels } from "./protobuf-labels.ts";
import { BUCKET, FAMILY, HISTOGRAM, METRIC, QUANTILE, SUMMARY, VALUE } from "./protobuf-tags.ts";
import type { ProtobufWriter } from "./protobuf-writer.ts";
import type { ForeignFamily, ForeignSample } from "./source.ts";

/** Writes a family of somebody else's registry. */
export function* writeForeignFamily(
	stream: FamilyStream,
	family: ForeignFamily,
): Generator<undefined, void, undefined> {
	const { pace, writer } = stream;
	const { samples, type } = family;
	if (type !== "histogram" && type !== "summary") {
		// Where the text format can have samples of other names in a family, here each name needs its own.
		for (const [name, own] of Map.groupBy(samples, (sample) => sample.name)) {
			stream.begin(family, name);
			for (const sample of own) {
				writeValue(writer, METRIC[type], sample);
				if (pace.isTime(1)) yield;
			}
			stream.end(own.length);
		}
		return;
	}
	const gatherer = new DistributionGatherer(family);
	for (const sample of samples) {
		gatherer.add(sample);
		if (pace.isTime(1)) yield;
	}
	stream.begin(family);
	for (const distribution of gatherer.distributions) {
		writer.begin(FAMILY.metric, 2);
		writer.raw(encodeLabels(Object.entries(distribution.labels)));
		writer.begin(METRIC[type], 2);
		if (type === "histogram") writeHistogram(writer, distribution);
		else writeSummary(writer, distribution);
		writer.close();
		writer.close();
		if (pace.isTime(1 + distribution.parts.length)) yield;
	}
	stream.end(gatherer.distributions.length);
}

function writeValue(writer: ProtobufWriter, tag: number, { labels, value }: ForeignSample): void {
	writer.begin(FAMILY.metric, 1);
	writer.raw(encodeLabels(Object.entries(labels)));
	writer.begin(tag, 1);
	writer.double(VALUE, value);
	writer.close();
	writer.close();
}

function writeHistogram(writer: ProtobufWriter, { count, parts, sum }: Distribution): void {
	for (const { key, value } of parts) {
		writer.begin(HISTOGRAM.bucket, 1);
		writer.uint(BUCKET.cumulativeCount, toCount(value));
		writer.double(BUCKET.upperBound, key);
		writer.close();
	}
	writer.uint(HISTOGRAM.sampleCount, toCount(count));
	writer.double(HISTOGRAM.sampleSum, sum);
}

function writeSummary(writer: ProtobufWriter, { count, parts, sum }: Distribution): void {
	writer.uint(SUMMARY.sampleCount, toCount(count));
	writer.double(SUMMARY.sampleSum, sum);
	for (const { key, value } of parts) {
		writer.begin(SUMMARY.quantile, 1);
		writer.double(QUANTILE.quantile, key);
		writer.double(QUANTILE.value, value);
		writer.close();
	}
}

/** The format has whole numbers where the text could hold any. */
function toCount(value: number): number {
	return value > 0 ? Math.min(Math.round(value), Number.MAX_SAFE_INTEGER) : 0;
}
