import { expect, test } from "vitest";
import { negotiate } from "../../src/exposition/negotiate.ts";

/* The headers are those that the programs send: Prometheus' scrape/scrape.go, and a browser. */
test.each([
	["nothing", undefined, "text"],
	["anything", "*/*", "text"],
	["a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", "text"],
	[
		"Prometheus 2.42",
		"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		"openmetrics",
	],
	[
		"Prometheus 2.42 with native histograms",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		"protobuf",
	],
	[
		"Prometheus 3",
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		"openmetrics",
	],
	["text above OpenMetrics", "application/openmetrics-text;q=0.4, text/plain;q=0.5", "text"],
	["the first of equals", "text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0", "text"],
	["OpenMetrics of a version that is not ours", "application/openmetrics-text;version=2.0.0", "text"],
	["protobuf of something else", "application/vnd.google.protobuf", "text"],
	[
		"protobuf, not delimited",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
		"text",
	],
	["quotes and capitals", 'Application/OpenMetrics-Text; Version="1.0.0"', "openmetrics"],
	["anything above OpenMetrics", "*/*, application/openmetrics-text;q=0.1", "text"],
	["any text, with a weight", "text/*;q=0.5, application/openmetrics-text;q=0.6", "openmetrics"],
	["a charset in capitals", "application/openmetrics-text;version=1.0.0;charset=UTF-8", "openmetrics"],
	["a weight that is none", "text/plain, application/openmetrics-text;q=5", "text"],
	["a weight of none", "application/openmetrics-text;q=0", "text"],
	["nonsense", ";;,=,q", "text"],
])("%s", (_who, accept, format) => {
	expect(negotiate(accept)).toBe(format);
});
