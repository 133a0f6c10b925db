import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test("the last hour comes in the steps that were asked for, at whatever second", async () => {
	let now = SEVEN + 5 * HOUR_MS;
	const store = new SqliteStore(":memory:", { now: () => now });
	for (let seconds = 0; seconds < 60; seconds += 7) {
		now += 7000;
		store.keepWithin(MEMORY_LIMITS, now);
		for (const [hours, stepSeconds] of [
			[1, 30],
			[3, 60],
		] as const) {
			const range = { since: now - hours * HOUR_MS, until: now + 1, stepSeconds };
			expect((await store.series(range)).stepSeconds).toBe(stepSeconds);
		}
	}
	await store.close();
});

test("where hours are forgotten, those of three that are not tell of them", async () => {
	const now = SEVEN + 20 * HOUR_MS;
	const store = new SqliteStore(":memory:", { now: () => now });
	await store.append(Array.from({ length: 20 }, (_, i) => row(i + 1, { at: SEVEN + i * HOUR_MS })));
	// Of 20 hours the latest ten stay, and all of the seven threes.
	store.keepWithin({ ...MEMORY_LIMITS, steps: 10 }, now);
	const asked = { until: now, stepSeconds: 3600 };
	expect(await store.series({ ...asked, since: now - 10 * HOUR_MS })).toMatchObject({
		stepSeconds: 3600,
		total: { calls: { success: 10 } },
	});
	expect(await store.series({ ...asked, since: SEVEN })).toMatchObject({
		stepSeconds: 10_800,
		total: { calls: { success: 20 } },
	});
	await store.close();
});

test("of totals it keeps the latest hours, each whole or not at all, and all days", async () => {
	const store = new SqliteStore(":memory:", { now: () => SEVEN + HOUR_MS });
	const day = 24 * HOUR_MS;
	const hours = [-2 * day, -2 * day + HOUR_MS, -day, -day, 0, HOUR_MS];
	await store.append(hours.map((ms, i) => row(i + 1, { at: SEVEN + ms, tags: { team: `t${i}` } })));
	const keep = async (totals: number, by: "day" | "hour"): Promise<unknown[]> => {
		store.keepWithin({ ...MEMORY_LIMITS, totals }, SEVEN + HOUR_MS);
		return (await store.totals({ by: [by] })).map(({ calls, group }) => [...group, calls.success]);
	};
	const days = [
		["2026-11-23", 2],
		["2026-11-24", 2],
		["2026-11-25", 2],
	];
	const today = [
		["2026-11-25T07:00Z", 1],
		["2026-11-25T08:00Z", 1],
	];
	expect(await keep(4, "hour")).toEqual([["2026-11-24T07:00Z", 2], ...today]);
	expect(await keep(4, "day")).toEqual(days);
	// Of the hour before these one of two sums would have room.
	expect(await keep(3, "hour")).toEqual(today);
	expect(await keep(3, "day")).toEqual(days);
	await store.close();
});

test("with its calls it forgets which were the dearest of their hour", async () => {
	const folder = mkdtempSync(join(tmpdir(), "memory-limits-"));
	const path = join(folder, "costs.db");
	const store = new SqliteStore(path, { now: () => SEVEN + 10 * HOUR_MS });
	const rows = Array.from({ length: 100 }, (_, i) =>
		row(i + 1, { at: SEVEN + i * (HOUR_MS / 10), cost: { whole: 0, pico: 1000 - i } }),
	);
	await store.append(rows);
	store.keepWithin({ ...MEMORY_LIMITS, calls: 15 }, SEVEN + 10 * HOUR_MS);
	// Ten of the last hour, and five of the one before, whose list would be only a part.
	const dearest = await store.calls({ limit: 1000, order: "dearest" });
	expect(dearest.map(({ sequence }) => sequence)).toEqual(rows.slice(85).map(({ sequence }) => sequence));
	const db = new DatabaseSync(path, { readOnly: true });
	expect(db.prepare("SELECT COUNT(*) AS lists FROM dear_calls").get()?.["lists"]).toBe(1);
	db.close();
	await store.close();
	rmSync(folder, { recursive: true });
});

test("looks into a cache and rate limits take no place from the pairs that calls are counted by", async () => {
	ledger = new MemoryLedger({ report: (message) => expect.fail(message), maxPairs: 6 });
	for (const route of ["one", "two"]) {
		incCacheMiss(route);
		recordRateLimit("openai", `model of ${route}`);
		settle(route);
	}
	// Each pair, the `other` of each route, and that of all.
	const { groups } = await ledger.series(recent());
	const calls = groups.filter((group) => group.calls.success > 0);
	expect(calls.map(({ model, route }) => [route, model])).toEqual([
		["one", "gpt-4-turbo"],
		["two", "gpt-4-turbo"],
	]);
	// They have a bound of their own.
	for (let i = 0; i < 50; i += 1) incCacheMiss(`route-${i}`);
	const { choices, total } = await ledger.series(recent());
	expect(total.cacheMisses).toBe(52);
	expect(choices.routes).toContain("other");
	expect(choices.routes.length).toBeLessThanOrEqual(6);
});

test("it can be closed twice, and hears of nothing then", async () => {
	const memory = open();
	settle("chat");
	await memory.close();
	await memory.close();
	expect(() => settle("chat")).not.toThrow();
});
