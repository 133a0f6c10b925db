import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiName } from "./scripted/api-script.ts";
import { ask, sentText } from "./scripted/ask.ts";
import { COLUMNS } from "./scripted/clients.ts";
import { expectedUsage } from "./scripted/expected.ts";
import { inShort, type Outcome, reduceError } from "./scripted/outcome.ts";
import type { Overrides, ScenarioName } from "./scripted/scenarios.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";
import { field } from "./scripted/usage-oracle.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const APIS = Object.keys(expectedUsage) as ApiName[];

describe("OpenAI's chat", () => {
	it("tells the usage of a stream only where it is asked for it", async () => {
		const asked: unknown[] = [];
		for await (const event of connect("openai-chat", "stream").client.stream()) asked.push(event);
		expect(asked.slice(0, -1).every((event) => field(event, "usage") === null)).toBe(true);
		expect(asked.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 1200 } });
		const { client, run } = connect("openai-chat", "stream-no-usage");
		for await (const event of client.stream({ askUsage: false })) expect(event).not.toHaveProperty("usage");
		expect(sentText(run)).not.toContain("usage");
		expect(sentText(run).endsWith("data: [DONE]\n\n")).toBe(true);
	});

	it.each(["stream-usage-refused", "stream-usage-refused-422"] as const)(
		"may refuse: %s",
		async (scenario) => {
			const { client } = connect("openai-chat", scenario);
			const error = await client
				.stream()
				.next()
				.catch((thrown: unknown) => reduceError(thrown));
			expect(error).toMatchObject({ status: scenario.endsWith("422") ? 422 : 400 });
			const { done } = await client.stream({ askUsage: false }).next();
			expect(done).toBe(false);
		},
	);

	it("gives bytes that are known", async () => {
		const { response, run } = await ask(provider, "openai-chat", "stream");
		const bytes = Buffer.from(await response.arrayBuffer());
		expect(run.seen.requests[0]?.sent().equals(bytes)).toBe(true);
	});
});

describe("OpenAI's responses", () => {
	it.each([
		["usual", "6 events, then APIError server_error"],
		["flat", "6 events, then APIError server_error"],
		// The SDK hands it on as an event like any other.
		["failed", "7 events"],
	] as const)("may fail in a stream: %s", async (errorForm, seen) => {
		const { client } = connect("openai-responses", "error-in-stream", { errorForm });
		const events: unknown[] = [];
		let failure: unknown;
		try {
			for await (const event of client.stream()) events.push(event);
		} catch (error) {
			failure = error;
		}
		const error = failure === undefined ? undefined : { error: reduceError(failure) };
		expect(inShort({ kind: "events", events, text: "", ...error })).toBe(seen);
	});
});

describe("the other ends of a stream and of a body", () => {
	it.each(APIS)("%s: everything but the last event", async (api) => {
		const { run } = connect(api, "ends-before-end-mark");
		for await (const event of COLUMNS[api].connect({ baseURL: run.baseURL }).stream()) void event;
		const whole = connect(api, "stream");
		for await (const event of whole.client.stream()) void event;
		expect(sentText(whole.run).startsWith(sentText(run))).toBe(true);
		expect(sentText(whole.run).length).toBeGreaterThan(sentText(run).length);
	});

	it.each(["empty-body", "empty-body-chunked"] as const)("%s", async (scenario) => {
		const { response } = await ask(provider, "openai-chat", scenario);
		expect(response.headers.get("content-length")).toBe(scenario === "empty-body" ? "0" : null);
		expect(await response.text()).toBe("");
	});

	it("a body that is cut, or that never ends", async () => {
		for (const scenario of ["cut-stream", "hold-stream"] as const) {
			const { client, run } = connect("anthropic", scenario);
			const controller = new AbortController();
			const { signal } = controller;
			const answer = client.complete({ signal }).catch((error: unknown) => inShort(failed(error)));
			await run.seen.arrived(1);
			await sleep(10);
			if (scenario === "hold-stream") controller.abort();
			expect(await answer).toBe(scenario === "cut-stream" ? "TypeError" : "DOMException (AbortError) 20");
		}
	});

	it("as often refused as a test says", async () => {
		const run = provider.script("openai-chat", "429-then-success", { refusals: 2 });
		const client = COLUMNS["openai-chat"].connect({ baseURL: run.baseURL, maxRetries: 2 });
		await client.complete();
		expect(run.seen.requests.map(({ status }) => status)).toEqual([429, 429, 200]);
		expect(run.seen.requests.map(({ retryCount }) => retryCount)).toEqual([0, 1, 2]);
	});

	it("paths of another API", async () => {
		const run = provider.script("anthropic", "complete");
		const response = await fetch(`${run.baseURL}/v1/complete`, { method: "POST", body: "{}" });
		expect(response.status).toBe(418);
		expect(run.seen.unexpected).toEqual(["POST /v1/complete"]);
	});
});

describe("a client", () => {
	it.each(Object.keys(COLUMNS) as (keyof typeof COLUMNS)[])(
		"%s: takes a fetch and a wrapper",
		async (name) => {
			const column = COLUMNS[name];
			const run = provider.script(column.api, "complete");
			let fetched = 0;
			const wrappedNames: string[] = [];
			const client = column.connect({
				baseURL: run.baseURL,
				fetch: (input, init) => {
					fetched += 1;
					return fetch(input, init);
				},
				wrap: (inner) => {
					wrappedNames.push(inner.constructor.name);
					return inner;
				},
			});
			await client.complete();
			expect(fetched).toBe(1);
			expect(wrappedNames.length > 0).toBe(name !== "fetch");
		},
	);
});

function connect(api: ApiName, scenario: ScenarioName, overrides?: Overrides) {
	const run = provider.script(api, scenario, overrides);
	return { run, client: COLUMNS[api].connect({ baseURL: run.baseURL }) };
}

function failed(error: unknown): Outcome {
	return { kind: "error", error: reduceError(error) };
}
