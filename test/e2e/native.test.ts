import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROTOBUF_CONTENT_TYPE } from "../../src/exposition/protobuf.ts";
import { TEXT_CONTENT_TYPE } from "../../src/exposition/text-format.ts";
import { DEFAULT_LATENCY_BUCKETS } from "../../src/metrics/catalog.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { type MetricsEndpoint, serveMetrics } from "./metrics-endpoint.ts";
import { PrometheusServer } from "./prometheus-server.ts";

const PAIRS: readonly (readonly [route: string, model: string])[] = [
	["chat", "gpt-4-turbo"],
	["chat", 'a "quoted" \\ name\n'],
	["summarize", "claude-3-haiku"],
];
const QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
/** Prometheus asks for protobuf then, and takes native histograms from it. */
const PROTOBUF = { flags: ["--enable-feature=native-histograms"] };

/** Log-uniform between 1 ms and 10 minutes, the same in each run. */
function latencies(count: number): readonly number[] {
	let state = 42;
	return Array.from({ length: count }, () => {
		// https://en.wikipedia.org/wiki/Lehmer_random_number_generator
		state = (state * 48_271) % 2_147_483_647;
		return 600_000 ** (state / 2_147_483_647);
	});
}

/** The smallest value that at least that part of all values does not exceed: the nearest rank. */
function trueQuantile(q: number, values: readonly number[]): number {
	const rank = Math.max(1, Math.ceil(q * values.length));
	return values.toSorted((a, b) => a - b)[rank - 1] ?? Number.NaN;
}

const VALUES: readonly number[] = latencies(600);

/** The values of one pair: they take turns. */
function valuesOf(pair: number): readonly number[] {
	return VALUES.filter((_, i) => i % PAIRS.length === pair);
}

function record(recorder: Recorder): void {
	for (const [i, ms] of VALUES.entries()) {
		const [route, model] = PAIRS[i % PAIRS.length] ?? ["", ""];
		const pair = recorder.pair(route, model);
		recorder.latencyOf(pair, ms, { traceId: String(i) });
		recorder.cost(pair, ms / 1e9);
		recorder.tokens(pair, i, 2 * i);
	}
}

/** What the tests of one Prometheus share. */
interface Scraped {
	readonly endpoint: MetricsEndpoint;
	readonly prometheus: PrometheusServer;
	stop(): Promise<void>;
}

/** Everything was at 0 at the first scrape, and is recorded at the last. */
async function scrape(recorder: Recorder, options: typeof PROTOBUF | undefined): Promise<Scraped> {
	for (const [route, model] of PAIRS) recorder.pair(route, model);
	const endpoint = await serveMetrics(recorder);
	const prometheus = await PrometheusServer.start(endpoint.url, options);
	record(recorder);
	await prometheus.waitForScrapes(2);
	const stop = async (): Promise<void> => {
		await prometheus.stop();
		await endpoint.close();
	};
	return { endpoint, prometheus, stop };
}

async function single(prometheus: PrometheusServer, expr: string): Promise<number> {
	const samples = await prometheus.query(expr);
	expect(samples, expr).toHaveLength(1);
	return samples[0]?.value ?? Number.NaN;
}

describe("with native histograms on, Prometheus", () => {
	let scraped: Scraped;

	beforeAll(async () => {
		scraped = await scrape(new Recorder({ nativeSchema: 3 }), PROTOBUF);
	});

	afterAll(() => scraped?.stop());

	test("asked for protobuf and got it", () => {
		expect(Object.keys(scraped.endpoint.answers)).toEqual([PROTOBUF_CONTENT_TYPE]);
	});

	test.each(QUANTILES)("finds the quantile %d within the width of a bucket", async (q) => {
		// Both are in one bucket, and a bucket's bounds are 2^(1/8) apart.
		const near = (found: number, values: readonly number[]): void => {
			const truth = trueQuantile(q, values);
			expect(Math.abs(found - truth) / truth, `${found} for ${truth}`).toBeLessThanOrEqual(0.091);
		};
		const { prometheus } = scraped;
		near(await single(prometheus, `histogram_quantile(${q}, sum(llm_latency_ms))`), VALUES);
		near(await single(prometheus, `histogram_quantile(${q}, sum(rate(llm_latency_ms[1m])))`), VALUES);
		for (const [i, [route, model]] of PAIRS.entries()) {
			const series = `llm_latency_ms{route=${JSON.stringify(route)},model=${JSON.stringify(model)}}`;
			near(await single(prometheus, `histogram_quantile(${q}, ${series})`), valuesOf(i));
		}
	});

	test("has count and sum of every value", async () => {
		const { prometheus } = scraped;
		expect(await single(prometheus, "histogram_count(sum(llm_latency_ms))")).toBe(VALUES.length);
		const sum = VALUES.reduce((all, ms) => all + ms, 0);
		expect(await single(prometheus, "histogram_sum(sum(llm_latency_ms))")).toBeCloseTo(sum, 3);
	});

	test("has no classic series of that family: that is why they are an option", async () => {
		expect(await scraped.prometheus.query('{__name__=~"llm_latency_ms_(bucket|count|sum)"}')).toEqual([]);
	});
});

describe("with native histograms off, Prometheus", () => {
	let protobuf: Scraped;
	let text: Scraped;

	beforeAll(async () => {
		[protobuf, text] = await Promise.all([
			scrape(new Recorder(), PROTOBUF),
			scrape(new Recorder(), undefined),
		]);
	});

	afterAll(async () => {
		await protobuf?.stop();
		await text?.stop();
	});

	/** Every series with its value; `le` as a number, since 100 is "100.0" where Prometheus writes it itself. */
	async function everything({ prometheus }: Scraped): Promise<Map<string, number>> {
		const all = await prometheus.query(
			'label_replace({__name__=~"(llm|hyperagent)_.+"}, "name", "$1", "__name__", "(.+)")',
		);
		return new Map(
			all.map(({ labels, value }) => [labels.replace(/le="([\d.]+)"/, (_, le) => `le=${Number(le)}`), value]),
		);
	}

	test("has the same series and values from protobuf as from the text format", async () => {
		expect(Object.keys(protobuf.endpoint.answers)).toEqual([PROTOBUF_CONTENT_TYPE]);
		expect(Object.keys(text.endpoint.answers)).toEqual([TEXT_CONTENT_TYPE]);
		const found = await everything(protobuf);
		expect(found).toEqual(await everything(text));
		const pair = 'model="gpt-4-turbo",name="llm_latency_ms_';
		expect([...found.keys()]).toContain(`le=600000,${pair}bucket",route="chat"`);
		expect([...found.keys()]).toContain(`le="+Inf",${pair}bucket",route="chat"`);
		expect(found.get(`${pair}count",route="chat"`)).toBe(valuesOf(0).length);
	});

	test.each(QUANTILES)("answers the classic query for the quantile %d, and the same", async (q) => {
		const expr = `histogram_quantile(${q}, sum by (le) (llm_latency_ms_bucket))`;
		const found = await single(protobuf.prometheus, expr);
		expect(found).toBe(await single(text.prometheus, expr));
		const bounds = [0, ...DEFAULT_LATENCY_BUCKETS];
		const above = bounds.findIndex((bound) => bound >= trueQuantile(q, VALUES));
		expect(found).toBeGreaterThan(bounds[above - 1] ?? Number.NaN);
		expect(found).toBeLessThanOrEqual(bounds[above] ?? Number.NaN);
	});
});
