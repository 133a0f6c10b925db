import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CostReport } from "../../src/ledger/cost-report.ts";
import { costReport } from "../../src/ledger/cost-report.ts";
import { readLedger } from "../../src/ledger/read-ledger.ts";
import { Call } from "../../src/monitoring/call.ts";
import {
	getPrometheus,
	HyperAgentError,
	CostTracker,
	incCacheHit,
	incCacheMiss,
	initPrometheus,
	openLedger,
	recordLlmCost,
	recordLlmTokens,
	recordRateLimit,
	withTags,
} from "../../src/monitoring/index.ts";
import { CachedBackend, InstrumentedBackend, type LLMBackend } from "../../src/providers/index.ts";
import { PROCESS_ID } from "../../src/core/call-id.ts";
import { installedRecorder, Recorder } from "../../src/metrics/recorder.ts";

initPrometheus();
let folder = "";
let path = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "ledger-"));
	path = join(folder, "costs.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

function settle(route: string): void {
	const call = new Call({ operation: "chat", route, provider: "openai", model: "gpt-4-turbo" });
	call.reportUsage({ inputUncached: 100, output: 50 });
	call.succeed();
}

describe("openLedger", () => {
	test("each call, and each record by hand, is a row once it is flushed", async () => {
		const ledger = openLedger({ path });
		withTags({ team: "search" }, () => withTags({ tier: "gold" }, () => settle("chat")));
		recordLlmCost("manual", "mine", 0.1);
		recordLlmTokens("manual", "mine", 150, 50);
		await ledger.flush();
		expect(ledger.state).toMatchObject({ writable: true, pendingRows: 0, lostRows: 0, lastError: undefined });
		const rows = await ledger.calls({ limit: 10 });
		expect(rows.find(({ source }) => source === "call")).toMatchObject({
			route: "chat",
			model: "gpt-4-turbo",
			provider: "openai",
			outcome: "success",
			process: PROCESS_ID,
			usage: {
				inputUncached: 100,
				output: 50,
			},
			cost: {
				whole: 0,
				pico: 25e8,
			},
			tags: {
				team: "search",
				tier: "gold",
			},
		});
		expect(costReport({ by: ["route"] }, await ledger.totals({ by: ["route"] }))).toMatchObject({
			groups: [
				{
					group: { route: "chat" },
					costUsd: "0.0025",
					inputTokens: 100,
					outputTokens: 50,
					calls: { total: 1 },
				},
				{
					group: { route: "manual" },
					costUsd: "0.1",
					inputTokens: 150,
					outputTokens: 50,
					calls: { total: 0 },
					manualRecords: 2,
				},
			],
			total: { costUsd: "0.1025" },
		});
		await ledger.close();
		expect(readdirSync(folder)).toEqual(["costs.db"]);
	});

	test("the rows of a process agree with its counters to the last digit", async () => {
		const ledger = openLedger({ path });
		// Sums that doubles get wrong: 0.1 + 0.2, and a third of 10⁻¹² dollars.
		for (let i = 0; i < 1000; i += 1) {
			settle("exact");
			recordLlmCost("exact", "mine", 0.1);
			recordLlmCost("exact", "mine", 0.2);
			recordLlmCost("exact", "mine", 1e-12 / 3 + 7e-9);
		}
		await ledger.flush();
		const rows = (await ledger.processPairs(PROCESS_ID)).filter(({ route }) => route === "exact");
		// 1000 × $0.0025, and 1000 × ($0.3 + 7,000 of 10⁻¹² dollars)
		expect(rows.map(({ costPico }) => costPico)).toEqual([2_500_000_000_000n, 300_000_007_000_000n]);
		const text = getPrometheus().render();
		expect(text).toContain('llm_cost_usd_total{route="exact",model="gpt-4-turbo"} 250\n');
		expect(text).toContain('llm_cost_usd_total{route="exact",model="mine"} 30000.0007\n');
		await ledger.close();
	});

	test("what is no call is kept for the page, and in no cost", async () => {
		const before = openLedger({ path });
		incCacheHit("events");
		incCacheMiss("events");
		recordRateLimit("openai", "gpt-4-turbo");
		const answer = {
			content: "",
			toolCalls: [],
			finishReason: "stop",
			model: "gpt-4-turbo",
			usage: { inputUncached: 100, output: 50 },
		} as const;
		const backend: LLMBackend = {
			infer: async () => answer,
			inferStream: () => expect.fail("Nobody streams."),
			embed: () => expect.fail("Nobody embeds."),
			modelInfo: () => ({ model: "gpt-4-turbo", provider: "openai" }),
		};
		const llm = new InstrumentedBackend(new CachedBackend(backend, "events"), "openai", "events");
		for (let i = 0; i < 3; i += 1) await llm.infer([], [], 0.7);
		await before.close();
		// In another process it would be the same: the file is asked.
		const ledger = openLedger({ path });
		const range = { since: Date.now() - 60_000, until: Date.now() + 1, stepSeconds: 60 };
		const { groups, total } = await ledger.series(range);
		expect(total).toMatchObject({
			calls: { success: 1 },
			costPico: 2_500_000_000n,
			cacheHits: 3,
			cacheMisses: 2,
			rateLimited: 1,
			// Two of the three were served, at $0.0025 each.
			savedPico: 5_000_000_000n,
		});
		expect(groups.find(({ route }) => route === "events")).toMatchObject({ savedPico: 5_000_000_000n });
		expect(costReport({ by: [] }, await ledger.totals({ by: [] })).total).toMatchObject({
			costUsd: "0.0025",
			calls: { total: 1 },
			manualRecords: 0,
		});
		const costs = new CostTracker({ ledger });
		expect(await costs.month()).toMatchObject({ costUsd: "0.0025", savedByCacheUsd: "0.005" });
		costs.close();
		expect((await ledger.calls({ limit: 10 })).length).toBe(1);
		expect(await ledger.processPairs(PROCESS_ID)).toMatchObject([{ costPico: 2_500_000_000n }]);
		await ledger.close();
	});

	test("labels in excess are those of the counters, whichever call ends first", async () => {
		const was = installedRecorder.value;
		const recorder = new Recorder({ bounds: { pairs: 4 } });
		installedRecorder.value = recorder;
		const ledger = openLedger({ path, maxPairs: 4 });
		try {
			const models = ["gpt-4-turbo", "gpt-4", "gpt-4o"];
			const calls = models.map((model) => {
				return new Call({ operation: "chat", route: "chat", provider: "openai", model });
			});
			const asked = vi.spyOn(recorder, "pair");
			// Room for two models, for the route's `other`, and for that of all other routes.
			for (const call of calls.toReversed()) {
				call.reportUsage({ inputUncached: 100, output: 50 });
				call.succeed();
			}
			await ledger.flush();
			const pairs = await ledger.processPairs(PROCESS_ID);
			expect(pairs.map(({ model }) => model)).toEqual(["gpt-4", "gpt-4-turbo", "other"]);
			// Another question would count what is in excess twice.
			expect(asked).not.toHaveBeenCalled();
		} finally {
			installedRecorder.value = was;
			await ledger.close();
		}
	});

	test("a thread that is gone is told, and what it was given is written by the next one", async () => {
		let worker: Worker | undefined;
		process.once("worker", (one) => (worker = one));
		const ledger = openLedger({ path, onError: () => undefined });
		settle("chat");
		await ledger.flush();
		await worker?.terminate();
		expect(ledger.state.writable).toBe(false);
		expect(ledger.state.lastError).toMatch(/thread has ended/);
		settle("chat");
		await expect(ledger.flush()).rejects.toThrow(/thread has ended/);
		await expect
			.poll(() => ledger.state, { timeout: 5000 })
			.toMatchObject({ pendingRows: 0, writable: true });
		expect((await ledger.calls({ limit: 5 })).length).toBe(2);
		await ledger.close();
	});

	test("rows are written without a flush in a quarter of a second", async () => {
		const ledger = openLedger({ path });
		settle("chat");
		await ledger.flush(); // by then its thread has started
		settle("chat");
		await new Promise((resolve) => setTimeout(resolve, 250));
		expect(ledger.state.pendingRows).toBe(0);
		expect((await ledger.calls({ limit: 5 })).length).toBe(2);
		await ledger.close();
	});

	test("a ledger that is closed answers no more, and starts nothing anew", async () => {
		const ledger = openLedger({ path });
		settle("chat");
		await ledger.close();
		await expect(ledger.totals({ by: [] })).rejects.toThrow(
			"The ledger has been closed: ask it before close().",
		);
	});

	test("what no row can be kept of is lost, counted and told, and no call notices", async () => {
		const told: string[] = [];
		// A folder is no file: nothing can be written, and the spool lies in it.
		const ledger = openLedger({
			path: join(folder, "no", "such", "folder.db"),
			spoolBytes: 0,
			maxPendingRows: 100,
			onError: ({ message }) => told.push(message),
		});
		for (let i = 0; i < 150; i += 1) settle("chat");
		expect(ledger.state).toMatchObject({ lostRows: 50, losing: true, pendingRows: 100 });
		await expect(ledger.flush()).rejects.toThrow(HyperAgentError);
		expect(told.join("\n")).toMatch(/100 rows wait: further ones are lost/);
		expect(getPrometheus().render()).toMatch(/hyperagent_ledger_pending_rows 100\n/);
		rmSync(folder, { recursive: true });
		await ledger.close();
	});

	test.each([
		// The file system of /proc says that there is no such folder, and makes none.
		["a folder that cannot be made", () => "/proc/hyperagent-none/costs.db"],
		["a file that is no folder", () => join(path, "costs.db")],
	])(
		"below %s nothing is kept, which is told at each turn, and nothing waits for ever",
		{ timeout: 40_000 },
		async (_, pathOf) => {
			writeFileSync(path, "");
			const told: string[] = [];
			const ledger = openLedger({ path: pathOf(), onError: ({ message }) => told.push(message) });
			const why = `unable to open database file: ${pathOf()} must be a file in a folder that this process may write to`;
			// Before there is a row, none is said to be anywhere.
			await expect.poll(() => told, { timeout: 20_000 }).toEqual([`The ledger cannot be written (${why}).`]);
			settle("chat");
			await expect(ledger.flush()).rejects.toThrow(`The ledger could not be flushed: ${why}`);
			await expect(ledger.totals({ by: [] })).rejects.toThrow(why);
			expect(told[1]).toBe(`The ledger cannot be written (${why}); its rows are held in memory alone.`);
			const closed = ledger.close();
			const lost = "1 rows are lost with the end of the process.";
			await expect(ledger.flush()).rejects.toThrow(`it was closed, and ${lost}`);
			await closed;
			await expect(ledger.flush()).rejects.toThrow(`it was closed, and ${lost}`);
			expect(told.slice(2)).toEqual([lost]);
		},
	);

	test("what was flushed while the ledger closes is safe", async () => {
		const ledger = openLedger({ path });
		settle("chat");
		const closed = ledger.close();
		await ledger.flush();
		await closed;
		await ledger.flush();
		const store = await readLedger(path, (message) => expect.fail(message));
		expect(await store.totals({ by: [] })).toMatchObject([{ calls: { success: 1 } }]);
		await store.close();
	});

	test.each([
		[{ path: "" }, "path"],
		[{ path: ":memory:" }, "path"],
		[{ path: "a\0b" }, "path"],
		[{ path: "x.db", spoolBytes: -1 }, "spoolBytes"],
		[{ path: "x.db", keepCallsDays: 0 }, "keepCallsDays"],
		[{ path: "x.db", maxPendingRows: 0.5 }, "maxPendingRows"],
	])("%j is refused", (options, name) => {
		expect(() => openLedger(options)).toThrow(new RegExp(`openLedger\\(\\): expected .* at \`${name}\``));
	});
});

/** How a program has ended, and what it has left. */
interface Ended {
	readonly code: number | null;
	readonly signal: string | null;
	readonly files: readonly string[];
	readonly report: CostReport;
}

/** Runs the program to its end. */
async function run(
	way: string,
	options: { flags?: readonly string[]; cwd?: string; file?: string } = {},
): Promise<Ended> {
	const program = new URL("ending-process.ts", import.meta.url).pathname;
	const { cwd, file = path, flags = [] } = options;
	const child = spawn(process.execPath, [...flags, program, file, way], { stdio: "ignore", cwd });
	const end = await new Promise<{ code: number | null; signal: string | null }>((resolve) => {
		child.once("close", (code, signal) => resolve({ code, signal }));
	});
	const files = readdirSync(folder);
	const store = await readLedger(path, (message) => expect.fail(message));
	const report = costReport({ by: ["route"] }, await store.totals({ by: ["route"] }));
	await store.close();
	return { ...end, files, report };
}

describe("a program that ends right after its last call loses nothing", { timeout: 20_000 }, () => {
	const three = { total: { calls: { total: 3 }, costUsd: "0.0075" } };

	test.each([
		["by itself", "", 0, null],
		["by process.exit()", "exit", 5, null],
		["by an error that nobody catches", "throw", 1, null],
		["by a signal, of which it dies as it would have", "signal", null, "SIGTERM"],
		["after close()", "close", 0, null],
		["by process.exit() in the middle of close()", "exit-while-closing", 5, null],
		["by a signal, with two ledgers", "two-ledgers", null, "SIGTERM"],
	])("%s", async (_, way, code, signal) => {
		const ended = await run(way);
		expect({ code: ended.code, signal: ended.signal }).toEqual({ code, signal });
		expect(ended.report).toMatchObject(three);
		expect(readdirSync(folder).filter((name) => name.includes("spool"))).toEqual([]);
	});

	test("by process.exit() in the line after an answer", async () => {
		const { code, report } = await run("exit-after-answer");
		expect({ code, report }).toMatchObject({
			code: 5,
			report: { total: { calls: { total: 4 }, costUsd: "0.01" } },
		});
	});

	test("by process.exit() when it has had a spool, which it takes with it", async () => {
		const { code, files, report } = await run("later");
		expect({ code, report }).toMatchObject({ code: 5, report: three });
		expect(files.filter((name) => name.includes("spool"))).toEqual([]);
	});

	test("and the file of a relative path stays where it was when the program goes elsewhere", async () => {
		const { code, report } = await run("chdir", { cwd: folder, file: "costs.db" });
		expect(code).toBe(0);
		expect(report.total).toMatchObject({ calls: { total: 3 }, manualRecords: 1 });
	});

	test("where there may be no thread at all, which is told", async () => {
		const flags = ["--permission", "--allow-fs-read=*", "--allow-fs-write=*"];
		const { code, report } = await run("no-thread", { flags });
		expect({ code, report }).toMatchObject({ code: 5, report: three });
	});

	test("by its own handler of a signal, which has its say, and its last record", async () => {
		const { code, report, signal } = await run("own-handler");
		expect({ code, signal }).toEqual({ code: 7, signal: null });
		expect(report.total).toMatchObject({ calls: { total: 3 }, manualRecords: 1, costUsd: "0.01" });
	});
});
