import type { CAC } from "cac";
import { formatPico } from "../../core/exact-usd.ts";
import { HyperAgentError } from "../../core/hyperagent-error.ts";
import type { LedgerStore } from "../../ledger/ledger-store.ts";
import { plainOption } from "../plain-option.ts";
import { pairKey, scrapeCosts, type ScrapedCosts } from "../scraped-costs.ts";
import { formatTable } from "../table.ts";
import { readTokens } from "../tokens.ts";

/** How long a call may take to its row, with time to spare, and how often a quiet moment is waited for. */
const ROWS_MS = 400;
const TRIES = 10;

/** A pair's cost by its counter, before and after the ledger was read, and by its rows; in 10⁻¹² USD. */
interface Compared {
	readonly route: string;
	readonly model: string;
	readonly before: bigint;
	readonly after: bigint;
	readonly ledger: bigint;
}

/** Adds `hyperagent reconcile`: whether a process's counters and its rows tell the same costs. */
export function reconcileCommand(cli: CAC): void {
	cli
		.command(
			"reconcile",
			"Compare the cost counters of a running process with its rows in the ledger, to the last digit",
		)
		.option("--ledger <file>", "The file that the process's openLedger({ path }) names")
		.option("--url <url>", "The process's metrics: http://127.0.0.1:8080/metrics")
		.option("--json", "As JSON")
		.example("hyperagent reconcile --ledger costs.db --url http://127.0.0.1:8080/metrics")
		.action(async (options: Readonly<Record<string, unknown>>) => {
			const ledger = plainOption("ledger", options, cli.rawArgs);
			const url = plainOption("url", options, cli.rawArgs);
			if (ledger === undefined || url === undefined || !URL.canParse(url)) {
				throw new HyperAgentError(
					"BAD_OPTION",
					"Expected --ledger FILE and --url http://…/metrics, both of the same process.",
				);
			}
			await runReconcile(ledger, url, options["json"] === true);
		});
}

async function runReconcile(path: string, url: string, isJson: boolean): Promise<void> {
	const { readLedger } = await import("../../ledger/read-ledger.ts");
	// One that is empty is none, as compose files set it.
	const environment = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
	const { authToken, metricsToken } = readTokens(environment);
	const scrape = async (): Promise<ScrapedCosts> => scrapeCosts(url, metricsToken ?? authToken);
	const store = await readLedger(path, (message) => console.error(`hyperagent: ${message}`));
	try {
		let pairs = await compare(store, scrape, url);
		for (let tries = 1; tries < TRIES && !pairs.every(isEqual); tries += 1)
			pairs = await compare(store, scrape, url);
		if (isJson)
			console.log(JSON.stringify({ agrees: pairs.every(isEqual), pairs: pairs.map(plain) }, undefined, 2));
		else process.stdout.write(tableOf(pairs));
		if (pairs.every(isEqual)) return;
		const [verb, cure] = pairs.every(isBetween)
			? [
					"may agree",
					"calls went on all the time, and the rows lie between two readings of the counters. Try it when it is quiet.",
				]
			: [
					"differ",
					"calls from before openLedger() have no rows, and those of rows that were lost or forgotten are told by onError.",
				];
		throw new HyperAgentError("LEDGER", `The counters and the ledger ${verb}: ${cure}`);
	} finally {
		await store.close();
	}
}

async function compare(
	store: LedgerStore,
	scrape: () => Promise<ScrapedCosts>,
	url: string,
): Promise<Compared[]> {
	const before = await scrape();
	await new Promise((resolve) => setTimeout(resolve, ROWS_MS));
	const rows = await store.processPairs(before.process);
	const after = await scrape();
	if (after.process !== before.process)
		throw new HyperAgentError("LEDGER", `The process at ${url} was started anew meanwhile.`);
	const ledger = new Map(rows.map(({ costPico, model, route }) => [pairKey(route, model), costPico]));
	return [...new Set([...after.pairs.keys(), ...ledger.keys()])].toSorted().map((key) => {
		// The key of pairKey.
		const [route, model] = JSON.parse(key) as [string, string];
		const [first, last] = [before.pairs.get(key) ?? 0n, after.pairs.get(key) ?? 0n];
		return { route, model, before: first, after: last, ledger: ledger.get(key) ?? 0n };
	});
}

function isEqual({ after, before, ledger }: Compared): boolean {
	return before === after && ledger === after;
}

function isBetween({ after, before, ledger }: Compared): boolean {
	return before <= ledger && ledger <= after;
}

function difference({ after, ledger }: Compared): string {
	const pico = ledger - after;
	return pico < 0n ? `-${formatPico(-pico)}` : formatPico(pico);
}

function plain(one: Compared): Record<string, string> {
	const { after, ledger, model, route } = one;
	return {
		route,
		model,
		metricsUsd: formatPico(after),
		ledgerUsd: formatPico(ledger),
		differenceUsd: difference(one),
	};
}

function tableOf(pairs: readonly Compared[]): string {
	const zero = { route: "", model: "", before: 0n, after: 0n, ledger: 0n };
	const total = pairs.reduce(
		(sum, { after, ledger }) => ({ ...sum, after: sum.after + after, ledger: sum.ledger + ledger }),
		zero,
	);
	const cells = (one: Compared): string[] => [formatPico(one.after), formatPico(one.ledger), difference(one)];
	return `Costs in US dollars\n\n${formatTable({
		head: ["route", "model", "metrics", "ledger", "difference"],
		body: pairs.map((one) => [one.route, one.model, ...cells(one)]),
		foot: ["total", "", ...cells(total)],
		texts: 2,
	})}`;
}
