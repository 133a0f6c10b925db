import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };

const ROOT: string = join(import.meta.dirname, "../..");
const TSC: string = join(ROOT, "node_modules/typescript/bin/tsc");
const folder = mkdtempSync(join(tmpdir(), "readme-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the reader of a snippet has from the ones before it, or of their own. */
const GIVEN = `
declare const llm: import("@hyperagent/observe/providers").InstrumentedBackend;
declare function callTheModel(): Promise<string>;
`;

const pages = ["README.md", ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })]
	.map((name) => (name === "README.md" ? name : join("docs", name)))
	.filter((name) => name.endsWith(".md"));

function read(name: string): string {
	return readFileSync(join(ROOT, name), "utf8");
}

describe("README.md", () => {
	const snippets = [...read("README.md").matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);

	test("every TypeScript snippet compiles, for a strict reader", { timeout: 30_000 }, async () => {
		expect(snippets.length).toBeGreaterThan(2);
		for (const [i, code] of snippets.entries()) {
			// A script's declarations are everybody's; a module's own ones come before them.
			writeFileSync(join(folder, `snippet-${i + 1}.mts`), `${code}\nexport {};\n`);
		}
		writeFileSync(join(folder, "given.d.ts"), GIVEN);
		const compilerOptions = {
			rootDir: "/",
			paths: {
				"@hyperagent/observe/*": [join(ROOT, "src/*/index.ts")],
				openai: [join(ROOT, "node_modules/openai/index.d.mts")],
			},
			typeRoots: [join(ROOT, "node_modules/@types")],
			// The house's own taste, and not that of `tsc --init`.
			noPropertyAccessFromIndexSignature: false,
		};
		const config = { extends: join(ROOT, "tsconfig.json"), compilerOptions, include: ["*"], exclude: [] };
		writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
		const compiled = promisify(execFile)(process.execPath, [TSC, "--noEmit", "-p", folder]);
		// What a failed run says is a part of its error.
		expect(await compiled.catch((error: unknown) => error)).toMatchObject({ stdout: "" });
	});

	test("every `npm run` that it names is there", () => {
		const named = [...read("README.md").matchAll(/npm run ([\w:]+)/g)].map(([, script = ""]) => script);
		expect(named).not.toEqual([]);
		expect(named.filter((script) => !(script in packageJson.scripts))).toEqual([]);
	});

	test("no command needs a newer Node.js than the one it says", () => {
		const commands = [...read("README.md").matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = ""]) => text);
		expect(commands.join("")).not.toContain("--run"); // Node.js 22 has it, 20 does not
	});
});

test.each(pages)("the links of %s lead to files that exist, and that the package has", (page) => {
	const links = [...read(page).matchAll(/\]\((?!\w+:|#)([^)#]+)/g)].map(([, link = ""]) => link);
	for (const link of links) {
		const path = join(dirname(page), link).replace(/\/$/, "");
		expect(existsSync(join(ROOT, path)), link).toBe(true);
		const packed = ["LICENSE", ...packageJson.files].some(
			(entry) => `${path}/`.startsWith(`${entry}/`) || entry.startsWith(`${path}/`),
		);
		expect(packed, link).toBe(true);
	}
});
