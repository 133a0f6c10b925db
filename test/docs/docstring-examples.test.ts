import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = new URL("../../", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "docstring-examples-"));
// So that an example may import another package, as its reader would.
symlinkSync(join(root.pathname, "node_modules"), join(folder, "node_modules"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An example of a docstring: its code, and what its `console.log(…); // this` lines promise to print. */
interface Example {
	readonly name: string;
	readonly code: string;
	readonly printed: readonly string[];
}

function examplesOf(file: string): Example[] {
	const text = readFileSync(new URL(`src/${file}`, root), "utf8");
	// Those of methods are indented by a tab.
	const blocks = [...text.matchAll(/\* @example\n\t* \* ```ts\n([\s\S]*?)\n\t* \* ```/g)];
	return blocks.map(([, block = ""], i) => {
		const code = block.replace(/^\t* \* ?/gm, "");
		const printed = [...code.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm)].map(([, said = ""]) =>
			said.replaceAll('"', ""),
		);
		return { name: `${file} ${i + 1}`, code, printed };
	});
}

const files = readdirSync(new URL("src", root), { recursive: true, encoding: "utf8" }).filter((file) =>
	file.endsWith(".ts"),
);
const examples = files.flatMap(examplesOf);

describe("the examples in the docstrings do what they say", () => {
	test("there are some", () => {
		expect(examples.length).toBeGreaterThan(10);
	});

	// Each is a program, and several start at once: on a busy machine that takes its time.
	test.concurrent.each(examples)("$name", { timeout: 30_000 }, async ({ name, code, printed }) => {
		expect(printed, "an example prints something, and says what").not.toEqual([]);
		const file = join(folder, `${name.replace(/\W/g, "-")}.ts`);
		// Every @hyperagent/observe/<room> is src/<room>/index.ts.
		const own = code.replace(/"@hyperagent\/observe\/(\w+)"/g, (_, room) =>
			JSON.stringify(join(root.pathname, "src", room, "index.ts")),
		);
		writeFileSync(file, own);
		const { stdout } = await run(process.execPath, [file]);
		expect(stdout.trimEnd().split("\n")).toEqual(printed);
	});
});
