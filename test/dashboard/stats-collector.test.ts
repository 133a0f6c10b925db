import { expect, test, vi } from "vitest";
import { VERSION } from "../../src/core/version.ts";
import { StatsCollector } from "../../src/dashboard/stats-collector.ts";
import { meteredFetch } from "../../src/instrument/index.ts";
import {
	addBudget,
	CostTracker,
	incActiveRequests,
	incCacheHit,
	incCacheMiss,
	initPrometheus,
	recordLlmCost,
	recordLlmError,
	recordLlmLatency,
	recordLlmTokens,
	recordRateLimit,
} from "../../src/monitoring/index.ts";

const handle = initPrometheus({ routes: ["chat", "declared"], models: ["gpt-4-turbo"], onError: () => {} });
const costs = new CostTracker();
const collector = new StatsCollector(handle, costs, "Simulated data");

test("before the first call nothing is made up: no NaN, no percentile, no rate of nothing, no row", () => {
	const stats = collector.collect();
	expect(JSON.parse(JSON.stringify(stats))).toEqual(stats); // NaN and Infinity would become null
	expect(stats).toMatchObject({
		version: VERSION,
		notice: "Simulated data",
		since: handle.since,
		cost: { since: costs.since, usd: 0, cents: "0", recentUsd: 0 },
		tokens: { input: 0, output: 0, total: 0, cacheRead: 0, byModel: [] },
		firstToken: { recent: { count: 0, p50: null }, total: { count: 0, p50: null } },
		savedByCacheUsd: 0,
		remaining: [],
		month: null,
		todayUsd: null,
		ledger: null,
		budgets: [],
		latency: { recent: { count: 0, p50: null, p90: null, p99: null }, largestBoundMs: 600_000 },
		cache: { recent: { rate: null }, total: { rate: null } },
		errors: { perSecond: 0, total: 0, byType: [] },
		active: { total: 0, byModel: [] },
		rateLimits: [],
		unpriced: [],
		usageMissing: [],
		internalErrors: 0,
		pairs: [],
		history: { costUsd: [], p50: [] },
	});
});

test("what was recorded comes out, summed and sorted", () => {
	recordLlmTokens("chat", "gpt-4-turbo", 150, 50);
	recordLlmTokens("summarize", "claude-3-haiku", 1000, 10);
	recordLlmTokens("chat", "claude-3-haiku", 1, 2);
	for (let i = 0; i < 10; i += 1) recordLlmCost("chat", "gpt-4-turbo", 0.0000001);
	recordLlmCost("summarize", "claude-3-haiku", 0.0025);
	for (const ms of [10, 20, 30, 700]) recordLlmLatency("chat", "gpt-4-turbo", ms);
	for (let i = 0; i < 3; i += 1) incCacheHit("chat");
	incCacheMiss("chat");
	recordLlmError("chat", "gpt-4-turbo", "timeout");
	recordLlmError("chat", "claude-3-haiku", "timeout");
	recordLlmError("chat", "gpt-4-turbo", "quota");
	recordRateLimit("openai", "gpt-4-turbo");
	incActiveRequests("chat", "gpt-4-turbo");
	incActiveRequests("chat", "gpt-4-turbo");
	recordLlmCost("chat", "gpt-4-turbo", Number.NaN); // refused

	const stats = collector.collect();
	expect(stats.cost).toMatchObject({ usd: 0.002501, cents: "0.2501", recentUsd: 0.002501 });
	expect(stats.tokens).toEqual({
		input: 1151,
		output: 62,
		cacheRead: 0,
		total: 1213,
		byModel: [
			{ model: "claude-3-haiku", input: 1001, output: 12, total: 1013 },
			{ model: "gpt-4-turbo", input: 150, output: 50, total: 200 },
		],
	});
	// Three in (0, 50], one in (500, 1000]: rank 2 is 2/3 of the first, ranks 3.6 and 3.96 are 0.6 and 0.96 of the other.
	for (const { count, p50, p90, p99 } of [stats.latency.recent, stats.latency.total]) {
		expect(count).toBe(4);
		expect(p50).toBeCloseTo(33.3333333, 6);
		expect(p90).toBeCloseTo(800, 6);
		expect(p99).toBeCloseTo(980, 6);
	}
	expect(stats.cache).toEqual({
		recent: { hits: 3, misses: 1, rate: 0.75 },
		total: { hits: 3, misses: 1, rate: 0.75 },
	});
	// In the first second a rate is per second, so three errors are three a second.
	expect(stats.errors.total).toBe(3);
	expect(stats.errors.perSecond).toBeCloseTo(3 / Math.max(1, stats.rateSeconds), 9);
	expect(stats.errors.byType.map(({ total, type }) => [type, total])).toEqual([
		["timeout", 2],
		["quota", 1],
	]);
	expect(stats.active).toEqual({ total: 2, byModel: [{ model: "gpt-4-turbo", count: 2 }] });
	expect(stats.rateLimits).toEqual([{ provider: "openai", model: "gpt-4-turbo", count: 1 }]);
	expect(stats.internalErrors).toBe(1);
});

