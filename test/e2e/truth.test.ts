import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { QUERIES } from "../../deploy/queries.ts";
import { DashboardServer } from "../../src/dashboard/index.ts";
import { CostTracker, initPrometheus } from "../../src/monitoring/index.ts";
import { PrometheusServer, type Sample } from "./prometheus-server.ts";
import { COST_CENTS, EXPECTED, type Expectation, IDLE, ONE_HELD, TOTALS } from "./truth-expectations.ts";
import { EMBEDDING, GPT35, GPT4, HAIKU, holdStream, runEmbedding, runWorkload } from "./truth-workload.ts";

const ACTIVE = "sum by (model) (llm_active_requests)";

let costs: CostTracker;
let dashboard: DashboardServer;
let prometheus: PrometheusServer;
let activeWhileHeld: readonly Sample[];
/** When the last scrape before the queries was made. */
let lastScrape: number;
/** By how much of itself an increase may be too large at any other time: see `Expectation`. */
let stretch: number;

beforeAll(async () => {
	initPrometheus({
		routes: ["chat", "summarize"],
		models: [
			{ provider: "openai", model: GPT4 },
			{ provider: "openai", model: GPT35 },
			{ provider: "anthropic", model: HAIKU },
			{ provider: "openai", model: EMBEDDING },
		],
	});
	costs = new CostTracker();
	dashboard = new DashboardServer(costs);
	prometheus = await PrometheusServer.start(await dashboard.run("127.0.0.1:0"));
	await runWorkload();
	await runEmbedding();
	await holdStream(async () => {
		activeWhileHeld = await settled(ACTIVE);
	});
	await prometheus.waitForScrapes(2);
	lastScrape = await single("max(timestamp(up))");
	const samples = await single("count_over_time(up[1m])", lastScrape);
	// Without the first samples, the zeros, a window would not show all that grew.
	if (samples !== (await single("count_over_time(up[1h])", lastScrape)))
		throw new Error("The workload took over a minute.");
	stretch = 1.1 / (samples - 1);
});

afterAll(async () => {
	await prometheus?.stop();
	await dashboard?.close();
});

/** Evaluates once a scrape that begins after now is in. */
async function settled(expr: string): Promise<readonly Sample[]> {
	await prometheus.waitForScrapes(1);
	return prometheus.query(expr);
}

async function single(expr: string, at?: number): Promise<number> {
	return (await prometheus.query(expr, at))[0]?.value ?? Number.NaN;
}

function onOneLine(expr: string): string {
	return expr.trim().replace(/\s+/g, " ");
}

/** As many series as expected, each within its bounds; NaN is in none. */
function expectBounds(samples: readonly Sample[], expectation: Expectation, stretchedBy = 0): void {
	const bounds = expectation(stretchedBy);
	expect(samples.map(({ labels }) => labels).toSorted()).toEqual(Object.keys(bounds).toSorted());
	for (const { labels, value } of samples) {
		const [least, most] = bounds[labels] ?? [Number.NaN, Number.NaN];
		expect(value, labels).toBeGreaterThanOrEqual(least);
		expect(value, labels).toBeLessThanOrEqual(most);
	}
}

test("a call is active while it is in flight, and no longer", async () => {
	expectBounds(activeWhileHeld, ONE_HELD);
	expectBounds(await prometheus.query(ACTIVE), IDLE);
});

describe("every query of the table", () => {
	test("is expected, and every expected one is in the table", () => {
		const inTable = new Set(QUERIES.map(({ expr }) => onOneLine(expr)));
		expect(inTable).toEqual(new Set(Object.keys(EXPECTED)));
	});

	test.each(QUERIES)("$id", async ({ expr }) => {
		const expectation = EXPECTED[onOneLine(expr)];
		if (expectation === undefined) throw new Error(`truth-expectations.ts says nothing of ${expr}`);
		expectBounds(await prometheus.query(expr, lastScrape), expectation);
		expectBounds(await prometheus.query(expr), expectation, stretch);
	});
});

test.each(Object.entries(TOTALS))("%s is as it was worked out", async (expr, expectation) => {
	expectBounds(await prometheus.query(expr), expectation);
});

test("/metrics and the cost tracker tell the same to the last digit", async () => {
	const text = await (await fetch(`${dashboard.url}/metrics`)).text();
	expect(costs.totals()).toMatchObject({ costCents: COST_CENTS, inputTokens: 29_691, outputTokens: 3056 });
	expect(costs.byPair()).toHaveLength(7);
	for (const { costCents, inputTokens, model, outputTokens, route } of costs.byPair()) {
		const labels = `{route="${route}",model="${model}"}`;
		expect(text).toContain(`\nllm_cost_usd_total${labels} ${costCents}\n`);
		expect(text).toContain(`\nllm_tokens_input_total${labels} ${inputTokens}\n`);
		expect(text).toContain(`\nllm_tokens_output_total${labels} ${outputTokens}\n`);
	}
});
