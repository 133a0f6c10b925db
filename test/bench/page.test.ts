import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GOALS } from "../../bench/gates.ts";

test("the page of figures says of each goal how it stands", async () => {
	const page = await readFile(join(import.meta.dirname, "../../docs/benchmarks.md"), "utf8");
	expect(page).toMatch(/Node\.js \d+\.\d+\.\d+ on \d+ × \S+/);
	for (const { goal, measure, title, unit } of GOALS) {
		expect(page, title).toMatch(
			new RegExp(`\\| ${title} +\\|.*${measure === "times" ? "≥" : "≤"} ${goal} ${unit}`),
		);
	}
});
