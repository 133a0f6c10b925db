import { afterEach, expect, test } from "vitest";
import { openLedgers } from "../../src/ledger/open-ledgers.ts";
import { MemoryLedger } from "../../src/ledger/memory-ledger.ts";
import { HOUR_MS, row, SEVEN } from "../contract/ledger-rows.ts";
import { SqliteStore } from "../../src/ledger/sqlite-store.ts";
import { MEMORY_LIMITS, type MemoryLimits } from "../../src/ledger/memory-limits.ts";
import { Call } from "../../src/monitoring/call.ts";
import {
	bindLlmSeries,
	incCacheHit,
	incCacheMiss,
	initPrometheus,
	recordLlmCost,
	recordLlmError,
	recordLlmLatency,
	recordRateLimit,
} from "../../src/monitoring/index.ts";

initPrometheus();
let ledger: MemoryLedger | undefined;
afterEach(() => ledger?.close());

function open(limits?: MemoryLimits): MemoryLedger {
	ledger = new MemoryLedger({
		report: (message) => expect.fail(message),
		...(limits === undefined ? undefined : { limits }),
	});
	return ledger;
}

function settle(route: string): void {
	const call = new Call({ operation: "chat", route, provider: "openai", model: "gpt-4-turbo" });
	call.reportUsage({ inputUncached: 100, output: 50 });
	call.succeed();
}

const recent = () => ({ since: Date.now() - 60_000, until: Date.now() + 1, stepSeconds: 10 });

test("it answers of what has happened right before the question", async () => {
	const memory = open();
	settle("chat");
	recordLlmCost("chat", "gpt-4-turbo", 0.0025);
	const { total } = await memory.series(recent());
	expect(total).toMatchObject({ calls: { success: 1 }, costPico: 5_000_000_000n, inputTokens: 100 });
	settle("search");
	expect((await memory.calls({ limit: 5, routes: ["search"] })).map(({ route }) => route)).toEqual([
		"search",
	]);
	expect((await memory.calls({ limit: 5, order: "dearest" })).length).toBe(3);
	expect((await memory.totals({ by: ["route"] })).map(({ group }) => group)).toEqual([["chat"], ["search"]]);
	expect(await memory.unpricedModels()).toEqual([]);
	expect(memory.path).toBeUndefined();
	expect(openLedgers.size).toBe(0);
});

test("all that is recorded by hand is in it, as what it is", async () => {
	const memory = open();
	const chat = bindLlmSeries("chat", "m");
	recordLlmLatency("chat", "m", 100);
	chat.recordLatency(100);
	recordLlmError("chat", "m", "timeout");
	recordLlmError("chat", "m", "no such type");
	chat.recordError("quota");
	recordRateLimit("openai", "m");
	incCacheHit("chat");
	incCacheHit("chat");
	incCacheMiss("chat");
	chat.incCacheHit();
	chat.incCacheMiss();
	const { errorsByType, groups, total } = await memory.series(recent());
	expect(total).toMatchObject({ errors: 3, cacheHits: 3, cacheMisses: 2, rateLimited: 1, costPico: 0n });
	expect(total.latency?.p99).toBeGreaterThan(95);
	expect(errorsByType.map(({ name }) => name)).toEqual(["api_error", "quota", "timeout"]);
	expect(
		groups.map(({ model, provider, rateLimited, route }) => [route, model, provider, rateLimited]),
	).toEqual([
		["", "m", "openai", 1],
		["chat", "m", "", 0],
	]);
	expect(await memory.calls({ limit: 10 })).toEqual([]);
	expect(await memory.totals({ by: [] })).toEqual([]);
});

test("it forgets the oldest calls, and the totals stay", async () => {
	const memory = open({ ...MEMORY_LIMITS, calls: 100 });
	for (let i = 0; i < 5000; i += 1) settle(`route-${i % 3}`);
	expect((await memory.calls({ limit: 1000 })).length).toBe(100);
	expect((await memory.calls({ limit: 1000, order: "dearest" })).length).toBe(100);
	expect((await memory.series(recent())).total.calls.success).toBe(5000);
});

test("it keeps the latest steps, each with all of its routes or not at all", async () => {
	const store = new SqliteStore(":memory:", { now: () => SEVEN + HOUR_MS });
	const at = [0, 0, 10_000, 20_000, 20_000, 20_000].map((ms) => SEVEN + ms);
	await store.append(at.map((start, i) => row(i + 1, { at: start, route: `route-${i}` })));
	const calls = async (since: number): Promise<readonly number[]> => {
		const { stepSeconds, steps } = await store.series({ since, until: SEVEN + 30_000, stepSeconds: 10 });
		return [stepSeconds, ...steps.map(({ calls: { success } }) => success)];
	};
	expect(await calls(SEVEN)).toEqual([10, 2, 1, 3]);
	// Of six the oldest two go, which are a step; a fourth one may stay, but not with a half of its step.
	store.keepWithin({ ...MEMORY_LIMITS, steps: 5, calls: 0 }, SEVEN + HOUR_MS);
	expect(await calls(SEVEN + 10_000)).toEqual([10, 1, 3]);
	// What is not kept by ten seconds is by minutes, but all six routes of this one were too many, and of the hour.
	expect(await calls(SEVEN)).toEqual([3600, 0]);
	await store.close();
});

test("it can be closed twice, and hears of nothing then", async () => {
	const memory = open();
	settle("chat");
	await memory.close();
	await memory.close();
	expect(() => settle("chat")).not.toThrow();
});
