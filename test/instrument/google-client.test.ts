/** Every way to ask with Google's client: what a caller gets is what it gets without us, and each request counts once. */
import { GoogleGenAI, type HttpOptions } from "@google/genai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { ReplayServer, status } from "../providers/replay-server.ts";
import { ApiServer, json } from "./api-server.ts";
import { collect, expectCalls, whole } from "./calls.ts";
import { TEXT_ANSWER } from "./scripted/api-script.ts";
import { API_KEY, PROMPT } from "./scripted/client-column.ts";
import { REQUESTED_MODEL } from "./scripted/expected.ts";
import { geminiScript } from "./scripted/gemini-script.ts";
import { comparable } from "./scripted/outcome.ts";
import type { ScenarioName } from "./scripted/scenarios.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const ASK = { model: REQUESTED_MODEL.gemini, contents: PROMPT };
const ANSWER = json(geminiScript.body({ path: "", body: {} }, TEXT_ANSWER));

function connect(baseUrl: string, more: HttpOptions = {}): GoogleGenAI {
	return new GoogleGenAI({ apiKey: API_KEY, httpOptions: { baseUrl, ...more } });
}

/** Asks in one way, without us and with us: the caller sees the same, and it is so many calls. */
async function expectSame(
	scenario: ScenarioName,
	ask: (client: GoogleGenAI) => Promise<unknown>,
	calls = 1,
): Promise<void> {
	using recorder = installTestRecorder();
	const { baseURL } = provider.script("gemini", scenario);
	const client = connect(baseURL);
	const seen = comparable(await ask(client));
	expect(recorder.calls).toEqual([]);
	expect(comparable(await ask(instrument(client, { route: "way" })))).toEqual(seen);
	await expectCalls(recorder, ...Array.from({ length: calls }, () => whole("gemini", { route: "way" })));
}

test("models and chats, whole and as streams", async () => {
	await expectSame("complete", (client) => client.models.generateContent(ASK));
	await expectSame("stream", async (client) => collect(await client.models.generateContentStream(ASK)));
	await expectSame(
		"complete",
		async (client) => {
			const chat = client.chats.create({ model: ASK.model });
			const answers = [
				await chat.sendMessage({ message: "one" }),
				await chat.sendMessage({ message: "two" }),
			];
			return { answers, history: chat.getHistory() };
		},
		2,
	);
	await expectSame("stream", async (client) => {
		const chat = client.chats.create({ model: ASK.model });
		const events = await collect(await chat.sendMessageStream({ message: "one" }));
		return { events, history: chat.getHistory() };
	});
});

test("the client that was given is not metered; instrumented twice it counts once", async () => {
	using recorder = installTestRecorder();
	const { baseURL } = provider.script("gemini", "complete");
	const client = connect(baseURL);
	const one = instrument(client, { route: "one" });
	const other = instrument(instrument(one, { route: "middle" }), { route: "other", provider: "my-google" });
	expect(one).toBeInstanceOf(GoogleGenAI);
	expect(Object.keys(one).toSorted()).toEqual(Object.keys(client).toSorted());
	for (const each of [client, one, other]) await each.models.generateContent(ASK);
	await expectCalls(
		recorder,
		whole("gemini", { route: "one" }),
		whole("gemini", { route: "other", provider: "my-google" }),
	);
});

test("functions that the client calls by itself: each request is a call of its own", async () => {
	const part = (content: object) =>
		status(200, {
			candidates: [{ content: { role: "model", parts: [content] }, finishReason: "STOP" }],
			usageMetadata: { promptTokenCount: 30, candidatesTokenCount: 7, totalTokenCount: 37 },
			modelVersion: ASK.model,
		});
	const replies = [
		part({ functionCall: { name: "weather", args: { city: "Oslo" } } }),
		part({ text: "It rains." }),
	];
	const server = await ReplayServer.start(...replies, ...replies);
	using recorder = installTestRecorder();
	const tool = {
		tool: async () => ({ functionDeclarations: [{ name: "weather" }] }),
		callTool: async () => [{ functionResponse: { name: "weather", response: { sky: "rain" } } }],
	};
	const ask = (client: GoogleGenAI) => client.models.generateContent({ ...ASK, config: { tools: [tool] } });
	const client = connect(server.url);
	const seen = comparable(await ask(client));
	expect(comparable(await ask(instrument(client, { route: "tools" })))).toEqual(seen);
	const one = { route: "tools", usage: { inputUncached: 30, output: 7 }, outcome: "success" } as const;
	await expectCalls(recorder, one, one);
});

