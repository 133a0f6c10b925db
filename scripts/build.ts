/** Builds dist/ from src/: the package by the compiler, the browser page by Vite. */
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import { buildPage } from "./build-page.ts";
import { ROOT, runCommand, TSC } from "./run-command.ts";

const SRC: string = join(ROOT, "src");
const DIST: string = join(ROOT, "dist");
const PAGE: string = join("dashboard", "page", sep);

/** Builds everything; the answer is what the compiler and Vite complained about, or "" where they are content. */
export async function build(): Promise<string> {
	const results = await Promise.all([compile("tsconfig.build.json"), buildPage()]);
	await removeOrphans();
	await Promise.all([rewriteDeclarations(), makeExecutable(join(DIST, "cli/main.js"))]);
	return results.join("");
}

async function compile(project: string): Promise<string> {
	const { code, output } = await runCommand("node", [TSC, "-p", project]);
	return code === 0 ? "" : output;
}

/** TypeScript leaves ".ts" in the imports of declarations, where no user's compiler would follow it. */
async function rewriteDeclarations(): Promise<void> {
	for (const name of await filesOf(DIST)) {
		if (!name.endsWith(".d.ts")) continue;
		const before = await readFile(join(DIST, name), "utf8");
		const after = before.replace(/\b(from |import |import\()"(\.\.?\/[^"]+)\.ts"/g, '$1"$2.js"');
		if (after !== before) await writeFile(join(DIST, name), after);
	}
}

/** Removes what an earlier build left of sources that are gone. */
async function removeOrphans(): Promise<void> {
	for (const name of await filesOf(DIST)) {
		// Vite empties the page's folder itself.
		if (name.startsWith(PAGE)) continue;
		const source = name.replace(/\.d\.ts$|\.js$/, ".ts");
		if (!existsSync(join(SRC, source)) && !existsSync(join(SRC, name))) await rm(join(DIST, name));
	}
}

async function makeExecutable(file: string): Promise<void> {
	if (existsSync(file)) await chmod(file, 0o755);
}

/** The paths, relative to `folder`, of all files in it; none where it does not exist. */
async function filesOf(folder: string): Promise<string[]> {
	if (!existsSync(folder)) return [];
	const names = await readdir(folder, { recursive: true, withFileTypes: true });
	return names
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

if (import.meta.main) {
	const problems = await build();
	process.stdout.write(problems);
	if (problems !== "") process.exitCode = 1;
}
