import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { Percentiles, Series, SeriesQuery, SeriesSums } from "../../src/ledger/series-query.ts";
import { anyEvents, anyRows, eventRow, HOUR_MS, row, SEVEN } from "./ledger-rows.ts";
import type { StoreMaker } from "./ledger-store-contract.ts";
import { exact, naiveSeries } from "./naive-series.ts";

const MINUTE_MS = 60_000;

/** What each store has to answer about steps of time. */
export function testLedgerSeries(name: string, maker: StoreMaker): void {
	describe(`${name} answers by step`, () => {
		afterEach(() => maker.clean());

		test("a call counts in the step that it has started in, with what it has used and cost", async () => {
			const store = await maker.create();
			await store.append([
				row(1, { at: SEVEN + MINUTE_MS - 1 }),
				row(2, {
					at: SEVEN + MINUTE_MS,
					usage: { inputUncached: 1, cacheRead: 2, cacheWrite5m: 4, output: 8 },
				}),
				row(3, {
					at: SEVEN + MINUTE_MS,
					outcome: "error",
					errorType: "timeout",
					usage: undefined,
					cost: undefined,
				}),
				row(4, {
					at: SEVEN + 2 * MINUTE_MS,
					outcome: "aborted",
					usageMissing: "aborted",
					unpriced: "unknown_rate",
				}),
			]);
			const answer = await store.series({ since: SEVEN + 1, until: SEVEN + 2 * MINUTE_MS, stepSeconds: 60 });
			expect(answer).toMatchObject({ since: SEVEN, until: SEVEN + 2 * MINUTE_MS, stepSeconds: 60 });
			expect(answer.steps).toMatchObject([
				{ calls: { success: 1, error: 0 }, inputTokens: 100, outputTokens: 50, costPico: 2_500_000_000n },
				{ calls: { success: 1, error: 1 }, inputTokens: 7, cacheReadTokens: 2, outputTokens: 8, errors: 1 },
			]);
			// The third step is not in the range.
			expect(answer.total).toMatchObject({ calls: { success: 2, aborted: 0 }, costPico: 5_000_000_000n });
			expect(answer.tokensByModel).toEqual([{ name: "gpt-4-turbo", total: 165, steps: [150, 15] }]);
			expect(answer.errorsByType).toEqual([{ name: "timeout", total: 1, steps: [0, 1] }]);
			const later = await store.series({ since: SEVEN, until: SEVEN + HOUR_MS, stepSeconds: 3600 });
			expect(later.total).toMatchObject({ unpricedCalls: 1, callsWithoutUsage: 1, calls: { aborted: 1 } });
		});

		test("what is no call counts as what it is, and in no total of calls", async () => {
			const store = await maker.create();
			const before = await store.totals({ by: [] });
			await store.append([
				eventRow(1, "cache_hit", { model: "", provider: "" }),
				eventRow(2, "cache_miss", { model: "", provider: "" }),
				eventRow(3, "cache_miss", { model: "", provider: "" }),
				eventRow(4, "served", { saved: { whole: 2, pico: 500_000_000_000 } }),
				eventRow(5, "rate_limited", { route: "" }),
				eventRow(6, "error", { errorType: "network", provider: "" }),
				eventRow(7, "latency", { latencyMs: 100, provider: "" }),
				eventRow(8, "unpriced"),
			]);
			expect(await store.totals({ by: [] })).toEqual(before);
			expect(await store.calls({ limit: 10 })).toEqual([]);
			expect(await store.processPairs("p1")).toEqual([]);
			expect(await store.unpricedModels({})).toEqual([]);
			const { choices, errorsByType, groups, total } = await store.series({
				since: SEVEN,
				until: SEVEN + 1,
				stepSeconds: 60,
			});
			expect(total).toMatchObject({
				calls: { success: 0, error: 0, aborted: 0, abandoned: 0 },
				errors: 1,
				costPico: 0n,
				cacheHits: 1,
				cacheMisses: 2,
				savedPico: 2_500_000_000_000n,
				rateLimited: 1,
				unpricedCalls: 1,
			});
			// 100 ms lie in the bucket from 2^(106/16) = 98.7 to 2^(107/16) = 103.1: its middle, by logarithms, is 100.9.
			expect(total.latency?.p50).toBeCloseTo(2 ** (106.5 / 16), 9);
			expect(errorsByType).toEqual([{ name: "network", total: 1, steps: [1] }]);
			expect(choices).toEqual({ routes: ["chat"], models: ["gpt-4-turbo"], providers: ["openai"] });
			// A look into a cache is of no model, so it is no group.
			expect(groups.map(({ model, provider, route }) => [route, model, provider])).toEqual([
				["", "gpt-4-turbo", "openai"],
				["chat", "gpt-4-turbo", ""],
				["chat", "gpt-4-turbo", "openai"],
			]);
		});

		test("rows that come again add nothing, and those of another connection add up", async () => {
			const store = await maker.create();
			const rows = [row(1, { latencyMs: 10 }), eventRow(2, "cache_hit"), row(3, { latencyMs: 1000 })];
			await store.append(rows);
			const other = await maker.reopen(store);
			await other.append([...rows, row(4, { latencyMs: 100 })]);
			for (const stepSeconds of [10, 60, 3600]) {
				const { total } = await store.series({ since: SEVEN, until: SEVEN + 1, stepSeconds });
				expect(total).toMatchObject({ calls: { success: 3 }, cacheHits: 1, costPico: 7_500_000_000n });
				expectNear(total.latency, { p50: 100, p90: 1000, p99: 1000 });
			}
		});

		test("costs are exact beyond what a number holds", async () => {
			const store = await maker.create();
			const cost = { whole: 2 ** 53 - 1, pico: 999_999_999_999 };
			await store.append([row(1, { cost }), row(2, { cost })]);
			await store.append([row(3, { cost })]);
			const expected = 3n * ((2n ** 53n - 1n) * 10n ** 12n + 999_999_999_999n);
			const { groups, steps, total } = await store.series({
				since: SEVEN,
				until: SEVEN + 1,
				stepSeconds: 60,
			});
			expect([total.costPico, steps[0]?.costPico, groups[0]?.costPico]).toEqual([
				expected,
				expected,
				expected,
			]);
			// The minute's first twenty-fourth.
			expect(groups[0]?.spark).toEqual([expected, ...Array.from({ length: 23 }, () => 0n)]);
		});

		test("percentiles lie within 5 % of the exact ones, whatever the latencies", {
			timeout: 60_000,
		}, async () => {
			// From a sixteenth of a millisecond on; what is faster is one bucket.
			const latency = fc.oneof(
				fc.double({ min: 0.0625, max: 4e9, noNaN: true }),
				fc.integer({ min: 1, max: 3000 }),
				fc.double({ min: 990, max: 1010, noNaN: true }),
			);
			await fc.assert(
				fc.asyncProperty(fc.array(latency, { minLength: 1, maxLength: 300 }), async (latencies) => {
					const store = await maker.create();
					try {
						const half = Math.floor(latencies.length / 2);
						const rows = latencies.map((latencyMs, i) =>
							row(i + 1, { latencyMs, timeToFirstTokenMs: latencyMs / 2 }),
						);
						await store.append(rows.slice(0, half));
						await store.append(rows.slice(half));
						const { total } = await store.series({ since: SEVEN, until: SEVEN + 1, stepSeconds: 10 });
						expectNear(total.latency, exact(latencies));
						const halves = latencies.map((ms) => ms / 2).filter((ms) => ms >= 0.0625);
						if (halves.length === latencies.length) expectNear(total.firstToken, exact(halves));
					} finally {
						await store.close();
						await maker.clean();
					}
				}),
				{ numRuns: 60 },
			);
		});

		test("is what the rows add up to, whatever is asked for", { timeout: 120_000 }, async () => {
			const some = (...names: string[]): fc.Arbitrary<string[] | undefined> =>
				fc.option(fc.subarray(names), { nil: undefined });
			const question: fc.Arbitrary<SeriesQuery> = fc.record({
				since: fc.integer({ min: SEVEN - 32 * HOUR_MS, max: SEVEN }),
				until: fc.integer({ min: SEVEN + 1, max: SEVEN + 32 * HOUR_MS }),
				stepSeconds: fc.constantFrom(1, 300, 1000, 3600, 10_800, 86_400),
				routes: some("chat", "search", "nobody"),
				models: some("a", "b", ""),
				providers: some("openai", ""),
			});
			await fc.assert(
				fc.asyncProperty(
					fc.tuple(anyRows, anyEvents).map(([calls, events]) => [...calls, ...events]),
					fc.nat({ max: 60 }),
					fc.array(question, { minLength: 1, maxLength: 4 }),
					async (rows, cut, questions) => {
						const store = await maker.create();
						try {
							await store.append(rows.slice(cut));
							await store.append(rows.slice(0, cut));
							const inOrder = [...rows.slice(cut), ...rows.slice(0, cut)];
							for (const query of questions) {
								const answer = await store.series(query);
								expect(answer.since).toBeLessThanOrEqual(query.since);
								expect(answer.until).toBeGreaterThanOrEqual(query.until);
								expectSame(answer, naiveSeries(inOrder, answer, query));
							}
						} finally {
							await store.close();
							await maker.clean();
						}
					},
				),
				{ numRuns: 50 },
			);
		});

		test("is the same whatever is forgotten, as long as the rows are kept", {
			timeout: 120_000,
		}, async () => {
			// All within two hours, and questions of some minutes of them.
			const near = fc
				.tuple(anyRows, anyEvents)
				.map(([calls, events]) =>
					[...calls, ...events].map((one) => ({ ...one, at: SEVEN + (one.at % (2 * HOUR_MS)) })),
				);
			const moment = fc.integer({ min: SEVEN - HOUR_MS, max: SEVEN + 2 * HOUR_MS });
			const question = fc.record({
				since: moment,
				minutes: fc.integer({ min: 0, max: 90 }),
				stepSeconds: fc.constantFrom(1, 20, 60, 120, 300, 1800, 3600),
				routes: fc.constantFrom(undefined, ["chat"]),
			});
			const horizon = fc.record({ 10: moment, 60: moment, 300: moment });
			await fc.assert(
				fc.asyncProperty(near, fc.nat({ max: 60 }), horizon, horizon, question, async (...given) => {
					const [rows, cut, first, second, { minutes, ...asked }] = given;
					const store = await maker.create();
					try {
						await store.append(rows.slice(0, cut));
						await store.prune({ steps: first });
						// Rows of forgotten times come late.
						await store.append(rows.slice(cut));
						await store.prune({ steps: second });
						const query = { ...asked, until: asked.since + minutes * MINUTE_MS };
						const answer = await store.series(query);
						expect(answer.since).toBeLessThanOrEqual(query.since);
						expect(answer.until).toBeGreaterThanOrEqual(query.until);
						expect(answer.stepSeconds).toBeGreaterThanOrEqual(query.stepSeconds);
						expectSame(answer, naiveSeries(rows, answer, query));
					} finally {
						await store.close();
						await maker.clean();
					}
				}),
				{ numRuns: 60 },
			);
		});

		test("where short steps are forgotten, single rows do for an hour, and hours for more", async () => {
			const store = await maker.create();
			await store.append([row(1), row(2, { at: SEVEN + MINUTE_MS }), eventRow(3, "cache_hit")]);
			const short = { since: SEVEN, until: SEVEN + 2 * MINUTE_MS, stepSeconds: 20 };
			const long = { since: SEVEN, until: SEVEN + 3 * HOUR_MS, stepSeconds: 300 };
			const before = await store.series(short);
			expect(before).toMatchObject({ stepSeconds: 20, total: { cacheHits: 1, calls: { success: 2 } } });
			expect(before.steps.map(({ calls }) => calls.success)).toEqual([1, 0, 0, 1, 0, 0]);
			const minutes = await store.series(long);
			expect(minutes).toMatchObject({ stepSeconds: 300, total: { calls: { success: 2 } } });

			await store.prune({ steps: { 10: SEVEN + HOUR_MS } });
			expect(await store.series(short)).toMatchObject({ stepSeconds: 60, total: before.total });
			await store.prune({ steps: { 60: SEVEN + HOUR_MS } });
			// From the rows.
			expect(await store.series(short)).toEqual(before);
			expect(await store.series(long)).toMatchObject({ stepSeconds: 300, total: minutes.total });
			await store.prune({ steps: { 300: SEVEN + HOUR_MS } });
			expect(await store.series(long)).toMatchObject({ stepSeconds: 3600, total: minutes.total });
			// A row of a time that is forgotten begins no step of it anew.
			await store.append([row(4, { at: SEVEN + 5 })]);
			expect(await store.series(long)).toMatchObject({ stepSeconds: 3600, total: { calls: { success: 3 } } });
			expect(await store.series(short)).toMatchObject({ stepSeconds: 20, total: { calls: { success: 3 } } });

			await store.prune({ calls: SEVEN + HOUR_MS });
			// Now the hours have it alone.
			expect(await store.series(short)).toMatchObject({
				stepSeconds: 3600,
				since: SEVEN,
				until: SEVEN + HOUR_MS,
				total: { calls: { success: 3 }, cacheHits: 1 },
			});
		});

		test("what a wrong clock has forgotten begins anew", async () => {
			const store = await maker.create();
			const wrong = SEVEN + 1000 * HOUR_MS;
			await store.prune({ steps: { 10: wrong, 60: wrong, 300: wrong }, totals: wrong });
			// It is half past seven: from nine on there are whole steps of all lengths.
			await store.append([row(1, { at: SEVEN + HOUR_MS }), row(2, { at: SEVEN + 2 * HOUR_MS + 5 })]);
			for (const stepSeconds of [10, 60, 300, 3600, 10_800]) {
				const range = { since: SEVEN + 2 * HOUR_MS, until: SEVEN + 2 * HOUR_MS + 6, stepSeconds };
				const answer = await store.series(range);
				expect(answer).toMatchObject({ stepSeconds, total: { calls: { success: 1 } } });
			}
			expect((await store.calls({ limit: 5, order: "dearest" })).length).toBe(2);
		});

		test("an answer has at least one step, and at most some thousands", async () => {
			const store = await maker.create();
			expect((await store.series({ since: SEVEN, until: SEVEN, stepSeconds: 10 })).steps.length).toBe(1);
			const year = { since: SEVEN - 365 * 24 * HOUR_MS, until: SEVEN, stepSeconds: 1 };
			const { stepSeconds, steps } = await store.series(year);
			// 365 days in 2,000 steps are 15,768 s each: five hours are the next whole ones, and 8,760 hours 1,752 of them.
			expect([stepSeconds, steps.length]).toEqual([18_000, 1752]);
		});
	});
}

