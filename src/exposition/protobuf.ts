import { CATALOG, type MetricDefinition, type MetricScope, SCOPE_LABELS } from "../metrics/catalog.ts";
import { FamilyStream, Pace } from "./family-stream.ts";
import { writeForeignFamily } from "./protobuf-foreign.ts";
import { type EncodedLabelSet, encodeLabelSet, encodeLabels } from "./protobuf-labels.ts";
import { writeDistribution, writeValues } from "./protobuf-metric.ts";
import type { Rendered } from "./rendered.ts";
import type { Source } from "./source.ts";

/** The content type of what {@link encodeProtobuf} writes. */
export const PROTOBUF_CONTENT_TYPE =
	"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/** The label sets of each scope. */
type LabelSets = Readonly<Record<MetricScope, readonly EncodedLabelSet[]>>;

// The keys of SCOPE_LABELS are the scopes.
const SCOPES = Object.keys(SCOPE_LABELS) as MetricScope[];
/** Encoding a label set for the first time takes as long as so many series. */
const LABEL_SET_PACE = 10;
const NO_LABELS = new Uint8Array(0);

/* Bytes to expect: a family's head, a metric without labels, a variant's label, a bucket, a native histogram. */
const HEAD_SIZE = 300;
const METRIC_SIZE = 40;
const VARIANT_SIZE = 32;
const BUCKET_SIZE = 15;
const NATIVE_SIZE = 300;

/**
 * Writes all families, in the catalog's order and then the foreign ones, as a stream of MetricFamily messages, each
 * behind its length: https://prometheus.io/docs/instrumenting/exposition_formats/#protobuf-format. Native histograms
 * stand beside the classic buckets where the source has them. It yields at least once a millisecond or so.
 */
export function* encodeProtobuf(source: Source): Generator<undefined, Rendered, undefined> {
	const pace = new Pace();
	const constant = encodeLabels(Object.entries(source.constantLabels));
	const labelSets = yield* encodeLabelSets(source, pace);
	const stream = new FamilyStream(expectedSize(source, labelSets, constant.length), pace);
	for (const definition of CATALOG) yield* writeFamily(stream, source, definition, labelSets, constant);
	for (const family of source.foreign) yield* writeForeignFamily(stream, family);
	return yield* stream.finish();
}

function* encodeLabelSets({ series, slots }: Source, pace: Pace): Generator<undefined, LabelSets, undefined> {
	const encoded: Record<MetricScope, EncodedLabelSet[]> = {
		pair: [],
		route: [],
		target: [],
		budget: [],
		process: [],
	};
	// Taken at once, since others add some while they have their turns: of those the slots know nothing.
	const taken = SCOPES.map((scope) => ({
		scope,
		labelSets: series[scope].labelSets.filter(({ base }) => base < slots.length),
	}));
	for (const { labelSets, scope } of taken) {
		const own = encoded[scope];
		for (const labelSet of labelSets) {
			own.push(encodeLabelSet(labelSet, scope));
			if (pace.isTime(LABEL_SET_PACE)) yield;
		}
	}
	return encoded;
}

function* writeFamily(
	stream: FamilyStream,
	source: Source,
	definition: MetricDefinition,
	labelSets: LabelSets,
	constant: Uint8Array,
): Generator<undefined, void, undefined> {
	const { pace, writer } = stream;
	const { scope } = definition;
	const placement = source.series[scope].layout.placements.find((one) => one.definition === definition);
	if (placement === undefined) return;
	const variants = encodeVariants(definition);
	const { histogram, offset } = placement;
	const seriesEach = histogram?.bounds.length ?? variants.length;
	stream.begin(definition);
	let written = 0;
	for (const labelSet of labelSets[scope]) {
		if (histogram === undefined) {
			written += writeValues(writer, source, placement, labelSet, constant, variants);
		} else {
			const sum = source.slots[labelSet.base + offset]!;
			writeDistribution(writer, source, histogram, labelSet, constant, sum);
			written += 1;
		}
		if (pace.isTime(seriesEach)) yield;
	}
	stream.end(written);
}

/** The labels of each variant; of a family without variants one without labels. */
function encodeVariants({ variants }: MetricDefinition): readonly Uint8Array[] {
	return variants?.values.map((value) => encodeLabels([[variants.label, value]])) ?? [NO_LABELS];
}

/** About how many bytes our own families will be, rather more than less. */
function expectedSize({ native, series }: Source, labelSets: LabelSets, constant: number): number {
	let size = 0;
	for (const scope of SCOPES) {
		const labels = labelSets[scope].reduce((sum, own) => sum + own.labels.length + constant, 0);
		for (const { definition, histogram } of series[scope].layout.placements) {
			const { variants } = definition;
			const count = variants?.values.length ?? 1;
			const variantSize = variants === undefined ? 0 : VARIANT_SIZE;
			const nativeSize = histogram === undefined || native === undefined ? 0 : NATIVE_SIZE;
			const buckets = BUCKET_SIZE * (histogram?.bounds.length ?? 0);
			const each = METRIC_SIZE + variantSize + buckets + nativeSize;
			size += HEAD_SIZE + count * (labels + labelSets[scope].length * each);
		}
	}
	return size;
}
