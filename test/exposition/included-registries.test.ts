import * as promClient from "prom-client";
import * as prometheusClient from "@prometheus-io/client";
import { afterEach, describe, expect, test, vi } from "vitest";
import { HyperAgentError } from "../../src/core/hyperagent-error.ts";
import type { ReadableRegistry } from "../../src/exposition/foreign-families.ts";
import { IncludedRegistries } from "../../src/exposition/included-registries.ts";
import type { ForeignFamily } from "../../src/exposition/source.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { PrometheusHandle } from "../../src/monitoring/prometheus-handle.ts";
import { parseLines, type SeriesLines } from "./series-lines.ts";

const told: { message: string; cause: unknown }[] = [];

function including(...registries: ReadableRegistry[]): IncludedRegistries {
	told.length = 0;
	const included = new IncludedRegistries((message, cause) => told.push({ message, cause }));
	for (const registry of registries) included.add(registry);
	return included;
}

/** A registry that is none of the two packages'. */
function answering(getMetricsAsJSON: ReadableRegistry["getMetricsAsJSON"]): ReadableRegistry {
	return { contentType: "text/plain; version=0.0.4; charset=utf-8", getMetricsAsJSON };
}

function gauge(name: string, labels: object = {}): object {
	return { name, help: "", type: "gauge", aggregator: "sum", values: [{ value: 1, labels }] };
}

function lines(families: readonly ForeignFamily[]): SeriesLines {
	const all = families.flatMap(({ samples }) => samples);
	return new Map(
		all.map(({ labels, name, value }) => {
			const written = Object.entries(labels).map(([label, text]) => `${label}=${text}`);
			return [`${name}{${written.toSorted().join(",")}}`, value];
		}),
	);
}

afterEach(() => vi.useRealTimers());

describe.each([
	{ name: "prom-client", client: promClient },
	{ name: "@prometheus-io/client", client: prometheusClient },
])("a registry of $name", ({ client }) => {
	const contentTypes = [
		client.Registry.PROMETHEUS_CONTENT_TYPE,
		client.Registry.OPENMETRICS_CONTENT_TYPE,
	] as const;

	test.each(contentTypes)("gives the lines of its own text, as %s", async (contentType) => {
		const registry = new client.Registry();
		registry.setContentType(contentType as never);
		const registers = [registry as never];
		const counter = new client.Counter({
			name: "jobs_total",
			help: "Jobs\nof all",
			labelNames: ["kind"],
			registers,
		});
		counter.inc({ kind: 'a "b" \\ c\n' }, 3);
		new client.Gauge({ name: "queue", help: "q", registers }).set(2.5);
		const histogram = new client.Histogram({
			name: "took_seconds",
			help: "t",
			labelNames: ["kind"],
			registers,
		});
		histogram.observe({ kind: "a" }, 0.3);
		const summary = new client.Summary({ name: "size_bytes", help: "s", registers });
		summary.observe(7);
		const text = parseLines(await registry.metrics());
		const families = await including(registry).read();
		expect(lines(families)).toEqual(text);
		expect(families.map(({ name, type }) => [name, type])).toEqual([
			["jobs_total", "counter"],
			["queue", "gauge"],
			["took_seconds", "histogram"],
			["size_bytes", "summary"],
		]);
		expect(families[0]?.help).toBe("Jobs\nof all");
		expect(told).toEqual([]);
	});

	test("Node.js' own metrics come whole", async () => {
		const registry = new client.Registry();
		client.collectDefaultMetrics({ register: registry as never });
		const families = await including(registry).read();
		expect(families.map(({ name }) => name)).toContain("nodejs_heap_size_used_bytes");
		expect([...lines(families).keys()].toSorted()).toEqual(
			[...parseLines(await registry.metrics()).keys()].toSorted(),
		);
		expect(told).toEqual([]);
	});

	test("a counter without _total keeps its name, and so has no type", async () => {
		const registry = new client.Registry();
		new client.Counter({ name: "hits", help: "h", registers: [registry as never] }).inc();
		const [family] = await including(registry).read();
		expect(family).toMatchObject({ name: "hits", type: "untyped", samples: [{ name: "hits", value: 1 }] });
	});

	test("ours that are registered into it do not come back", async () => {
		const handle = new PrometheusHandle(new Recorder(), {}, false);
		const registry = new client.Registry();
		new client.Gauge({ name: "queue", help: "q", registers: [registry as never] }).set(1);
		handle.registerInto(registry);
		registry.setDefaultLabels({ pod: "p1" });
		const leaveOut = handle.include(registry);
		expect((await handle.foreignFamilies()).map(({ name }) => name)).toEqual(["queue"]);
		leaveOut();
		expect(await handle.foreignFamilies()).toEqual([]);
	});
});

