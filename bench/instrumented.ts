import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import OpenAI from "openai";
import { instrument } from "../src/instrument/index.ts";
import { initPrometheus } from "../src/monitoring/index.ts";
import type { ContenderName } from "./contender.ts";
import { type Figure, type MeasureOptions, median } from "./result.ts";

/** Events of a stream. */
const EVENTS = 1000;
/**
 * V8 has compiled then the most of what is measured, as `node --trace-opt` shows it: of what only the instrumented client has,
 * nearly all between the 10,000th call and the 12,000th, and small functions up to the 30,000th, where that was looked at. A
 * stream is a thousand times as much of it.
 */
const WARM_UP = { calls: 30_000, streams: 500 };
/** The fewest pairs that tell a hundredth, on a machine that others work on. */
const LEAST_PAIRS = 400;
/**
 * How many calls of a client come one after the other. What we put off for one call is done during others: so that those are
 * ours, and not the plain client's.
 */
const BLOCK = 20;
const BODY = { model: "gpt-4o-mini", messages: [{ role: "user" as const, content: "word ".repeat(100) }] };

/** How many hundredths longer a call takes that is not a stream, in an instrumented client of `openai`. */
export async function instrumentedCall(
	contender: ContenderName,
	options: MeasureOptions,
): Promise<Figure | undefined> {
	if (contender !== "ours") return undefined;
	const pairs = await inPairs(options, WARM_UP.calls / BLOCK, BLOCK, async (client) => {
		for (let i = 0; i < BLOCK; i += 1) await client.chat.completions.create(BODY);
	});
	return share(pairs);
}

/** How many nanoseconds longer each event of a stream takes whose caller does not ask for its usage, in such a client. */
export async function instrumentedStream(
	contender: ContenderName,
	options: MeasureOptions,
): Promise<Figure | undefined> {
	if (contender !== "ours") return undefined;
	const { metered, plain } = await streams(options);
	const added = metered.map((ms, i) => ms - (plain[i] ?? Number.NaN));
	return { value: (median(added) / EVENTS) * 1e6, samples: added.length };
}

/** The same in hundredths of what the plain client takes for an event, which a slow machine stretches as much. */
export async function instrumentedStreamShare(
	contender: ContenderName,
	options: MeasureOptions,
): Promise<Figure | undefined> {
	if (contender !== "ours") return undefined;
	return share(await streams(options));
}

async function streams(options: MeasureOptions): Promise<Pairs> {
	return inPairs(options, WARM_UP.streams, 1, async (client) => {
		let events = 0;
		for await (const _ of await client.chat.completions.create({ ...BODY, stream: true })) events += 1;
		if (events !== EVENTS + 2) throw new Error(`The stream had ${events} events.`);
	});
}

/** Milliseconds, of each pair. */
interface Pairs {
	readonly plain: readonly number[];
	readonly metered: readonly number[];
}

/**
 * How many hundredths longer the instrumented client takes: the median over the pairs, of which both are slow when the
 * machine is.
 */
function share({ metered, plain }: Pairs): Figure {
	const ratios = metered.map((ms, i) => ms / (plain[i] ?? Number.NaN));
	return { value: (median(ratios) - 1) * 100, samples: ratios.length };
}

/**
 * The plain client and the instrumented one in turn, on one server, the first of a pair changing: what slows one slows the
 * other.
 *
 * @param calls how many `ask` makes
 */
async function inPairs(
	{ ms }: MeasureOptions,
	warmUp: number,
	calls: number,
	ask: (client: OpenAI) => Promise<unknown>,
): Promise<Pairs> {
	const server = spawn(process.execPath, [join(import.meta.dirname, "loopback-provider.ts"), String(EVENTS)]);
	try {
		const client = new OpenAI({ apiKey: "none", baseURL: `http://127.0.0.1:${await portOf(server)}/v1` });
		const prometheus = initPrometheus();
		const instrumented = instrument(client, { route: "bench" });
		for (let i = 0; i < warmUp; i += 1) {
			await ask(client);
			await ask(instrumented);
		}
		const times: { plain: number[]; metered: number[] } = { plain: [], metered: [] };
		// A call takes much longer than what the other cases measure.
		const until = performance.now() + ms * 10;
		while (performance.now() < until || times.plain.length < LEAST_PAIRS) {
			const isPlainFirst = times.plain.length % 2 === 0;
			for (const kind of isPlainFirst ? (["plain", "metered"] as const) : (["metered", "plain"] as const)) {
				const start = performance.now();
				await ask(kind === "plain" ? client : instrumented);
				times[kind].push(performance.now() - start);
			}
		}
		const counted = prometheus.snapshot()["llm_tokens_output_total"]?.[0]?.value;
		if (counted !== 50 * calls * (times.metered.length + warmUp))
			throw new Error("Not every call was recorded.");
		return times;
	} finally {
		server.kill();
	}
}

async function portOf({ stdout }: ChildProcess): Promise<string> {
	if (stdout === null) throw new Error("The provider has no output.");
	const said: unknown[] = await once(stdout, "data");
	return String(said[0]).trim();
}