test("embedContent() is a call, of the model that embeds", async () => {
	await using server = await ApiServer.start({
		":batchEmbedContents": json({ embeddings: [{ values: [0.5, 1] }] }),
	});
	using recorder = installTestRecorder();
	const client = instrument(connect(server.url), { route: "embed" });
	const { embeddings } = await client.models.embedContent({ model: "gemini-embedding-001", contents: "hi" });
	expect(embeddings?.[0]?.values).toEqual([0.5, 1]);
	await expectCalls(recorder, {
		operation: "embeddings",
		model: "gemini-embedding-001",
		route: "embed",
		outcome: "success",
		// This API tells none.
		usageMissing: "not_reported",
		costUsd: undefined,
	});
});

test("the user's own fetch sends, and meteredFetch() below adds nothing", async () => {
	using recorder = installTestRecorder();
	const { baseURL } = provider.script("gemini", "complete");
	const sent: string[] = [];
	const own: typeof fetch = (input, init) => {
		sent.push(input instanceof Request ? input.url : String(input));
		return fetch(input, init);
	};
	for (const client of [connect(baseURL, { fetch: own }), connect(baseURL, { fetch: meteredFetch(own) })]) {
		await instrument(client, { route: "way" }).models.generateContent(ASK);
	}
	expect(sent).toHaveLength(2);
	await expectCalls(recorder, whole("gemini"), whole("gemini"));
});

describe("other versions and parts of the client", () => {
	test("a client that takes no fetch is metered by what it gets", async () => {
		await using server = await ApiServer.start({ ":generateContent": ANSWER });
		using recorder = installTestRecorder();
		const client = connect(server.url);
		// As versions 1 do it: https://github.com/googleapis/js-genai, src/_api_client.ts.
		const { apiClient } = client as unknown as { apiClient: object };
		Object.assign(apiClient, { apiCall: async (url: string, init: RequestInit) => fetch(url, init) });
		const answer = await instrument(client, { route: "old" }).models.generateContent(ASK);
		expect(answer.text).toBe(TEXT_ANSWER.pieces.join(""));
		await expectCalls(recorder, whole("gemini", { route: "old" }));
	});

	test("what is not read yet costs all the same, and is given no other limits of time", async () => {
		await using server = await ApiServer.start({ "/interactions": json({ id: "1", status: "completed" }) });
		using recorder = installTestRecorder();
		const limits: unknown[] = [];
		const key = Symbol.for("undici.globalDispatcher.1");
		const undici = Reflect.get(globalThis, key) as { dispatch(...args: unknown[]): unknown };
		const dispatch = (options: { headersTimeout?: number; bodyTimeout?: number }, handler: unknown) => {
			limits.push([options.headersTimeout, options.bodyTimeout]);
			return undici.dispatch(options, handler);
		};
		const client = connect(server.url);
		const metered = instrument(client, { route: "other-apis" });
		Reflect.set(globalThis, key, { dispatch });
		try {
			const ask = { model: "gemini-2.5-flash", input: "hello" };
			await client.interactions.create(ask);
			await metered.interactions.create(ask);
		} finally {
			Reflect.set(globalThis, key, undici);
		}
		expect(limits).toEqual([
			[0, 0],
			[0, 0],
		]);
		expect(server.requests).toHaveLength(2);
		expect(recorder.calls).toEqual([]);
		expect(
			recorder.counter("llm_unpriced_requests_total", { route: "other-apis", reason: "unmetered_api" }),
		).toBe(1);
		expect(recorder.counter("llm_attempts_total", { provider: "google", result: "success" })).toBe(1);
	});
});
