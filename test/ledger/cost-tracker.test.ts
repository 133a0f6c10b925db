import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { monthCosts } from "../../src/ledger/month-costs.ts";
import { SqliteStore } from "../../src/ledger/sqlite-store.ts";
import { CostTracker, initPrometheus, openLedger, recordLlmCost } from "../../src/monitoring/index.ts";
import { CachedBackend, InstrumentedBackend, type LLMBackend } from "../../src/providers/index.ts";
import { row } from "../contract/ledger-rows.ts";

test("with a ledger a tracker knows what was spent before the process", async () => {
	initPrometheus();
	const folder = mkdtempSync(join(tmpdir(), "cost-tracker-"));
	const path = join(folder, "costs.db");
	const before = new SqliteStore(path);
	await before.append([row(1, { at: Date.now() })]);
	await before.close();
	const ledger = openLedger({ path });
	const costs = new CostTracker({ ledger });
	recordLlmCost("chat", "gpt-4-turbo", 0.0025);
	await ledger.flush();
	expect(costs.totals()).toMatchObject({ costCents: "0.25" });
	expect(await costs.history({ by: ["provider"] })).toMatchObject({
		groups: [
			{ group: { provider: "" }, costUsd: "0.0025", manualRecords: 1 },
			{ group: { provider: "openai" }, costUsd: "0.0025", calls: { total: 1 } },
		],
		total: { costUsd: "0.005" },
	});
	expect(await costs.month()).toMatchObject({ costUsd: "0.005", savedByCacheUsd: "0" });
	costs.close();
	await ledger.close();
	rmSync(folder, { recursive: true });
});

test("without one it says what is missing", async () => {
	const costs = new CostTracker();
	await expect(costs.history({ by: ["day"] })).rejects.toThrow(/new CostTracker\(\{ ledger/);
	// A user's program may be plain JavaScript.
	expect(() => new CostTracker({ ledger: "costs.db" as never })).toThrow(
		/expected what openLedger\(\) returns/,
	);
	costs.close();
});

test("a month is projected by the days that have passed of it", () => {
	const spent = { ...empty(), costPico: 10_000_000_000_000n };
	// November has 30 days: $10 in the first 10 of them are $30; December has 31.
	expect(monthCosts([spent], Date.UTC(2026, 10, 11))).toEqual({
		month: "2026-11-01",
		costUsd: "10",
		projectedUsd: 30,
	});
	expect(monthCosts([spent], Date.UTC(2026, 11, 11)).projectedUsd).toBe(31);
	expect(monthCosts([spent], Date.UTC(2026, 10, 1, 23)).projectedUsd).toBeUndefined();
});

function empty() {
	return {
		group: [],
		calls: {
			success: 0,
			error: 0,
			aborted: 0,
			abandoned: 0,
		},
		manualRecords: 0,
		inputTokens: 0,
		outputTokens: 0,
		cacheReadTokens: 0,
		cacheWriteTokens: 0,
		reasoningTokens: 0,
		unpricedCalls: 0,
		callsWithoutUsage: 0,
	};
}

test("an answer from a response cache has saved what it would have cost", async () => {
	const costs = new CostTracker();
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
	const llm = new InstrumentedBackend(new CachedBackend(backend, "cached"), "openai", "cached");
	for (let i = 0; i < 3; i += 1) await llm.infer([], [], 0.7);
	const outside = new CachedBackend(new InstrumentedBackend(backend, "openai", "outside"), "outside");
	for (let i = 0; i < 3; i += 1) await outside.infer([], [], 0.7);
	// 100 × $10 and 50 × $30 for a million is $0.0025: paid once, saved twice.
	expect(costs.byRoute().get("cached")).toMatchObject({
		costCents: "0.25",
		savedByCacheCents: "0.5",
		calls: { success: 1 },
	});
	// Whichever of the two wraps the other.
	expect(costs.byRoute().get("outside")).toEqual(costs.byRoute().get("cached"));
	costs.close();
});