test("a row for each pair that was used, the dearest first", () => {
	const { pairs } = collector.collect();
	expect(pairs.map(({ model, route }) => [route, model])).toEqual([
		["summarize", "claude-3-haiku"],
		["chat", "gpt-4-turbo"],
		["chat", "claude-3-haiku"],
	]);
	expect(pairs[1]).toMatchObject({
		requests: 0,
		errors: 2,
		inputTokens: 150,
		outputTokens: 50,
		costUsd: 0.000001,
		unpriced: 0,
		active: 2,
	});
	expect(pairs[1]?.p50).toBeCloseTo(33.3333333, 6);
	expect(pairs[2]).toMatchObject({ costUsd: 0, p50: null, p99: null });
});

test("what providers say of their limits, what their caches gave, and how soon the first token came", async () => {
	const before = collector.collect().firstToken.total.count;
	const headers = { "x-ratelimit-remaining-requests": "4999", "x-ratelimit-remaining-tokens": "149000" };
	const usage = { prompt_tokens: 1000, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 800 } };
	const chunk = { choices: [{ delta: { content: "Hi" } }], model: "gpt-4o-mini", usage: null };
	const frames = [chunk, { ...chunk, choices: [], usage }].map((one) => `data: ${JSON.stringify(one)}\n\n`);
	const type = { ...headers, "content-type": "text/event-stream" };
	const fetch = meteredFetch(
		async () => new Response(`${frames.join("")}data: [DONE]\n\n`, { headers: type }),
		{
			route: "chat",
		},
	);
	const body = JSON.stringify({
		model: "gpt-4o-mini",
		stream: true,
		stream_options: { include_usage: true },
	});
	await (await fetch("https://api.openai.com/v1/chat/completions", { method: "POST", body })).text();
	const stats = collector.collect({ month: null, todayUsd: 1.5, ledger: null });
	expect(stats.remaining).toEqual([
		{ provider: "openai", model: "gpt-4o-mini", resource: "requests", value: 4999 },
		{ provider: "openai", model: "gpt-4o-mini", resource: "tokens", value: 149_000 },
	]);
	expect(stats.tokens.cacheRead).toBe(800);
	expect(stats.firstToken.total.count).toBe(before + 1);
	expect(stats.firstToken.total.p50).toBeGreaterThan(0);
	expect(stats.firstToken.largestBoundMs).toBeGreaterThan(0);
	expect(stats.todayUsd).toBe(1.5);
});

test("a clock that was set back does not make everything recent", () => {
	const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() - 3_600_000);
	const late = new StatsCollector(handle, costs, undefined);
	clock.mockRestore();
	const { cost } = late.collect();
	expect(cost.usd).toBeGreaterThan(0);
	// Ten minutes later nothing has been spent for more than five.
	const later = performance.now() + 600_000;
	const time = vi.spyOn(performance, "now").mockReturnValue(later);
	expect(late.collect().cost.recentUsd).toBe(0);
	time.mockRestore();
});

test("budgets stand as they are, in the order of their adding", () => {
	const first = addBudget({ name: "b", limitUsd: 1, window: "month", scope: { route: "budgeted" } });
	const second = addBudget({ name: "a", limitUsd: 2, window: "day", block: true, scope: { route: "none" } });
	recordLlmCost("budgeted", "gpt-4-turbo", 0.25);
	expect(collector.collect().budgets).toMatchObject([
		{
			name: "b",
			limitUsd: 1,
			spentUsd: 0.25,
			reservedUsd: 0,
			window: "month",
			blocks: false,
			blockedCalls: 0,
		},
		{ name: "a", limitUsd: 2, spentUsd: 0, window: "day", blocks: true },
	]);
	first.close();
	second.close();
	expect(collector.collect().budgets).toEqual([]);
});
