import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CallsAnswer } from "../../src/dashboard/calls-answer.ts";
import type { SeriesAnswer } from "../../src/dashboard/series-answer.ts";
import { initPrometheus, openLedger, recordLlmCost } from "../../src/monitoring/index.ts";
import { complaint } from "./hyperagent.ts";

const MAIN: string = new URL("../../src/cli/main.ts", import.meta.url).pathname;

let folder = "";
let path = "";
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "cli-dashboard-"));
	path = join(folder, "costs.db");
	initPrometheus({ onError: () => {} });
	const ledger = openLedger({ path, spoolBytes: 0 });
	recordLlmCost("chat", "gpt-4o", 0.0025);
	recordLlmCost("batch", "gpt-4o", 0.25);
	await ledger.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Running {
	readonly said: () => string;
	readonly url: string;
	/** Sends SIGTERM; how it ended. */
	readonly stop: () => Promise<{ code: number | null; stderr: string }>;
}

async function start(args: readonly string[], env: Record<string, string> = {}): Promise<Running> {
	const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } });
	let [stdout, stderr] = ["", ""];
	child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
	child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
	const ended = once(child, "close");
	await expect.poll(() => stdout + stderr, { timeout: 20_000 }).toContain("Ctrl+C");
	return {
		said: () => stdout,
		url: /http:\/\/127\.0\.0\.1:\d+(?=\/\s)/.exec(stdout)?.[0] ?? "",
		stop: async () => {
			child.kill("SIGTERM");
			await ended;
			return { code: child.exitCode, stderr };
		},
	};
}

describe("hyperagent dashboard", { timeout: 60_000 }, () => {
	test("shows a ledger's file without a program, and leaves it as it was", async () => {
		const running = await start(["dashboard", "--ledger", path, "--address", "127.0.0.1:0"]);
		expect(running.said()).toContain(path);
		const series = (await (await fetch(`${running.url}/api/series`)).json()) as SeriesAnswer; // what it writes
		expect([series.source, series.total.exactUsd]).toEqual(["ledger", "0.2525"]);
		const calls = (await (await fetch(`${running.url}/api/calls?order=dearest`)).json()) as CallsAnswer; // the same
		expect(calls.calls.map(({ costUsd, route }) => [route, costUsd])).toEqual([
			["batch", "0.25"],
			["chat", "0.0025"],
		]);
		expect(await (await fetch(`${running.url}/api/stats`)).json()).toMatchObject({
			notice: expect.stringContaining("costs.db"),
			month: { costUsd: "0.2525" },
		});
		expect(await running.stop()).toEqual({ code: 0, stderr: "" });
		expect(readdirSync(folder)).toEqual(["costs.db"]);
	});

	test("takes its tokens from the environment, where no other user reads them", async () => {
		const env = { HYPERAGENT_AUTH_TOKEN: "correct-horse", HYPERAGENT_METRICS_TOKEN: "scrape" };
		const args = [
			"dashboard",
			"--ledger",
			path,
			"--address",
			"127.0.0.1:0",
			"--metrics-address",
			"127.0.0.1:0",
		];
		const running = await start(args, env);
		const ask = async (what: string, token?: string): Promise<number> =>
			(
				await fetch(
					running.url + what,
					token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } },
				)
			).status;
		expect(await ask("/api/stats")).toBe(401);
		expect(await ask("/api/stats", "correct-horse")).toBe(200);
		expect(await ask("/metrics")).toBe(401);
		expect(await ask("/metrics", "scrape")).toBe(200);
		expect((await running.stop()).code).toBe(0);
	});

	test.each([
		[["dashboard"], /^hyperagent: --ledger: expected the file that openLedger\(\{ path \}\) names\.$/],
		[
			["dashboard", "--ledger", "/nowhere/costs.db"],
			/^hyperagent: There is no ledger at \/nowhere\/costs\.db/,
		],
		[["dashboard", "--ledger", "a", "--ledger", "b"], /^hyperagent: --ledger: expected one value\.$/],
		[["dashboard", "--ledger", "a", "--frobnicate"], /Unknown option `--frobnicate`/],
		[["dashboard", "--ledger", "a", "--metrics-address"], /value is missing/],
		[["demo", "--ledger"], /value is missing/],
	])("%j is one line and exit code 2", async (args, line) => {
		expect(await complaint(args)).toMatch(line);
	});

	test("the demo keeps its calls in the file that it is given", async () => {
		const kept = join(folder, "demo.db");
		const running = await start(["demo", "--address", "127.0.0.1:0", "--speed", "50", "--ledger", kept]);
		const count = async (): Promise<number> =>
			((await (await fetch(`${running.url}/api/calls`)).json()) as CallsAnswer).calls.length; // what it writes
		await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(5);
		expect((await running.stop()).code).toBe(0);
		expect(readdirSync(folder)).toContain("demo.db");
	});
});
