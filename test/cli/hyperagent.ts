/** The command, run from its source. */
import { spawn } from "node:child_process";
import { expect } from "vitest";

const MAIN: string = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/** How a command ended, and what it printed. */
export interface Run {
	code: number | null;
	stdout: string;
	stderr: string;
}

/** Runs the command from its source to its end. */
export async function hyperagent(args: readonly string[], nodeOptions: readonly string[] = []): Promise<Run> {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [...nodeOptions, MAIN, ...args], {
			stdio: ["ignore", "pipe", "pipe"],
		});
		const run: Run = { code: null, stdout: "", stderr: "" };
		child.stdout.setEncoding("utf8").on("data", (text: string) => (run.stdout += text));
		child.stderr.setEncoding("utf8").on("data", (text: string) => (run.stderr += text));
		child.once("error", reject);
		child.once("close", (code) => resolve({ ...run, code }));
	});
}

/** Exit code 2, nothing on stdout and one line on stderr; the line. */
export async function complaint(
	args: readonly string[],
	nodeOptions: readonly string[] = [],
): Promise<string> {
	const { code, stderr, stdout } = await hyperagent(args, nodeOptions);
	expect({ code, stdout, lines: stderr.split("\n").length, end: stderr.at(-1) }, stderr).toEqual({
		code: 2,
		stdout: "",
		lines: 2,
		end: "\n",
	});
	return stderr.trim();
}
