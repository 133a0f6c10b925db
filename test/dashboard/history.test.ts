import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { CallsAnswer } from "../../src/dashboard/calls-answer.ts";
import { parseSeriesQuestion } from "../../src/dashboard/history-question.ts";
import { LedgerFiguresReader } from "../../src/dashboard/ledger-figures.ts";
import type { SeriesAnswer } from "../../src/dashboard/series-answer.ts";
import type { DashboardStats } from "../../src/dashboard/stats.ts";
import { meteredFetch } from "../../src/instrument/index.ts";
import { SqliteStore } from "../../src/ledger/sqlite-store.ts";
import {
	initPrometheus,
	type Ledger,
	openLedger,
	recordLlmCost,
	recordLlmError,
	recordRateLimit,
	withTags,
} from "../../src/monitoring/index.ts";
import { row } from "../contract/ledger-rows.ts";
import { type Answer, ask, closeServers, startServer } from "./asking.ts";
import { openEvents } from "./event-stream.ts";

initPrometheus({ onError: () => {} });

/** A call of OpenAI's through Node's fetch, as a program makes it; what the provider answers is given. */
async function call(
	route: string,
	model: string,
	usage: Record<string, unknown>,
	status = 200,
): Promise<void> {
	const answer =
		status === 200 ? { choices: [], model, usage } : { error: { message: "no", type: "server_error" } };
	const fetch = meteredFetch(async () => Response.json(answer, { status }), { route });
	const body = JSON.stringify({ model });
	const asked = await fetch("https://api.openai.com/v1/chat/completions", { method: "POST", body });
	await asked.json();
}

const PLAIN = { prompt_tokens: 1000, completion_tokens: 100 };
const CACHED = { ...PLAIN, prompt_tokens_details: { cached_tokens: 800 } };

/** gpt-4o: $2.50, cached $1.25, $10 a million; gpt-4o-mini: $0.15, $0.075, $0.60. */
async function work(): Promise<void> {
	await call("chat", "gpt-4o", PLAIN); // 0.0025 + 0.001
	await call("chat", "gpt-4o", CACHED); // 0.0005 + 0.001 + 0.001
	await withTags({ tenant: "acme" }, async () => call("summarize", "gpt-4o-mini", PLAIN)); // 0.00015 + 0.00006
	await call("chat", "unheard-of", PLAIN);
	await call("chat", "gpt-4o", {}, 500);
	recordLlmCost("batch", "gpt-4o", 0.25);
	recordRateLimit("openai", "gpt-4o");
}
const COST = 0.0035 + 0.0025 + 0.00021 + 0.25;

let folder = "";
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "history-"));
});
afterAll(async () => {
	rmSync(folder, { recursive: true });
});

function read<T>({ status, text }: Answer): T {
	expect([status, status === 200 ? "" : text]).toEqual([200, ""]);
	return JSON.parse(text) as T; // what the server writes
}

