import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { callsCursor } from "../../src/ledger/calls-cursor.ts";
import { type LedgerRow, rowId } from "../../src/ledger/ledger-row.ts";
import type { CallsOrder, CallsQuery, LedgerStore } from "../../src/ledger/ledger-store.ts";
import { anyEvents, anyRows, eventRow, HOUR_MS, row, SEVEN } from "./ledger-rows.ts";
import type { StoreMaker } from "./ledger-store-contract.ts";
import { firstRows } from "./naive-series.ts";

/** Finds and pages through calls, as each store has to. */
export function testLedgerCalls(name: string, maker: StoreMaker): void {
	describe(`${name} finds calls`, () => {
		afterEach(() => maker.clean());

		test("by all that a call has, to the millisecond", async () => {
			const store = await maker.create();
			await store.append([
				row(1),
				row(2, { at: SEVEN + 1, route: "search", outcome: "error", errorType: "timeout" }),
				row(3, { at: SEVEN + 2, model: "gpt-4o", outcome: "error", errorType: "quota" }),
				row(4, { at: SEVEN + HOUR_MS, provider: "azure" }),
				row(5, { at: SEVEN + 2 * HOUR_MS, source: "manual", outcome: undefined, provider: "" }),
				eventRow(6, "error", { errorType: "timeout" }),
			]);
			const found = async (query: Partial<CallsQuery>): Promise<number[]> =>
				(await store.calls({ limit: 10, ...query })).map(({ sequence }) => sequence);
			expect(await found({})).toEqual([5, 4, 3, 2, 1]);
			expect(await found({ since: SEVEN + 1, until: SEVEN + 2 })).toEqual([2]);
			expect(await found({ since: SEVEN + 0.5, until: SEVEN + 1.5 })).toEqual([2]);
			expect(await found({ routes: ["search", "nobody"] })).toEqual([2]);
			expect(await found({ routes: ["nobody"] })).toEqual([]);
			expect(await found({ routes: [] })).toEqual([5, 4, 3, 2, 1]);
			expect(await found({ models: ["gpt-4o"], providers: ["openai"] })).toEqual([3]);
			expect(await found({ models: ["gpt-4o"], providers: ["azure"] })).toEqual([]);
			expect(await found({ providers: [""] })).toEqual([5]);
			expect(await found({ outcomes: ["error"] })).toEqual([3, 2]);
			expect(await found({ outcomes: ["success", "error"], routes: ["chat"] })).toEqual([4, 3, 1]);
			expect(await found({ errorTypes: ["timeout", "network"] })).toEqual([2]);
			expect(await found({ outcomes: ["success"], limit: 1 })).toEqual([4]);
		});

		test("the dearest first, by dollars before what is below one", async () => {
			const store = await maker.create();
			const cost = (whole: number, pico: number) => ({ cost: { whole, pico } });
			await store.append([
				row(1, cost(0, 999_999_999_999)),
				row(2, { ...cost(1, 0), at: SEVEN - 50 * HOUR_MS }),
				row(3, { ...cost(9007, 1), at: SEVEN + HOUR_MS, route: "search" }),
				row(4, { cost: undefined }),
				row(5, { ...cost(0, 0), at: SEVEN + 9 * HOUR_MS }),
				row(6, cost(1, 0)),
			]);
			const found = async (query: Partial<CallsQuery>): Promise<number[]> =>
				(await store.calls({ limit: 10, order: "dearest", ...query })).map(({ sequence }) => sequence);
			expect((await found({})).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 5, 6]);
			expect((await found({}))[0]).toBe(3);
			expect((await found({})).slice(3)).toEqual([1, 5]);
			expect(await found({ routes: ["chat"], since: SEVEN, until: SEVEN + 1 })).toEqual([6, 1]);
		});

		test("the dearest of an hour may be many, and so may those that are left out", async () => {
			const store = await maker.create();
			// By turns of two routes, a success and an error; each dearer than the one before.
			const rows = Array.from({ length: 400 }, (_, i) =>
				row(i + 1, {
					at: SEVEN + i * 1000,
					route: i % 2 === 0 ? "chat" : "search",
					outcome: i % 4 < 2 ? "success" : "error",
					cost: { whole: 0, pico: i },
				}),
			);
			await store.append(rows.slice(200));
			await store.append(rows.slice(0, 200));
			const found = async (query: Partial<CallsQuery>): Promise<number[]> =>
				(await store.calls({ limit: 1000, order: "dearest", ...query })).map(({ sequence }) => sequence);
			const by = (is: (one: LedgerRow) => boolean): number[] =>
				rows
					.filter(is)
					.map(({ sequence }) => sequence)
					.toReversed();
			expect(await found({})).toEqual(by(() => true));
			expect(await found({ outcomes: ["error"] })).toEqual(by(({ outcome }) => outcome === "error"));
			expect(await found({ routes: ["search"], outcomes: ["success"] })).toEqual(
				by(({ outcome, route }) => route === "search" && outcome === "success"),
			);
			// Parts of two hours, and none between them.
			const part = { since: SEVEN + 100_000, until: SEVEN + 300_000 };
			expect(await found(part)).toEqual(by(({ at }) => at >= part.since && at < part.until));
			const after = callsCursor(rows[150] ?? row(0), "dearest");
			expect(await found({ after, limit: 100 })).toEqual(by(({ sequence }) => sequence <= 150).slice(0, 100));
		});

		test.each(["latest", "dearest"] as const)(
			"page by page, the %s first, while rows are added",
			{ timeout: 60_000 },
			async (order) => {
				const some = (...names: string[]): fc.Arbitrary<string[] | undefined> =>
					fc.option(fc.subarray(names, { minLength: 1 }), { nil: undefined });
				const filters = fc.record({
					routes: some("chat", "search"),
					models: some("a", "b"),
					providers: some("openai", ""),
					outcomes: some("success", "error"),
					errorTypes: some("timeout"),
					since: fc.option(fc.integer({ min: SEVEN - 30 * HOUR_MS, max: SEVEN }), { nil: undefined }),
					until: fc.option(fc.integer({ min: SEVEN, max: SEVEN + 30 * HOUR_MS }), { nil: undefined }),
				});
				// Few places in the order, so that many rows share one.
				const rows = fc
					.tuple(anyRows, anyEvents, fc.constantFrom(1, 60_000, 10 * HOUR_MS))
					.map(([calls, events, grain]) =>
						[...calls, ...events].map((one) => ({ ...one, at: Math.floor(one.at / grain) * grain })),
					);
				await fc.assert(
					fc.asyncProperty(rows, filters, fc.integer({ min: 1, max: 7 }), async (all, query, limit) => {
						const store = await maker.create();
						try {
							await store.append(all);
							const { pages, newer } = await readPages(store, { ...query, order, limit }, firstRows(all));
							const right = firstRows(all).filter((one) => isMeant(one, query, order));
							expect(pages.map(rowId).toSorted()).toEqual(right.map(rowId).toSorted());
							expect(newer).toBeGreaterThan(0);
							const places = pages.map((one) => place(one, order));
							expect(places).toEqual(places.toSorted((a, b) => (a > b ? -1 : Number(a < b))));
						} finally {
							await store.close();
							await maker.clean();
						}
					}),
					{ numRuns: 60 },
				);
			},
		);

		test("a cursor stays right when its row is forgotten, and one that is none is refused", async () => {
			const store = await maker.create();
			await store.append([row(1), row(2, { at: SEVEN + 1 }), row(3, { at: SEVEN + 2 * HOUR_MS })]);
			const after = callsCursor(row(2, { at: SEVEN + 1 }));
			expect((await store.calls({ limit: 5, after })).map(({ sequence }) => sequence)).toEqual([1]);
			await store.prune({ calls: SEVEN + HOUR_MS });
			expect(await store.calls({ limit: 5, after })).toEqual([]);
			for (const wrong of ["", "l5", "x", "l1_p1-zz!", callsCursor(row(1), "dearest")]) {
				await expect(store.calls({ limit: 5, after: wrong })).rejects.toThrow(
					/Expected what the page before/,
				);
			}
			await expect(store.calls({ limit: 5, after, order: "dearest" })).rejects.toThrow(/same order/);
		});
	});
}

