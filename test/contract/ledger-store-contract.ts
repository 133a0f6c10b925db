import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { OUTCOMES } from "../../src/core/settled-call.ts";
import { totalInput } from "../../src/core/token-usage.ts";
import { type LedgerRow, rowId } from "../../src/ledger/ledger-row.ts";
import type { CostGroup, GroupBy, GroupTotals, LedgerStore } from "../../src/ledger/ledger-store.ts";
import { anyRows, HOUR_MS, row, SEVEN } from "./ledger-rows.ts";

/** How the suite gets stores. */
export interface StoreMaker {
	/** A store with nothing in it. */
	create(): Promise<LedgerStore>;
	/** A second connection to what the store keeps. */
	reopen(store: LedgerStore): Promise<LedgerStore>;
	/** Removes everything. */
	clean(): Promise<void>;
}

const DAY_MS = 24 * HOUR_MS;
const pico = ({ cost }: LedgerRow): bigint =>
	BigInt(cost?.whole ?? 0) * 1_000_000_000_000n + BigInt(cost?.pico ?? 0);
const [costOf, callsOf] = [
	(totals: readonly GroupTotals[]) => totals.map(({ costPico, group }) => [...group, costPico]),
	(totals: readonly GroupTotals[]) => totals.map(({ calls, group }) => [...group, calls.success]),
];