describe.each(["memory", "ledger"] as const)("from the %s", (source) => {
	let url = "";
	let ledger: Ledger | undefined;
	const series = async (query = ""): Promise<SeriesAnswer> => read(await ask(`${url}/api/series${query}`));
	const calls = async (query = ""): Promise<CallsAnswer> => read(await ask(`${url}/api/calls${query}`));

	beforeAll(async () => {
		if (source === "ledger") ledger = openLedger({ path: join(folder, "costs.db"), spoolBytes: 0 });
		url = (await startServer()).url;
		await work();
	});
	afterAll(async () => {
		await closeServers();
		await ledger?.close();
	});

	test("series tell what happened, in all and in each step", async () => {
		const answer = await series();
		expect(answer).toMatchObject({
			source,

			stepSeconds: expect.any(Number),
			choices: {
				routes: ["batch", "chat", "summarize"],
				models: ["gpt-4o", "gpt-4o-mini", "unheard-of"],
				providers: ["openai"],
			},
			total: {
				calls: 5,
				errors: 1,
				failed: 1,
				inputTokens: 4000,
				outputTokens: 400,
				cacheReadTokens: 800,
				exactUsd: "0.25621",
				unpriced: 1,
				rateLimited: 1,
				p50: expect.any(Number),
				firstTokenP50: null,
			},
		});
		expect(answer.total.costUsd).toBeCloseTo(COST, 12);
		// Without what was recorded by hand.
		expect(answer.total.callsUsd).toBeCloseTo(0.00621, 12);
		expect(answer.since).toBeLessThanOrEqual(Date.now() - 3_600_000);
		expect(answer.until).toBeGreaterThanOrEqual(Date.now());
		expect(answer.at).toHaveLength((answer.until - answer.since) / 1000 / answer.stepSeconds);
		expect(answer.at[1]).toBe(answer.since + answer.stepSeconds * 1000);
		const { steps } = answer;
		for (const list of Object.values(steps)) expect(list).toHaveLength(answer.at.length);
		const sum = (list: readonly number[]): number => list.reduce((all, one) => all + one, 0);
		expect(sum(steps.calls)).toBe(5);
		expect(sum(steps.inputTokens)).toBe(4000);
		expect(sum(steps.costUsd)).toBeCloseTo(COST, 12);
		expect(answer.tokensByModel.map(({ model, total }) => [model, total])).toEqual([
			["gpt-4o", 2200],
			["gpt-4o-mini", 1100],
			["unheard-of", 1100],
		]);
		expect(answer.errorsByType.map(({ total, type }) => [type, total])).toEqual([["api_error", 1]]);
		expect(sum(answer.errorsByType[0]?.steps ?? [])).toBe(1);
		const [dearest, next] = answer.groups;
		expect(dearest).toMatchObject({
			route: "batch",
			model: "gpt-4o",
			provider: "",
			calls: 0,
			exactUsd: "0.25",
		});
		expect(dearest?.share).toBeCloseTo(0.25 / COST, 12);
		expect(dearest?.spark).toHaveLength(24);
		expect(sum(dearest?.spark ?? [])).toBeCloseTo(0.25, 12);
		expect(next).toMatchObject({ route: "chat", model: "gpt-4o", provider: "openai", calls: 3, errors: 1 });
		expect(sum(answer.groups.map(({ share }) => share))).toBeCloseTo(1, 9);
	});

	test("series are of what the filters name, any of a kind and all kinds together", async () => {
		expect((await series("?route=chat")).total).toMatchObject({ calls: 4, exactUsd: "0.006" });
		expect((await series("?model=gpt-4o-mini&model=unheard-of")).total).toMatchObject({
			calls: 2,
			exactUsd: "0.00021",
		});
		expect((await series("?route=chat&model=gpt-4o-mini")).total).toMatchObject({ calls: 0, exactUsd: "0" });
		expect((await series("?provider=openai&since=15m")).total).toMatchObject({
			calls: 5,
			exactUsd: "0.00621",
		});
		expect((await series("?route=nobody")).choices.routes).toEqual(["batch", "chat", "summarize"]);
		const past = await series("?since=2020-01-01&until=2020-01-02T00:00Z&step=3600");
		expect([past.total.calls, past.since, past.until, past.at.length]).toEqual([
			0,
			Date.UTC(2020, 0, 1),
			Date.UTC(2020, 0, 2),
			24,
		]);
	});

	test("calls come one by one, the latest first, with what their cost is made of", async () => {
		const { calls: all, next } = await calls();
		expect(next).toBeNull();
		expect(all).toHaveLength(6);
		expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).toSorted((a, b) => b - a));
		const cached = all.find(({ parts }) => parts.some((part) => part.class === "cache read"));
		expect(cached).toMatchObject({
			source: "call",
			route: "chat",
			model: "gpt-4o",
			provider: "openai",
			operation: "chat",
			outcome: "success",
			errorType: null,
			attempts: 1,
			inputTokens: 1000,
			outputTokens: 100,
			costUsd: "0.0025",
			priceSource: "genai-prices",
			pricedModel: "gpt-4o",
			tags: {},
			partsAddUp: true,
			parts: [
				{ class: "input", count: 200, price: 2.5, per: "million", costUsd: 0.0005 },
				{ class: "cache read", count: 800, price: 1.25, per: "million", costUsd: 0.001 },
				{ class: "output", count: 100, price: 10, per: "million", costUsd: 0.001 },
			],
		});
		expect(all.find(({ route }) => route === "summarize")).toMatchObject({
			tags: { tenant: "acme" },
			costUsd: "0.00021",
		});
		expect(all.find(({ model }) => model === "unheard-of")).toMatchObject({
			unpriced: "unknown_model",
			costUsd: null,
			partsAddUp: false,
			parts: [
				{ class: "input", count: 1000, price: null, per: "million", costUsd: null },
				{ class: "output", count: 100, price: null, per: "million", costUsd: null },
			],
		});
		expect(all.find(({ source }) => source === "manual")).toMatchObject({
			route: "batch",
			outcome: null,
			costUsd: "0.25",
		});
		expect(all.find(({ outcome }) => outcome === "error")).toMatchObject({
			errorType: "api_error",
			parts: [],
		});
	});

	test("calls are filtered, the dearest first where that is asked, and come in pages", async () => {
		const of = async (query: string): Promise<string[]> =>
			(await calls(query)).calls.map(({ costUsd, model, route }) => `${route} ${model} ${costUsd}`);
		expect(await of("?outcome=error")).toEqual(["chat gpt-4o null"]);
		expect(await of("?route=summarize&route=batch&order=dearest")).toEqual([
			"batch gpt-4o 0.25",
			"summarize gpt-4o-mini 0.00021",
		]);
		for (const order of ["latest", "dearest"]) {
			const whole = (await calls(`?order=${order}`)).calls.map(({ id }) => id);
			const paged: string[] = [];
			let after = "";
			do {
				const page = await calls(`?order=${order}&limit=2${after}`);
				expect(page.calls.length).toBeLessThanOrEqual(2);
				paged.push(...page.calls.map(({ id }) => id));
				after = page.next === null ? "" : `&after=${encodeURIComponent(page.next)}`;
			} while (after !== "");
			expect(paged).toEqual(whole);
		}
		expect((await calls("?limit=6")).next).toBeNull();
		expect((await calls("?until=2020-01-01")).calls).toEqual([]);
	});

	test("stats tell the month, today, and how the history does", async () => {
		const { ledger: state, month, todayUsd } = read<DashboardStats>(await ask(`${url}/api/stats`));
		expect(state).toEqual({ source, writable: true, pendingRows: 0, lostRows: 0 });
		expect(month?.costUsd).toBe("0.25621");
		expect(todayUsd).toBeCloseTo(COST, 12);
	});

	test("who hears of a call and asks, gets it", async () => {
		const stream = await openEvents(url);
		const told = (): string | undefined => stream.events.findLast(({ event }) => event === "calls")?.data;
		await expect.poll(told).toBeDefined();
		for (let i = 0; i < 3; i += 1) {
			// Somebody has asked the same a moment ago.
			const before = (await calls("?limit=200")).calls.length;
			const heard = told();
			await call("late", "gpt-4o", PLAIN);
			await expect.poll(told, { timeout: 2500, interval: 5 }).not.toBe(heard);
			expect((await calls("?limit=200")).calls.length).toBe(before + 1);
		}
		stream.close();
	}, 15_000);

	test("what is recorded by hand is told apart from what calls came to", async () => {
		await call("mixed", "gpt-4o", PLAIN); // 0.0025 + 0.001
		await call("mixed", "gpt-4o", {}, 500);
		for (let i = 0; i < 3; i += 1) recordLlmError("mixed", "gpt-4o", "timeout");
		recordLlmCost("mixed", "gpt-4o", 10);
		const { groups, steps, total } = await series("?route=mixed");
		expect(total).toMatchObject({ calls: 2, errors: 4, failed: 1, exactUsd: "10.0035", callsUsd: 0.0035 });
		const sum = (list: readonly number[]): number => list.reduce((all, one) => all + one, 0);
		expect([sum(steps.calls), sum(steps.errors), sum(steps.failed)]).toEqual([2, 4, 1]);
		expect(groups).toMatchObject([
			{ provider: "", calls: 0, errors: 3, failed: 0, exactUsd: "10", callsUsd: 0 },
			{ provider: "openai", calls: 2, errors: 1, failed: 1, exactUsd: "0.0035", callsUsd: 0.0035 },
		]);
	});

	test("two hundred who ask the same at once get the same, and it is asked once", async () => {
		const answers = await Promise.all(
			Array.from({ length: 200 }, async (_, i) => {
				const query = i % 2 === 0 ? "since=1h&route=chat" : "route=chat&since=1h";
				return (await ask(`${url}/api/series?${query}`)).text;
			}),
		);
		expect(new Set(answers).size).toBe(1);
	});
});

