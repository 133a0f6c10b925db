/**
 * Reads a long stream with an instrumented client of the API that is named, and prints how much more memory the process
 * held than before, at most and in the end, in megabytes, and what was counted.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { instrument, meteredFetch } from "../../../src/instrument/index.ts";
import { initPrometheus } from "../../../src/monitoring/index.ts";
import { COLUMNS, type ColumnName } from "../scripted/clients.ts";

const [name = "", baseURL = ""] = process.argv.slice(2);
const collectGarbage = globalThis.gc;
if (!(name in COLUMNS) || collectGarbage === undefined)
	throw new Error("big-stream.ts <column> <base URL>, with --expose-gc");
const handle = initPrometheus();
const client = COLUMNS[name as ColumnName].connect({
	baseURL,
	...(name === "fetch"
		? { fetch: meteredFetch(undefined, { route: "big" }) }
		: { wrap: (plain) => instrument(plain, { route: "big" }) }),
});

/** What is really held: garbage is collected first. */
function held(): { heap: number; buffers: number; rss: number } {
	collectGarbage?.();
	const { arrayBuffers, heapUsed, rss } = process.memoryUsage();
	return { heap: heapUsed / 1e6, buffers: arrayBuffers / 1e6, rss: rss / 1e6 };
}

let before = held();
const most = { heap: 0, buffers: 0, rss: 0 };
let events = 0;
let characters = 0;
for await (const event of client.stream()) {
	events += 1;
	characters += client.textOf(event).length;
	// What a warm process holds is the measure.
	if (events === 5000) before = held();
	if (events % 20_000 !== 0) continue;
	const now = held();
	most.heap = Math.max(most.heap, now.heap - before.heap);
	most.buffers = Math.max(most.buffers, now.buffers - before.buffers);
	most.rss = Math.max(most.rss, now.rss - before.rss);
}
// Buffers are given back a little later than they are garbage.
for (let i = 0; i < 5; i += 1) {
	collectGarbage();
	await sleep(20);
}
const now = held();
const left = { heap: now.heap - before.heap, buffers: now.buffers - before.buffers };
const requests = handle.snapshot()["llm_requests_total"]?.filter(({ value }) => value > 0) ?? [];
process.stdout.write(JSON.stringify({ events, characters, most, left, requests }));