/** What each store of a ledger has to hold. */
export function testLedgerStore(name: string, maker: StoreMaker): void {
	describe(`${name} keeps a ledger`, () => {
		afterEach(() => maker.clean());

		test("keeps a row with all that it has", async () => {
			const store = await maker.create();
			const full = row(7, {
				answeredModel: "gpt-4-turbo-2024-04-09",
				errorType: "rate_limit",
				outcome: "error",
				usage: {
					inputUncached: 1,
					cacheRead: 2,
					cacheWrite5m: 3,
					cacheWrite1h: 4,
					output: 5,
					reasoning: 0,
					webSearches: 2,
				},
				usageMissing: "not_reported",
				unpriced: "server_tool",
				timeToFirstTokenMs: 0.25,
				cost: { whole: 9007, pico: 999_999_999_999 },
				tags: { team: "search", tier: "ü" },
			});
			const bare = row(8, { at: SEVEN - 1, usage: undefined, cost: undefined, latencyMs: undefined });
			expect(await store.append([full, bare])).toEqual({ added: 2, tooOld: 0 });
			expect(await store.calls({ limit: 10 })).toEqual([full, bare]);
			expect(await store.calls({ limit: 1 })).toEqual([full]);
			expect(await store.calls({ limit: 10, since: SEVEN })).toEqual([full]);
			expect(await store.calls({ limit: 10, until: SEVEN })).toEqual([bare]);
		});

		test("a row comes in once, however often it is appended, by whichever connection", async () => {
			const store = await maker.create();
			await store.append([row(1), row(2), row(1)]);
			const other = await maker.reopen(store);
			expect(await other.append([row(2), row(3), row(1, { process: "p2" })])).toEqual({
				added: 2,
				tooOld: 0,
			});
			expect(await store.append([row(3)])).toEqual({ added: 0, tooOld: 0 });
			// 4 × $0.0025
			expect(costOf(await store.totals({ by: [] }))).toEqual([[10_000_000_000n]]);
			expect((await store.calls({ limit: 10 })).length).toBe(4);
		});

		test("costs are exact: ten thousand times a 10⁻¹² dollar less than one is ten thousand less so many", async () => {
			const store = await maker.create();
			const cost = { whole: 0, pico: 999_999_999_999 };
			await store.append(Array.from({ length: 10_000 }, (_, i) => row(i + 1, { cost })));
			expect(costOf(await store.totals({ by: ["model"] }))).toEqual([
				["gpt-4-turbo", 9_999_999_999_990_000n],
			]);
			expect(await store.processPairs("p1")).toEqual([
				{ route: "chat", model: "gpt-4-turbo", costPico: 9_999_999_999_990_000n },
			]);
		});

		test("a sum may be more than 64 bits of 10⁻¹² dollars, or than 53 of dollars", async () => {
			const store = await maker.create();
			const cost = { whole: 2 ** 53 - 1, pico: 999_999_999_999 };
			await store.append([row(1, { cost }), row(2, { cost }), row(3, { cost })]);
			const expected = 3n * ((2n ** 53n - 1n) * 10n ** 12n + 999_999_999_999n);
			expect(costOf(await store.totals({ by: [] }))).toEqual([[expected]]);
			expect((await store.processPairs("p1"))[0]?.costPico).toBe(expected);
		});

		test("a range is whole hours: from the one that it begins in to the one before its end", async () => {
			const store = await maker.create();
			const times = [SEVEN - 1, SEVEN, SEVEN + HOUR_MS - 1, SEVEN + HOUR_MS];
			await store.append(times.map((at, i) => row(i + 1, { at })));
			const hours = { since: SEVEN + 1, until: SEVEN + HOUR_MS };
			expect(callsOf(await store.totals({ by: ["hour"], ...hours }))).toEqual([["2026-11-25T07:00Z", 2]]);
			expect(callsOf(await store.totals({ by: ["hour"], since: SEVEN }))).toEqual([
				["2026-11-25T07:00Z", 2],
				["2026-11-25T08:00Z", 1],
			]);
			expect(callsOf(await store.totals({ by: [], until: SEVEN + HOUR_MS + 1 }))).toEqual([[4]]);
		});

		test("tags are told apart by their values, and what has none is told as none", async () => {
			const store = await maker.create();
			await store.append([
				row(1, { tags: { team: "search" } }),
				row(2, { tags: { team: "search", tier: "gold" } }),
				row(3, { tags: { tier: "gold" } }),
				row(4),
			]);
			expect(callsOf(await store.totals({ by: ["tag:team"] }))).toEqual([
				["", 2],
				["search", 2],
			]);
			expect(callsOf(await store.totals({ by: ["tag:tier", "tag:team"] }))).toEqual([
				["", "", 1],
				["", "search", 1],
				["gold", "", 1],
				["gold", "search", 1],
			]);
		});

		test("a tag that nobody gave is none, whatever every object has by that name", async () => {
			const store = await maker.create();
			await store.append([row(1, { tags: { team: "search" } }), row(2, { tags: { constructor: "mine" } })]);
			expect(callsOf(await store.totals({ by: ["tag:constructor"] }))).toEqual([
				["", 1],
				["mine", 1],
			]);
			expect(callsOf(await store.totals({ by: ["tag:__proto__"] }))).toEqual([["", 2]]);
		});

		test("what no 64 bits hold keeps nothing else out, and is answered for as well as a number can", async () => {
			const store = await maker.create();
			// 1,100 × (2⁵³ − 1) is 9.9 × 10¹⁸, and 2⁶³ is 9.2 × 10¹⁸.
			const most = Number.MAX_SAFE_INTEGER;
			const [cost, usage] = [{ whole: most, pico: 0 }, { inputUncached: most }];
			await store.append(Array.from({ length: 1100 }, (_, i) => row(i + 1, { cost, usage })));
			await store.append([row(2000, { process: "p2", model: "other" })]);
			const totals = await store.totals({ by: ["model"] });
			expect(callsOf(totals)).toEqual([
				["gpt-4-turbo", 1100],
				["other", 1],
			]);
			expect(totals[0]?.inputTokens).toBeCloseTo(1100 * most, -5);
			expect(Number(totals[0]?.costPico) / 1e12).toBeCloseTo(1100 * most, -5);
			expect(totals[1]?.costPico).toBe(2_500_000_000n);
			expect((await store.totals({ by: [] }))[0]?.inputTokens).toBeCloseTo(1100 * most, -5);
		});

		test("models without a price are told with their reason, most calls first", async () => {
			const store = await maker.create();
			const unknown = { model: "mine", unpriced: "unknown_model", cost: undefined } as const;
			await store.append([
				row(1),
				row(2, unknown),
				row(3, { ...unknown, at: SEVEN + 5 }),
				row(4, { unpriced: "server_tool" }),
			]);
			expect(await store.unpricedModels({})).toEqual([
				{ provider: "openai", model: "mine", reason: "unknown_model", calls: 2, lastAt: SEVEN + 5 },
				{ provider: "openai", model: "gpt-4-turbo", reason: "server_tool", calls: 1, lastAt: SEVEN },
			]);
			expect(await store.unpricedModels({ since: SEVEN + HOUR_MS })).toEqual([]);
		});

		test("a process's rows add up by themselves", async () => {
			const store = await maker.create();
			await store.append([row(1), row(2, { route: "search" }), row(3), row(9, { process: "p2" })]);
			const pair = (route: string, costPico: bigint) => ({ route, model: "gpt-4-turbo", costPico });
			expect(await store.processPairs("p1")).toEqual([
				pair("chat", 5_000_000_000n),
				pair("search", 2_500_000_000n),
			]);
			expect(await store.processPairs("nobody")).toEqual([]);
		});

		test("what a window has cost is told to the millisecond, all of it and one process's part", async () => {
			await fc.assert(
				fc.asyncProperty(
					anyRows,
					fc.integer({ min: -30, max: 30 }),
					fc.nat(HOUR_MS),
					async (rows, hours, ms) => {
						const since = SEVEN + hours * HOUR_MS + ms;
						const store = await maker.create();
						try {
							await store.append(rows);
							const found = await store.windowCosts({ since, process: "p1" });
							const first = [...new Map(rows.toReversed().map((one) => [rowId(one), one])).values()];
							const inside = first
								.filter(({ at }) => at >= since)
								.map((one) => ({ ...one, costPico: pico(one) }));
							expect(costs(found.all)).toEqual(costs(inside));
							expect(costs(found.own)).toEqual(costs(inside.filter(({ process }) => process === "p1")));
							expect(found.isWhole).toBe(true);
						} finally {
							await store.close();
							await maker.clean();
						}
					},
				),
				{ numRuns: 40 },
			);
		});

		test("calls that are forgotten leave their totals, and do not come again", async () => {
			const store = await maker.create();
			const rows = [row(1, { at: SEVEN - 2 * DAY_MS }), row(2)];
			await store.append(rows);
			expect(await store.prune({ calls: SEVEN - DAY_MS })).toBe(false);
			expect((await store.calls({ limit: 10 })).map(rowId)).toEqual([rowId(row(2))]);
			expect(callsOf(await store.totals({ by: [] }))).toEqual([[2]]);
			expect(await store.windowCosts({ since: SEVEN - 2 * DAY_MS, process: "p1" })).toMatchObject({
				isWhole: false,
			});
			expect(await store.append(rows)).toEqual({ added: 0, tooOld: 1 });
			expect(callsOf(await store.totals({ by: [] }))).toEqual([[2]]);
			await store.prune({ totals: SEVEN });
			expect(callsOf(await store.totals({ by: ["day"] }))).toEqual([["2026-11-25", 1]]);
			expect(callsOf(await store.totals({ by: ["hour"] }))).toEqual([["2026-11-25T07:00Z", 1]]);
		});

		test("what a window has cost is told where its totals are forgotten, and its calls are not", async () => {
			const store = await maker.create();
			const at = (days: number): number => SEVEN - days * DAY_MS;
			const cost = (whole: number): LedgerRow["cost"] => ({ whole, pico: 0 });
			await store.append([
				row(1, { at: at(9), cost: cost(1) }),
				row(2, { at: at(8), cost: cost(20) }),
				row(3, { at: at(3), cost: cost(300) }),
				row(4, { at: at(3), cost: cost(4000), process: "p2" }),
				row(5, { cost: cost(50_000) }),
			]);
			await store.prune({ totals: at(2) });
			// It comes late, into an hour whose totals are forgotten.
			await store.append([row(6, { at: at(8), cost: cost(600_000) })]);
			const found = await store.windowCosts({ since: at(8), process: "p1" });
			const usd = (groups: typeof found.all): bigint =>
				groups.reduce((sum, { costPico }) => sum + costPico, 0n) / 1_000_000_000_000n;
			expect([usd(found.all), usd(found.own), found.isWhole]).toEqual([654_320n, 650_320n, true]);
			await store.prune({ calls: at(2) });
			expect(await store.windowCosts({ since: at(8), process: "p1" })).toMatchObject({ isWhole: false });
		});

		test("a clock that was far ahead once does not keep out what comes when it is right again", async () => {
			const store = await maker.create();
			await store.prune({ calls: Date.now() + 365 * DAY_MS });
			expect(await store.append([row(1, { at: Date.now() })])).toEqual({ added: 1, tooOld: 0 });
		});

		test("totals are the sums of the rows, whatever is asked for", { timeout: 60_000 }, async () => {
			const groups: readonly GroupBy[] = [
				"model",
				"route",
				"provider",
				"day",
				"hour",
				"tag:team",
				"tag:tier",
			];
			const question = fc.record({
				by: fc.uniqueArray(fc.constantFrom(...groups), { maxLength: 3 }),
				since: fc.option(fc.integer({ min: SEVEN - 40 * HOUR_MS, max: SEVEN }), { nil: undefined }),
				until: fc.option(fc.integer({ min: SEVEN, max: SEVEN + 40 * HOUR_MS }), { nil: undefined }),
			});
			const cut = fc.integer({ min: 0, max: 60 });
			await fc.assert(
				fc.asyncProperty(
					anyRows,
					cut,
					fc.array(question, { minLength: 1, maxLength: 4 }),
					async (rows, at, questions) => {
						const store = await maker.create();
						try {
							await store.append(rows.slice(0, at));
							await store.append(rows.slice(at));
							for (const query of questions) {
								expect(await store.totals(query)).toEqual(summed(rows, query.by, query.since, query.until));
							}
						} finally {
							await store.close();
							await maker.clean();
						}
					},
				),
				{ numRuns: 60 },
			);
		});
	});
}

