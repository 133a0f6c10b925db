/** What `initPrometheus` is told of the formats reaches the scraper. */
import { expect, test } from "vitest";
import { initPrometheus, recordLlmCost, recordLlmLatency } from "../../src/monitoring/index.ts";
import { decodeFamilies } from "../exposition/decode-families.ts";

const PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
const OPENMETRICS = "application/openmetrics-text";
const labels = { service: "api" };
const handle = initPrometheus({
	constantLabels: labels,
	createdSeries: true,
	nativeHistograms: { schema: 4 },
});

test("native histograms in the resolution that was asked for, beside the classic buckets", async () => {
	recordLlmLatency("chat", "m", 100);
	const { body } = await handle.scrape({ accept: PROTOBUF });
	const family = decodeFamilies(body).find(({ name }) => name === "llm_latency_ms");
	expect(family?.metric[0]?.histogram).toMatchObject({ schema: 4, sampleCount: 1, sampleSum: 100 });
	expect(family?.metric[0]?.histogram?.bucket.length).toBeGreaterThan(10);
});

test("since when a series counts, in OpenMetrics", async () => {
	const { body } = await handle.scrape({ accept: OPENMETRICS });
	expect(new TextDecoder().decode(body)).toMatch(
		/^llm_latency_ms_created\{service="api",route="chat",model="m"} \d{10}/m,
	);
});

test("what has not changed is the same bytes, in each text format", async () => {
	recordLlmCost("chat", "m", 0.1);
	for (const accept of ["text/plain", OPENMETRICS]) {
		const first = await handle.scrape({ accept });
		expect((await handle.scrape({ accept })).body).toBe(first.body);
	}
});

test("labels are those that were given, whatever becomes of the object", () => {
	labels.service = "another";
	expect(handle.render()).not.toContain("another");
});

test.each([{ names: "llm_cost_usd_total" }, { names: null }, { names: [5] }, { accept: 42 }])(
	"%o is refused in words",
	async (request) => {
		// What a program without types may pass.
		await expect(handle.scrape(request as never)).rejects.toThrow(/^scrape\(\): expected/);
	},
);
