import { measure } from "mitata";
import type { Contender, OperationName } from "./contender.ts";
import { PLAIN_COUNTER } from "./families.ts";
import { type Figure, type MeasureOptions, median } from "./result.ts";
import { touchNextRequest } from "./workload.ts";

/** The family that counts the iterations of an operation. */
const WITNESS: Readonly<Record<OperationName, string>> = {
	"counter-labels": "llm_errors_total",
	"counter-bound": PLAIN_COUNTER,
	"gauge-labels": "llm_active_requests",
	"gauge-bound": "llm_active_requests",
	"histogram-labels": "llm_latency_ms_count",
	"histogram-bound": "llm_latency_ms_count",
	request: "llm_requests_total",
	"request-decoded": "llm_requests_total",
	"request-native": "llm_requests_total",
};

const WARM_UP = 20_000;
const MEMORY: number = 32 * 1024 * 1024;
const CACHE_LINE = 64;

/** Nanoseconds of one iteration in a hot loop: the median over batches of 4,096. */
export async function hot(
	contender: Contender,
	name: OperationName,
	{ ms }: MeasureOptions,
): Promise<Figure | undefined> {
	const operation = contender.operation(name);
	if (operation === undefined) return undefined;
	// Warm code makes mitata choose batches: a single iteration is shorter than its clock can tell.
	for (let i = 0; i < WARM_UP; i++) operation();
	const stats = await measure(operation, { min_cpu_time: ms * 1e6 });
	if (stats.ticks <= stats.samples.length) throw new Error(`${name} was not measured in batches.`);
	await proveRecorded(contender, name, operation, WARM_UP + stats.ticks);
	return { value: stats.p50, samples: stats.samples.length };
}

/**
 * Nanoseconds of one iteration when code and metrics are in no cache: before each one 32 MiB are walked, then the request
 * itself is read, and the cost of reading the clock is taken off. The median.
 */
export async function cold(
	contender: Contender,
	name: OperationName,
	{ ms }: MeasureOptions,
): Promise<Figure | undefined> {
	const operation = contender.operation(name);
	if (operation === undefined) return undefined;
	const memory = new Uint8Array(MEMORY);
	for (let i = 0; i < WARM_UP; i++) operation();
	const took: number[] = [];
	const clock: number[] = [];
	for (let walked = 0; took.length < 100 || walked < ms * 2; ) {
		const start = performance.now();
		for (let i = 0; i < memory.length; i += CACHE_LINE) memory[i]! += 1;
		contender.touch?.(touchNextRequest().index);
		// The walk has also driven out the clock: it is warm again from the third reading on.
		performance.now();
		performance.now();
		const first = performance.now();
		const before = performance.now();
		operation();
		const after = performance.now();
		clock.push(before - first);
		took.push(after - before);
		walked += after - start;
	}
	await proveRecorded(contender, name, operation, WARM_UP + took.length);
	return { value: (median(took) - median(clock)) * 1e6, samples: took.length };
}

/** Throws unless everything so far, and each of some further iterations, is in the exposition. */
async function proveRecorded(
	contender: Contender,
	name: OperationName,
	operation: () => void,
	atLeast: number,
): Promise<void> {
	const before = await total(contender, WITNESS[name]);
	if (before === undefined) return;
	for (let i = 0; i < 1000; i++) operation();
	const after = await total(contender, WITNESS[name]);
	if (before >= atLeast && after === before + 1000) return;
	throw new Error(`${name}: of ${atLeast} iterations and 1,000 more, ${before} and ${after} were recorded.`);
}

/** The sum of all series of that name; undefined where there is no exposition. */
async function total(contender: Contender, name: string): Promise<number | undefined> {
	const text = await contender.scrape("text");
	if (text === undefined) return undefined;
	return Buffer.from(text)
		.toString()
		.split("\n")
		.filter((line) => line.startsWith(`${name}{`))
		.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
