import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { afterAll, expect, test } from "vitest";
import { type EventStream, openEvents } from "../dashboard/event-stream.ts";

const PROGRAM: string = new URL("./open-pages-server.ts", import.meta.url).pathname;
const PAGES = 200;

let child: ChildProcess | undefined;
const streams: EventStream[] = [];
afterAll(() => {
	for (const stream of streams) stream.close();
	child?.kill("SIGKILL");
});

async function measure(program: ChildProcess, ms: number): Promise<number> {
	const said = once(program, "message");
	program.send(ms);
	const [{ share }] = (await said) as [{ share: number }]; // what the program tells
	return share;
}

/** What an answer costs that says hardly anything, in seconds of a core: how fast this machine is now. */
async function costOfAnswer(program: ChildProcess, url: string, alone: number): Promise<number> {
	const share = measure(program, 3000);
	const until = performance.now() + 3000;
	let answers = 0;
	while (performance.now() < until) {
		await (await fetch(`${url}/health`)).arrayBuffer();
		answers += 1;
	}
	return (((await share) - alone) * 3) / answers;
}

const ended = new AbortController();

/** Asks for series and calls as a page of the last hour does whose calls are in sight: as often as it is told it may. */
async function askAsPage(url: string, stream: EventStream, index: number): Promise<number> {
	let asked = 0;
	// People do not open their pages at the same moment.
	await new Promise((resolve) => setTimeout(resolve, index * 37));
	while (!ended.signal.aborted) {
		const until = Math.ceil(Date.now() / 60_000) * 60_000;
		const range = `since=${new Date(until - 3_600_000).toISOString()}&until=${new Date(until).toISOString()}`;
		for (const path of [`series?${range}&step=60`, `calls?${range}&order=latest&limit=25`]) {
			const answer = await fetch(`${url}/api/${path}`);
			if (!answer.ok) throw new Error(await answer.text());
			await answer.arrayBuffer();
			asked += 1;
		}
		const pace = Number(stream.events.findLast(({ event }) => event === "pace")?.data ?? 0);
		const next = performance.now() + Math.max(1200, pace);
		while (!ended.signal.aborted && performance.now() < next)
			await new Promise((resolve) => setTimeout(resolve, 50));
	}
	return asked;
}

test("two hundred open pages cost the server less than 5 % of a core", async () => {
	child = fork(PROGRAM, [], { execArgv: [] });
	const [{ url }] = (await once(child, "message")) as [{ url: string }]; // what the program tells
	await new Promise((resolve) => setTimeout(resolve, 1500)); // what it does once
	const alone = await measure(child, 3000);
	const answer = await costOfAnswer(child, url, alone);
	for (let i = 0; i < PAGES; i += 1) streams.push(await openEvents(url));
	const pages = streams.map((stream, i) => askAsPage(url, stream, i));
	await new Promise((resolve) => setTimeout(resolve, 9000));
	const before = streams.map(({ events }) => events.length);
	const withPages = await measure(child, 20_000);
	ended.abort();
	const asked = (await Promise.all(pages)).reduce((sum, one) => sum + one, 0);
	const cost = withPages - alone;
	const event = streams[0]?.events.findLast(({ event }) => event === "stats")?.data.length;
	process.stdout.write(
		`${PAGES} pages: ${(cost * 100).toFixed(2)} % of a core (${(withPages * 100).toFixed(2)} % with them, ${(alone * 100).toFixed(2)} % without), as ${Math.round(cost / answer)} short answers a second; ${event} bytes a second each, ${asked} questions\n`,
	);
	// Each of them has heard of it all.
	for (const [i, { events }] of streams.entries()) {
		expect(events.slice(before[i]).filter(({ event }) => event === "stats").length).toBeGreaterThanOrEqual(
			16,
		);
	}
	// Each has asked twice at the least: for series and for calls.
	expect(asked).toBeGreaterThanOrEqual(2 * PAGES);
	// Where the machine is slow, what it takes for a short answer is the measure: the pages cost as much as about 100 of them.
	expect(cost).toBeLessThan(Math.max(0.05, 150 * answer));
}, 90_000);
