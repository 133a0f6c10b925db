/** Which route a call counts under: its own, else the nearest `withRoute` around it, else the instrument's. */
import { setTimeout as sleep } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { instrument, meteredFetch, withRoute } from "../../src/instrument/index.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { CHAT, MAJORS, MESSAGE, openaiOptions } from "./ask.ts";
import { collect, settled } from "./calls.ts";
import type { ApiName } from "./scripted/api-script.ts";
import { REQUESTED_MODEL } from "./scripted/expected.ts";
import { type Run, ScriptedProvider } from "./scripted/scripted-provider.ts";

const HEADER = "x-hyperagent-route";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

let recorder: TestRecorder;
beforeEach(() => {
	recorder = installTestRecorder();
});
afterEach(() => recorder.restore());

/** The routes of the calls that have ended; no server has seen one. */
async function routes(...runs: readonly Run[]): Promise<string[]> {
	await settled(recorder);
	for (const { seen } of runs) {
		expect(seen.requests.every(({ headers, text }) => !(HEADER in headers) && !text.includes(HEADER))).toBe(
			true,
		);
	}
	return recorder.calls.map(({ route }) => route);
}

/** Each client asks once, with a route of its own or without. */
type Ask = (ownRoute?: string) => Promise<unknown>;
const CLIENTS: Readonly<Record<string, { api: ApiName; connect: (baseURL: string) => Ask }>> = {
	...Object.fromEntries(
		([5, 6, 7] as const).map((major) => [
			`openai ${major}`,
			{
				api: "openai-chat" as const,
				connect: (baseURL: string): Ask => {
					const client = instrument(new MAJORS[major](openaiOptions(baseURL)), { route: "own" });
					return (route) =>
						client.chat.completions.create(CHAT, route === undefined ? {} : { headers: { [HEADER]: route } });
				},
			},
		]),
	),
	anthropic: {
		api: "anthropic",
		connect: (baseURL) => {
			const client = instrument(new Anthropic({ apiKey: "key", baseURL }), { route: "own" });
			return (route) =>
				client.messages.create(MESSAGE, route === undefined ? {} : { headers: { [HEADER]: route } });
		},
	},
	google: {
		api: "gemini",
		connect: (baseURL) => {
			const client = instrument(new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: baseURL } }), {
				route: "own",
			});
			return (route) =>
				client.models.generateContent({
					model: REQUESTED_MODEL.gemini,
					contents: "hello",
					...(route === undefined ? {} : { config: { httpOptions: { headers: { [HEADER]: route } } } }),
				});
		},
	},
	fetch: {
		api: "openai-chat",
		connect: (baseURL) => {
			const fetch = meteredFetch(globalThis.fetch, { route: "own" });
			return async (route) => {
				const init = { method: "POST", body: JSON.stringify(CHAT) };
				const headers: Record<string, string> = route === undefined ? {} : { [HEADER]: route };
				return (await fetch(`${baseURL}/chat/completions`, { ...init, headers })).json();
			};
		},
	},
};

describe.each(Object.entries(CLIENTS))("%s", (_, { api, connect }) => {
	test("the nearest wins", async () => {
		const run = provider.script(api, "complete");
		const ask = connect(run.baseURL);
		await ask();
		await withRoute("around", () => ask());
		await withRoute("outer", () => withRoute("inner", () => ask()));
		await withRoute("around", () => ask("request"));
		await ask("request");
		await withRoute("outer", async () => {
			await withRoute("inner", () => ask());
			await ask();
		});
		expect(await routes(run)).toEqual(["own", "around", "inner", "request", "request", "inner", "outer"]);
	});

	test("what is no name changes nothing", async () => {
		const run = provider.script(api, "complete");
		const ask = connect(run.baseURL);
		await withRoute("", () => ask(""));
		await withRoute("around", () => withRoute("", () => ask("")));
		expect(await routes(run)).toEqual(["own", "around"]);
	});

	test("calls at once do not mix them up", async () => {
		const run = provider.script(api, "complete");
		const ask = connect(run.baseURL);
		const names = Array.from({ length: 12 }, (_, index) => `use-${index % 4}`);
		await Promise.all(
			names.map((name, index) =>
				withRoute(name, async () => {
					await sleep(index % 3);
					await Promise.all([ask(), withRoute("inner", () => ask())]);
				}),
			),
		);
		const seen = await routes(run);
		expect(seen.toSorted()).toEqual([...names, ...names.map(() => "inner")].toSorted());
	});
});

