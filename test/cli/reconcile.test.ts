import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DashboardServer } from "../../src/dashboard/index.ts";
import {
	CostTracker,
	initPrometheus,
	type Ledger,
	openLedger,
	recordLlmCost,
} from "../../src/monitoring/index.ts";

const MAIN: string = new URL("../../src/cli/main.ts", import.meta.url).pathname;
let folder = "";
let path = "";
let ledger: Ledger;
let server: DashboardServer;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "reconcile-"));
	path = join(folder, "costs.db");
	initPrometheus({ constantLabels: { service: 'a "b", c' } });
	ledger = openLedger({ path });
	server = new DashboardServer(new CostTracker());
	await server.run("127.0.0.1:0");
});
afterAll(async () => {
	await server.close();
	await ledger.close();
	rmSync(folder, { recursive: true });
});

interface Reconciled {
	code: number | null;
	out: string;
	err: string;
}

async function reconcile(...args: string[]): Promise<Reconciled> {
	return reconcileIn({}, ...args);
}

async function reconcileIn(environment: Record<string, string>, ...args: string[]): Promise<Reconciled> {
	const child = spawn(process.execPath, [MAIN, "reconcile", ...args], {
		stdio: ["ignore", "pipe", "pipe"],
		env: { ...process.env, ...environment },
	});
	let [out, err] = ["", ""];
	child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
	child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
	return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err })));
}

describe("hyperagent reconcile", { timeout: 30_000 }, () => {
	test("counters and rows agree to the last digit, whatever the labels are", async () => {
		for (let i = 0; i < 10; i += 1) recordLlmCost("chat", "gpt-4-turbo", 0.1);
		recordLlmCost('a "b"\\,\n', "ü", 1e-12);
		recordLlmCost("z", "\r\u2028", 0.25);
		await ledger.flush();
		const { code, err, out } = await reconcile("--ledger", path, "--url", `${server.url}/metrics`, "--json");
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(JSON.parse(out)).toEqual({
			agrees: true,
			pairs: [
				{
					route: 'a "b"\\,\n',
					model: "ü",
					metricsUsd: "0.000000000001",
					ledgerUsd: "0.000000000001",
					differenceUsd: "0",
				},
				{ route: "chat", model: "gpt-4-turbo", metricsUsd: "1", ledgerUsd: "1", differenceUsd: "0" },
				{ route: "z", model: "\r\u2028", metricsUsd: "0.25", ledgerUsd: "0.25", differenceUsd: "0" },
			],
		});
	});

	test("a difference is shown, and is no success", async () => {
		await ledger.close();
		recordLlmCost("chat", "gpt-4-turbo", 0.0025); // no row
		ledger = openLedger({ path });
		const { code, err, out } = await reconcile("--ledger", path, "--url", `${server.url}/metrics`);
		expect(code).toBe(2);
		expect(out).toMatch(/^chat +gpt-4-turbo +1\.0025 +1 +-0\.0025$/m);
		expect(out).toMatch(/^total +1\.252500000001 +1\.250000000001 +-0\.0025$/m);
		expect(err).toMatch(/^hyperagent: The counters and the ledger differ: .*\n$/);
	});

	test("a server that wants a token gets the one in the environment, and the answer without it says so", async () => {
		const guarded = new DashboardServer(new CostTracker(), {
			authToken: "a".repeat(32),
			metricsToken: "m".repeat(32),
		});
		await guarded.run("127.0.0.1:0");
		const args = ["--ledger", path, "--url", `${guarded.url}/metrics`, "--json"];
		const told = async (environment: Record<string, string>): Promise<string> => {
			const { err, out } = await reconcileIn(environment, ...args);
			expect(err).not.toMatch(/m{32}|a{32}|x{32}/);
			return err === "" ? Object.keys(JSON.parse(out)).join() : err;
		};
		expect(await told({})).toMatch(/wants a token: set HYPERAGENT_METRICS_TOKEN/);
		expect(await told({ HYPERAGENT_METRICS_TOKEN: "x".repeat(32) })).toMatch(/refuses the token/);
		const agreed = /^agrees,pairs$|The counters and the ledger differ/;
		expect(await told({ HYPERAGENT_METRICS_TOKEN: "m".repeat(32) })).toMatch(agreed);
		expect(await told({ HYPERAGENT_AUTH_TOKEN: "a".repeat(32), HYPERAGENT_METRICS_TOKEN: "" })).toMatch(
			agreed,
		);
		const wrong = { authorization: `Bearer ${"w".repeat(32)}` };
		let status = 0;
		for (let i = 0; i < 50 && status !== 429; i += 1)
			({ status } = await fetch(`${guarded.url}/metrics`, { headers: wrong }));
		expect(await told({ HYPERAGENT_METRICS_TOKEN: "x".repeat(32) })).toMatch(
			/after wrong tokens: try it again/,
		);
		await guarded.close();
	});

	test("what is no such server is told", async () => {
		const other = createServer((_, response) => response.end("up 1\n")).listen(0, "127.0.0.1");
		await new Promise((resolve) => other.once("listening", resolve));
		// It listens on a port.
		const { port } = other.address() as AddressInfo;
		const { code, err } = await reconcile("--ledger", path, "--url", `http://127.0.0.1:${port}/metrics`);
		expect({ code, err }).toEqual({
			code: 2,
			err: expect.stringMatching(/does not tell whose metrics they are/),
		});
		other.close();
		expect((await reconcile("--ledger", path)).err).toMatch(/Expected --ledger FILE and --url/);
	});
});
