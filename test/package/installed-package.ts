import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "../../scripts/build.ts";

const ROOT: string = join(import.meta.dirname, "../..");
const NODES: string = join(ROOT, "node_modules/.cache/node-versions");

/** How a program ended. */
interface Ended {
	code: number;
	stdout: string;
	stderr: string;
}

/** This package, built, packed and installed into an otherwise empty folder, as a user gets it. */
export class InstalledPackage {
	readonly path: string;

	private constructor(path: string) {
		this.path = path;
	}

	/** @param beside what else to install, as npm names it: `openai@7.57.0` */
	static async make(...beside: string[]): Promise<InstalledPackage> {
		const problems = await build();
		if (problems !== "") throw new Error(`The package does not build:\n${problems}`);
		const path = await mkdtemp(join(tmpdir(), "hyperagent-installed-"));
		await promisify(execFile)("npm", ["pack", "--ignore-scripts", "--pack-destination", path], { cwd: ROOT });
		const [tarball] = await readdir(path);
		if (tarball === undefined) throw new Error("npm pack wrote no tarball.");
		await npmInstall(path, [join(path, tarball), ...beside]);
		return new InstalledPackage(path);
	}

	/** Runs that Node.js in the folder, in an environment that hides no warning. */
	async run(version: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
		const node = await nodeOf(version);
		const options = { cwd: this.path, env: { PATH: process.env["PATH"], ...env }, timeout: 60_000 };
		return new Promise((resolve) => {
			execFile(node, args, options, (error, stdout, stderr) => {
				const code = typeof error?.code === "number" ? error.code : 1;
				resolve({ code: error === null ? 0 : code, stdout, stderr });
			});
		});
	}

	async remove(): Promise<void> {
		await rm(this.path, { recursive: true });
	}
}

/** The program of that exact Node.js version, from npm; kept between runs, because it is 100 MB. */
async function nodeOf(version: string): Promise<string> {
	if (version === process.versions.node) return process.execPath;
	const folder = join(NODES, version);
	const node = join(folder, "node_modules/.bin/node");
	if (!existsSync(node)) await npmInstall(folder, [`node@${version}`]);
	return node;
}

async function npmInstall(folder: string, packages: readonly string[]): Promise<void> {
	await mkdir(folder, { recursive: true });
	// Only `node` comes with an install script: it fetches the program for this machine.
	await writeFile(
		join(folder, "package.json"),
		JSON.stringify({ private: true, allowScripts: { node: true } }),
	);
	const args = ["install", "--no-audit", "--no-fund", "--prefer-offline", ...packages];
	await promisify(execFile)("npm", args, { cwd: folder });
}