/** All pages, each asked after others have added rows that come first. */
async function readPages(
	store: LedgerStore,
	query: CallsQuery,
	known: readonly LedgerRow[],
): Promise<{ pages: LedgerRow[]; newer: number }> {
	const pages: LedgerRow[] = [];
	const ids = new Set(known.map(rowId));
	let newer = 0;
	for (let after: string | undefined; ; ) {
		const page = await store.calls({ ...query, after });
		pages.push(...page.filter((one) => ids.has(rowId(one))));
		// Both the latest and the dearest.
		newer += 1;
		await store.append([row(100 + newer, { at: SEVEN + 40 * HOUR_MS, cost: { whole: 1e9, pico: newer } })]);
		const last = page.at(-1);
		if (last === undefined || page.length < query.limit) return { pages, newer };
		after = callsCursor(last, query.order);
	}
}

function isMeant(one: LedgerRow, query: Partial<CallsQuery>, order: CallsOrder): boolean {
	const lets = (names: readonly string[] | undefined, name: string | undefined): boolean =>
		names === undefined || (name !== undefined && names.includes(name));
	const { errorTypes, models, outcomes, providers, routes, since, until } = query;
	return (
		one.event === undefined &&
		(order === "latest" || one.cost !== undefined) &&
		(since === undefined || one.at >= since) &&
		(until === undefined || one.at < until) &&
		lets(routes, one.route) &&
		lets(models, one.model) &&
		lets(providers, one.provider) &&
		lets(outcomes, one.outcome) &&
		lets(errorTypes, one.errorType)
	);
}

function place({ at, cost }: LedgerRow, order: CallsOrder): bigint {
	if (order === "latest") return BigInt(at);
	return BigInt(cost?.whole ?? 0) * 10n ** 12n + BigInt(cost?.pico ?? 0);
}
