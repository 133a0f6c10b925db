/*
 * The messages of io.prometheus.client and the tags of their fields that we write, as in
 * https://github.com/prometheus/client_model/blob/v0.6.2/io/prometheus/client/metrics.proto. A tag is a field's number
 * and how its value is written: https://protobuf.dev/programming-guides/encoding/#structure.
 */

/** The tags of one message, by the names of its fields. */
type Tags<Field extends string> = Readonly<Record<Field, number>>;

function varint(field: number): number {
	return field * 8;
}

function fixed64(field: number): number {
	return field * 8 + 1;
}

/** A string or a message. */
function delimited(field: number): number {
	return field * 8 + 2;
}

export const FAMILY: Tags<"name" | "help" | "type" | "metric"> = {
	name: delimited(1),
	help: delimited(2),
	type: varint(3),
	metric: delimited(4),
};

/** The numbers of MetricType. */
export const TYPES: Readonly<Record<"counter" | "gauge" | "summary" | "untyped" | "histogram", number>> = {
	counter: 0,
	gauge: 1,
	summary: 2,
	untyped: 3,
	histogram: 4,
};

export const METRIC: Tags<"label" | keyof typeof TYPES> = {
	label: delimited(1),
	gauge: delimited(2),
	counter: delimited(3),
	summary: delimited(4),
	untyped: delimited(5),
	histogram: delimited(7),
};

export const LABEL: Tags<"name" | "value"> = { name: delimited(1), value: delimited(2) };

/** Of a counter, a gauge and an untyped one. */
export const VALUE: number = fixed64(1);

export const COUNTER_CREATED: number = delimited(3);

export const SUMMARY: Tags<"sampleCount" | "sampleSum" | "quantile"> = {
	sampleCount: varint(1),
	sampleSum: fixed64(2),
	quantile: delimited(3),
};

export const QUANTILE: Tags<"quantile" | "value"> = { quantile: fixed64(1), value: fixed64(2) };

export const HISTOGRAM: Tags<
	| "sampleCount"
	| "sampleSum"
	| "bucket"
	| "schema"
	| "zeroThreshold"
	| "zeroCount"
	| "positiveSpan"
	| "positiveDelta"
	| "created"
> = {
	sampleCount: varint(1),
	sampleSum: fixed64(2),
	bucket: delimited(3),
	schema: varint(5),
	zeroThreshold: fixed64(6),
	zeroCount: varint(7),
	positiveSpan: delimited(12),
	positiveDelta: varint(13),
	created: delimited(15),
};

export const BUCKET: Tags<"cumulativeCount" | "upperBound" | "exemplar"> = {
	cumulativeCount: varint(1),
	upperBound: fixed64(2),
	exemplar: delimited(3),
};

export const SPAN: Tags<"offset" | "length"> = { offset: varint(1), length: varint(2) };

export const EXEMPLAR: Tags<"label" | "value" | "timestamp"> = {
	label: delimited(1),
	value: fixed64(2),
	timestamp: delimited(3),
};

/** Of google.protobuf.Timestamp. */
export const TIMESTAMP: Tags<"seconds" | "nanos"> = { seconds: varint(1), nanos: varint(2) };
