/** A budget that has a ledger: what was spent before it, and what other processes spend, by rows worked by hand. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readPastCosts } from "../../src/ledger/past-costs.ts";
import { SqliteStore } from "../../src/ledger/sqlite-store.ts";
import { windowAt } from "../../src/ledger/budget-window.ts";
import {
	addBudget,
	type Budget,
	type BudgetThreshold,
	initPrometheus,
	type Ledger,
	openLedger,
	recordLlmCost,
} from "../../src/monitoring/index.ts";
import { installedHandle } from "../../src/monitoring/prometheus.ts";
import { row } from "../contract/ledger-rows.ts";

/** A day there begins half an hour from every hour of UTC, so that the roll-ups alone cannot tell it. */
const ZONE = "Asia/Kolkata";

let folder: string;
let ledger: Ledger | undefined;
let budget: Budget | undefined;

beforeEach(() => {
	if (installedHandle.value === undefined) initPrometheus();
	folder = mkdtempSync(join(tmpdir(), "budget-ledger-"));
});

afterEach(async () => {
	budget?.close();
	await ledger?.close();
	rmSync(folder, { recursive: true });
});

const path = (): string => join(folder, "costs.db");

async function append(...rows: Parameters<SqliteStore["append"]>[0]): Promise<void> {
	const store = new SqliteStore(path());
	await store.append(rows);
	await store.close();
}

const cost = (pico: number): { whole: number; pico: number } => ({ whole: 0, pico });

test("a restart forgets nothing: to the millisecond of the window, and only what is in the scope", async () => {
	const { start } = windowAt(Date.now(), "day", ZONE);
	await append(
		row(1, { at: start - 1, cost: cost(1) }),
		row(2, { at: start, cost: cost(20) }),
		row(3, { at: start + 29 * 60_000, cost: cost(300) }),
		row(4, { at: Date.now(), cost: cost(4000) }),
		row(5, { at: Date.now(), cost: cost(50_000), route: "other" }),
	);
	ledger = openLedger({ path: path() });
	const told: BudgetThreshold[] = [];
	budget = addBudget({
		name: "restart",
		limitUsd: 0.000_000_01,
		window: "day",
		timeZone: ZONE,
		scope: { route: "chat" },
		thresholds: [0.4, 0.5],
		onThreshold: (passed) => told.push(passed),
		ledger,
	});
	// 20 + 300 + 4000 of 10,000 × 10⁻¹² USD.
	expect(budget.state.spentCents).toBe("0.000000432");
	await new Promise((resolve) => setImmediate(resolve));
	expect(told.map(({ threshold, wasPassed }) => [threshold, wasPassed])).toEqual([[0.4, true]]);
});

test("what this process and others spend from then on counts once", async () => {
	ledger = openLedger({ path: path() });
	recordLlmCost("chat", "gpt-4-turbo", 0.5);
	await ledger.flush();
	budget = addBudget({ name: "shared", limitUsd: 10, window: "day", scope: { route: "chat" }, ledger });
	expect(budget.state.spentUsd).toBe(0.5);
	recordLlmCost("chat", "gpt-4-turbo", 0.25);
	await append(row(1, { at: Date.now(), cost: { whole: 2, pico: 0 } }));
	await ledger.flush();
	await expect.poll(() => budget?.state.spentUsd, { timeout: 6000 }).toBe(2.75);
	recordLlmCost("chat", "gpt-4-turbo", 0.25);
	expect(budget.state.spentUsd).toBe(3);
});

test("what others spend is heard where the oldest rows of the window are kept no more", async () => {
	const at = Date.now();
	ledger = openLedger({ path: path() });
	recordLlmCost("chat", "gpt-4-turbo", 0.25);
	await ledger.flush();
	await append(row(1, { at: at - 3_600_000, cost: { whole: 2, pico: 0 } }));
	const store = new SqliteStore(path());
	await store.prune({ calls: at - 1000, totals: undefined });
	await store.close();
	const window = at - 3_600_000 < windowAt(at, "month", "UTC").start ? "week" : "month";
	budget = addBudget({ name: "pruned", limitUsd: 10, window, scope: { route: "chat" }, ledger });
	expect(budget.state.spentUsd).toBe(2.25);
	recordLlmCost("chat", "gpt-4-turbo", 0.125);
	await append(row(2, { at, cost: { whole: 4, pico: 0 } }));
	// What it has spent is not taken for another's when it is in the file.
	await ledger.flush();
	await expect.poll(() => budget?.state.spentUsd, { timeout: 6000 }).toBe(6.375);
});

test("a ledger that forgets what was spent in a window is refused, with what to do", () => {
	ledger = openLedger({ path: path(), keepCallsDays: 7, keepTotalsDays: 31 });
	const add = (window: "week" | "month") => (): Budget =>
		addBudget({ name: "short", limitUsd: 10, window, ...(ledger && { ledger }) });
	expect(add("month")).toThrow(
		"a ledger that keeps calls or totals for a whole month: open it with `keepTotalsDays: 32` or more at `ledger`, got '31 days'",
	);
	budget = add("week")();
});

test("a ledger that keeps single calls for ever needs no totals", () => {
	ledger = openLedger({ path: path(), keepTotalsDays: 1 });
	budget = addBudget({ name: "calls", limitUsd: 10, window: "month", ledger });
	expect(ledger.keptDays).toBe(Infinity);
});

test("a file that has no tables yet is none", () => {
	// As the ledger's thread leaves it for a moment.
	writeFileSync(path(), "");
	expect(readPastCosts(path(), { since: 0, process: "0" })).toBeUndefined();
});

test("where there is no file yet, nothing was spent", () => {
	ledger = openLedger({ path: join(folder, "none.db") });
	budget = addBudget({ name: "new", limitUsd: 10, window: "month", ledger });
	expect(budget.state.spentUsd).toBe(0);
});
