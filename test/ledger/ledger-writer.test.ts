import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LedgerWriter } from "../../src/ledger/ledger-writer.ts";
import { RowPage } from "../../src/ledger/row-page.ts";
import type { WriterState } from "../../src/ledger/writer-state.ts";

let folder = "";
let path = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "ledger-writer-"));
	path = join(folder, "l.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A writer, what it has told last, and a way to give it rows. */
class Writing {
	state: WriterState | undefined = undefined;
	readonly writer: LedgerWriter;
	#number = 0;

	constructor(spoolBytes = 65_536, keepCallsDays?: number) {
		const options = { path, spoolBytes, keepCallsDays, keepTotalsDays: undefined };
		this.writer = new LedgerWriter(options, (state) => (this.state = state));
	}

	async write(...sequences: number[]): Promise<void> {
		const page = new RowPage();
		for (const sequence of sequences) page.addManual(sequence, "chat", "m", { input: 1, output: 0 }, 0.0025);
		this.#number += 1;
		this.writer.add({
			number: this.#number,
			slice: { values: page.values, names: page.names, from: 0, to: page.count },
		});
		await this.writer.drain();
	}
}

/** The numbers of the rows in the file, in the order in which they came in. */
function rows(file: string = path): number[] {
	const db = new DatabaseSync(file, { readOnly: true });
	const found = db.prepare("SELECT sequence FROM calls").all();
	const cost = db
		.prepare("SELECT SUM(cost_usd * 1000000000000 + cost_pico) AS pico FROM totals WHERE span = 3600")
		.get();
	db.close();
	// Each row costs $0.0025, also in the totals.
	expect(Number(cost?.["pico"] ?? 0)).toBe(found.length * 2_500_000_000);
	return found.map(({ sequence }) => Number(sequence));
}

const isMissing = (): boolean => readdirSync(folder).every((name) => !name.includes("-spool"));

test("rows are in the file once they are told safe", async () => {
	const writing = new Writing();
	await writing.writer.start();
	await writing.write(1, 2);
	expect(writing.state).toMatchObject({ safe: 1, spooledRows: 0, error: undefined, isHeld: false });
	expect(rows()).toEqual([1, 2]);
	await writing.writer.close();
	expect(readdirSync(folder)).toEqual(["l.db"]);
});

test("while another holds the lock rows are safe in the spool, and come in when it lets go", async () => {
	const writing = new Writing();
	await writing.writer.start();
	await writing.write(1);
	const other = new DatabaseSync(path);
	other.exec("BEGIN EXCLUSIVE");
	const before = performance.now();
	await writing.write(2);
	await writing.write(3);
	expect(performance.now() - before).toBeLessThan(1000);
	expect(writing.state).toMatchObject({ safe: 3, spooledRows: 2, isHeld: false });
	expect(writing.state?.error).toMatch(/locked/);
	other.exec("COMMIT");
	other.close();
	await expect
		.poll(() => writing.state, { timeout: 5000 })
		.toMatchObject({ spooledRows: 0, error: undefined });
	await writing.write(4);
	expect(rows()).toEqual([1, 2, 3, 4]);
	await writing.writer.close();
	expect(isMissing()).toBe(true);
});

test("a clock that is set back while another holds the lock delays nothing", async () => {
	const writing = new Writing();
	await writing.writer.start();
	const other = new DatabaseSync(path);
	other.exec("BEGIN EXCLUSIVE");
	await writing.write(1);
	expect(writing.state).toMatchObject({ safe: 1, spooledRows: 1 });
	const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() - 3_600_000);
	try {
		other.exec("COMMIT");
		other.close();
		await expect
			.poll(() => writing.state, { timeout: 3000 })
			.toMatchObject({ spooledRows: 0, error: undefined });
	} finally {
		clock.mockRestore();
	}
	await writing.writer.close();
});

test("what the spool has no room for waits in memory, and nothing overtakes it", async () => {
	const writing = new Writing(0);
	await writing.writer.start();
	const other = new DatabaseSync(path);
	other.exec("BEGIN EXCLUSIVE");
	await writing.write(1);
	await writing.write(2);
	expect(writing.state).toMatchObject({ safe: 0, spooledRows: 0, isHeld: true });
	other.exec("COMMIT");
	other.close();
	await expect
		.poll(() => writing.state, { timeout: 5000 })
		.toMatchObject({ safe: 2, isHeld: false, error: undefined });
	expect(rows()).toEqual([1, 2]);
	await writing.writer.close();
});

test("a file that is no database is moved out of the way, and a new one is begun", async () => {
	writeFileSync(path, "This is not a database, and it is long enough for nobody to think so.".repeat(100));
	const writing = new Writing();
	await writing.writer.start();
	await writing.write(1);
	expect(writing.state).toMatchObject({ safe: 1, error: undefined });
	expect(writing.state?.movedTo).toMatch(/l\.db\.damaged-\d{8}T\d{6}\.\d{3}Z$/);
	expect(existsSync(writing.state?.movedTo ?? "")).toBe(true);
	expect(rows()).toEqual([1]);
	await writing.writer.close();
});

test("damage that shows while it is written to ends in a new file as well", async () => {
	const first = new Writing();
	await first.writer.start();
	for (let i = 1; i <= 100; i += 1) await first.write(i);
	await first.writer.close();
	const bytes = Buffer.alloc(200_000, 0xa5);
	// All but the first page, which has the schema.
	const db = new DatabaseSync(path);
	const size = Number(db.prepare("PRAGMA page_size").get()?.["page_size"]);
	db.close();
	const { openSync, writeSync, closeSync, statSync } = await import("node:fs");
	const file = openSync(path, "r+");
	writeSync(file, bytes, 0, statSync(path).size - size, size);
	closeSync(file);
	const writing = new Writing();
	await writing.writer.start();
	await writing.write(101);
	expect(writing.state).toMatchObject({ safe: 1, error: undefined });
	expect(writing.state?.movedTo).toMatch(/damaged/);
	expect(rows()).toEqual([101]);
	await writing.writer.close();
});

test("another program's database is left alone, and rows are spooled", async () => {
	const db = new DatabaseSync(path);
	db.exec("CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
	db.close();
	const writing = new Writing();
	await writing.writer.start();
	await writing.write(1);
	expect(writing.state).toMatchObject({ safe: 1, spooledRows: 1, movedTo: undefined });
	expect(writing.state?.error).toMatch(/some other program's database/);
	await writing.writer.close();
	const again = new DatabaseSync(path, { readOnly: true });
	expect(again.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "mine" }]);
	again.close();
});

test("a file that is taken away under it is begun anew", async () => {
	const writing = new Writing();
	await writing.writer.start();
	await writing.write(1);
	for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
	await writing.write(2);
	expect(rows()).toEqual([2]);
	await writing.writer.close();
});

test("a file that is moved takes all of its rows with it", async () => {
	const writing = new Writing();
	await writing.writer.start();
	await writing.write(1, 2);
	const moved = join(folder, "old.db");
	renameSync(path, moved);
	await writing.write(3);
	expect([rows(moved), rows()]).toEqual([[1, 2], [3]]);
	await writing.writer.close();
});

test("two writers on one file take turns", async () => {
	const [one, other] = [new Writing(), new Writing()];
	await one.writer.start();
	await other.writer.start();
	await Promise.all([one.write(1, 3), other.write(2, 4), one.write(5)]);
	await expect
		.poll(() => [one.state?.spooledRows, other.state?.spooledRows], { timeout: 5000 })
		.toEqual([0, 0]);
	expect(rows().toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
	await one.writer.close();
	await other.writer.close();
});
