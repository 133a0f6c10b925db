import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { LedgerThread } from "../../src/ledger/ledger-thread.ts";
import { RowPage } from "../../src/ledger/row-page.ts";
import type { WriterState } from "../../src/ledger/writer-state.ts";

test("the end of a process does not wait for a thread that has nothing to do, but was started anew", async () => {
	const folder = mkdtempSync(join(tmpdir(), "ledger-thread-"));
	const workers: Worker[] = [];
	const heard = (worker: Worker): void => void workers.push(worker);
	process.on("worker", heard);
	const states: WriterState[] = [];
	const thread = new LedgerThread(
		{ path: join(folder, "l.db"), spoolBytes: 0, keepCallsDays: undefined, keepTotalsDays: undefined },
		(state) => states.push(state),
		() => undefined,
	);
	const page = new RowPage();
	page.addManual(1, "chat", "m", { input: 1, output: 0 }, 0);
	thread.post(page, 0, 1);
	await expect.poll(() => thread.pendingRows, { timeout: 5000 }).toBe(0);
	await workers[0]?.terminate();
	states.length = 0;
	await expect.poll(() => states.length, { timeout: 5000 }).toBeGreaterThan(0);
	const before = performance.now();
	expect(thread.waitForAll(2000)).toEqual([]);
	expect(performance.now() - before).toBeLessThan(1000);
	await thread.close();
	process.off("worker", heard);
	rmSync(folder, { recursive: true });
});
