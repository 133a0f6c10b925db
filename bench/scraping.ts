import type { Contender, Format, Pair } from "./contender.ts";
import { LINES_PER_PAIR } from "./families.ts";
import { type Figure, type MeasureOptions, median, quantile } from "./result.ts";
import { pairsOf } from "./workload.ts";

/** Which pairs have changed since the scrape before: all of them, one in a hundred (at least one), or none. */
export type Changed = "all" | "some" | "none";

/** What is scraped. */
export interface ScrapeCase {
	/** About how many lines the exposition has. */
	readonly lines: number;
	readonly changed: Changed;
	readonly format: Format;
}

/** Milliseconds of one scrape of everything: the median, and the 99th percentile. What changes is not timed. */
export async function scrape(
	contender: Contender,
	{ changed, format, lines }: ScrapeCase,
	{ ms }: MeasureOptions,
): Promise<Figure | undefined> {
	const pairs = fill(contender, lines);
	if ((await contender.scrape(format)) === undefined) return undefined;
	const counted = await checkChange(contender, pairs, changed);
	const took = await sample(ms, async (turn) => {
		prepare(contender, pairs, changed, turn);
		const start = performance.now();
		const bytes = toBytes(await contender.scrape(format));
		const end = performance.now();
		if (bytes.length < lines) throw new Error("The exposition is not whole.");
		return end - start;
	});
	return { value: median(took), p99: quantile(took, 0.99), samples: took.length, lines: counted };
}

/**
 * Milliseconds of the longest turn of the event loop during a scrape, all changed: the median over scrapes, and the
 * worst. A setImmediate that renews itself marks every turn to the microsecond; what runs between two marks is what an
 * incoming request has to wait for, promises included. `monitorEventLoopDelay` would add its own millisecond of period.
 */
export async function longestTurn(
	contender: Contender,
	lines: number,
	{ ms }: MeasureOptions,
): Promise<Figure | undefined> {
	const pairs = fill(contender, lines);
	if ((await contender.scrape("text")) === undefined) return undefined;
	const longest = await sample(ms, (turn) => {
		prepare(contender, pairs, "all", turn);
		return watchOne(contender);
	});
	return { value: median(longest), p99: quantile(longest, 0.99), samples: longest.length };
}

async function watchOne(contender: Contender): Promise<number> {
	let longest = 0;
	let last = 0;
	let watching = true;
	const mark = (): void => {
		const now = performance.now();
		longest = Math.max(longest, now - last);
		last = now;
		if (watching) setImmediate(mark);
	};
	setImmediate(mark);
	last = performance.now();
	toBytes(await contender.scrape("text"));
	watching = false;
	mark();
	return longest;
}

/**
 * The answers of a function called over and over: first for a while without counting, because a process's first scrapes
 * run code that is not optimised yet, then until the time is over, at least five times and at most a thousand.
 */
async function sample(ms: number, once: (turn: number) => Promise<number>): Promise<number[]> {
	const samples: number[] = [];
	let turn = 0;
	for (const start = performance.now(); turn < 5 || performance.now() - start < ms; ) await once(turn++);
	const start = performance.now();
	while (samples.length < 5 || (samples.length < 1000 && performance.now() - start < ms * 2)) {
		samples.push(await once(turn++));
	}
	return samples;
}

function fill(contender: Contender, lines: number): Pair[] {
	const pairs = pairsOf(Math.round(lines / LINES_PER_PAIR));
	contender.fill(pairs);
	return pairs;
}

function prepare(contender: Contender, pairs: readonly Pair[], changed: Changed, turn: number): void {
	if (changed === "none") return;
	const count = changed === "all" ? pairs.length : Math.max(1, Math.round(pairs.length / 100));
	for (let i = 0; i < count; i++) contender.change(pairs[(turn * count + i) % pairs.length]!);
}

/** Throws unless as many lines change as should; the answer is how many lines there are. */
async function checkChange(contender: Contender, pairs: readonly Pair[], changed: Changed): Promise<number> {
	const before = await linesOf(contender);
	prepare(contender, pairs, changed, 0);
	const after = await linesOf(contender);
	const share = after.filter((line, i) => line !== before[i]).length / after.length;
	const expected = { all: 1, some: Math.max(1, Math.round(pairs.length / 100)) / pairs.length, none: 0 };
	// A dozen lines of the process, and two of a pair that nothing writes yet, never change.
	if (Math.abs(share - expected[changed]) < 0.06) return after.length;
	throw new Error(`"${changed}" changed ${share * 100} % of the lines.`);
}

/** What goes over the wire: a string may be a rope, and its making is not done until its bytes are there. */
function toBytes(body: string | Uint8Array | undefined): Buffer {
	if (typeof body !== "object") return Buffer.from(body ?? "");
	return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** The lines of series, without comments. */
async function linesOf(contender: Contender): Promise<string[]> {
	const text = toBytes(await contender.scrape("text")).toString();
	return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}
