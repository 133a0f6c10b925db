import { lstat, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { InstalledPackage } from "./installed-package.ts";

/** The oldest that we support, which must not warn about `require()` of ESM, and the current one. */
const GOOD_NODES = ["22.13.0", process.versions.node] as const;
const OLD_NODE = "20.20.2";
const SUBPATHS = ["monitoring", "providers", "instrument", "dashboard", "testing"] as const;
const ROOT: string = join(import.meta.dirname, "../..");
const TSC: string = join(ROOT, "node_modules/typescript/bin/tsc");
const STRICT: readonly string[] = [
	..."--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess".split(" "),
	..."--skipLibCheck false --module nodenext --target es2022 --lib es2023 --types node".split(" "),
	"--typeRoots",
	join(ROOT, "node_modules/@types"),
];
const COMMAND = "node_modules/@hyperagent/observe/dist/cli/main.js";
const LOAD: Record<string, (specifier: string) => string[]> = {
	import: (specifier) => ["--input-type=module", "-e", `import * as m from "${specifier}"; ${SHOW}`],
	require: (specifier) => ["-e", `const m = require("${specifier}"); ${SHOW}`],
};
const SHOW = "console.log(Object.keys(m).join(' '))";
/** One name of the guide that each subpath must export. */
const EXPORTS: Record<(typeof SUBPATHS)[number], string> = {
	monitoring: "initPrometheus",
	providers: "InstrumentedBackend",
	instrument: "instrument",
	dashboard: "DashboardServer",
	testing: "installTestRecorder",
};

const LEDGER_PROGRAM = `
import { addBudget, CostTracker, initPrometheus, openLedger, recordLlmCost } from "@hyperagent/observe/monitoring";
import { DashboardServer } from "@hyperagent/observe/dashboard";

const ask = async (url, path) => (await fetch(url + "/api/" + path)).json();
initPrometheus();
const young = new DashboardServer(new CostTracker());
const memoryUrl = await young.run("127.0.0.1:0");
recordLlmCost("chat", "gpt-4-turbo", 0.0025);
const memory = (await ask(memoryUrl, "series?since=1h")).total.exactUsd;
await young.close();

const ledger = openLedger({ path: process.argv[2], keepCallsDays: 1, keepTotalsDays: 400 });
recordLlmCost("chat", "gpt-4-turbo", 0.0025);
await ledger.flush();
const budget = addBudget({ name: "all", limitUsd: 1, window: "day", ledger });
const server = new DashboardServer(new CostTracker({ ledger }));
const url = await server.run("127.0.0.1:0");
const series = (await ask(url, "series?since=1h")).total.exactUsd;
const calls = (await ask(url, "calls?since=1h&order=dearest")).calls.length;
const costs = (await ask(url, "costs?by=model")).total.costUsd;
console.log(JSON.stringify({ memory, series, calls, costs, spent: budget.state.spentCents }));
budget.close();
await server.close();
await ledger.close();
`;

describe("the package, installed without its optional peers", () => {
	let installed: InstalledPackage;

	beforeAll(async () => {
		installed = await InstalledPackage.make();
		return () => installed.remove();
	});

	test("it is at most 12 packages and 18 MB", async () => {
		const modules = join(installed.path, "node_modules");
		const lock = await readFile(join(modules, ".package-lock.json"), "utf8");
		const packages = Object.keys((JSON.parse(lock) as { packages: object }).packages);
		expect(packages).toContain("node_modules/@hyperagent/observe");
		expect(packages.length).toBeLessThanOrEqual(12);
		const entries = await readdir(modules, { recursive: true, withFileTypes: true });
		const files = entries.filter((entry) => entry.isFile());
		const sizes = await Promise.all(
			files.map(async (file) => (await lstat(join(file.parentPath, file.name))).size),
		);
		expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(18e6);
	});

	test("its types hold for a strict user, who checks them and has neither the SDKs nor a browser's", async () => {
		const imports = SUBPATHS.map(
			(subpath) => `export * as ${subpath} from "@hyperagent/observe/${subpath}";\n`,
		);
		await writeFile(join(installed.path, "user.mts"), imports.join(""));
		const { code, stdout } = await installed.run(process.versions.node, [TSC, ...STRICT, "user.mts"]);
		expect(stdout).toBe("");
		expect(code).toBe(0);
	});

	describe.for(GOOD_NODES)("under Node.js %s", (node) => {
		for (const subpath of SUBPATHS) {
			test.for(Object.keys(LOAD))(`%s of /${subpath} works and warns of nothing`, async (how) => {
				const args = LOAD[how]?.(`@hyperagent/observe/${subpath}`) ?? [];
				const { code, stdout, stderr } = await installed.run(node, args);
				expect(stderr).toBe("");
				expect(stdout.trim().split(" ")).toContain(EXPORTS[subpath]);
				expect(code).toBe(0);
			});
		}

		test("the demo names both SDKs at once, in one line", async () => {
			const { code, stdout, stderr } = await installed.run(node, [COMMAND, "demo"]);
			expect(stderr).toBe(
				"hyperagent: The demo needs the packages openai and @anthropic-ai/sdk, which are not installed: npm install openai @anthropic-ai/sdk\n",
			);
			expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
		});

		// Their SQLite differs: what one takes another may refuse.
		test("a ledger that forgets, a budget, and the page's questions with and without one", async () => {
			await writeFile(join(installed.path, "ledger.mjs"), LEDGER_PROGRAM);
			const { code, stderr, stdout } = await installed.run(node, ["ledger.mjs", `costs-${node}.db`]);
			expect(stderr).toBe("");
			// $0.0025 by hand before the ledger is open, and as much after it.
			expect(JSON.parse(stdout)).toEqual({
				memory: "0.0025",
				series: "0.0025",
				calls: 1,
				costs: "0.0025",
				spent: "0.25",
			});
			expect(code).toBe(0);
		});

		test("the command explains itself", async () => {
			const { code, stdout, stderr } = await installed.run(node, [COMMAND, "--help"]);
			expect(stderr).toBe("");
			expect(stdout).toContain("hyperagent demo");
			expect(code).toBe(0);
		});
	});

	describe(`under Node.js ${OLD_NODE}`, () => {
		const sentence = `@hyperagent/observe needs Node.js 22.13.0 or newer and this is ${OLD_NODE}`;

		test("the command says so in one sentence", async () => {
			const { code, stdout, stderr } = await installed.run(OLD_NODE, [COMMAND, "demo"]);
			expect(stderr.split(sentence)).toHaveLength(2);
			expect(stderr.trim().split("\n")).toHaveLength(1);
			expect(stdout).toBe("");
			expect(code).not.toBe(0);
		});

		test.for(SUBPATHS)("import of /%s says so, without a stack trace", async (subpath) => {
			const args = LOAD["import"]?.(`@hyperagent/observe/${subpath}`) ?? [];
			const { code, stdout, stderr } = await installed.run(OLD_NODE, args);
			expect(stderr).toContain(sentence);
			expect(stderr).not.toContain("    at ");
			expect(stdout).toBe("");
			expect(code).not.toBe(0);
		});
	});
});
