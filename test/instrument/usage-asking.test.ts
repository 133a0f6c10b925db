/** Asking for the usage of a stream: nobody notices, and a server that will not have it is asked no more. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { type ApiAnswer, ApiServer, json } from "./api-server.ts";
import { CHAT, MAJORS, openaiOptions } from "./ask.ts";
import { collect, expectCalls, whole } from "./calls.ts";
import type { ScenarioName } from "./scripted/scenarios.ts";
import { type Run, ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const STREAM = { ...CHAT, stream: true as const };
const UNTOLD = { outcome: "success", usage: undefined, usageMissing: "not_reported" } as const;

function connect(scenario: ScenarioName): { client: OpenAI; run: Run } {
	const run = provider.script("openai-chat", scenario);
	return { client: instrument(new OpenAI(openaiOptions(run.baseURL)), { route: "ask" }), run };
}

/** What each request said of it, on the wire. */
function asked({ seen }: Run): unknown[] {
	return seen.requests.map(({ body }) => body["stream_options"]);
}

const ASKED = { include_usage: true };

describe.each([5, 6, 7] as const)("openai %i: a server that refuses", (major) => {
	test("is asked once, whichever client asks", async () => {
		using recorder = installTestRecorder();
		const run = provider.script("openai-chat", "stream-usage-refused");
		const plain = new MAJORS[major](openaiOptions(run.baseURL));
		const client = instrument(plain, { route: "ask" });
		for (const each of [client, client, client.withOptions({}), instrument(plain, { route: "ask" })]) {
			expect(await collect(await each.chat.completions.create(STREAM))).toHaveLength(10);
		}
		expect(asked(run)).toEqual([ASKED, undefined, undefined, undefined, undefined]);
		await expectCalls(recorder, { ...UNTOLD, attempts: 2 }, UNTOLD, UNTOLD, UNTOLD);
		expect(recorder.counter("llm_retries_total")).toBe(0);
		expect(recorder.counter("llm_errors_total")).toBe(0);
	});
});

describe("a server that refuses", () => {
	test("says nothing of others", async () => {
		const { client } = connect("stream-usage-refused");
		await collect(await client.chat.completions.create(STREAM));
		const { client: other, run } = connect("stream");
		await collect(await other.chat.completions.create(STREAM));
		expect(asked(run)).toEqual([ASKED]);
	});

	test("without a word that can be read is believed the second time", async () => {
		using recorder = installTestRecorder();
		// openai 5 leaves such a body unread, openai 7 does not.
		const run = provider.script("openai-chat", "stream-usage-refused-422");
		const client = instrument(new MAJORS[5](openaiOptions(run.baseURL)), { route: "ask" });
		for (let i = 0; i < 3; i += 1) await collect(await client.chat.completions.create(STREAM));
		expect(asked(run)).toEqual([ASKED, undefined, ASKED, undefined, undefined]);
		await expectCalls(recorder, { ...UNTOLD, attempts: 2 }, { ...UNTOLD, attempts: 2 }, UNTOLD);
	});

	test("in words that do not name it: the caller gets its stream all the same", async () => {
		using recorder = installTestRecorder();
		const scripted = provider.script("openai-chat", "stream");
		await using server = await ApiServer.start({
			"/chat/completions": async (response, request) => {
				if (request.text.includes("stream_options")) {
					json({ error: { message: "Request body is malformed" } }, 400)(response, request);
					return;
				}
				const answer = await fetch(`${scripted.baseURL}/chat/completions`, {
					method: "POST",
					body: request.text,
				});
				response.writeHead(200, { "content-type": "text/event-stream" });
				response.end(Buffer.from(await answer.arrayBuffer()));
			},
		});
		const client = instrument(new OpenAI(openaiOptions(server.url)), { route: "ask" });
		for (let i = 0; i < 3; i += 1) {
			expect(await collect(await client.chat.completions.create(STREAM))).toHaveLength(10);
		}
		expect(server.requests).toHaveLength(5);
		await expectCalls(recorder, { ...UNTOLD, attempts: 2 }, { ...UNTOLD, attempts: 2 }, UNTOLD);
	});
});

