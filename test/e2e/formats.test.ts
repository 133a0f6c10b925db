/** One server, scraped in each format as Prometheus and others ask: the same values, read by programs that are not ours. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { DashboardServer } from "../../src/dashboard/index.ts";
import {
	CostTracker,
	initPrometheus,
	recordLlmCost,
	recordLlmLatency,
	recordLlmTokens,
} from "../../src/monitoring/index.ts";
import { decodeFamilies, toSnapshots } from "../exposition/decode-families.ts";
import { parseByPython, type ParsedSample } from "./python-parser.ts";

const ACCEPT = {
	text: "text/plain;version=0.0.4",
	openmetrics: "application/openmetrics-text;version=1.0.0",
	protobuf: "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
} as const;

let server: DashboardServer;

beforeAll(async () => {
	initPrometheus({ constantLabels: { service: "s" } });
	for (let i = 0; i < 20; i += 1) {
		recordLlmTokens(`route ${i % 3}`, `model "${i % 5}"\n`, 1000 + i, i * 1e9);
		recordLlmCost(`route ${i % 3}`, `model "${i % 5}"\n`, i / 1e7);
		recordLlmLatency(`route ${i % 3}`, `model "${i % 5}"\n`, i * 333.3);
	}
	server = new DashboardServer(new CostTracker());
	await server.run("127.0.0.1:0");
});

afterAll(async () => server?.close());

async function scrape(
	format: keyof typeof ACCEPT,
	query = "",
): Promise<{ type: string | null; body: Uint8Array }> {
	const response = await fetch(`${server.url}/metrics${query}`, { headers: { accept: ACCEPT[format] } });
	return { type: response.headers.get("content-type"), body: new Uint8Array(await response.arrayBuffer()) };
}

function keyed(samples: readonly Pick<ParsedSample, "labels" | "name" | "value">[]): Map<string, number> {
	const entries = samples
		// The only value that moves by itself between two scrapes.
		.filter(({ name }) => name !== "hyperagent_price_book_age_seconds")
		.map(({ labels, name, value }): [string, number] => {
			const { le, ...rest } = labels;
			const sorted = Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1));
			return [
				JSON.stringify([name, sorted, le === undefined ? "" : Number(le.replace("+Inf", "Infinity"))]),
				value,
			];
		});
	return new Map(entries);
}

/** What protobufjs has decoded, as the samples that a text format has. */
function samplesOf(body: Uint8Array): Pick<ParsedSample, "labels" | "name" | "value">[] {
	return toSnapshots(decodeFamilies(body)).flatMap(({ name, series }) =>
		series.flatMap(({ histogram, labels, value }) => {
			if (histogram === undefined) return [{ name, labels, value }];
			let count = 0;
			return [
				...histogram.counts.map((own, i) => {
					count += own;
					const le = String(histogram.bounds[i] ?? "+Inf");
					return { name: `${name}_bucket`, labels: { ...labels, le }, value: count };
				}),
				{ name: `${name}_sum`, labels, value: histogram.sum },
				{ name: `${name}_count`, labels, value },
			];
		}),
	);
}

test("each format says what it is, and all say the same", async () => {
	const [text, openmetrics, protobuf] = [
		await scrape("text"),
		await scrape("openmetrics"),
		await scrape("protobuf"),
	];
	expect(text.type).toBe("text/plain; version=0.0.4; charset=utf-8");
	expect(openmetrics.type).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
	expect(protobuf.type).toBe(
		"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
	);
	const expected = keyed((await parseByPython("text", text.body)).samples);
	expect(expected.size).toBeGreaterThan(1000);
	expect(keyed((await parseByPython("openmetrics", openmetrics.body)).samples)).toEqual(expected);
	expect(keyed(samplesOf(protobuf.body))).toEqual(expected);
});

test("name[] picks the same families in each", async () => {
	const query = "?name[]=llm_cost_usd_total&name[]=llm_active_requests";
	const names = new Set(["llm_cost_usd_total", "llm_active_requests"]);
	for (const format of ["text", "openmetrics"] as const) {
		const { samples } = await parseByPython(format, (await scrape(format, query)).body);
		expect(new Set(samples.map(({ name }) => name))).toEqual(names);
	}
	const families = decodeFamilies((await scrape("protobuf", query)).body);
	expect(new Set(families.map(({ name }) => name))).toEqual(names);
});
