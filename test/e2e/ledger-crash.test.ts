import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { held, LedgerChild } from "./ledger-child.ts";

/** What may be missing of what was settled and not yet acknowledged: docs/ledger.md. */
const WINDOW_MS = 250;
const KILLS = 50;

let folder = "";
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "ledger-crash-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test(`killed at ${KILLS} random moments, a ledger holds every acknowledged call once, and misses ${WINDOW_MS} ms at most`, async () => {
	const path = join(folder, "crash.db");
	let before = 0;
	let acknowledged = 0;
	let watched = 0;
	for (let kill = 0; kill < KILLS; kill += 1) {
		const child = await LedgerChild.start(path, 1000, 60);
		await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500));
		const killedAt = Date.now();
		await child.kill();
		acknowledged += child.acknowledged;
		const found = await held(path, child.process);
		// Every call up to the last one that is there, so also every acknowledged one, and each once.
		expect(found.different, `kill ${kill}`).toBe(found.rows);
		expect(found.last, `kill ${kill}`).toBe(found.rows);
		expect(found.rows, `kill ${kill}`).toBeGreaterThanOrEqual(child.acknowledged);
		// As long as its thread is starting, a ledger promises nothing but what it has acknowledged.
		const until = killedAt - WINDOW_MS;
		const old = child.atWorkSince > until ? 0 : (child.settled.findLast(({ at }) => at <= until)?.count ?? 0);
		if (old > 0) watched += 1;
		expect(found.rows, `kill ${kill}`).toBeGreaterThanOrEqual(old);
		expect(found, `kill ${kill}`).toMatchObject({
			byHour: found.all,
			byDay: found.all,
			all: before + found.rows,
		});
		before = found.all;
	}
	// Otherwise nothing was tested.
	expect(acknowledged).toBeGreaterThan(KILLS * 100);
	expect(watched).toBeGreaterThan(KILLS / 4);
}, 240_000);

test("two processes write to one file, and one of them is killed", async () => {
	const path = join(folder, "two.db");
	const [one, other] = await Promise.all([
		LedgerChild.start(path, 2000, 60),
		LedgerChild.start(path, 2000, 3),
	]);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	await one.kill();
	await other.end();
	const [first, second] = [await held(path, one.process), await held(path, other.process)];
	expect(first.rows).toBeGreaterThanOrEqual(one.acknowledged);
	expect(one.acknowledged).toBeGreaterThan(1000);
	expect([first.different, first.last]).toEqual([first.rows, first.rows]);
	expect([second.rows, second.different, second.last]).toEqual([other.ended, other.ended, other.ended]);
	expect(second).toMatchObject({ all: first.rows + second.rows, byHour: second.all, byDay: second.all });
}, 60_000);
