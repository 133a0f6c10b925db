import type { CAC } from "cac";
import { HyperAgentError } from "../../core/hyperagent-error.ts";
import { nearNames } from "../../testing/near-names.ts";
import { plainOption } from "../plain-option.ts";
import type { PriceSheet } from "../price-sheet.ts";
import { formatTable } from "../table.ts";

/** Adds `hyperagent prices`: what models cost, and why, or which were seen without a price. */
export function pricesCommand(cli: CAC): void {
	cli
		.command("prices [...models]", "Show what models cost and which price that is, or which have none")
		.option("--provider <name>", "Only this provider's, by the label of your calls")
		.option("--prices <file>", "Your own prices, as initPrometheus({ prices }) takes them")
		.option("--unpriced", "The models in a ledger that have calls without a known price")
		.option("--ledger <file>", "That ledger: the file that openLedger({ path }) names")
		.option("--json", "As JSON")
		.example("hyperagent prices gpt-5 claude-sonnet-4-5 --provider openai")
		.example("hyperagent prices --unpriced --ledger costs.db")
		.action(async (models: readonly string[], options: Readonly<Record<string, unknown>>) => {
			const text = (name: string): string | undefined => plainOption(name, options, cli.rawArgs);
			const isJson = options["json"] === true;
			if (options["unpriced"] === true) await showUnpriced(models, text("ledger"), isJson);
			else await showPrices(models, { provider: text("provider"), file: text("prices"), isJson });
		});
}

interface Shown {
	readonly provider: string | undefined;
	readonly file: string | undefined;
	readonly isJson: boolean;
}

async function showPrices(models: readonly string[], { file, isJson, provider }: Shown): Promise<void> {
	if (models.length === 0) throw badUse("Expected the name of a model, or --unpriced.");
	// Only now: the other commands and --help do without the list.
	const { PriceBook } = await import("../../pricing/price-book.ts");
	const { listedNames } = await import("../../pricing/listed-names.ts");
	const { listedName } = await import("../../pricing/provider-names.ts");
	const { readPrices } = await import("../../pricing/read-prices.ts");
	const { priceSheet, priceText } = await import("../price-sheet.ts");
	const prices = file === undefined ? {} : readPrices("--prices", file);
	const book = new PriceBook(prices);
	const listed = await listedNames(prices);
	const sellers = provider === undefined ? listed.map((one) => one.provider) : [provider];
	const now = Date.now();
	const sheetsOf = (model: string): readonly PriceSheet[] =>
		sellers.flatMap((seller) => priceSheet(book, seller, model, now) ?? []);
	const sheets = models.map(sheetsOf);
	const known = sheets.flat();
	if (isJson) console.log(JSON.stringify(known, undefined, 2));
	else if (known.length > 0) console.log(known.map(priceText).join("\n"));
	const unknown = models.filter((_, i) => sheets[i]?.length === 0);
	if (unknown.length === 0) return;
	const id = provider === undefined ? undefined : (listedName(provider, "")?.providerId ?? provider);
	const sellersHere = listed.filter((one) => id === undefined || one.provider === id);
	const said = unknown.map((model) => {
		const near = nearNames(model, [...new Set(sellersHere.flatMap((one) => one.models))]);
		return `${JSON.stringify(model)}${near.length === 0 ? "" : ` (near: ${near.join(", ")})`}`;
	});
	const where = provider === undefined ? "" : ` at ${provider}`;
	const why = sellersHere.length === 0 ? ", a provider that nobody has listed" : "";
	throw badUse(`No price is known for ${said.join(", ")}${where}${why}.`);
}

async function showUnpriced(
	models: readonly string[],
	path: string | undefined,
	isJson: boolean,
): Promise<void> {
	if (models.length > 0) throw badUse("Expected the names of models or --unpriced, not both.");
	if (path === undefined) throw badUse("--ledger: expected the file that openLedger({ path }) names.");
	const { readLedger } = await import("../../ledger/read-ledger.ts");
	const store = await readLedger(path, (message) => console.error(`hyperagent: ${message}`));
	try {
		const found = await store.unpricedModels({});
		if (isJson) {
			const shown = found.map(({ lastAt, ...one }) => ({ ...one, lastAt: new Date(lastAt).toISOString() }));
			console.log(JSON.stringify(shown, undefined, 2));
			return;
		}
		if (found.length === 0) {
			console.log("Every call in the ledger has a known price.");
			return;
		}
		const calls = found.reduce((sum, one) => sum + one.calls, 0);
		const table = formatTable({
			head: ["provider", "model", "reason", "last", "calls"],
			body: found.map((one) => [
				one.provider,
				one.model,
				one.reason,
				new Date(one.lastAt).toISOString().slice(0, 16).concat("Z"),
				String(one.calls),
			]),
			foot: ["total", "", "", "", String(calls)],
			texts: 4,
		});
		process.stdout.write(table);
	} finally {
		await store.close();
	}
}

function badUse(message: string): HyperAgentError {
	return new HyperAgentError("BAD_OPTION", message);
}
