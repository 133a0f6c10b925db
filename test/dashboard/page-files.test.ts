import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { loadPageFiles } from "../../src/dashboard/page-files.ts";

const folder = mkdtempSync(join(tmpdir(), "page-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("only what a page is made of is served, with the notice in it, escaped", async () => {
	writeFileSync(join(folder, "index.html"), `<p id="notice"><!--notice--></p>`);
	writeFileSync(join(folder, "page.js"), "let a = `<!--notice-->`;");
	writeFileSync(join(folder, "secrets.env"), "TOKEN=x");
	const files = await loadPageFiles(`<img src=x onerror="alert('$&')">`, pathToFileURL(`${folder}/`));
	expect(Object.fromEntries(files.map(({ contentType, path }) => [path, contentType]))).toEqual({
		"/": "text/html; charset=utf-8",
		"/page.js": "text/javascript; charset=utf-8",
	});
	const [page, script] = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
	expect(String(page?.body)).toBe(
		`<p id="notice">&#60;img src=x onerror=&#34;alert(&#39;$&#38;&#39;)&#34;&#62;</p>`,
	);
	expect(String(script?.body)).toBe("let a = `<!--notice-->`;");
	for (const { body, gzipped } of files) expect(gunzipSync(gzipped).equals(body)).toBe(true);
	const [again] = await loadPageFiles("", pathToFileURL(`${folder}/`));
	expect(again?.etag).not.toBe(page?.etag);
});