/** What those cost by hand, by all that a scope can name; a group may be told in two parts. */
function costs(groups: readonly CostGroup[]): Record<string, bigint> {
	const sums: Record<string, bigint> = {};
	for (const { costPico, model, provider, route, tags } of groups) {
		const key = JSON.stringify([route, model, provider, tags]);
		sums[key] = (sums[key] ?? 0n) + costPico;
	}
	return sums;
}

/** The same by hand: the first row of an id counts, in hours that the range touches. */
function summed(
	rows: readonly LedgerRow[],
	by: readonly GroupBy[],
	since?: number,
	until?: number,
): GroupTotals[] {
	const from = since === undefined ? -Infinity : Math.floor(since / HOUR_MS) * HOUR_MS;
	const to = until === undefined ? Infinity : Math.ceil(until / HOUR_MS) * HOUR_MS;
	const first = new Map(rows.toReversed().map((one) => [rowId(one), one]));
	const groups = new Map<string, LedgerRow[]>();
	for (const one of first.values()) {
		if (one.at < from || one.at >= to) continue;
		const key = JSON.stringify(by.map((name) => valueOf(one, name)));
		groups.set(key, [...(groups.get(key) ?? []), one]);
	}
	const sum = (of: readonly LedgerRow[], value: (one: LedgerRow) => number): number =>
		of.reduce((total, one) => total + value(one), 0);
	return [...groups]
		.map(([key, of]) => ({
			group: JSON.parse(key) as string[],
			calls: {
				success: 0,
				error: 0,
				aborted: 0,
				abandoned: 0,
				...Object.fromEntries(
					OUTCOMES.map((name) => [name, sum(of, ({ outcome }) => Number(outcome === name))]),
				),
			},
			manualRecords: sum(of, ({ outcome }) => Number(outcome === undefined)),
			inputTokens: sum(of, ({ usage = {} }) => totalInput(usage) ?? 0),
			outputTokens: sum(of, ({ usage }) => usage?.output ?? 0),
			cacheReadTokens: sum(of, ({ usage }) => usage?.cacheRead ?? 0),
			cacheWriteTokens: sum(of, ({ usage }) => (usage?.cacheWrite5m ?? 0) + (usage?.cacheWrite1h ?? 0)),
			reasoningTokens: sum(of, ({ usage }) => Math.min(usage?.reasoning ?? 0, usage?.output ?? 0)),
			costPico: of.reduce((total, one) => total + pico(one), 0n),
			unpricedCalls: sum(of, ({ unpriced }) => Number(unpriced !== undefined)),
			callsWithoutUsage: sum(of, ({ usageMissing }) => Number(usageMissing !== undefined)),
		}))
		.toSorted((a, b) => compareGroups(a.group, b.group));
}

function compareGroups(one: readonly string[], other: readonly string[]): number {
	for (const [i, value] of one.entries()) {
		if (value !== other[i]) return value < (other[i] ?? "") ? -1 : 1;
	}
	return 0;
}

function valueOf(one: LedgerRow, by: GroupBy): string {
	const time = new Date(one.at).toISOString();
	if (by === "day") return time.slice(0, 10);
	if (by === "hour") return `${time.slice(0, 13)}:00Z`;
	if (by === "model" || by === "route" || by === "provider") return one[by];
	return one.tags?.[by.slice(4)] ?? "";
}
