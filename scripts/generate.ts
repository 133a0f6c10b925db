/** Writes every file that follows from another: `node scripts/generate.ts`. `npm run check` compares them. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dashboardFile } from "../deploy/dashboard.ts";
import { rulesFile } from "../deploy/rules.ts";
import { metricsPage } from "./metrics-page.ts";
import { queriesPage } from "./queries-page.ts";
import { ROOT } from "./run-command.ts";

const FILES: Readonly<Record<string, () => string>> = {
	"deploy/grafana/hyperagent.json": dashboardFile,
	"deploy/prometheus/rules.yml": rulesFile,
	"docs/metrics.md": metricsPage,
	"docs/queries.md": queriesPage,
};

/** The generated files that are not as they would be written now, a line each; "" where all are. */
export async function staleFiles(): Promise<string> {
	let stale = "";
	for (const [name, write] of Object.entries(FILES)) {
		const found = await readFile(join(ROOT, name), "utf8").catch(() => undefined);
		if (found !== write()) stale += `${name} is not what \`npm run generate\` writes.\n`;
	}
	return stale;
}

if (import.meta.main) {
	for (const [name, write] of Object.entries(FILES)) await writeFile(join(ROOT, name), write());
}
