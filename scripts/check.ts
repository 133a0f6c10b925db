/** The checks of the source and of the package: `node scripts/check.ts [name…]`, all of them without a name. */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./build.ts";
import { staleFiles } from "./generate.ts";
import { ROOT, runCommand, TSC } from "./run-command.ts";

/** One check: the answer is what is wrong, in the tool's own words, or "" where nothing is. */
type Check = () => Promise<string>;

const CHECKS: Record<string, { says: string; check: Check }> = {
	format: {
		says: "biome finds every file formatted (npm run format does it)",
		check: () => complaint("biome", ["format", "--reporter=summary"]),
	},
	lint: { says: "oxlint finds nothing, floors included", check: () => complaint("oxlint", []) },
	types: { says: "tsc finds every type right", check: checkTypes },
	"dead code": { says: "knip finds nothing unused", check: () => complaint("knip", []) },
	generated: { says: "the generated files are as `npm run generate` writes them", check: staleFiles },
	package: { says: "publint and arethetypeswrong find the packed package right", check: checkPackage },
};

/** Runs the named checks side by side, prints a line for each, and answers how many passed and failed. */
export async function runChecks(
	names: readonly string[] = Object.keys(CHECKS),
): Promise<{ passed: number; failed: number }> {
	const outcomes = await Promise.all(names.map(runOne));
	const passed = outcomes.filter((ok) => ok).length;
	return { passed, failed: outcomes.length - passed };
}

async function runOne(name: string): Promise<boolean> {
	const started = performance.now();
	const known = CHECKS[name];
	const problem =
		known === undefined
			? `There is no check "${name}": choose from ${Object.keys(CHECKS).join(", ")}.\n`
			: await known.check();
	const seconds = `(${((performance.now() - started) / 1000).toFixed(1)} s)`;
	if (problem === "") process.stdout.write(`check ${name}: ok, ${known?.says} ${seconds}\n`);
	else process.stdout.write(`check ${name}: FAILED ${seconds}\n${problem.trimEnd()}\n`);
	return problem === "";
}

async function complaint(command: string, args: readonly string[]): Promise<string> {
	const { code, output } = await runCommand(command, args);
	return code === 0 ? "" : output || `${command} ended with code ${code} and said nothing.\n`;
}

async function checkTypes(): Promise<string> {
	const projects = [".", "src/dashboard/page", "test/dashboard/page"].filter((path) =>
		existsSync(join(ROOT, path, "tsconfig.json")),
	);
	const results = await Promise.all(
		projects.map((project) => complaint("node", [TSC, "-p", project, "--noEmit"])),
	);
	return results.join("");
}

async function checkPackage(): Promise<string> {
	const problems = await build();
	if (problems !== "") return problems;
	const folder = await mkdtemp(join(tmpdir(), "hyperagent-pack-"));
	try {
		const packing = await complaint("npm", ["pack", "--ignore-scripts", "--pack-destination", folder]);
		const [tarball] = await readdir(folder);
		if (packing !== "" || tarball === undefined) return packing;
		const packed = join(folder, tarball);
		const results = await Promise.all([
			complaint("publint", ["run", packed, "--strict"]),
			complaint("attw", [packed, "--profile", "esm-only", "--no-emoji", "--no-color"]),
		]);
		return results.join("");
	} finally {
		await rm(folder, { recursive: true });
	}
}

if (import.meta.main) {
	const names = process.argv.slice(2);
	const { failed } = await runChecks(names.length > 0 ? names : undefined);
	if (failed > 0) process.exitCode = 1;
}
