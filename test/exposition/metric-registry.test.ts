import * as promClient from "prom-client";
import * as prometheusClient from "@prometheus-io/client";
import { describe, expect, test } from "vitest";
import { HyperAgentError } from "../../src/core/hyperagent-error.ts";
import { MoneySum } from "../../src/core/money.ts";
import type { MetricRegistry } from "../../src/exposition/metric-registry.ts";
import { CATALOG } from "../../src/metrics/catalog.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { PrometheusHandle } from "../../src/monitoring/prometheus-handle.ts";
import { expectedLines, parseLines, withoutAge } from "./series-lines.ts";

/** In 10⁻¹² USD. */
const USD = 1_000_000_000_000n;

const CONSTANT = { service: 'a "quoted" \\ one\n' } as const;

function recorded(constant: Record<string, string> = CONSTANT): PrometheusHandle {
	const recorder = new Recorder();
	const chat = recorder.pair("chat", "gpt-4-turbo");
	recorder.tokens(chat, 150, 50);
	for (let i = 0; i < 3; i += 1) recorder.cost(chat, 0.001_234_567_891);
	for (const ms of [49, 50, 51, 1250.5, 1e6]) recorder.latency(chat, ms);
	recorder.error(chat, "timeout");
	recorder.activeUp(recorder.pair("summarize", "claude"));
	recorder.cacheHit(recorder.route("chat"));
	recorder.attempt(recorder.target("openai", "gpt-4-turbo"), "rate_limited");
	recorder.rateLimitRemaining(recorder.target("openai", "gpt-4-turbo"), "tokens", 5000);
	return new PrometheusHandle(recorder, constant, false);
}

function refusal(fn: () => unknown): HyperAgentError {
	try {
		fn();
	} catch (error) {
		if (error instanceof HyperAgentError) return error;
		throw error;
	}
	throw new Error("nothing was thrown");
}

