import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { afterEach, expect, test } from "vitest";

const MAIN: string = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** The guide's metrics, and those of theirs that are gauges. */
const FAMILIES: Readonly<Record<string, "counter" | "gauge" | "histogram">> = {
	llm_tokens_input_total: "counter",
	llm_tokens_output_total: "counter",
	llm_tokens_total: "counter",
	llm_cost_usd_total: "counter",
	llm_latency_ms: "histogram",
	llm_cache_hits_total: "counter",
	llm_cache_misses_total: "counter",
	llm_rate_limited_total: "counter",
	llm_errors_total: "counter",
	llm_active_requests: "gauge",
};

let child: ChildProcessWithoutNullStreams | undefined;

afterEach(() => {
	child?.kill("SIGKILL");
});

/** Every sample of a scrape by its name and labels. */
async function scrape(url: string): Promise<{ text: string; samples: Map<string, number> }> {
	const text = await (await fetch(url)).text();
	const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
	const samples = lines.map((line): [string, number] => {
		const space = line.lastIndexOf(" ");
		return [line.slice(0, space), Number(line.slice(space + 1))];
	});
	return { text, samples: new Map(samples) };
}

function isCumulative(series: string): boolean {
	return /^\w+_(total|bucket|count|sum)(\{|$)/.test(series);
}

function sum(samples: ReadonlyMap<string, number>, metric: string): number {
	return [...samples].reduce(
		(all, [series, value]) => all + (series.startsWith(`${metric}{`) ? value : 0),
		0,
	);
}

test.each(["SIGTERM", "SIGINT"] as const)("the demo shows everything, and %s ends it", async (signal) => {
	child = spawn(process.execPath, [MAIN, "demo", "--address", "127.0.0.1:0", "--speed", "20"]);
	const exited = once(child, "exit");
	let stdout = "";
	let stderr = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
	child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
	await expect.poll(() => stdout, { timeout: 20_000 }).toContain("Ctrl+C");
	expect(stdout).toMatch(/^Simulated data/);
	const files = stdout.match(/\S*deploy\/\S+/g) ?? [];
	expect(files).toHaveLength(3);
	for (const file of files) expect(existsSync(file), file).toBe(true);
	const metrics = /http:\S+\/metrics/.exec(stdout)?.[0] ?? "";
	const page = await (await fetch(metrics.replace("/metrics", "/"))).text();
	expect(page).toContain("Simulated data");

	const first = await scrape(metrics);
	for (const [family, type] of Object.entries(FAMILIES)) {
		expect(first.text).toContain(`# TYPE ${family} ${type}\n`);
		const sample = type === "histogram" ? `${family}_bucket{` : `${family}{`;
		expect(
			[...first.samples.keys()].some((series) => series.startsWith(sample)),
			family,
		).toBe(true);
	}
	await expect
		.poll(async () => sum((await scrape(metrics)).samples, "llm_requests_total"), { timeout: 20_000 })
		.toBeGreaterThan(60);

	const second = await scrape(metrics);
	for (const [series, value] of first.samples) {
		if (!isCumulative(series)) continue;
		expect(second.samples.get(series), series).toBeGreaterThanOrEqual(value);
	}
	for (const metric of ["llm_tokens_total", "llm_cost_usd_total", "llm_latency_ms_count"]) {
		expect(sum(second.samples, metric), metric).toBeGreaterThan(sum(first.samples, metric));
	}

	child.kill(signal);
	expect(await exited).toEqual([0, null]);
	expect(stderr).toBe("");
});
