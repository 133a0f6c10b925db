import { type ContenderName, loadContender, OPERATIONS } from "./contender.ts";
import { ledgerQuery, ledgerStall } from "./ledger.ts";
import { instrumentedCall, instrumentedStream, instrumentedStreamShare } from "./instrumented.ts";
import { memory } from "./memory.ts";
import { PRICERS, pricing } from "./pricing.ts";
import { cold, hot } from "./recording.ts";
import type { Figure, MeasureOptions } from "./result.ts";
import { wholeCall } from "./whole-call.ts";
import { longestTurn, scrape, type ScrapeCase } from "./scraping.ts";

/** What the number of a case means. */
export type Unit = "ns" | "ms" | "%" | "bytes a line";

/** One row of the table. */
export interface BenchCase {
	readonly name: string;
	/** As the table says it. */
	readonly title: string;
	readonly unit: Unit;
	/** The most rounds that it is worth. */
	readonly mostRounds?: number;
	/** Measures, in a process of its own; undefined where the contender has no such thing. */
	readonly run: (contender: ContenderName, options: MeasureOptions) => Promise<Figure | undefined>;
}

const RECORDING: Readonly<Record<(typeof OPERATIONS)[number], string>> = {
	"counter-labels": "counter, by labels",
	"counter-bound": "counter, bound",
	"gauge-labels": "gauge, by labels",
	"gauge-bound": "gauge, bound",
	"histogram-labels": "histogram of 14 buckets, by labels",
	"histogram-bound": "histogram of 14 buckets, bound",
	request: "one request's records, hot",
	"request-decoded": "the same, labels decoded from bytes each time (the baseline is the decoding)",
	"request-native": "the same, native histograms on",
};

const PRICING: Readonly<Record<(typeof PRICERS)[number], string>> = {
	card: "the cost of an answer, by its compiled rate card",
	book: "the same by the price book, which finds the card",
	"calc-price": "the same by genai-prices' own calcPrice",
};

const CHANGED = { all: "all changed", some: "1 % changed", none: "none changed" } as const;

/** Every case, in the order of the table. */
export const CASES: readonly BenchCase[] = [
	...OPERATIONS.map(
		(name): BenchCase => ({
			name,
			title: RECORDING[name],
			unit: "ns",
			run: async (contender, options) => hot((await loadContender(contender))(), name, options),
		}),
	),
	{
		name: "request-cold",
		title: "one request's records, cold caches",
		unit: "ns",
		run: async (contender, options) => cold((await loadContender(contender))(), "request", options),
	},
	{
		name: "whole-call",
		title: "a whole call in InstrumentedBackend, of a backend that answers at once (the baseline is bare)",
		unit: "ns",
		run: wholeCall,
	},
	...PRICERS.map(
		(name): BenchCase => ({
			name: `price-${name}`,
			title: PRICING[name],
			unit: "ns",
			run: (contender, options) => pricing(contender, name, options),
		}),
	),
	{
		name: "instrumented-call",
		title: "what instrument() adds to a call of openai's client that is not a stream, on loopback",
		unit: "%",
		run: instrumentedCall,
	},
	{
		name: "instrumented-stream",
		title: "what it adds to an event of a stream whose caller does not ask for the usage",
		unit: "ns",
		run: instrumentedStream,
	},
	{
		name: "instrumented-stream-share",
		title: "the same, in hundredths of an event of the plain client",
		unit: "%",
		run: instrumentedStreamShare,
	},
	...[400, 10_000, 100_000].flatMap((lines) => [
		scrapeCase({ lines, changed: "all", format: "text" }),
		scrapeCase({ lines, changed: "some", format: "text" }),
		scrapeCase({ lines, changed: "none", format: "text" }),
	]),
	scrapeCase({ lines: 10_000, changed: "all", format: "openmetrics" }),
	scrapeCase({ lines: 10_000, changed: "all", format: "protobuf" }),
	{
		name: "loop-100000",
		title: "longest turn of the event loop in a scrape of 100,000 lines",
		unit: "ms",
		run: async (contender, options) => longestTurn((await loadContender(contender))(), 100_000, options),
	},
	{
		name: "ledger-turn",
		title:
			"longest turn of the event loop, 50,000 calls a second into a ledger (the baseline is without one)",
		unit: "ms",
		run: (contender, options) => ledgerStall(contender, "clock", options),
	},
	{
		name: "ledger-turn-work",
		title: "the same by the time that the thread works, which others on the machine do not lengthen",
		unit: "ms",
		run: (contender, options) => ledgerStall(contender, "work", options),
	},
	{
		name: "ledger-query-10000000",
		title: "/api/costs by model and day, over 10,000,000 rows of a year",
		unit: "ms",
		// Its file takes minutes to make, and what comes out is a median already.
		mostRounds: 1,
		run: async (contender) => ledgerQuery(contender, 10_000_000),
	},
	...[400, 10_000].flatMap((lines) => [memoryCase(lines, false), memoryCase(lines, true)]),
];

function scrapeCase(what: ScrapeCase): BenchCase {
	const { changed, format, lines } = what;
	// At 400 lines there are so few pairs that one of them is more than a hundredth.
	const share = lines === 400 && changed === "some" ? "one pair changed" : CHANGED[changed];
	return {
		name: `scrape-${lines}-${changed}${format === "text" ? "" : `-${format}`}`,
		title: `scrape, ${lines.toLocaleString("en")} lines, ${share}${format === "text" ? "" : `, ${format}`}`,
		unit: "ms",
		run: async (contender, options) => scrape((await loadContender(contender))(), what, options),
	};
}

function memoryCase(lines: number, scraped: boolean): BenchCase {
	return {
		name: `memory-${lines}${scraped ? "-scraped" : ""}`,
		title: `memory, ${lines.toLocaleString("en")} lines${scraped ? ", after scrapes (rendering caches)" : ""}`,
		unit: "bytes a line",
		run: async (contender) => memory(await loadContender(contender), { lines, scraped }),
	};
}
