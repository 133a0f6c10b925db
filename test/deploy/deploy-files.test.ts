import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { PANELS, QUERIES } from "../../deploy/queries.ts";
import { CATALOG } from "../../src/metrics/catalog.ts";

const DEPLOY: string = join(import.meta.dirname, "../../deploy");

function read(name: string): Promise<string> {
	return readFile(join(DEPLOY, name), "utf8");
}

interface Compose {
	readonly services: Readonly<
		Record<
			string,
			{ image: string; network_mode: string; command?: string[]; environment?: object; volumes: string[] }
		>
	>;
}

test("every query is of metrics that exist", () => {
	const names = new Set(
		CATALOG.flatMap(({ name, type }) => (type === "histogram" ? [name, `${name}_bucket`] : [name])),
	);
	for (const { expr } of QUERIES) {
		const metrics = expr.match(/\b(llm|hyperagent)_\w+/g) ?? [];
		expect(metrics.length, expr).toBeGreaterThan(0);
		for (const metric of metrics) expect(names, expr).toContain(metric);
	}
});

test("none shows cents for dollars", () => {
	for (const { expr } of QUERIES.filter((query) => query.expr.includes("llm_cost_usd_total"))) {
		expect(expr).toMatch(/\/ 100$/);
	}
});

describe("the Grafana dashboard", () => {
	test("has the guide's six panels, each on the data source that the importer picks", async () => {
		const { panels, templating } = JSON.parse(await read("grafana/hyperagent.json"));
		expect(templating.list).toEqual([
			expect.objectContaining({ name: "datasource", type: "datasource", query: "prometheus" }),
		]);
		expect(panels.map(({ title, type }: { title: string; type: string }) => [title, type])).toEqual([
			["Total Cost (Last 24h)", "stat"],
			["Token Usage by Model", "timeseries"],
			["Latency Percentiles", "timeseries"],
			["Cache Hit Rate", "gauge"],
			["Error Rate", "timeseries"],
			["Active Requests", "timeseries"],
		]);
		for (const [i, panel] of panels.entries()) {
			expect(panel.datasource).toEqual({ type: "prometheus", uid: "${datasource}" });
			expect(panel.targets.map(({ expr }: { expr: string }) => expr)).toEqual(
				PANELS[i]?.queries.map(({ expr }) => expr),
			);
			for (const target of panel.targets) expect(target.datasource.uid).toBe("${datasource}");
		}
	});
});

describe("compose.yaml", () => {
	test("mounts what is there, where Prometheus, Grafana and its provisioning look", async () => {
		const { services }: Compose = parse(await read("compose.yaml"));
		const mounts = Object.values(services).flatMap(({ volumes }) =>
			volumes.map((volume) => volume.split(":")),
		);
		const files = mounts.filter(([source]) => source?.startsWith("./"));
		expect(files).toHaveLength(4);
		for (const [source = ""] of files) expect(existsSync(join(DEPLOY, source)), source).toBe(true);
		const targets = files.map(([, target]) => target);
		const { providers } = parse(await read("grafana/provisioning/dashboards/hyperagent.yaml"));
		expect(targets).toContain(`${providers[0].options.path}/hyperagent.json`);
		expect(services["prometheus"]?.command).toContain("--config.file=/etc/prometheus/prometheus.yml");
		expect(targets).toContain("/etc/prometheus/prometheus.yml");
		expect(targets).toContain("/etc/prometheus/rules.yml");
	});

	test("opens nothing beyond this machine, and Grafana finds Prometheus", async () => {
		const { services }: Compose = parse(await read("compose.yaml"));
		expect(services["prometheus"]?.command).toContain("--web.listen-address=127.0.0.1:9090");
		expect(services["grafana"]?.environment).toMatchObject({ GF_SERVER_HTTP_ADDR: "127.0.0.1" });
		const { datasources } = parse(await read("grafana/provisioning/datasources/prometheus.yaml"));
		expect(datasources).toEqual([
			expect.objectContaining({ type: "prometheus", url: "http://127.0.0.1:9090" }),
		]);
		for (const { image, network_mode } of Object.values(services)) {
			expect(network_mode).toBe("host");
			expect(image).toMatch(/:v?\d+\.\d+\.\d+$/); // a version, never "latest"
		}
	});
});
