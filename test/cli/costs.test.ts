import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SqliteStore } from "../../src/ledger/sqlite-store.ts";
import { row, SEVEN } from "../contract/ledger-rows.ts";

const MAIN: string = new URL("../../src/cli/main.ts", import.meta.url).pathname;
let folder = "";
let path = "";

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "costs-"));
	path = join(folder, "costs.db");
	const store = new SqliteStore(path);
	await store.append([
		row(1, { tags: { team: "search" } }),
		row(2, {
			at: SEVEN + 86_400_000,
			outcome: "error",
			errorType: "timeout",
			cost: undefined,
			usage: undefined,
		}),
		row(3, { model: "mine", cost: undefined, unpriced: "unknown_model", usage: { inputUncached: 7 } }),
		row(4, { model: '=cmd("x")', cost: { whole: 12, pico: 1 } }),
	]);
	await store.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function costs(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
	const child = spawn(process.execPath, [MAIN, "costs", ...args], { stdio: ["ignore", "pipe", "pipe"] });
	let [out, err] = ["", ""];
	child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
	child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
	return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err })));
}

describe("hyperagent costs", { timeout: 20_000 }, () => {
	test("a table, to the last digit, with its total and what it misses", async () => {
		expect(await costs("--ledger", path)).toEqual({
			code: 0,
			err: "",
			out: `Costs in US dollars

model        calls  errors  input tokens  output tokens  unpriced         cost usd
───────────  ─────  ──────  ────────────  ─────────────  ────────  ───────────────
=cmd("x")        1       0           100             50         0  12.000000000001
gpt-4-turbo      2       1           100             50         0   0.0025
mine             1       0             7              0         1   0
───────────  ─────  ──────  ────────────  ─────────────  ────────  ───────────────
total            4       1           207            100         1  12.002500000001

1 calls have no known price (or not all of it), 0 no known usage: the cost misses them.
`,
		});
	});

	test("JSON, by what one likes, of the time that one names", async () => {
		const { code, out } = await costs(
			`--ledger=${path}`,
			"--by",
			"day,tag:team",
			"--until",
			"2026-11-26",
			"--json",
		);
		expect(code).toBe(0);
		expect(JSON.parse(out)).toMatchObject({
			since: null,
			until: "2026-11-26T00:00Z",
			by: ["day", "tag:team"],
			groups: [
				{
					group: {
						day: "2026-11-25",
						"tag:team": "",
					},
					calls: { total: 2 },
					costUsd: "12.000000000001",
					unpricedCalls: 1,
				},
				{
					group: {
						day: "2026-11-25",
						"tag:team": "search",
					},
					calls: { total: 1 },
					costUsd: "0.0025",
					inputTokens: 100,
				},
			],
			total: {
				calls: {
					total: 3,
					success: 3,
					error: 0,
				},
				costUsd: "12.002500000001",
			},
		});
	});

	test("names are shown as they are, and times before the year 0 as ISO 8601 has them", async () => {
		const { out } = await costs("--ledger", path, "--by", "tag:my_team", "--since", "999999w");
		expect(out).toMatch(/^Costs in US dollars from -\d{6}-\d{2}-\d{2}T\d{2}:00Z\n\ntag:my_team {2}calls /);
	});

	test("CSV, in which no name is a formula", async () => {
		const { out } = await costs("--ledger", path, "--csv");
		expect(out.split("\r\n")).toEqual([
			"model,calls,errors,input_tokens,output_tokens,unpriced,cost_usd",
			`"'=cmd(""x"")",1,0,100,50,0,12.000000000001`,
			"gpt-4-turbo,2,1,100,50,0,0.0025",
			"mine,1,0,7,0,1,0",
			"",
		]);
	});

	test.each([
		[[], /^hyperagent: --ledger: expected the file that openLedger/],
		[["--ledger", "/no/such.db"], /^hyperagent: There is no ledger at \/no\/such\.db/],
		[["--ledger", MAIN], /^hyperagent: .*could not be read: .*not a database/],
		[
			["--ledger", "x", "--by", "user"],
			/expected model, route, provider, day, hour or tag:NAME.* got "user"/i,
		],
		[["--ledger", "x", "--by", "model,model"], /expected each group once/i],
		[["--ledger", "x", "--since", "yesterday"], /a time ago such as "24h".*got "yesterday"/],
		[["--ledger", "x", "--since", "2026-02-31"], /a date "2026-11-25".*got "2026-02-31"/],
		[["--ledger", "x", "--since", "1d", "--until", "2d"], /expected a time after `since`/i],
		[["--ledger", "x", "--json", "--csv"], /Expected --json or --csv, not both/],
		[["--ledger", "x", "--nonsense"], /Unknown option/],
	])("%j is refused in one line", async (args, expected) => {
		const { code, err, out } = await costs(...args);
		expect(err).toMatch(expected);
		expect({ code, out, lines: err.trim().split("\n").length }).toEqual({ code: 2, out: "", lines: 1 });
	});
});
