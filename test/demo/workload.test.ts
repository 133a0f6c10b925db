import { calcPrice } from "@pydantic/genai-prices";
import { beforeAll, expect, test } from "vitest";
import { Workload, WORKLOAD_ROUTES } from "../../src/demo/workload.ts";
import { initPrometheus, type PrometheusHandle } from "../../src/monitoring/index.ts";
import { startProvider } from "./simulated-clients.ts";

let prometheus: PrometheusHandle;

beforeAll(() => {
	prometheus = initPrometheus();
});

/** The sum of a metric's series, of one route where that is given. */
function total(metric: string, labels: Readonly<Record<string, string>> = {}): number {
	const series = prometheus.snapshot()[metric] ?? [];
	const wanted = series.filter((one) =>
		Object.entries(labels).every(([name, value]) => one.labels[name] === value),
	);
	return wanted.reduce((sum, { value }) => sum + value, 0);
}

test("genai-prices knows the price of every model, and each pair is born at zero", async () => {
	const workload = new Workload(await startProvider(), { seed: 1, speed: 1 });
	expect(workload).toBeDefined();
	const pairs = (prometheus.snapshot()["llm_tokens_total"] ?? []).map(({ labels }) => labels);
	expect(new Set(pairs.map(({ route }) => route))).toEqual(new Set(WORKLOAD_ROUTES));
	expect(pairs.length).toBeGreaterThanOrEqual(8);
	for (const { model = "" } of pairs) {
		const providerId = model.startsWith("claude") ? "anthropic" : "openai";
		const price = calcPrice({ input_tokens: 1000 }, model, { providerId });
		expect(price?.total_price, model).toBeGreaterThan(0);
	}
});

test("it uses every route, hits caches, meets faults, and leaves nothing active behind", async () => {
	const provider = await startProvider({ speed: 300, errorRate: 0.25, faults: ["quota", "server_error"] });
	const workload = new Workload(provider, { seed: 3, speed: 300, callsPerSecond: 0.5 });
	const stop = new AbortController();
	const work = workload.run(stop.signal);
	await expect.poll(() => total("llm_requests_total"), { timeout: 20_000 }).toBeGreaterThan(200);
	stop.abort();
	await work;

	for (const route of WORKLOAD_ROUTES) {
		expect(total("llm_requests_total", { route, outcome: "success" }), route).toBeGreaterThan(0);
	}
	for (const metric of [
		"llm_cache_hits_total",
		"llm_cache_misses_total",
		"llm_cost_usd_total",
		"llm_errors_total",
		"llm_time_to_first_token_ms",
		"llm_tokens_cache_read_total",
		"llm_tokens_reasoning_total",
	]) {
		expect(total(metric), metric).toBeGreaterThan(0);
	}
	expect(total("llm_requests_total", { outcome: "aborted" })).toBeGreaterThan(0);
	for (const metric of [
		"hyperagent_internal_errors_total",
		"hyperagent_label_overflow_total",
		"llm_active_requests",
		"llm_unpriced_requests_total",
	]) {
		expect(total(metric), metric).toBe(0);
	}
}, 30_000);
