import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder } from "../../src/ledger/make-folder.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "make-folder-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("a folder is made with those that it lies in, and may be there already", () => {
	const path = join(folder, "a", "b", "c");
	makeFolder(path);
	makeFolder(path);
	makeFolder(join(folder, "a"));
	expect(existsSync(path)).toBe(true);
});

test.each([
	["below a file", () => join(folder, "file", "a")],
	["where a file is", () => join(folder, "file")],
	["below a link to nowhere", () => join(folder, "link", "a")],
	["where the file system makes none", () => "/proc/hyperagent-none/a"],
])("%s there can be none, and that is said", (_, pathOf) => {
	writeFileSync(join(folder, "file"), "");
	symlinkSync(join(folder, "nowhere", "x"), join(folder, "link"));
	expect(() => makeFolder(pathOf())).toThrow(/ENOTDIR|EEXIST|ENOENT|EROFS|EACCES/);
});
