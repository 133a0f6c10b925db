import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SqliteStore } from "../../src/ledger/sqlite-store.ts";
import { HOUR_MS, row, SEVEN } from "../contract/ledger-rows.ts";

const DAY_MS = 24 * HOUR_MS;
const now = (): number => SEVEN + 1_800_000;
let folder = "";
let path = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "ledger-migration-"));
	path = join(folder, "costs.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file as version 1 has left it: the rows and their totals, and nothing of what came after. */
async function writeVersion1(): Promise<void> {
	const store = new SqliteStore(path, { now });
	await store.append([
		row(1, { at: SEVEN - 60 * DAY_MS, tags: { team: "a" } }),
		row(2, {
			at: SEVEN - 60 * DAY_MS,
			tags: { team: "b" },
			cost: { whole: 3_000_000_000, pico: 999_999_999_999 },
		}),
		row(3, { at: SEVEN - 5 * DAY_MS, latencyMs: 100, outcome: "error", errorType: "timeout" }),
		row(7, { at: SEVEN - 50 * DAY_MS, outcome: "error", errorType: "timeout", cost: undefined }),
		row(4, { at: SEVEN - 5 * HOUR_MS, latencyMs: 200 }),
		row(5, { at: SEVEN + 10_000, latencyMs: 400 }),
	]);
	await store.close();
	const db = new DatabaseSync(path);
	db.exec(
		"DROP TABLE steps; DROP TABLE event_rows; DROP TABLE dear_calls; DELETE FROM meta WHERE key != 'calls_since'; PRAGMA user_version = 1",
	);
	db.close();
}

test("a file of version 1 gets steps: of rows as far back as they are needed, and of totals before", async () => {
	await writeVersion1();
	const store = new SqliteStore(path, { now });
	const old = await store.series({
		since: SEVEN - 60 * DAY_MS,
		until: SEVEN - 60 * DAY_MS + HOUR_MS,
		stepSeconds: 3600,
	});
	expect(old.total).toMatchObject({
		calls: { success: 2 },
		inputTokens: 200,
		// $3,000,000,000.999999999999 and $0.0025
		costPico: 3_000_000_001_002_499_999_999n,
		latency: undefined,
	});
	const all = await store.series({ since: SEVEN - 6 * DAY_MS, until: SEVEN + HOUR_MS, stepSeconds: 3600 });
	expect(all.total).toMatchObject({ calls: { success: 2, error: 1 }, costPico: 7_500_000_000n });
	expect(all.errorsByType).toMatchObject([{ name: "timeout", total: 1 }]);
	expect(Math.abs((all.total.latency?.p50 ?? 0) - 200)).toBeLessThan(10);
	const minutes = await store.series({ since: SEVEN - 5 * HOUR_MS, until: SEVEN + HOUR_MS, stepSeconds: 60 });
	expect(minutes).toMatchObject({ stepSeconds: 60, total: { calls: { success: 2 } } });
	const tens = await store.series({ since: SEVEN, until: SEVEN + 60_000, stepSeconds: 10 });
	expect(tens.steps.map(({ calls }) => calls.success)).toEqual([0, 1, 0, 0, 0, 0]);
	// The dearest of all times, of which those before have no list yet.
	const dearest = await store.calls({ limit: 2, order: "dearest" });
	expect(dearest.map(({ sequence }) => sequence)).toEqual([2, 5]);
	// Of the hours of totals it is not known of what calls have failed: the rows themselves are asked.
	const timeouts = await store.calls({ limit: 5, errorTypes: ["timeout"] });
	expect(timeouts.map(({ sequence }) => sequence)).toEqual([3, 7]);
	// And it goes on.
	await store.append([row(5, { at: SEVEN + 10_000 }), row(6, { at: SEVEN + 10_000 })]);
	expect((await store.series({ since: SEVEN, until: SEVEN + 1, stepSeconds: 60 })).total.calls.success).toBe(
		2,
	);
	await store.close();
});

test("of times whose calls are forgotten it says nothing finer than totals", async () => {
	await writeVersion1();
	const db = new DatabaseSync(path);
	db.exec(
		`INSERT INTO meta VALUES ('calls_since', ${SEVEN - 4 * HOUR_MS}); DELETE FROM call_rows WHERE at < ${SEVEN - 4 * HOUR_MS}`,
	);
	db.close();
	const store = new SqliteStore(path, { now });
	const minutes = { since: SEVEN - 5 * HOUR_MS, until: SEVEN - 4 * HOUR_MS, stepSeconds: 60 };
	expect(await store.series(minutes)).toMatchObject({ stepSeconds: 3600, total: { calls: { success: 1 } } });
	// The three hours from six on are of totals (none) and rows, those from three on of totals alone.
	const hours = { since: SEVEN - 6 * HOUR_MS, until: SEVEN + HOUR_MS, stepSeconds: 10_800 };
	const { steps } = await store.series(hours);
	expect(steps.map(({ calls, latency }) => [calls.success, latency === undefined])).toEqual([
		[1, true],
		[0, true],
		[1, false],
	]);
	await store.close();
});

test("it is migrated as well when it is opened to be read", async () => {
	await writeVersion1();
	const store = new SqliteStore(path, { readOnly: true, now });
	expect(
		(await store.series({ since: SEVEN, until: SEVEN + 1, stepSeconds: 3600 })).total.calls.success,
	).toBe(1);
	expect((await store.totals({ by: [] }))[0]?.calls.success).toBe(4);
	await store.close();
});

test("a file of a version to come is left alone", async () => {
	await writeVersion1();
	const db = new DatabaseSync(path);
	db.exec("PRAGMA user_version = 3");
	db.close();
	expect(() => new SqliteStore(path)).toThrow(/tables of version 3, and this package knows version 2/);
});