describe("an error that is about something else", () => {
	const refusal = (error: object): ApiAnswer => json({ error }, 400);

	test.each([
		["has a code", { message: "Too long", code: "context_length_exceeded", type: "invalid_request_error" }],
		["names a field", { message: "Unknown value", param: "model", code: null }],
	])("%s: the request is not sent again", async (_, error) => {
		await using server = await ApiServer.start({ "/chat/completions": refusal(error) });
		using recorder = installTestRecorder();
		const client = instrument(new OpenAI(openaiOptions(server.url)), { route: "ask" });
		await expect(client.chat.completions.create(STREAM)).rejects.toThrow(error.message);
		expect(server.requests).toHaveLength(1);
		await expectCalls(recorder, { outcome: "error", attempts: 1 });
	});

	test("says nothing in particular: the caller gets the error of its own request", async () => {
		await using server = await ApiServer.start({
			"/chat/completions": (response, request) => {
				const message = request.text.includes("stream_options") ? "Not like that" : "Bad request";
				refusal({ message })(response, request);
			},
		});
		using recorder = installTestRecorder();
		const client = instrument(new OpenAI(openaiOptions(server.url)), { route: "ask" });
		await expect(client.chat.completions.create(STREAM)).rejects.toThrow("400 Bad request");
		await expectCalls(recorder, { outcome: "error", errorType: "validation", attempts: 2 });
	});

	test("says nothing in particular, but the server has been asked before: it is not sent again", async () => {
		const scripted = provider.script("openai-chat", "stream");
		await using server = await ApiServer.start({
			"/chat/completions": async (response, request) => {
				if (request.text.includes("bad")) {
					refusal({ message: "Bad request" })(response, request);
					return;
				}
				const init = { method: "POST", body: request.text };
				const answer = await fetch(`${scripted.baseURL}/chat/completions`, init);
				response.writeHead(200, { "content-type": "text/event-stream" });
				response.end(Buffer.from(await answer.arrayBuffer()));
			},
		});
		const client = instrument(new OpenAI(openaiOptions(server.url)), { route: "ask" });
		await collect(await client.chat.completions.create(STREAM));
		await expect(client.chat.completions.create({ ...STREAM, model: "bad" })).rejects.toThrow("Bad request");
		expect(server.requests).toHaveLength(2);
	});
});

describe("what a caller says of it", () => {
	test("asked by the caller: its chunk is the caller's, and so is the refusal", async () => {
		using recorder = installTestRecorder();
		const body = { ...STREAM, stream_options: { include_usage: true } };
		const { client, run } = connect("stream");
		const chunks = await collect(await client.chat.completions.create(body));
		expect(chunks).toHaveLength(11);
		expect(chunks[0]).toHaveProperty("usage", null);
		expect(chunks.at(-1)?.usage?.prompt_tokens).toBe(1200);
		expect(asked(run)).toEqual([ASKED]);
		const { client: refused, run: refusing } = connect("stream-usage-refused");
		await expect(refused.chat.completions.create(body)).rejects.toThrow("stream_options");
		expect(refusing.seen.requests).toHaveLength(1);
		await expectCalls(recorder, whole("openai-chat"), { outcome: "error", errorType: "validation" });
	});

	test.each([
		["not asked, in so many words", { include_usage: false }],
		["another option", { include_obfuscation: true }],
		["nothing", null],
	])("%s: it is asked for and not shown", async (_, options) => {
		using recorder = installTestRecorder();
		const { client, run } = connect("stream");
		const chunks = await collect(
			await client.chat.completions.create({ ...STREAM, stream_options: options }),
		);
		expect(chunks).toHaveLength(10);
		for (const chunk of chunks) expect(chunk).not.toHaveProperty("usage");
		expect(asked(run)).toEqual([{ ...options, include_usage: true }]);
		await expectCalls(recorder, whole("openai-chat"));
	});

	test("no stream, no question", async () => {
		const { client, run } = connect("complete");
		await client.chat.completions.create(CHAT);
		await client.chat.completions.create({ ...CHAT, stream: false });
		expect(run.seen.requests.map(({ text }) => text.includes("stream_options"))).toEqual([false, false]);
	});
});