describe("a question that is none is refused, with what was expected", () => {
	let url = "";
	beforeAll(async () => {
		url = (await startServer()).url;
	});
	afterAll(closeServers);

	test.each([
		["series?step=0", 'Expected a whole number from 1 to 31622400 at `step`, got "0".'],
		["series?step=1.5", "whole number"],
		["series?step=-1", "whole number"],
		["series?step=1e3", "whole number"],
		["series?step=", "whole number"],
		["series?step=5&step=6", 'Expected one value at `step`, got "5, 6".'],
		["series?since=30d&step=1", 'seconds for so long a time at `step`, got "1".'],
		[
			"series?since=soon",
			'Expected a time ago such as "15m", "24h", "7d" or "4w", a date "2026-11-25" or a time "2026-11-25T07:00Z" at `since`, got "soon".',
		],
		["series?since=2026-11-25T07:00", "Expected a time ago"],
		["series?since=2026-13-45", "Expected a time ago"],
		["series?since=2026-02-30", "Expected a time ago"],
		["calls?until=2025-02-29T07:00Z", "Expected a time ago"],
		["series?since=999999999999d", "Expected a time ago"],
		["series?since=9999999w", "Expected a time from the year 2000 on at `since`"],
		["series?since=11w&until=12w", 'Expected a time after `since` at `until`, got "12w".'],
		["series?since=2001-01-01&step=86400", "Expected at most ten years before `until` at `since`"],
		[
			"series?limit=5",
			'Expected no other parameter than since, until, route, model, provider, step, got "limit".',
		],
		["series?outcome=error", "no other parameter"],
		["series?__proto__=1", "no other parameter"],
		["series?constructor=1", "no other parameter"],
		["series?toString", "no other parameter"],
		[`series?${"route=a&".repeat(51)}`, "Expected at most 50 values at `route`"],
		[`series?route=${"a".repeat(257)}`, "Expected at most 256 characters at `route`"],
		["calls?limit=0", 'Expected a whole number from 1 to 200 at `limit`, got "0".'],
		["calls?limit=201", "from 1 to 200"],
		["calls?limit=abc", "from 1 to 200"],
		["calls?order=cheapest", 'Expected one of latest, dearest at `order`, got "cheapest".'],
		["calls?order=latest&order=latest", "Expected one value at `order`"],
		[
			"calls?outcome=failed",
			'Expected one of success, error, aborted, abandoned at `outcome`, got "failed".',
		],
		["calls?outcome=error&outcome=x", "Expected one of success"],
		["calls?after=nonsense", "at `after`"],
		["calls?after=l1_a%27%20OR%201=1--", "at `after`"],
		["calls?step=60", "no other parameter"],
		["costs?by=model&limit=3", "no other parameter"],
	])("%s", async (query, expected) => {
		const { headers, status, text } = await ask(`${url}/api/${query}`);
		expect([status, headers["content-type"]], text).toEqual([400, "application/json"]);
		const { error } = JSON.parse(text) as { error: string }; // what the server writes
		expect(error).toContain(expected);
		expect(error.length).toBeLessThan(400);
	});

	test("what looks like SQL is a name like any other", async () => {
		for (const name of ["' OR 1=1 --", '"; DROP TABLE calls; --', "%", "_", "\u0000", "😀"]) {
			const query = `route=${encodeURIComponent(name)}`;
			expect(read<SeriesAnswer>(await ask(`${url}/api/series?${query}`)).total.calls).toBe(0);
			expect(read<CallsAnswer>(await ask(`${url}/api/calls?${query}`)).calls).toEqual([]);
		}
	});

	test.each([
		["15m", 5],
		["1h", 30],
		["6h", 120],
		["24h", 600],
		["7d", 3600],
		["30d", 21_600],
		["52w", 345_600],
		["520w", 2_678_400],
	])("of %s there are 60 to 240 points where no step is asked for", (since, step) => {
		const question = parseSeriesQuestion({ since: [since] }, Date.UTC(2026, 10, 25, 7));
		expect(question.stepSeconds).toBe(step);
		const points = (question.until - question.since) / 1000 / step;
		expect(points).toBeGreaterThanOrEqual(60);
		expect(points).toBeLessThanOrEqual(241);
	});
});

