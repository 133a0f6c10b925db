import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DashboardServer } from "../src/dashboard/index.ts";
import type { LedgerRow } from "../src/ledger/ledger-row.ts";
import { SqliteStore } from "../src/ledger/sqlite-store.ts";
import { Call } from "../src/monitoring/call.ts";
import { CostTracker, initPrometheus, openLedger } from "../src/monitoring/index.ts";
import type { ContenderName } from "./contender.ts";
import { type Figure, type MeasureOptions, median, quantile } from "./result.ts";

const PER_SECOND = 50_000;
const WARM_UP = 20_000;
const DAYS = 365;
const BATCH = 10_000;

/** By the clock, or by the time that this thread has worked: others on the machine lengthen only the first. */
export type TurnBy = "clock" | "work";

/**
 * Milliseconds of the longest time from one turn of the event loop to the next while 50,000 calls a second settle: for ten
 * seconds, or two where a first look will do. The baseline is the same without a ledger.
 */
export async function ledgerStall(
	contender: ContenderName,
	by: TurnBy,
	{ ms }: MeasureOptions,
): Promise<Figure | undefined> {
	if (contender !== "ours" && contender !== "baseline") return undefined;
	const folder = await mkdtemp(join(tmpdir(), "ledger-bench-"));
	try {
		initPrometheus();
		const ledger = contender === "ours" ? openLedger({ path: join(folder, "ledger.db") }) : undefined;
		for (let i = 0; i < WARM_UP; i++) settle(i);
		await ledger?.flush();
		await new Promise((resolve) => setTimeout(resolve, 500));
		const calls = PER_SECOND * (ms >= 500 ? 10 : 2);
		const gaps = await settleEvenly(calls, by === "clock" ? () => performance.now() : worked);
		await ledger?.flush();
		const [all] = (await ledger?.totals({ by: [] })) ?? [];
		if (ledger !== undefined && all?.calls.success !== WARM_UP + calls)
			throw new Error("Not every call has a row.");
		await ledger?.close();
		return { value: Math.max(...gaps), p99: quantile(gaps, 0.99), samples: gaps.length };
	} finally {
		await rm(folder, { recursive: true });
	}
}

function settle(index: number): void {
	const call = new Call({
		operation: "chat",
		route: `route-${index % 5}`,
		provider: "openai",
		model: "gpt-4-turbo",
	});
	call.reportUsage({ inputUncached: 100, output: 50 });
	call.succeed();
}

/** Milliseconds that this thread has worked. */
function worked(): number {
	const { system, user } = process.threadCpuUsage();
	return (system + user) / 1000;
}

/** The time from each turn to the next. */
async function settleEvenly(calls: number, clock: () => number): Promise<number[]> {
	const gaps: number[] = [];
	const start = performance.now();
	let [last, settled] = [clock(), 0];
	await new Promise<void>((resolve) => {
		const turn = (): void => {
			const now = clock();
			gaps.push(now - last);
			last = now;
			const due = Math.min(calls, Math.floor(((performance.now() - start) * PER_SECOND) / 1000));
			for (; settled < due; settled++) settle(settled);
			if (settled < calls) setTimeout(turn, 1);
			else resolve();
		};
		setTimeout(turn, 1);
	});
	return gaps;
}

/** Milliseconds of `/api/costs` by model and day, over that many rows of a year: asked by HTTP, answered in whole. */
export async function ledgerQuery(contender: ContenderName, rows: number): Promise<Figure | undefined> {
	if (contender !== "ours") return undefined;
	const folder = await mkdtemp(join(tmpdir(), "ledger-bench-"));
	const path = join(folder, "ledger.db");
	try {
		await fill(path, rows);
		const ledger = openLedger({ path });
		const server = new DashboardServer(new CostTracker());
		const url = await server.run("127.0.0.1:0");
		const took: number[] = [];
		for (let i = 0; i < 10; i++) {
			// Equal questions within a second share one answer.
			await new Promise((resolve) => setTimeout(resolve, 1100));
			const start = performance.now();
			const response = await fetch(`${url}/api/costs?by=model,day`);
			// What costs.ts answers.
			const { groups, total } = (await response.json()) as {
				groups: unknown[];
				total: { calls: { total: number } };
			};
			took.push(performance.now() - start);
			if (total.calls.total !== rows || groups.length < DAYS) throw new Error("The answer is not whole.");
		}
		await server.close();
		await ledger.close();
		return { value: median(took), p99: Math.max(...took), samples: took.length };
	} finally {
		await rm(folder, { recursive: true });
	}
}

const MODELS = [
	"gpt-4o",
	"gpt-4o-mini",
	"gpt-4.1",
	"claude-sonnet-4",
	"claude-haiku-4",
	"gemini-pro",
	"gemini-flash",
	"grok-4",
];

async function fill(path: string, rows: number): Promise<void> {
	const store = new SqliteStore(path);
	const start = Date.UTC(2026, 0, 1);
	const step = (DAYS * 86_400_000) / rows;
	for (let first = 0; first < rows; first += BATCH) {
		const count = Math.min(BATCH, rows - first);
		await store.append(
			Array.from({ length: count }, (_, i) => rowOf(first + i, Math.floor(start + (first + i) * step))),
		);
	}
	await store.close();
}

function rowOf(index: number, at: number): LedgerRow {
	const model = MODELS[index % MODELS.length] ?? "";
	return {
		process: "bench",
		sequence: index,
		source: "call",
		at,
		route: ["chat", "summarize", "search"][index % 3] ?? "",
		model,
		answeredModel: model,
		provider: "openai",
		operation: "chat",
		outcome: "success",
		errorType: undefined,
		usage: { inputUncached: 1000, cacheRead: 200, output: index % 500 },
		usageMissing: undefined,
		cost: { whole: 0, pico: 1_234_567_890 },
		unpriced: undefined,
		priceSource: "genai-prices",
		pricedModel: model,
		latencyMs: 1234.5,
		timeToFirstTokenMs: undefined,
		attempts: 1,
		tags: index % 2 === 0 ? undefined : { team: "search" },
	};
}