describe("an included registry", () => {
	test("whose metric has a name of ours loses that one, told once", async () => {
		const names = ["llm_latency_ms", "llm_latency_ms_bucket", "llm_requests", "fine"];
		const included = including(answering(async () => names.map((name) => gauge(name))));
		expect((await included.read()).map(({ name }) => name)).toEqual(["fine"]);
		expect(await included.read()).toHaveLength(1);
		expect(told.map(({ message }) => message)).toEqual([
			expect.stringContaining('"llm_latency_ms"'),
			expect.stringContaining('"llm_latency_ms_bucket"'),
			expect.stringContaining('"llm_requests"'),
		]);
	});

	test("that comes later loses what the earlier one has, and derived names count", async () => {
		const histogram = { name: "took", help: "", type: "histogram", values: [] };
		const included = including(
			answering(async () => [histogram, gauge("queue")]),
			answering(async () => [gauge("took_bucket"), gauge("queue"), gauge("queue_2")]),
		);
		expect((await included.read()).map(({ name }) => name)).toEqual(["took", "queue", "queue_2"]);
		expect(told).toHaveLength(2);
	});

	test.each([
		["a bad name", gauge("not-a-name")],
		["a bad label", gauge("a", { "b-c": "x" })],
		["no number", { name: "a", type: "gauge", help: "", values: [{ value: "1", labels: {} }] }],
		["no list", { name: "a", type: "gauge", help: "", values: {} }],
		["no name", { type: "gauge", help: "", values: [] }],
	])("that has %s loses that metric only", async (_what, broken) => {
		const families = await including(answering(async () => [broken, gauge("fine")])).read();
		expect(families.map(({ name }) => name)).toEqual(["fine"]);
		expect(told).toHaveLength(1);
	});

	test.each<[string, ReadableRegistry["getMetricsAsJSON"]]>([
		["rejects", () => Promise.reject(new Error("theirs"))],
		[
			"throws",
			() => {
				throw new Error("theirs");
			},
		],
		["answers no list", async () => "nonsense" as unknown as readonly unknown[]],
	])("that %s costs its metrics and one telling", async (_what, getMetricsAsJSON) => {
		const included = including(
			answering(getMetricsAsJSON),
			answering(async () => [gauge("fine")]),
		);
		for (const _ of [1, 2]) expect((await included.read()).map(({ name }) => name)).toEqual(["fine"]);
		expect(told).toHaveLength(1);
		expect(told[0]?.cause).toBeInstanceOf(Error);
	});

	test("that hangs costs one second once, and is asked again only when it has answered", async () => {
		vi.useFakeTimers();
		let asked = 0;
		let answer: (families: readonly unknown[]) => void = () => undefined;
		const hanging = answering(() => {
			asked += 1;
			return new Promise((resolve) => {
				answer = resolve;
			});
		});
		const included = including(
			hanging,
			answering(async () => [gauge("fine")]),
		);
		const first = included.read();
		await vi.advanceTimersByTimeAsync(999);
		const meanwhile = included.read();
		await vi.advanceTimersByTimeAsync(1);
		expect(await first).toHaveLength(1);
		// No timer moves any more: nobody waits for it.
		expect(await included.read()).toHaveLength(1);
		expect(told).toHaveLength(1);
		answer([gauge("slow")]);
		expect(await meanwhile).toHaveLength(2);
		expect(asked).toBe(1);
		const next = included.read();
		answer([gauge("slow")]);
		expect(await next).toHaveLength(2);
		expect(asked).toBe(2);
		expect(vi.getTimerCount()).toBe(0);
	});

	test("is asked once for scrapes that come together", async () => {
		let asked = 0;
		const included = including(
			answering(async () => {
				asked += 1;
				return [gauge("fine")];
			}),
		);
		const [one, two] = await Promise.all([included.read(), included.read()]);
		expect(one).toEqual(two);
		expect(asked).toBe(1);
	});

	test("may be included once, and again when it is left out", () => {
		const registry = answering(async () => []);
		const included = including();
		const leaveOut = included.add(registry);
		expect(() => included.add(registry)).toThrow(HyperAgentError);
		leaveOut();
		included.add(registry);
		// The first answer is used up.
		leaveOut();
		expect(() => included.add(registry)).toThrow("included already");
		expect(() => included.add({} as ReadableRegistry)).toThrow("prom-client");
	});
});

test("they stand behind ours in what a scraper gets, and can be asked for by name", async () => {
	const handle = new PrometheusHandle(new Recorder(), {}, false);
	const registry = new promClient.Registry();
	new promClient.Counter({ name: "jobs_total", help: "Jobs", registers: [registry] }).inc(3);
	handle.include(registry);
	const scrape = async (accept: string, names?: readonly string[]) =>
		new TextDecoder().decode((await handle.scrape({ accept, names })).body);
	for (const accept of ["text/plain", "application/openmetrics-text"]) {
		const text = await scrape(accept);
		expect(text).toContain("\njobs_total 3");
		expect(text.indexOf("hyperagent_build_info")).toBeLessThan(text.indexOf("jobs_total"));
	}
	expect(await scrape("text/plain", ["jobs_total"])).toBe(
		"# HELP jobs_total Jobs\n# TYPE jobs_total counter\njobs_total 3\n",
	);
	expect(handle.render()).not.toContain("jobs_total");
});
