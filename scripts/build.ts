/** Builds dist/ from src/: the package by one tsconfig, the browser page by its own, assets as they are. */
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT, runCommand, TSC } from "./run-command.ts";

const SRC: string = join(ROOT, "src");
const DIST: string = join(ROOT, "dist");
const PAGE = "dashboard/page";

/** Builds everything; the answer is what the compiler complained about, or "" where it is content. */
export async function build(): Promise<string> {
	const projects = ["tsconfig.build.json"];
	if (existsSync(join(SRC, PAGE, "tsconfig.json"))) projects.push(join("src", PAGE));
	const results = await Promise.all(projects.map((project) => compile(project)));
	await removeOrphans();
	await Promise.all([rewriteDeclarations(), copyPageAssets(), makeExecutable(join(DIST, "cli/main.js"))]);
	return results.join("");
}

async function compile(project: string): Promise<string> {
	// The page shares the types of dashboard/stats.ts, so its root is the folder above.
	const page = [
		"--noEmit",
		"false",
		"--rootDir",
		join("src", PAGE, ".."),
		"--outDir",
		join("dist", PAGE, ".."),
	];
	const { code, output } = await runCommand("node", [
		TSC,
		"-p",
		project,
		...(project.endsWith(PAGE) ? page : []),
	]);
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

async function copyPageAssets(): Promise<void> {
	for (const name of await filesOf(join(SRC, PAGE))) {
		if (name.endsWith(".ts") || name.endsWith("tsconfig.json")) continue;
		await mkdir(dirname(join(DIST, PAGE, name)), { recursive: true });
		await copyFile(join(SRC, PAGE, name), join(DIST, PAGE, name));
	}
}

/** Removes what an earlier build left of sources that are gone. */
async function removeOrphans(): Promise<void> {
	for (const name of await filesOf(DIST)) {
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
