import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ALERTS } from "../../deploy/queries.ts";
import { initPrometheus } from "../../src/monitoring/index.ts";
import { InstrumentedBackend } from "../../src/providers/index.ts";
import { requireBinary } from "../services.ts";

const ROOT: string = join(import.meta.dirname, "../..");
const RULES: string = join(ROOT, "deploy/prometheus/rules.yml");
const RULE_TESTS: string = join(import.meta.dirname, "rules.test.yml");

/** What the names say that promtool dislikes: that of the guide, and ours that keep its unit. */
const FORCED = [
	"llm_latency_ms metric names should not contain abbreviated units",
	"llm_time_per_output_token_ms metric names should not contain abbreviated units",
	"llm_time_to_first_token_ms metric names should not contain abbreviated units",
] as const;

async function promtool(args: readonly string[], input = ""): Promise<{ code: number; output: string }> {
	const child = spawn(requireBinary("promtool"), args, { cwd: ROOT });
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text: string) => (output += text));
	}
	child.stdin.on("error", () => undefined).end(input);
	const [code] = await once(child, "close");
	return { code: Number(code), output };
}

/** Every family with a series that has counted something, and label values that need escaping. */
async function everything(): Promise<string> {
	const handle = initPrometheus({ constantLabels: { service: 'a "quoted" \\ name' }, onError: () => {} });
	const llm = new InstrumentedBackend(
		{
			infer: async () => ({
				content: "",
				toolCalls: [],
				finishReason: "stop",
				usage: { inputUncached: 3, cacheRead: 2, output: 5, reasoning: 1 },
			}),
			async *inferStream() {
				yield { type: "text-delta", text: "a" };
				yield { type: "done", finishReason: "stop", usage: { inputUncached: 3, output: 5 } };
			},
			embed: () => Promise.reject(new Error("no")),
			modelInfo: () => ({ provider: "openai", model: 'gpt-4\n"\\é' }),
		},
		"openai",
		"chat",
	);
	await llm.infer([], [], 0);
	for await (const _ of llm.inferStream([], [], 0));
	await llm.embed("").catch(() => undefined);
	return handle.render();
}

test("promtool has nothing to say of /metrics but what the names force", async () => {
	const text = await everything();
	const { output } = await promtool(["check", "metrics"], text);
	expect(output.trim().split("\n").toSorted()).toEqual(FORCED.toSorted());
	// It would have said more.
	const { output: planted } = await promtool(
		["check", "metrics"],
		`${text}# TYPE planted counter\nplanted 1\n`,
	);
	expect(planted).toContain('planted counter metrics should have "_total" suffix');
});

test("promtool finds the configuration right, and the rules that it names", async () => {
	const config = await promtool(["check", "config", "deploy/prometheus/prometheus.yml"]);
	expect(config.output).toContain("SUCCESS: deploy/prometheus/prometheus.yml is valid");
	expect(config.output).toContain("SUCCESS: 4 rules found");
	expect(config.code).toBe(0);
	const rules = await promtool(["check", "rules", RULES]);
	expect(rules.output).toContain("SUCCESS: 4 rules found");
	expect(rules.code).toBe(0);
});

describe("promtool tests the alerts", () => {
	test("each fires in a case and stays silent in another", async () => {
		const { code, output } = await promtool(["test", "rules", RULE_TESTS]);
		expect(output).toContain("SUCCESS");
		expect(code).toBe(0);
		interface Cases {
			tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
		}
		const { tests } = parse(await readFile(RULE_TESTS, "utf8")) as Cases;
		const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
		for (const { name } of ALERTS) {
			const own = cases.filter(({ alertname }) => alertname === name);
			expect(
				own.some(({ exp_alerts }) => exp_alerts.length > 0),
				`${name} fires`,
			).toBe(true);
			expect(
				own.some(({ exp_alerts }) => exp_alerts.length === 0),
				`${name} is silent`,
			).toBe(true);
		}
	});

	test.each(ALERTS)(
		"$name is tested so closely that another rule in its place is found out",
		async ({ expr }) => {
			const folder = await mkdtemp(join(tmpdir(), "hyperagent-rules-"));
			try {
				const planted = (await readFile(RULES, "utf8")).replace(`expr: ${expr} >`, `expr: ${expr} < -`);
				await writeFile(join(folder, "rules.yml"), planted);
				const tests = await readFile(RULE_TESTS, "utf8");
				await writeFile(
					join(folder, "tests.yml"),
					tests.replace("../../deploy/prometheus/rules.yml", "rules.yml"),
				);
				const { code, output } = await promtool(["test", "rules", join(folder, "tests.yml")]);
				expect(output).toContain("FAILED");
				expect(code).not.toBe(0);
			} finally {
				await rm(folder, { recursive: true });
			}
		},
	);

	test("the guide's own forms, a series at a time, would stay silent in these cases", async () => {
		const folder = await mkdtemp(join(tmpdir(), "hyperagent-rules-"));
		try {
			const guide = (await readFile(RULES, "utf8"))
				.replace("sum(increase(llm_cost_usd_total[1h]))", "increase(llm_cost_usd_total[1h])")
				.replace("sum(increase(llm_rate_limited_total[5m]))", "increase(llm_rate_limited_total[5m])");
			await writeFile(join(folder, "rules.yml"), guide);
			const tests = await readFile(RULE_TESTS, "utf8");
			await writeFile(
				join(folder, "tests.yml"),
				tests.replace("../../deploy/prometheus/rules.yml", "rules.yml"),
			);
			const { output } = await promtool(["test", "rules", join(folder, "tests.yml")]);
			expect(output).toMatch(/alertname: HighLLMCost[^]*got:\[\]/);
			expect(output).toMatch(/alertname: LLMRateLimited[^]*got:\[\]/);
		} finally {
			await rm(folder, { recursive: true });
		}
	});
});
