/** The first token's time is right to 20 ms, however late the headers and the first token are, each by itself. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { collect, expectCalls, whole } from "../instrument/calls.ts";
import { COLUMNS, VARIANTS } from "../instrument/scripted/clients.ts";
import type { ClientColumn } from "../instrument/scripted/client-column.ts";
import type { Overrides } from "../instrument/scripted/scenarios.ts";
import { ScriptedProvider } from "../instrument/scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const CLIENTS: readonly (readonly [string, ClientColumn])[] = [
	...Object.entries(COLUMNS).filter(([name]) => name !== "ai-sdk" && name !== "langchain"),
	...Object.entries(VARIANTS)
		.filter(([name]) => name.startsWith("openai"))
		.map(([name, { column }]) => [name, column] as const),
];

const DELAYS: readonly Overrides[] = [
	{ headersAfterMs: 150, firstPieceAfterMs: 0 },
	{ headersAfterMs: 0, firstPieceAfterMs: 150 },
	{ headersAfterMs: 80, firstPieceAfterMs: 120 },
];

describe.each(CLIENTS)("%s", (name, column) => {
	const connect = (baseURL: string) =>
		column.connect({
			baseURL,
			...(name === "fetch"
				? { fetch: meteredFetch(undefined, { route: "first" }) }
				: { wrap: (client) => instrument(client, { route: "first" }) }),
		});

	test.each(DELAYS)("%o", async (overrides) => {
		using recorder = installTestRecorder();
		const run = provider.script(column.api, "delayed", overrides);
		const client = connect(run.baseURL);
		const started = performance.now();
		await collect(client.stream());
		await expectCalls(recorder, whole(column.api, { route: "first" }));
		const sent = (run.seen.requests[0]?.firstPieceAt ?? Number.NaN) - started;
		const [call] = recorder.calls;
		const { headersAfterMs = 0, firstPieceAfterMs = 0 } = overrides;
		expect(sent).toBeGreaterThan(headersAfterMs + firstPieceAfterMs - 2);
		expect(Math.abs((call?.timeToFirstTokenMs ?? Number.NaN) - sent)).toBeLessThan(20);
		expect(call?.timeToFirstTokenMs).toBeLessThanOrEqual(call?.latencyMs ?? 0);
		expect(recorder.histogram("llm_time_to_first_token_ms", { route: "first" }).count).toBe(1);
		// 290 to 410 tokens in the few milliseconds after it.
		expect(call?.timePerOutputTokenMs).toBeLessThan(1);
	});

	test("an answer that is no stream has none", async () => {
		using recorder = installTestRecorder();
		const run = provider.script(column.api, "delayed", { headersAfterMs: 30, firstPieceAfterMs: 30 });
		await connect(run.baseURL).complete();
		await expectCalls(recorder, whole(column.api, { timeToFirstTokenMs: undefined }));
		expect(recorder.histogram("llm_time_to_first_token_ms").count).toBe(0);
		expect(recorder.calls[0]?.latencyMs).toBeGreaterThan(58);
	});
});
