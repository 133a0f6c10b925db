import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseRateLimitHeaders } from "../../src/wire/rate-limit-headers.ts";
import { type ApiName, TEXT_ANSWER, TOOL_ANSWER } from "./scripted/api-script.ts";
import { ask, sentText } from "./scripted/ask.ts";
import { API_KEY, PROMPT } from "./scripted/client-column.ts";
import { COLUMNS } from "./scripted/clients.ts";
import {
	ANSWERED_MODEL,
	expectedCostUsd,
	expectedCostUsdMidStream,
	expectedRemaining,
	expectedUsage,
	expectedUsageMidStream,
	REQUESTED_MODEL,
} from "./scripted/expected.ts";
import type { Overrides, ScenarioName } from "./scripted/scenarios.ts";
import { type Run, ScriptedProvider } from "./scripted/scripted-provider.ts";
import { inOracleClasses, lastTold, oracleUsageOf, priceOf } from "./scripted/usage-oracle.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const APIS = Object.keys(expectedUsage) as ApiName[];
const TEXT = TEXT_ANSWER.pieces.join("");

describe.each(APIS)("an answer of %s", (api) => {
	it("tells the usage that was worked out by hand, whole and as a stream", async () => {
		const whole = await connect(api, "complete").client.complete();
		const events = await eventsOf(api, "stream");
		expect(oracleUsageOf(api, whole)).toEqual(inOracleClasses(api, expectedUsage[api]));
		expect(oracleUsageOf(api, lastTold(api, events))).toEqual(inOracleClasses(api, expectedUsage[api]));
	});

	it("costs what was worked out by hand", () => {
		for (const model of [REQUESTED_MODEL[api], ANSWERED_MODEL[api]]) {
			expect(priceOf(api, model, expectedUsage[api])).toBeCloseTo(expectedCostUsd[api], 12);
			const midStream = expectedUsageMidStream[api];
			const cost = midStream === undefined ? 0 : priceOf(api, model, midStream);
			expect(cost).toBeCloseTo(expectedCostUsdMidStream[api], 12);
		}
	});

	it("has told by its first piece what was worked out by hand, and tells nothing else until its tail", async () => {
		const midStream = expectedUsageMidStream[api];
		const expected = midStream === undefined ? undefined : inOracleClasses(api, midStream);
		for (const pieces of [1, 2, 8]) {
			const told = lastTold(api, await eventsOf(api, "ends-without-end-mark", { pieces }));
			expect(told === undefined ? undefined : oracleUsageOf(api, told)).toEqual(expected);
		}
	});

	it("names the answered model", async () => {
		const { client, run } = connect(api, "complete");
		await client.complete();
		const body: unknown = JSON.parse(sentText(run));
		expect(body).toHaveProperty(api === "gemini" ? "modelVersion" : "model", ANSWERED_MODEL[api]);
	});

	it.each([undefined, 1, 7])("is the same text, cut at every %s bytes", async (chunkBytes) => {
		const overrides = chunkBytes === undefined ? {} : { chunkBytes };
		const { client } = connect(api, "stream", overrides);
		let text = "";
		for await (const event of client.stream()) text += client.textOf(event);
		expect(text).toBe(TEXT);
	});

	it("may be a call of the tool", async () => {
		const { client, run } = connect(api, "complete", { answer: "tool" });
		await client.complete({ tool: true });
		const said = TOOL_ANSWER.pieces.join("");
		const parsed = api === "anthropic" || api === "gemini";
		expect(sentText(run)).toContain(parsed ? said : JSON.stringify(said));
		const streamed = connect(api, "stream", { answer: "tool" });
		for await (const event of streamed.client.stream({ tool: true })) void event;
		expect(oracleUsageOf(api, lastTold(api, dataOf(streamed.run)))).toEqual(
			inOracleClasses(api, expectedUsage[api]),
		);
	});

	it("says how much of the rate limits is left, and so does a refusal", async () => {
		for (const [scenario, said] of [
			["complete", "answered"],
			["429-exhausted", "refused"],
		] as const) {
			const { headers } = (await ask(provider, api, scenario)).response;
			const { remaining, retryAfterMs } = parseRateLimitHeaders(headers);
			expect(Object.fromEntries(remaining)).toEqual(expectedRemaining[api][said]);
			expect(retryAfterMs).toBe(said === "refused" ? 1 : undefined);
		}
	});

	it("is seen by the server, and what it was asked", async () => {
		const { client, run } = connect(api, "complete");
		await client.complete();
		const [request] = run.seen.requests;
		expect(JSON.stringify(request?.body)).toContain(PROMPT);
		expect(JSON.stringify(request?.headers)).toContain(API_KEY);
		expect(request?.status).toBe(200);
		expect(run.seen.unexpected).toEqual([]);
	});

	it("may be late with its headers, and later with its first piece", async () => {
		const delays = { headersAfterMs: 60, firstPieceAfterMs: 90 };
		const { client, run } = connect(api, "delayed", delays);
		const started = performance.now();
		let firstText: number | undefined;
		for await (const event of client.stream()) {
			if (client.textOf(event) !== "") firstText ??= performance.now();
		}
		const [request] = run.seen.requests;
		if (request?.headersAt === undefined || request.firstPieceAt === undefined) throw new Error("no answer");
		expect(request.headersAt - request.receivedAt).toBeGreaterThan(58);
		expect(request.firstPieceAt - request.headersAt).toBeGreaterThan(88);
		expect(firstText).toBeGreaterThan(started + 148);
		expect(Math.abs((firstText ?? 0) - request.firstPieceAt)).toBeLessThan(50);
	});

	it("waits for its reader, and notices that it leaves", async () => {
		const { client, run } = connect(api, "big-stream", { megabytes: 60 });
		const controller = new AbortController();
		const events = client.stream({ signal: controller.signal })[Symbol.asyncIterator]();
		await events.next();
		const [request] = run.seen.requests;
		await sleep(150);
		const sent = request?.bytesSent ?? 0;
		await sleep(150);
		expect(sent).toBeLessThan(20_000_000);
		expect(request?.bytesSent).toBe(sent);
		controller.abort();
		const closed = await run.seen.closedWithin(1000);
		expect(closed?.bytesSent).toBe(sent);
		await events.return(undefined).catch(() => undefined);
	});
});

function connect(api: ApiName, scenario: ScenarioName, overrides?: Overrides) {
	const run = provider.script(api, scenario, overrides);
	return { run, client: COLUMNS[api].connect({ baseURL: run.baseURL }) };
}

/** A client's own events. */
async function eventsOf(api: ApiName, scenario: ScenarioName, overrides?: Overrides): Promise<unknown[]> {
	const events: unknown[] = [];
	for await (const event of connect(api, scenario, overrides).client.stream()) events.push(event);
	return events;
}

/** The events on the wire. */
function dataOf(run: Run): unknown[] {
	const lines = sentText(run).match(/(?<=^data: )\{.*\}/gm) ?? [];
	return lines.map((line): unknown => JSON.parse(line));
}
