import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const ROOT: string = join(import.meta.dirname, "../..");

/** How a command ended; `output` holds stdout, then stderr. */
interface Ended {
	code: number;
	stdout: string;
	output: string;
}

/** A throwaway copy of this project's own files, on which a tool can run after something was broken. */
export class ProjectCopy implements AsyncDisposable {
	readonly path: string;

	private constructor(path: string) {
		this.path = path;
	}

	/** Copies what git knows or would add, and links node_modules. */
	static async make(): Promise<ProjectCopy> {
		const path = await mkdtemp(join(tmpdir(), "hyperagent-copy-"));
		const listed = await promisify(execFile)("git", ["ls-files", "-co", "--exclude-standard"], { cwd: ROOT });
		const files = listed.stdout.split("\n").filter((name) => name !== "");
		await Promise.all(
			// A file that was deleted but not yet committed is still listed.
			files.map((name) => cp(join(ROOT, name), join(path, name)).catch(() => undefined)),
		);
		await symlink(join(ROOT, "node_modules"), join(path, "node_modules"));
		return new ProjectCopy(path);
	}

	/** Writes a file of the copy; a function gets the text that is there. */
	async plant(name: string, text: string | ((before: string) => string)): Promise<void> {
		const file = join(this.path, name);
		await mkdir(dirname(file), { recursive: true });
		await writeFile(file, typeof text === "string" ? text : text(await readFile(file, "utf8")));
	}

	/** Runs a command in the copy; it may fail. */
	run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
		return new Promise((resolve) => {
			execFile(command, args, { cwd: this.path, env, maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
				const code = typeof error?.code === "number" ? error.code : 1;
				resolve({ code: error === null ? 0 : code, stdout, output: stdout + stderr });
			});
		});
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await rm(this.path, { recursive: true, force: true });
	}
}
