import type { CAC } from "cac";
import { HyperAgentError } from "../../core/hyperagent-error.ts";
import { parseCostQuestion } from "../../ledger/cost-question.ts";
import type { CostReport, ReportedTotals } from "../../ledger/cost-report.ts";
import { plainOption } from "../plain-option.ts";
import { formatCsv, formatTable } from "../table.ts";

/** Adds `hyperagent costs`: what the calls in a ledger came to. */
export function costsCommand(cli: CAC): void {
	cli
		.command("costs", "Show what calls came to, exactly, from the ledger that a program writes")
		.option("--ledger <file>", "The file that openLedger({ path }) names")
		.option("--by <groups>", "model, route, provider, tag:NAME, day, hour; several with commas", {
			default: "model",
		})
		.option("--since <time>", "24h, 7d, 4w, 2026-11-25 or 2026-11-25T07:00Z; whole hours, of UTC")
		.option("--until <time>", "The same; what started before it")
		.option("--json", "As JSON, as /api/costs answers")
		.option("--csv", "As CSV")
		.example("hyperagent costs --ledger costs.db --by model,day --since 7d")
		.action(async (options: Readonly<Record<string, unknown>>) => runCosts(options, cli.rawArgs));
}

async function runCosts(options: Readonly<Record<string, unknown>>, args: readonly string[]): Promise<void> {
	const text = (name: string): string | undefined => plainOption(name, options, args);
	const path = text("ledger");
	if (path === undefined) {
		throw new HyperAgentError("BAD_OPTION", "--ledger: expected the file that openLedger({ path }) names.");
	}
	const { csv, json } = options;
	if (csv === true && json === true)
		throw new HyperAgentError("BAD_OPTION", "Expected --json or --csv, not both.");
	const query = parseCostQuestion({ by: text("by"), since: text("since"), until: text("until") }, Date.now());
	// Only now: a typing error needs no database.
	const { readLedger } = await import("../../ledger/read-ledger.ts");
	const { costReport } = await import("../../ledger/cost-report.ts");
	const store = await readLedger(path, (message) => console.error(`hyperagent: ${message}`));
	try {
		const report = costReport(query, await store.totals(query));
		if (json === true) console.log(JSON.stringify(report, undefined, 2));
		else if (csv === true) process.stdout.write(formatCsv([[...query.by, ...COLUMNS], ...bodyOf(report)]));
		else process.stdout.write(tableOf(report));
	} finally {
		await store.close();
	}
}

const COLUMNS = ["calls", "errors", "input_tokens", "output_tokens", "unpriced", "cost_usd"];

function cells({ calls, costUsd, inputTokens, outputTokens, unpricedCalls }: ReportedTotals): string[] {
	return [calls.total, calls.error, inputTokens, outputTokens, unpricedCalls, costUsd].map(String);
}

function bodyOf({ by, groups }: CostReport): string[][] {
	return groups.map((one) => [...by.map((name) => one.group[name] ?? ""), ...cells(one)]);
}

function tableOf(report: CostReport): string {
	const { by, since, total, until } = report;
	const head = [...by, ...COLUMNS.map((name) => name.replace("_", " "))];
	const names = by.map((_, i) => (i === 0 ? "total" : ""));
	const body = bodyOf(report).map((row) => row.map((cell, i) => (i < by.length && cell === "" ? "–" : cell)));
	const table = formatTable({ head, body, foot: [...names, ...cells(total)], texts: by.length });
	const range = [since === null ? "" : ` from ${since}`, until === null ? "" : ` to ${until}`].join("");
	const missing = total.unpricedCalls + total.callsWithoutUsage;
	const note =
		missing === 0
			? ""
			: `\n${total.unpricedCalls} calls have no known price (or not all of it), ${total.callsWithoutUsage} no known usage: the cost misses them.\n`;
	return `Costs in US dollars${range}\n\n${table}${note}`;
}
