import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const SETUP: string = join(import.meta.dirname, "../../scripts/setup.sh");

describe("npm run setup, on a machine made of scripts", () => {
	let bin: string;

	beforeEach(async () => {
		bin = join(await mkdtemp(join(tmpdir(), "hyperagent-setup-")), "bin");
		await mkdir(bin);
		for (const tool of ["bash", "cat", "env", "sh"]) await symlink(`/bin/${tool}`, join(bin, tool));
	});
	afterEach(async () => {
		await rm(join(bin, ".."), { recursive: true });
	});

	async function plant(name: string, script: string): Promise<void> {
		await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
		await chmod(join(bin, name), 0o755);
	}
	/** Everything but promtool, so that the package prometheus counts as missing. */
	async function plantAllButPromtool(): Promise<void> {
		for (const program of ["prometheus", "prometheus-alertmanager", "chromium"]) await plant(program, "");
	}
	function setup(): Promise<{ code: number; output: string }> {
		return new Promise((resolve) => {
			execFile(join(bin, "bash"), [SETUP], { env: { PATH: bin } }, (error, stdout, stderr) => {
				resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
			});
		});
	}

	test("without apt it prints the exact command and fails", async () => {
		await plantAllButPromtool();
		const { code, output } = await setup();
		expect(output).toMatch(/apt-get update && apt-get install -y --no-install-recommends prometheus( |$)/m);
		expect(code).toBe(1);
	});

	test("without root and without sudo it prints the exact command and fails", async () => {
		await plantAllButPromtool();
		await plant("apt-get", `echo "$@" >> ${bin}/../apt.log`);
		await plant("id", "echo 1000");
		const { code, output } = await setup();
		expect(output).toMatch(
			/sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends prometheus( python3-\S+)?'/,
		);
		expect(code).toBe(1);
	});

	test("with sudo it updates, installs only what is missing, and sees whether that helped", async () => {
		await plantAllButPromtool();
		await plant("id", "echo 1000");
		await plant("sudo", `[ "$1" = -n ] && shift; case "$1" in tee) cat >/dev/null;; env) "$@";; esac`);
		await plant("apt-get", `echo "$DEBIAN_FRONTEND $*" >> ${bin}/../apt.log`);
		const { code, output } = await setup();
		const log = await readFile(join(bin, "../apt.log"), "utf8");
		expect(log).toMatch(
			/^noninteractive update\nnoninteractive install -y --no-install-recommends prometheus( python3-prometheus-client)?\n$/,
		);
		expect(output).toContain("setup: installed, but still not found in PATH: prometheus");
		expect(code).toBe(1);
	});
});
