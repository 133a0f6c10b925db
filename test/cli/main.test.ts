import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { complaint, hyperagent } from "./hyperagent.ts";

describe("hyperagent", { timeout: 20_000 }, () => {
	test("without a command, and with --help, it lists the commands", async () => {
		for (const args of [[], ["--help"]]) {
			const { code, stderr, stdout } = await hyperagent(args);
			expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
			expect(stdout).toMatch(/^ {2}demo +Show \/metrics and the page at work/m);
		}
	});

	test("demo --help lists the options with their defaults", async () => {
		const { code, stdout } = await hyperagent(["demo", "--help"]);
		expect(code).toBe(0);
		expect(stdout).toMatch(/--address <host:port> .*\(default: 127\.0\.0\.1:8080\)/);
		expect(stdout).toMatch(/--speed <factor> .*\(default: 1\)/);
		expect(stdout).toMatch(/--seed <number> .*\(default: 1\)/);
	});

	test("--version is package.json's", async () => {
		const { code, stderr, stdout } = await hyperagent(["--version"]);
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout).toMatch(new RegExp(`^hyperagent/${packageJson.version.replaceAll(".", "\\.")} `));
	});

	test.each([
		[["frobnicate"], /^hyperagent: Unknown command `frobnicate`\. See `hyperagent --help`\.$/],
		[["--frobnicate"], /^hyperagent: Unknown option `--frobnicate`\. See `hyperagent --help`\.$/],
		[["demo", "--frobnicate"], /^hyperagent: Unknown option `--frobnicate`\. See `hyperagent --help`\.$/],
		[["demo", "again"], /^hyperagent: Unused args: `again`\. See `hyperagent --help`\.$/],
		[["demo", "--address"], /^hyperagent: Option `--address <host:port>` value is missing\./],
		[
			["demo", "--speed", "fast"],
			/^hyperagent: --speed: expected a number above 0 and up to 1000, got "fast"\.$/,
		],
		[["demo", "--speed", "0"], /^hyperagent: --speed: expected a number above 0 and up to 1000, got 0\.$/],
		[["demo", "--address", ""], /^hyperagent: --address: expected host:port, got ""\.$/],
		[["demo", "--address", " ", "--speed", "2"], /^hyperagent: --address: expected host:port, got " "\.$/],
		[["demo", "--address", "0x50"], /"0x50"/],
		[["demo", "--address=1e3"], /"1e3"/],
		[["demo", "--seed", ""], /^hyperagent: --seed: expected a whole number, got ""\.$/],
		[["demo", "--seed", "1.5"], /^hyperagent: --seed: expected a whole number, got 1\.5\.$/],
		[["demo", "--address", "nowhere"], /nowhere/],
		[["demo", "--address", "127.0.0.1:99999"], /99999/],
		[
			["demo", "--address", "a:1", "--address", "b:2"],
			/--address: expected one host:port, got \["a:1","b:2"\]/,
		],
	])("%j is one line and exit code 2", async (args, line) => {
		expect(await complaint(args)).toMatch(line);
	});

	test("a port in use is named, and so is the way out", async () => {
		const taken = createServer().listen(0, "127.0.0.1");
		await new Promise((resolve) => taken.once("listening", resolve));
		const address = taken.address();
		const port = typeof address === "object" ? String(address?.port) : "";
		const line = await complaint(["demo", "--address", `127.0.0.1:${port}`]);
		expect(line).toContain(port);
		expect(line).toContain("--address");
		await new Promise((resolve) => taken.close(resolve));
	});

	test("an old Node.js gets one sentence before anything else is read", async () => {
		const pretend =
			'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})';
		expect(await complaint(["demo"], ["--import", pretend])).toBe(
			"@hyperagent/observe needs Node.js 22.13.0 or newer and this is 20.20.2: install a current Node.js (22, 24 or later) and start again.",
		);
	});
});