/** Percentiles are near, everything else is the same. */
function expectSame(answer: Series, naive: Series): void {
	const bare = (sums: SeriesSums): SeriesSums => ({ ...sums, latency: undefined, firstToken: undefined });
	const bareAll = (one: Series) => ({
		...one,
		total: bare(one.total),
		steps: one.steps.map(bare),
		groups: one.groups.map((group) => ({ ...group, latency: undefined, firstToken: undefined })),
		// Sums of so large numbers are not exact in any order.
		tokensByModel: one.tokensByModel.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
	});
	expect(bareAll(answer)).toEqual(bareAll(naive));
	const pairs = [
		[answer.total, naive.total] as const,
		...answer.steps.map((step, i) => [step, naive.steps[i]] as const),
		...answer.groups.map((group, i) => [group, naive.groups[i]] as const),
	];
	for (const [one, other] of pairs) {
		expectNear(one.latency, other?.latency);
		expectNear(one.firstToken, other?.firstToken);
	}
}

function expectNear(found: Percentiles | undefined, right: Percentiles | undefined): void {
	expect(found === undefined).toBe(right === undefined);
	if (found === undefined || right === undefined) return;
	for (const name of ["p50", "p90", "p99"] as const) {
		// Below a sixteenth of a millisecond is one bucket.
		expect(Math.abs(found[name] - right[name])).toBeLessThanOrEqual(Math.max(right[name] * 0.05, 0.0625));
	}
}