describe("the month and today", () => {
	const SPENT = { cost: { whole: 3, pico: 0 } };
	const SECOND = 1000;
	const DAY = 86_400 * SECOND;
	let settled = 0;
	let store: SqliteStore;
	let since: number | undefined;
	const reader = (): LedgerFiguresReader => {
		const state = {
			writable: true,
			pendingRows: 0,
			spooledRows: 0,
			lostRows: 0,
			losing: false,
			lastError: undefined,
		};
		const totals: SqliteStore["totals"] = async (query) => store.totals(query);
		return new LedgerFiguresReader(
			() => ({ source: since === undefined ? "ledger" : "memory", state, since, totals }),
			() => settled,
			(error) => expect.fail(String(error)),
		);
	};

	beforeEach(() => {
		vi.useFakeTimers({ toFake: ["Date", "performance"] });
		store = new SqliteStore(":memory:");
		since = undefined;
	});
	afterEach(async () => {
		vi.useRealTimers();
		await store.close();
	});

	test("begin anew at midnight, whether or not a call has ended since", async () => {
		vi.setSystemTime("2026-11-30T23:59:50Z");
		await store.append([row(1, { ...SPENT, at: Date.UTC(2026, 10, 30, 12) })]);
		const figures = reader();
		expect(await figures.read()).toMatchObject({ todayUsd: 3, month: { month: "2026-11-01", costUsd: "3" } });
		vi.advanceTimersByTime(15 * SECOND);
		expect(await figures.read()).toMatchObject({
			todayUsd: 0,
			month: { month: "2026-12-01", costUsd: "0", projectedUsd: null },
		});
	});

	test("the projection follows the time that passes without any cost, but not by the second", async () => {
		vi.setSystemTime("2026-11-02T00:00:00Z");
		await store.append([row(1, { ...SPENT, at: Date.UTC(2026, 10, 1, 12) })]);
		const figures = reader();
		// $3 in one day of thirty.
		expect((await figures.read()).month?.projectedUsd).toBeCloseTo(90, 9);
		vi.advanceTimersByTime(2 * SECOND);
		settled += 1;
		expect((await figures.read()).month?.projectedUsd).toBeCloseTo(90, 9);
		// $3 in fifteen days of thirty.
		vi.advanceTimersByTime(14 * DAY - 2 * SECOND);
		expect((await figures.read()).month?.projectedUsd).toBeCloseTo(6, 9);
	});

	test("what is known since a part of the month only is projected by that part", async () => {
		since = Date.UTC(2026, 10, 20);
		vi.setSystemTime("2026-11-20T13:00:00Z");
		await store.append([row(1, { ...SPENT, at: Date.UTC(2026, 10, 20, 12) })]);
		const figures = reader();
		expect((await figures.read()).month).toMatchObject({ costUsd: "3", projectedUsd: null });
		// $3 in the two days since then, and the month has eleven from then on.
		vi.setSystemTime("2026-11-22T00:00:00Z");
		expect((await figures.read()).month?.projectedUsd).toBeCloseTo(16.5, 9);
		// Of a month that it has seen as a whole: nothing was spent in December.
		vi.setSystemTime("2026-12-03T00:00:00Z");
		expect((await figures.read()).month).toMatchObject({ month: "2026-12-01", projectedUsd: 0 });
	});
});
