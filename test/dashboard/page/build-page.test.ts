import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundlePage, PAGE_BUDGET, weighPage, writeLicenses } from "../../../scripts/build-page.ts";

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "page-budget-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a page that is too heavy fails its build, with what each file weighs", async () => {
	expect(PAGE_BUDGET).toBe(100_000);
	await writeFile(join(folder, "page.js"), "let a = 1;".repeat(100_000));
	expect(await weighPage(folder)).toBe("");
	// What does not compress: each file is within the budget, both are not.
	await writeFile(join(folder, "a.js"), randomBytes(60_000));
	await writeFile(join(folder, "b.js"), randomBytes(60_000));
	expect(await weighPage(folder)).toMatch(
		/^The page weighs 12\d{4} bytes gzipped, 100000 are allowed: a\.js 60\d{3}, b\.js 60\d{3}, page\.js \d+\.\n$/,
	);
});

test("a page that cannot be built fails its build, with the place and the reason", async () => {
	const source = join(folder, "broken");
	await mkdir(source);
	await writeFile(join(source, "index.html"), '<script type="module" src="./main.ts"></script>');
	await writeFile(join(source, "main.ts"), 'import { gone } from "./gone.ts";\ngone();\n');
	const nodeEnv = process.env["NODE_ENV"];
	const problems = await bundlePage(source, join(folder, "built"));
	expect(problems).toMatch(/^The page cannot be built: /m);
	expect(problems).toContain("./gone.ts");
	expect(problems).toContain("main.ts");
	expect(process.env["NODE_ENV"]).toBe(nodeEnv);
});

test("a page that can is a script, styles and what they load, without anything inline", async () => {
	const source = join(folder, "sound");
	const target = join(folder, "sound-built");
	await mkdir(source);
	const head = '<link rel="stylesheet" href="./a.css"><script type="module" src="./main.ts"></script>';
	await writeFile(join(source, "index.html"), `<!doctype html><html><head>${head}</head></html>`);
	await writeFile(join(source, "a.css"), "p { color: red; }");
	await writeFile(join(source, "main.ts"), "document.title = String(1 + 1);");
	expect(await bundlePage(source, target)).toBe("");
	expect((await readdir(target)).toSorted()).toEqual(["index.html", "page.css", "page.js"]);
	const html = await readFile(join(target, "index.html"), "utf8");
	expect(html).not.toMatch(/<script(?![^>]* src=)|<style|style=| on\w+=/);
});

test("what is bundled has its license beside it", async () => {
	await writeLicenses(join(folder, "licensed"));
	const text = await readFile(join(folder, "licensed/third-party-licenses.txt"), "utf8");
	expect(text).toContain("Copyright (c) 2015-present Jason Miller");
	expect(text).toContain("Copyright (c) 2022 Leon Sorokin");
});
