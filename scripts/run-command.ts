import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

/** The repository's root; every script runs there, wherever it was called from. */
export const ROOT: string = join(import.meta.dirname, "..");

/** The compiler, by its path: other versions, which the tests bring, have the same command. */
export const TSC: string = join(ROOT, "node_modules", "typescript", "bin", "tsc");

/** How a command ended; `output` is stdout and stderr in the order in which they came. */
export interface CommandResult {
	code: number;
	output: string;
}

/** Runs a command of node_modules/.bin or the system at the root and never throws: a failed start is code 127. */
export function runCommand(command: string, args: readonly string[]): Promise<CommandResult> {
	return new Promise((resolve) => {
		let output = "";
		const child = spawn(command, args, {
			cwd: ROOT,
			env: toolEnvironment(),
			stdio: ["ignore", "pipe", "pipe"],
		});
		child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
		child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
		child.on("error", (error) => resolve({ code: 127, output: `${command}: ${error.message}\n` }));
		child.on("close", (code) => resolve({ code: code ?? 1, output }));
	});
}

/** The environment with this project's tools, and so its Node.js, first in PATH. */
export function toolEnvironment(): NodeJS.ProcessEnv {
	const bin = join(ROOT, "node_modules", ".bin");
	return { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` };
}
