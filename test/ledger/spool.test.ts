import {
	mkdirSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PageSlice, RowPage } from "../../src/ledger/row-page.ts";
import { dropSpool, leaveSpool, readSpool, removeSpool, Spool, takeSpools } from "../../src/ledger/spool.ts";

let folder = "";
beforeEach(() => {
	folder = join(mkdtempSync(join(tmpdir(), "spool-")), "l.db-spool");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

/** Rows of these numbers. */
function slice(...sequences: number[]): PageSlice {
	const page = new RowPage();
	for (const sequence of sequences) page.addManual(sequence, "chat", "m", { input: 1, output: 1 }, 0);
	return { values: page.values, names: page.names, from: 0, to: page.count };
}

function numbers(frames: Iterable<readonly { readonly sequence: number }[]>): number[] {
	return [...frames].flat().map(({ sequence }) => sequence);
}

/** As if another process had left the spool that is there: its name says so. */
function abandon(): string {
	const [name = ""] = readdirSync(folder);
	const dead = join(folder, name.replace(/^[0-9a-f]+\.\d+/, "000000000000aaaaaaaaaa.4194305"));
	renameSync(join(folder, name), dead);
	return dead;
}

test("rows come back in their order; what was cleared does not come again", () => {
	const spool = new Spool(folder, 65_536);
	expect(spool.append(slice(1, 2))).toBe(true);
	expect(spool.append(slice(3))).toBe(true);
	expect([spool.rows, numbers(spool.read())]).toEqual([3, [1, 2, 3]]);
	spool.clear();
	expect([spool.rows, numbers(spool.read())]).toEqual([0, []]);
	spool.append(slice(4)); // shorter than what lies behind it from before
	expect(numbers(spool.read())).toEqual([4]);
	spool.clear();
	spool.close();
	expect(existsSync(folder)).toBe(false);
});

test("its room is taken at the start, and it says when there is none left", () => {
	const spool = new Spool(folder, 2000);
	const [name = ""] = readdirSync(folder);
	expect(statSync(join(folder, name)).size).toBe(2000);
	let taken = 0;
	while (spool.append(slice(taken))) taken += 1;
	expect(taken).toBeGreaterThan(5);
	expect(numbers(spool.read())).toEqual(Array.from({ length: taken }, (_, i) => i));
	expect(statSync(join(folder, name)).size).toBe(2000);
	spool.close();
});

test("a torn or changed end is left out, what is before it is not", () => {
	const spool = new Spool(folder, 65_536);
	spool.append(slice(1));
	const whole = 16 + readFileSync(join(folder, readdirSync(folder)[0] ?? "")).readUInt32LE(8);
	spool.append(slice(2));
	spool.close();
	const path = abandon();
	const bytes = readFileSync(path);
	truncateSync(path, whole + 20);
	expect(numbers(readSpool(path))).toEqual([1]);
	bytes.writeUInt8(bytes.readUInt8(whole + 30) ^ 1, whole + 30);
	writeFileSync(path, bytes);
	expect(numbers(readSpool(path))).toEqual([1]);
});

test("of a process that lives nothing is taken, and of one that is gone everything", () => {
	const spool = new Spool(folder, 65_536);
	spool.append(slice(1));
	expect(takeSpools(folder)).toEqual([]);
	const path = abandon();
	const [taken = "", ...others] = takeSpools(folder);
	expect([taken.startsWith(path), others]).toEqual([true, []]);
	// Whoever took it may have died over it.
	expect(takeSpools(folder)).toEqual([taken]);
	expect(numbers(readSpool(taken))).toEqual([1]);
	dropSpool(folder, taken);
	expect(existsSync(folder)).toBe(false);
	spool.close();
});

test("a spool that another has taken away is begun anew, with the rows that may have been too late", () => {
	const spool = new Spool(folder, 65_536);
	spool.append(slice(1));
	const path = abandon();
	spool.append(slice(2));
	expect(numbers(spool.read())).toEqual([2]);
	expect(numbers(readSpool(path))).toEqual([1, 2]); // twice, and counted once by the store
	spool.close();
});

test("rows that are left at the end of a process stand in a spool of their own", () => {
	leaveSpool(folder, [slice(1, 2), slice(3)]);
	leaveSpool(folder, [slice(4)]);
	const path = abandon();
	expect(numbers(readSpool(path))).toEqual([1, 2, 3, 4]);
	const spool = new Spool(folder, 100);
	removeSpool(spool.path);
	expect(readdirSync(folder)).toEqual([path.slice(folder.length + 1)]);
	spool.close();
});

test("what was taken away and not read yet is not cleared", () => {
	const spool = new Spool(folder, 65_536);
	spool.append(slice(1, 2));
	const path = abandon();
	expect(numbers(spool.read())).toEqual([]); // another one's now
	spool.clear();
	expect(numbers(readSpool(path))).toEqual([1, 2]);
	spool.append(slice(3));
	expect(numbers(spool.read())).toEqual([3]);
	spool.close();
});

test("a spool that is taken twice, before anybody has read it, is two", () => {
	const spool = new Spool(folder, 65_536);
	spool.append(slice(1));
	const [name = ""] = readdirSync(folder);
	const dead = join(folder, name.replace(/^[0-9a-f]+\.\d+/, "000000000000aaaaaaaaaa.4194305"));
	renameSync(join(folder, name), dead);
	expect(takeSpools(folder).length).toBe(1);
	spool.append(slice(2)); // into a new file, with 1, which may have been too late
	renameSync(join(folder, name), dead);
	const taken = takeSpools(folder);
	expect(taken.flatMap((path) => numbers(readSpool(path))).toSorted((a, b) => a - b)).toEqual([1, 2, 2]);
	spool.close();
});

test("a spool that may not be taken is told, and the others are taken", () => {
	// With the end of a taken one its name would be longer than the 255 bytes that a file system has for it.
	mkdirSync(folder);
	const long = join(folder, `${"x".repeat(200)}.spool`);
	const short = join(folder, "gone.spool");
	for (const path of [long, short]) writeFileSync(path, "");
	const refused: string[] = [];
	expect(takeSpools(folder, (error) => refused.push(error.message))).toHaveLength(1);
	expect(refused).toEqual([expect.stringContaining("ENAMETOOLONG")]);
});
