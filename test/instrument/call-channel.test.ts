/** The `hyperagent:call` channel: one message a call that has ended, plain data, whether or not anything else listens. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { getPrometheus } from "../../src/monitoring/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { CHAT, MESSAGE, openaiOptions } from "./ask.ts";
import { collect, whole } from "./calls.ts";
import { PROMPT } from "./scripted/client-column.ts";
import { TEXT_ANSWER } from "./scripted/api-script.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const messages: unknown[] = [];
const hear = (message: unknown): void => {
	messages.push(message);
};
beforeEach(() => {
	messages.length = 0;
	subscribe("hyperagent:call", hear);
});
afterEach(() => unsubscribe("hyperagent:call", hear));

const OPTIONS = { route: "channel" };

/** All that a message says; nothing that anyone said is among it. */
const FIELDS = [
	"answeredModel",
	"attempts",
	"costUsd",
	"errorType",
	"exemplar",
	"id",
	"latencyMs",
	"model",
	"operation",
	"outcome",
	"priceSource",
	"pricedModel",
	"provider",
	"route",
	"startedAt",
	"tags",
	"timePerOutputTokenMs",
	"timeToFirstTokenMs",
	"unpriced",
	"usage",
	"usageMissing",
];

function openai(scenario: Parameters<ScriptedProvider["script"]>[1]): OpenAI {
	const { baseURL } = provider.script("openai-chat", scenario);
	return instrument(new OpenAI(openaiOptions(baseURL)), OPTIONS);
}

describe("without initPrometheus()", () => {
	test("a call is told once, with its route, provider, model, usage, cost and outcome", async () => {
		expect(() => getPrometheus()).toThrow(expect.objectContaining({ code: "NOT_INITIALIZED" }));
		const before = Date.now();
		await openai("complete").chat.completions.create(CHAT);
		expect(messages).toMatchObject([whole("openai-chat", { route: "channel" })]);
		const [message] = messages;
		expect(Object.keys(message ?? {}).toSorted()).toEqual(FIELDS);
		expect(message).toMatchObject({ timeToFirstTokenMs: undefined, exemplar: undefined });
		const { startedAt } = message as { startedAt: number };
		expect(startedAt).toBeGreaterThan(before - 5);
		expect(startedAt).toBeLessThan(Date.now() + 5);
	});

	test("it is plain data: it can be cloned, kept and changed", async () => {
		const client = openai("stream");
		const ask = async (): Promise<unknown> =>
			collect(await client.chat.completions.create({ ...CHAT, stream: true }));
		await ask();
		const [message] = messages;
		expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
		expect(structuredClone(message)).toEqual(message);
		Object.assign(message ?? {}, { route: "changed", usage: undefined });
		await ask();
		expect(messages[1]).toMatchObject(whole("openai-chat", { route: "channel" }));
	});

	test("an error, and a caller that leaves", async () => {
		await expect(openai("401").chat.completions.create(CHAT)).rejects.toThrow("401");
		for await (const chunk of await openai("hold-stream").chat.completions.create({
			...CHAT,
			stream: true,
		})) {
			if (chunk.choices[0]?.delta.content) break;
		}
		expect(messages).toMatchObject([
			{ route: "channel", outcome: "error", errorType: "auth_failed", attempts: 1, usage: undefined },
			{ route: "channel", outcome: "aborted", errorType: undefined, usageMissing: "aborted" },
		]);
	});

	test("a retried call is one message", async () => {
		const { baseURL } = provider.script("anthropic", "429-then-success");
		const client = instrument(new Anthropic({ apiKey: "key", baseURL, maxRetries: 1 }), OPTIONS);
		await client.messages.create(MESSAGE);
		expect(messages).toMatchObject([whole("anthropic", { route: "channel", attempts: 2 })]);
	});

	test("two meters, one message", async () => {
		const { baseURL } = provider.script("openai-chat", "complete");
		const fetch = meteredFetch(undefined, { route: "below" });
		const client = instrument(new OpenAI({ ...openaiOptions(baseURL), fetch }), OPTIONS);
		await client.chat.completions.create(CHAT);
		expect(messages).toHaveLength(1);
	});

	test("nothing that was said is in it", async () => {
		await openai("complete").chat.completions.create(CHAT);
		await expect(openai("400-context-length").chat.completions.create(CHAT)).rejects.toThrow("400");
		const said = JSON.stringify(messages);
		expect(messages).toHaveLength(2);
		for (const words of [PROMPT, TEXT_ANSWER.pieces.join(""), "maximum context length"]) {
			expect(said).not.toContain(words);
		}
	});
});

test("with a recorder it is the same call that is counted", async () => {
	using recorder = installTestRecorder();
	await openai("complete").chat.completions.create(CHAT);
	expect(messages).toEqual(recorder.calls);
});

test("nobody is told who has unsubscribed", async () => {
	unsubscribe("hyperagent:call", hear);
	await openai("complete").chat.completions.create(CHAT);
	expect(messages).toEqual([]);
});
