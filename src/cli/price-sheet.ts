import { LIST_VERSION } from "../pricing/list-date.ts";
import type { PriceBook } from "../pricing/price-book.ts";
import type { RateCard } from "../pricing/rate-card.ts";
import type { Rates, Tier } from "../pricing/rates.ts";

/** What a model costs with a provider, and why: what `hyperagent prices --json` prints. */
export interface PriceSheet {
	readonly provider: string;
	readonly model: string;
	readonly source: RateCard["source"];
	readonly match: RateCard["match"];
	readonly pricedModel: string;
	/** When the list was published, or the override's `from`. */
	readonly asOf: string | null;
	/** When another price begins to hold, where that is known. */
	readonly until: string | null;
	/** USD for a million tokens in requests with more than `above` input tokens, from the lowest to the highest. */
	readonly perMillionTokens: readonly ({ readonly above: number } & Rates)[];
	/** Of these none where the model is billed by something else. */
	readonly hasInputPrice: boolean;
	readonly hasOutputPrice: boolean;
	readonly perRequest: number;
	readonly perWebSearch: number | null;
	readonly perToolUse: Readonly<Record<string, number>>;
	/** By what the tokens' prices are multiplied. */
	readonly serviceTiers: Readonly<Record<string, number>>;
	/** Off all of it. */
	readonly discount: number;
}

/** More changes than this are not looked through for one of the price. */
const MOST_CHANGES = 100;

/** What the price book knows, as it is printed; `undefined` where that is nothing. */
export function priceSheet(
	book: PriceBook,
	provider: string,
	model: string,
	at: number,
): PriceSheet | undefined {
	const sheet = sheetAt(book, provider, model, at);
	if (sheet === undefined) return undefined;
	let until = book.terms(provider, model, at)?.nextChange;
	// What begins to hold is not always what counts: a closer entry of the user's may hold on.
	for (let i = 0; i < MOST_CHANGES && until !== undefined && Number.isFinite(until); i += 1) {
		if (!isSamePrice(sheet, sheetAt(book, provider, model, until))) break;
		until = book.terms(provider, model, until)?.nextChange;
	}
	return { ...sheet, until: isoTime(until) };
}

function isSamePrice(one: PriceSheet, other: PriceSheet | undefined): boolean {
	const price = (sheet: PriceSheet | undefined): string => JSON.stringify({ ...sheet, asOf: null });
	return price(one) === price(other);
}

function sheetAt(book: PriceBook, provider: string, model: string, at: number): PriceSheet | undefined {
	const terms = book.terms(provider, model, at);
	const card = terms?.card;
	if (terms === undefined || card === undefined) return undefined;
	return {
		provider,
		model,
		source: card.source,
		match: card.match,
		pricedModel: card.modelId,
		asOf: isoTime(card.asOf),
		until: null,
		perMillionTokens: card.tiers.map(perMillion),
		hasInputPrice: card.knowsInput,
		hasOutputPrice: card.knowsOutput,
		perRequest: card.perRequest,
		perWebSearch: card.perWebSearch ?? null,
		perToolUse: Object.fromEntries(card.perTool),
		serviceTiers: Object.fromEntries(terms.serviceTiers),
		discount: decimal(1 - terms.share),
	};
}

/** Each kind of tokens, what it is called, and what it is a part of. */
const KINDS: readonly (readonly [kind: keyof Rates, title: string, whole: keyof Rates | undefined])[] = [
	["input", "input", undefined],
	["inputAudio", "audio input", "input"],
	["inputImage", "image input", "input"],
	["cacheRead", "cache read", "input"],
	["cacheReadAudio", "audio cache read", "cacheRead"],
	["cacheWrite5m", "cache write, 5 minutes", "input"],
	["cacheWrite1h", "cache write, 1 hour", "cacheWrite5m"],
	["output", "output", undefined],
	["reasoning", "reasoning", "output"],
	["outputAudio", "audio output", "output"],
	["outputImage", "image output", "output"],
];

/** The same for people. */
export function priceText(sheet: PriceSheet): string {
	const { asOf, match, perMillionTokens: tiers, pricedModel, source, until } = sheet;
	const by = source === "override" ? "your own price" : `genai-prices ${LIST_VERSION}`;
	const since = asOf === null ? "" : source === "override" ? ` from ${asOf}` : ` of ${asOf.slice(0, 10)}`;
	const kind = source === "override" ? "" : `, ${match}`;
	const why = `${by}${since} (${pricedModel}${kind})${until === null ? "" : `; until ${until}`}`;
	const head = tiers.length === 1 ? [] : [["", ...tiers.map(({ above }, i) => rangeOf(above, i, tiers))]];
	const isKnown = (kind: keyof Rates): boolean =>
		/^(output|reasoning)/.test(kind) ? sheet.hasOutputPrice : sheet.hasInputPrice;
	const tokens = KINDS.filter(
		([kind, , whole]) =>
			isKnown(kind) && (whole === undefined || tiers.some((rates) => rates[kind] !== rates[whole])),
	).map(([kind, title]) => [title, ...tiers.map((rates) => String(rates[kind]))]);
	const title = ["USD per million tokens", ...(tokens.length === 0 ? ["not billed by tokens"] : [])];
	const rows = [title, ...head, ...tokens, ...otherRows(sheet)];
	const widths = tiers.map((_, i) => Math.max(...[...head, ...tokens].map((row) => row[i + 1]?.length ?? 0)));
	const width = Math.max(...rows.map(([name = ""]) => name.length));
	const lines = rows.map(([name = "", ...cells]) =>
		[name.padEnd(width), ...cells.map((cell, i) => cell.padEnd(widths[i] ?? 0))].join("  ").trimEnd(),
	);
	return [`${sheet.model} at ${sheet.provider}`, why, ...lines.map((line) => `  ${line}`), ""].join("\n");
}

function otherRows({ discount, perRequest, perToolUse, perWebSearch, serviceTiers }: PriceSheet): string[][] {
	const tools = Object.entries(perToolUse).map(([tool, usd]) => [`USD per ${tool}`, String(usd)]);
	const factors = Object.entries(serviceTiers).map(([tier, factor]) => `${tier} × ${factor}`);
	return [
		...(perRequest > 0 ? [["USD per request", String(perRequest)]] : []),
		...(perWebSearch === null ? [] : [["USD per web search", String(perWebSearch)]]),
		...tools,
		...(factors.length === 0 ? [] : [["service tiers", factors.join(", ")]]),
		...(discount === 0 ? [] : [["discount", `${decimal(discount * 100)} % off`]]),
	];
}

function perMillion({ above, rates }: Tier): { readonly above: number } & Rates {
	const entries = Object.entries(rates).map(([kind, rate]) => [kind, decimal(Number(rate) * 1e6)]);
	// The kinds are those of the rates.
	return { above: Math.max(0, above), ...(Object.fromEntries(entries) as unknown as Rates) };
}

function rangeOf(above: number, i: number, tiers: readonly { readonly above: number }[]): string {
	const next = tiers[i + 1]?.above;
	return next !== undefined && i === 0
		? `up to ${next.toLocaleString("en")} input`
		: `above ${above.toLocaleString("en")}`;
}

/** Without what binary fractions add behind the twelfth digit. */
function decimal(value: number): number {
	return Number(value.toPrecision(12));
}

/** A day, or a time where it is not midnight; `null` for always and never. */
function isoTime(time: number | undefined): string | null {
	if (time === undefined || !Number.isFinite(time)) return null;
	const iso = new Date(time).toISOString();
	return iso.endsWith("T00:00:00.000Z") ? iso.slice(0, 10) : iso.replace(".000Z", "Z");
}
