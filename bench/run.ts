/**
 * bench/: this package beside the other metrics clients, in one run: `npm run bench -- [--only <regex>] [--rounds 5]
 * [--ms 500] [--short] [--gate] [--json] [--write]`.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isWanted, judge } from "./gates.ts";
import { benchmarksPage } from "./page.ts";
import { measureAll, SHORT } from "./rounds.ts";
import { figuresTable, goalsTable, machineLine } from "./table.ts";

const { values } = parseArgs({
	options: {
		/** Cases by name, as `counter|scrape-400`. */
		only: { type: "string", default: "" },
		rounds: { type: "string" },
		/** How long each case measures. */
		ms: { type: "string" },
		/** Fewer rounds of less time, for a first look. */
		short: { type: "boolean", default: false },
		/** Measures only what the gates need, and ends with code 1 when one is missed. */
		gate: { type: "boolean", default: false },
		/** The result as JSON and nothing else. */
		json: { type: "boolean", default: false },
		/** Writes docs/benchmarks.md. */
		write: { type: "boolean", default: false },
	},
});
const only = new RegExp(values.only);
const usual = values.short ? SHORT : { rounds: 5, ms: 500 };
const result = await measureAll({
	rounds: Number(values.rounds ?? usual.rounds),
	ms: Number(values.ms ?? usual.ms),
	wants: (contender, name) => only.test(name) && (!values.gate || isWanted(contender, name)),
	onCase: (title) => process.stderr.write(`${title} …\n`),
});
const verdicts = judge(result);
if (values.json) console.log(JSON.stringify(result));
else console.log(`${machineLine(result)}\n\n${figuresTable(result)}\n\n${goalsTable(verdicts)}`);
if (values.write) {
	await writeFile(join(import.meta.dirname, "../docs/benchmarks.md"), benchmarksPage(result, verdicts));
}
if (values.gate && verdicts.some(({ passed }) => !passed)) process.exitCode = 1;