describe("a request's own route", () => {
	const forms: Readonly<Record<string, Headers | Record<string, string> | [string, string][]>> = {
		"an object": { [HEADER]: "request" },
		"in any case": { "X-HyperAgent-Route": "request" },
		Headers: new Headers({ [HEADER]: "request" }),
		pairs: [
			["x-other", "1"],
			[HEADER, "request"],
		],
	};

	test.each(Object.entries(forms))("in %s", async (form, headers) => {
		const run = provider.script("openai-chat", "stream");
		const client = instrument(new OpenAI(openaiOptions(run.baseURL)), { route: "own" });
		await collect(await client.chat.completions.create({ ...CHAT, stream: true }, { headers }));
		const fetch = meteredFetch(undefined, { route: "own" });
		const request = new Request(`${run.baseURL}/chat/completions`, {
			method: "POST",
			body: JSON.stringify(CHAT),
			headers,
		});
		await (await fetch(request)).text();
		expect(await routes(run)).toEqual(["request", "request"]);
		expect(run.seen.requests.map((seen) => seen.headers["x-other"])).toEqual(
			form === "pairs" ? ["1", "1"] : [undefined, undefined],
		);
	});

	test("is the same for its retries, and in the client's stream helpers", async () => {
		const run = provider.script("openai-chat", "429-then-success");
		const client = instrument(new OpenAI({ ...openaiOptions(run.baseURL), maxRetries: 1 }), { route: "own" });
		await client.chat.completions.stream(CHAT, { headers: { [HEADER]: "request" } }).finalChatCompletion();
		expect(await routes(run)).toEqual(["request"]);
		expect(run.seen.requests).toHaveLength(2);
	});
});

describe("withRoute", () => {
	test("gives what the function gives, throws what it throws, and is over then", async () => {
		const run = provider.script("openai-chat", "complete");
		const client = instrument(new OpenAI(openaiOptions(run.baseURL)), { route: "own" });
		expect(withRoute("around", () => 42)).toBe(42);
		expect(() =>
			withRoute("around", () => {
				throw new RangeError("mine");
			}),
		).toThrow(new RangeError("mine"));
		await client.chat.completions.create(CHAT);
		expect(await routes(run)).toEqual(["own"]);
	});

	test("counts where the call began, wherever it is read", async () => {
		const run = provider.script("openai-chat", "stream");
		const client = instrument(new OpenAI(openaiOptions(run.baseURL)), { route: "own" });
		const stream = await withRoute("begin", () => client.chat.completions.create({ ...CHAT, stream: true }));
		await withRoute("read", () => collect(stream));
		expect(await routes(run)).toEqual(["begin"]);
	});

	test("its names are bounded by the label guard, and their sum stays exact", async () => {
		const answer = { model: "gpt-5-mini", choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } };
		const fetch = meteredFetch(async () => Response.json(answer), { route: "own" });
		const body = JSON.stringify(CHAT);
		for (let i = 0; i < 1010; i += 1) {
			const ask = async () =>
				(await fetch("http://127.0.0.1:9/v1/chat/completions", { method: "POST", body })).json();
			await withRoute(`route-${i}`, ask);
		}
		expect(recorder.counter("llm_requests_total")).toBe(1010);
		expect(recorder.counter("llm_tokens_total")).toBe(2020);
		expect(recorder.counter("llm_requests_total", { route: "other" })).toBeGreaterThan(0);
		expect(recorder.counter("hyperagent_label_overflow_total")).toBeGreaterThan(0);
	});
});

/** What goes out as a header, in whatever form a client takes headers, on the client or with a request. */
test.each([5, 6, 7] as const)("openai %i: however a header is written, no server sees it", async (major) => {
	const run = provider.script("openai-chat", "complete");
	const connect = (more: object): OpenAI =>
		instrument(new MAJORS[major]({ ...openaiOptions(run.baseURL), ...more }), { route: "own" });
	const later: Record<string, string> = {};
	// Their types forbid some of it, and nothing else does.
	const headers: readonly object[] = [{ [HEADER]: ["list"] }, { [HEADER]: 5 }, [[HEADER, "pair"]]];
	const adding: object = {
		fetchOptions: { headers: { [HEADER]: "added", "content-type": "application/json" } },
	};
	const clients = [
		...headers.map((defaultHeaders) => connect({ defaultHeaders })),
		connect({ defaultHeaders: later }),
		connect(adding),
	];
	later[HEADER] = "later";
	for (const client of clients) {
		await client.chat.completions.create(CHAT);
		await client.chat.completions.create(CHAT);
	}
	const plain = connect({});
	for (const own of [...headers.map((some): object => ({ headers: some })), adding]) {
		await plain.chat.completions.create(CHAT, own);
		await plain.chat.completions.create(CHAT, own);
	}
	expect(await routes(run)).toHaveLength(18);
});