describe.each([
	{ name: "prom-client", client: promClient },
	{ name: "@prometheus-io/client", client: prometheusClient },
])("in a registry of $name", ({ client }) => {
	/** Typed as a union of the two, so that both packages' types are held to ours by the compiler. */
	const make = () => new client.Registry();
	const openMetrics = () => {
		const registry = make();
		// prom-client's type of setContentType follows the registry's, which its own constructor cannot set.
		registry.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
		return registry;
	};
	const snapshotLines = (handle: PrometheusHandle) => withoutAge(expectedLines(handle.snapshot(), CONSTANT));

	test("the text has exactly our lines", async () => {
		const handle = recorded();
		const registry = make();
		handle.registerInto(registry);
		const text = await registry.metrics();
		expect(withoutAge(parseLines(text))).toEqual(snapshotLines(handle));
		expect(text).toContain("# TYPE llm_cost_usd_total counter");
		expect(text).toMatch(/^llm_cost_usd_total\{.*model="gpt-4-turbo"\} 0\.3703703673$/m);
		expect(text).toContain('le="+Inf"');
	});

	test("OpenMetrics has them too, with one _total, again and again, and text afterwards", async () => {
		const handle = recorded();
		const registry = openMetrics();
		handle.registerInto(registry);
		for (const _ of [1, 2]) {
			const text = await registry.metrics();
			expect(text).toMatch(/# EOF\n$/);
			expect(text).toContain("# TYPE llm_tokens_input counter");
			expect(text).not.toContain("_total_total");
			expect(withoutAge(parseLines(text))).toEqual(snapshotLines(handle));
		}
		registry.setContentType(client.Registry.PROMETHEUS_CONTENT_TYPE);
		const text = await registry.metrics();
		expect(text).toContain("# TYPE llm_tokens_input_total counter");
		expect(withoutAge(parseLines(text))).toEqual(snapshotLines(handle));
	});

	test.each([
		["text", make],
		["OpenMetrics", openMetrics],
	])("a single metric as %s", async (_name, of) => {
		const registry = of();
		recorded().registerInto(registry);
		const text = await registry.getSingleMetricAsString("llm_tokens_input_total");
		expect(text).toMatch(/^llm_tokens_input_total\{.*route="chat".*\} 150$/m);
		expect(await registry.getSingleMetricAsString("llm_latency_ms")).toMatch(
			/^llm_latency_ms_count\{.*\} 5$/m,
		);
	});

	test("a registry merged from it writes both formats right", async () => {
		const handle = recorded();
		const registry = make();
		handle.registerInto(registry);
		const merged = client.Registry.merge([registry as never]);
		expect(withoutAge(parseLines(await merged.metrics()))).toEqual(snapshotLines(handle));
		merged.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
		expect(withoutAge(parseLines(await merged.metrics()))).toEqual(snapshotLines(handle));
	});

	test("JSON has the values, names and types, and default labels go on them", async () => {
		const registry = make();
		recorded().registerInto(registry);
		registry.setDefaultLabels({ pod: "p1" });
		const json = (await registry.getMetricsAsJSON()) as unknown as {
			name: string;
			type: string;
			aggregator: string;
			values: { value: number; labels: Record<string, unknown>; metricName?: string }[];
		}[];
		expect(json.map(({ name, type }) => [name, type])).toEqual(CATALOG.map(({ name, type }) => [name, type]));
		const latency = json.find(({ name }) => name === "llm_latency_ms");
		const chat = latency?.values.filter(({ labels }) => labels["route"] === "chat") ?? [];
		expect(chat.find(({ labels }) => labels["le"] === 50)?.value).toBe(2);
		expect(chat.at(-2)).toMatchObject({ metricName: "llm_latency_ms_sum", value: 1_001_400.5 });
		expect(chat.at(-1)?.labels).toEqual({ ...CONSTANT, route: "chat", model: "gpt-4-turbo", pod: "p1" });
	});

	test("the workers of a cluster add up", async () => {
		const workers = await Promise.all(
			[recorded({}), recorded({})].map(async (handle) => {
				const registry = make();
				handle.registerInto(registry);
				// As it comes from another process.
				return JSON.parse(JSON.stringify(await registry.getMetricsAsJSON())) as object[];
			}),
		);
		const aggregate = "AggregatorRegistry" in client ? client.AggregatorRegistry.aggregate : undefined;
		const lines = parseLines((await aggregate?.(workers).metrics()) ?? "");
		expect(lines.get("llm_tokens_input_total{model=gpt-4-turbo,route=chat}")).toBe(300);
		expect(lines.get("llm_latency_ms_bucket{le=50,model=gpt-4-turbo,route=chat}")).toBe(4);
		expect(lines.get("llm_latency_ms_count{model=gpt-4-turbo,route=chat}")).toBe(10);
		expect(lines.get("llm_active_requests{model=claude,route=summarize}")).toBe(2);
		expect(lines.get("llm_ratelimit_remaining{model=gpt-4-turbo,provider=openai,resource=tokens}")).toBe(
			5000,
		);
		expect([...lines].find(([key]) => key.startsWith("hyperagent_build_info"))?.[1]).toBe(1);
	});

	test("a budget that all workers of a cluster have is one budget", async () => {
		const workers = await Promise.all(
			// What each of four tells of a budget of $50: the last has not yet heard what the others have spent last.
			[1000, 1000, 1000, 900].map(async (cents) => {
				const recorder = new Recorder();
				recorder.budget("b", MoneySum.ofPico(50n * USD), MoneySum.ofPico(BigInt(cents / 100) * USD), 3);
				const registry = make();
				new PrometheusHandle(recorder, {}, false).registerInto(registry);
				return JSON.parse(JSON.stringify(await registry.getMetricsAsJSON())) as object[];
			}),
		);
		const aggregate = "AggregatorRegistry" in client ? client.AggregatorRegistry.aggregate : undefined;
		const lines = parseLines((await aggregate?.(workers).metrics()) ?? "");
		expect(lines.get("llm_budget_limit_cents{budget=b}")).toBe(5000);
		expect(lines.get("llm_budget_spent_cents{budget=b}")).toBe(1000);
		// Each refuses by itself.
		expect(lines.get("llm_budget_blocked_total{budget=b}")).toBe(12);
	});

	test("twice is refused, and changes nothing", async () => {
		const handle = recorded();
		const registry = make();
		handle.registerInto(registry);
		const before = registry.getMetricsAsArray();
		const error = refusal(() => handle.registerInto(registry));
		expect(error.code).toBe("BAD_OPTION");
		expect(error.message).toContain("our metrics already");
		expect(refusal(() => recorded().registerInto(registry)).code).toBe("BAD_OPTION");
		expect(registry.getMetricsAsArray()).toEqual(before);
		expect(withoutAge(parseLines(await registry.metrics()))).toEqual(snapshotLines(handle));
	});

	test.each([
		["llm_latency_ms", "llm_latency_ms"],
		["llm_latency_ms_count", "llm_latency_ms"],
		["llm_requests", "llm_requests_total"],
		["hyperagent_build_info", "hyperagent_build_info"],
	])("another's %s is named, and nothing is registered", (name, ours) => {
		const registry = make();
		const gauge = new client.Gauge({ name, help: "mine", registers: [registry as never] });
		const error = refusal(() => recorded().registerInto(registry));
		expect(error.code).toBe("BAD_OPTION");
		expect(error.message).toContain(`"${name}"`);
		expect(error.message).toContain(`"${ours}"`);
		expect(registry.getMetricsAsArray()).toEqual([gauge]);
	});

	test("the answer takes out ours and only ours", () => {
		const registry = make();
		const counter = new client.Counter({ name: "mine_total", help: "mine", registers: [registry as never] });
		const remove = recorded().registerInto(registry);
		remove();
		expect(registry.getMetricsAsArray()).toEqual([counter]);
		const again = recorded().registerInto(registry);
		registry.clear();
		const own = new client.Gauge({
			name: "llm_active_requests",
			help: "mine",
			registers: [registry as never],
		});
		again();
		remove();
		expect(registry.getMetricsAsArray()).toEqual([own]);
	});

	test("resetMetrics() does not touch the recorder", async () => {
		const handle = recorded();
		const registry = make();
		handle.registerInto(registry);
		registry.resetMetrics();
		expect(withoutAge(parseLines(await registry.metrics()))).toEqual(snapshotLines(handle));
	});
});

test.each([[undefined], [{}], [new Map()], [{ registerMetric: () => undefined, contentType: "text/plain" }]])(
	"%o is no registry",
	(what) => {
		const error = refusal(() => recorded().registerInto(what as unknown as MetricRegistry));
		expect(error.code).toBe("BAD_OPTION");
		expect(error.message).toContain("prom-client");
	},
);
