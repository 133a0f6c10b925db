import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ProjectCopy } from "./project-copy.ts";

/** Runs .ci/run in a copy whose `npm` is a script that logs how it was called. */
async function ciRun(npm: string): Promise<{ code: number; output: string; last: string | undefined }> {
	await using copy = await ProjectCopy.make();
	await copy.plant("fake/npm", `#!/bin/sh\necho "called: npm $*"\n${npm}\n`);
	await copy.run("chmod", ["+x", "fake/npm"]);
	const path = `${join(copy.path, "fake")}:${process.env["PATH"] ?? ""}`;
	const { code, output } = await copy.run("bash", [".ci/run"], { ...process.env, PATH: path });
	return { code, output, last: output.trimEnd().split("\n").at(-1) };
}

describe(".ci/run ends with the count alone and keeps the exit code", () => {
	test("all is well: the README's three commands, and their count", async () => {
		const { code, output, last } = await ciRun('[ "$1" != test ] || echo "12 passed, 0 failed, 3 skipped"');
		expect(output.match(/called: .*/g)).toEqual([
			"called: npm ci",
			"called: npm run setup",
			"called: npm test",
		]);
		expect([code, last]).toEqual([0, "12 passed, 0 failed, 3 skipped"]);
	});

	test("npm ci fails: one failure, and nothing else runs", async () => {
		const { code, output, last } = await ciRun("exit 7");
		expect(output.match(/called: .*/g)).toEqual(["called: npm ci"]);
		expect([code, last]).toEqual([7, "0 passed, 1 failed"]);
	});

	test("a test fails: its count stays the last line whatever npm says after it", async () => {
		const npm = '[ "$1" != test ] || { echo "11 passed, 1 failed, 0 skipped"; echo "npm error"; exit 1; }';
		const { code, last } = await ciRun(npm);
		expect([code, last]).toEqual([1, "11 passed, 1 failed, 0 skipped"]);
	});

	test("a crash after a clean count is a failure all the same", async () => {
		const { code, last } = await ciRun(
			'[ "$1" != test ] || { echo "12 passed, 0 failed, 0 skipped"; exit 3; }',
		);
		expect([code, last]).toEqual([3, "12 passed, 1 failed, 0 skipped"]);
	});
});
