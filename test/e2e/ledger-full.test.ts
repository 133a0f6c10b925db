import { execFileSync } from "node:child_process";
import {
	closeSync,
	existsSync,
	mkdtempSync,
	openSync,
	readdirSync,
	rmSync,
	statSync,
	writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { held, LedgerChild } from "./ledger-child.ts";

/** Thirty seconds, as the goal says, where one has them: `LEDGER_FULL_SECONDS=30`. */
const SECONDS = Number(process.env["LEDGER_FULL_SECONDS"] ?? 4);

const mounted: string[] = [];
const started: LedgerChild[] = [];
afterEach(async () => {
	await Promise.all(started.splice(0).map((child) => child.kill()));
	for (const folder of mounted.splice(0)) {
		execFileSync("umount", [folder]);
		rmSync(folder, { recursive: true });
	}
});

/** A disk of its own; undefined where one may not mount. */
function smallDisk(megabytes: number): string | undefined {
	const folder = mkdtempSync(join(tmpdir(), "ledger-full-"));
	try {
		execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "pipe" });
	} catch {
		rmSync(folder, { recursive: true });
		return undefined;
	}
	mounted.push(folder);
	return folder;
}

/** Takes all the room that is left; the function that comes back gives it again. */
function fill(folder: string): () => void {
	const path = join(folder, "fill");
	const file = openSync(path, "w");
	const block = Buffer.alloc(4096, 1);
	expect(() => {
		for (;;) writeSync(file, block);
	}).toThrow(/ENOSPC/);
	closeSync(file);
	return () => rmSync(path);
}

/** Resolves once a ledger's spool has taken its room. */
async function spoolOf(path: string, bytes: number): Promise<void> {
	const folder = `${path}-spool`;
	await expect
		.poll(
			() => (existsSync(folder) ? readdirSync(folder).map((name) => statSync(join(folder, name)).size) : []),
			{ timeout: 20_000 },
		)
		.toEqual([bytes]);
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const NO_MOUNT = "this user may not mount a tmpfs, so no disk can be filled";

async function ready(child: LedgerChild): Promise<{ status: string; code: number }> {
	const response = await fetch(`${child.url}/ready`);
	const { status } = (await response.json()) as { status: string };
	return { status, code: response.status };
}

test(`a disk that is full for ${SECONDS} s costs no call: the spool takes them, and /ready tells`, async ({
	skip,
}) => {
	const folder = smallDisk(32);
	if (folder === undefined) return skip(NO_MOUNT);
	const path = join(folder, "full.db");
	const child = await LedgerChild.start(path, 1000, 8 + SECONDS, 3 * 1024 * 1024);
	started.push(child);
	await spoolOf(path, 3 * 1024 * 1024);
	expect(await ready(child)).toEqual({ status: "ready", code: 200 });
	const giveBack = fill(folder);
	await wait(1000);
	const acknowledged = child.acknowledged;
	await wait(SECONDS * 1000 - 1000);
	expect(await ready(child)).toEqual({ status: "degraded", code: 200 });
	const metrics = await (await fetch(`${child.url}/metrics`)).text();
	expect(metrics).toMatch(/hyperagent_internal_errors_total\{component="ledger"\} [1-9]/);
	// Into the spool, that is on disk: flushes succeed.
	expect(child.acknowledged).toBeGreaterThan(acknowledged);
	expect(child.refusals).toBe(0);
	giveBack();
	await expect.poll(() => ready(child), { timeout: 5000 }).toEqual({ status: "ready", code: 200 });
	await child.end();
	const { all, byDay, byHour, different, last, rows } = await held(path, child.process);
	expect(child.ended).toBeGreaterThan(SECONDS * 1000);
	expect({ rows, different, last, byDay, byHour, all }).toEqual({
		rows: child.ended,
		different: child.ended,
		last: child.ended,
		byDay: child.ended,
		byHour: child.ended,
		all: child.ended,
	});
	expect(child.told.join()).toMatch(/full/);
}, 120_000);

test("killed while the disk is full, it has lost nothing that was acknowledged", async ({ skip }) => {
	const folder = smallDisk(32);
	if (folder === undefined) return skip(NO_MOUNT);
	const path = join(folder, "killed.db");
	const child = await LedgerChild.start(path, 1000, 60, 1024 * 1024);
	started.push(child);
	await spoolOf(path, 1024 * 1024);
	const giveBack = fill(folder);
	const before = child.acknowledged;
	await wait(1500);
	await child.kill();
	giveBack();
	const found = await held(path, child.process);
	expect(child.acknowledged).toBeGreaterThan(before);
	expect(found.rows).toBeGreaterThanOrEqual(child.acknowledged);
	expect([found.different, found.last, found.byDay]).toEqual([found.rows, found.rows, found.rows]);
}, 60_000);

test("without room in the spool a flush is refused, calls go on, and rows come from memory when there is room", async ({
	skip,
}) => {
	const folder = smallDisk(32);
	if (folder === undefined) return skip(NO_MOUNT);
	const path = join(folder, "held.db");
	const child = await LedgerChild.start(path, 1000, 8, 0);
	started.push(child);
	await wait(2000);
	const giveBack = fill(folder);
	await wait(2000);
	expect(child.refusals).toBeGreaterThan(0);
	expect(await ready(child)).toEqual({ status: "degraded", code: 200 });
	const metrics = await (await fetch(`${child.url}/metrics`)).text();
	expect(Number(/hyperagent_ledger_pending_rows (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(500);
	giveBack();
	await child.end();
	const found = await held(path, child.process);
	expect([found.rows, found.different, found.last]).toEqual([child.ended, child.ended, child.ended]);
	expect([found.byDay, found.byHour]).toEqual([child.ended, child.ended]);
}, 60_000);
