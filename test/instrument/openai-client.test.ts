/** Every way to ask with OpenAI's client: what a caller gets is what it gets without us, and each request counts once. */
import type { Stream } from "openai/core/streaming";
import type OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { completion, TOOL_CALL } from "./langchain-openai.ts";
import { ReplayServer } from "../providers/replay-server.ts";
import { TOOL } from "./scripted/api-script.ts";
import type { ApiName } from "./scripted/api-script.ts";
import { PROMPT } from "./scripted/client-column.ts";
import { REQUESTED_MODEL } from "./scripted/expected.ts";
import { comparable } from "./scripted/outcome.ts";
import type { Overrides, ScenarioName } from "./scripted/scenarios.ts";
import { type Run, ScriptedProvider } from "./scripted/scripted-provider.ts";
import { CHAT, MAJORS, openaiOptions } from "./ask.ts";
import { collect, expectCalls, whole } from "./calls.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const RESPONSE = { model: REQUESTED_MODEL["openai-responses"], input: PROMPT };
const STRICT_TOOL = {
	type: "function" as const,
	function: { name: TOOL.name, parameters: { ...TOOL.parameters }, strict: true },
};

interface Pair {
	readonly plain: OpenAI;
	readonly metered: OpenAI;
	readonly runs: readonly [plain: Run, metered: Run];
}

function pair(api: ApiName, scenario: ScenarioName, overrides?: Overrides, major: 5 | 6 | 7 = 7): Pair {
	const runs = [
		provider.script(api, scenario, overrides),
		provider.script(api, scenario, overrides),
	] as const;
	const client = (run: Run): OpenAI => new MAJORS[major](openaiOptions(run.baseURL));
	return { plain: client(runs[0]), metered: instrument(client(runs[1]), { route: "way" }), runs };
}

/** Asks in one way, without us and with us: the caller sees the same, and it is one call. */
async function expectSame(
	{ metered, plain }: Pair,
	ask: (client: OpenAI) => Promise<unknown>,
	expected = whole("openai-chat", { route: "way" }),
): Promise<void> {
	using recorder = installTestRecorder();
	const seen = comparable(await ask(plain));
	expect(recorder.calls).toEqual([]);
	expect(comparable(await ask(metered))).toEqual(seen);
	await expectCalls(recorder, expected);
}

describe.each([5, 6, 7] as const)("openai %i", (major) => {
	test("chat.completions.create().withResponse()", async () => {
		await expectSame(pair("openai-chat", "complete", {}, major), async (client) => {
			const { data, request_id: id, response } = await client.chat.completions.create(CHAT).withResponse();
			return { data, id, status: response.status, header: response.headers.get("x-request-id") };
		});
	});

	test("a stream's .withResponse()", async () => {
		await expectSame(pair("openai-chat", "stream", {}, major), async (client) => {
			const body = { ...CHAT, stream: true as const };
			const { data, response } = await client.chat.completions.create(body).withResponse();
			return { events: await collect(data), status: response.status };
		});
	});

	test("chat.completions.stream(): events, and the final answer", async () => {
		await expectSame(pair("openai-chat", "stream", {}, major), async (client) => {
			const heard: unknown[] = [];
			const runner = client.chat.completions.stream(CHAT);
			runner.on("content", (delta, snapshot) => heard.push({ delta, snapshot }));
			runner.on("chunk", (chunk) => heard.push(chunk));
			const final = await runner.finalChatCompletion();
			// Nobody has asked for it, so nobody may see it.
			expect(final.usage ?? undefined).toBeUndefined();
			return { heard, final, content: await runner.finalContent(), usage: await runner.totalUsage() };
		});
	});

	test("chat.completions.stream(), read as an iterator, and for its usage", async () => {
		await expectSame(pair("openai-chat", "stream", {}, major), async (client) => {
			const runner = client.chat.completions.stream({ ...CHAT, stream_options: { include_usage: true } });
			const events = await collect(runner);
			const final = await runner.finalChatCompletion();
			expect(final.usage?.prompt_tokens).toBe(1200);
			return { events, final };
		});
	});

	test("chat.completions.parse()", async () => {
		await expectSame(pair("openai-chat", "complete", { answer: "tool" }, major), async (client) => {
			const answer = await client.chat.completions.parse({ ...CHAT, tools: [STRICT_TOOL] });
			expect(answer).toHaveProperty("choices[0].message.tool_calls[0].function.parsed_arguments", {
				city: "Orléans 🏰",
				days: 3,
			});
			return answer;
		});
	});

	test("responses: create, parse, stream", async () => {
		const expected = whole("openai-responses", { route: "way" });
		await expectSame(
			pair("openai-responses", "complete", {}, major),
			(client) => client.responses.create(RESPONSE),
			expected,
		);
		await expectSame(
			pair("openai-responses", "complete", {}, major),
			(client) => client.responses.parse(RESPONSE),
			expected,
		);
		await expectSame(
			pair("openai-responses", "stream", {}, major),
			async (client) => collect(await client.responses.create({ ...RESPONSE, stream: true })),
			expected,
		);
		await expectSame(
			pair("openai-responses", "stream", {}, major),
			async (client) => {
				const stream = client.responses.stream(RESPONSE);
				const events = await collect(stream);
				return { events, final: await stream.finalResponse() };
			},
			expected,
		);
	});

	test("chat.completions.runTools(): each request is a call of its own", async () => {
		const answers = [completion(TOOL_CALL), completion({ content: "It rains." })];
		const server = await ReplayServer.start(...answers, ...answers);
		const run = async (client: OpenAI): Promise<unknown> => {
			const weather = { type: "object" as const, properties: { city: { type: "string" } } };
			const runner = client.chat.completions.runTools({
				...CHAT,
				tools: [
					{
						type: "function",
						function: {
							name: "weather",
							description: "The weather",
							parameters: weather,
							parse: JSON.parse,
							function: ({ city }: { city: string }) => `rain in ${city}`,
						},
					},
				],
			});
			return { content: await runner.finalContent(), messages: runner.messages };
		};
		using recorder = installTestRecorder();
		const client = new MAJORS[major](openaiOptions(server.url));
		const seen = await run(client);
		expect(await run(instrument(client, { route: "tools" }))).toEqual(seen);
		const one = { route: "tools", outcome: "success", attempts: 1, usage: { output: 20 } } as const;
		await expectCalls(recorder, one, one);
	});
});

describe("asResponse() gives the raw bytes", () => {
	const ways: Readonly<Record<string, (response: Response) => Promise<Uint8Array>>> = {
		"arrayBuffer()": async (response) => new Uint8Array(await response.arrayBuffer()),
		"text()": async (response) => Buffer.from(await response.text()),
		"blob()": async (response) => new Uint8Array(await (await response.blob()).arrayBuffer()),
		"its body": async ({ body }) => (body === null ? new Uint8Array() : Buffer.concat(await collect(body))),
		"a clone": async (response) => {
			const [one, other] = await Promise.all([response.clone().text(), response.text()]);
			expect(one).toBe(other);
			return Buffer.from(one);
		},
	};

	test.each(Object.keys(ways))("of a stream that was not asked for its usage: %s", async (name) => {
		using recorder = installTestRecorder();
		const { metered, plain, runs } = pair("openai-chat", "stream");
		const read = async (client: OpenAI): Promise<Uint8Array | undefined> =>
			ways[name]?.(await client.chat.completions.create({ ...CHAT, stream: true }).asResponse());
		const bytes = await read(plain);
		expect(Buffer.from((await read(metered)) ?? []).toString()).toBe(Buffer.from(bytes ?? []).toString());
		expect(runs[0].seen.requests[0]?.sent().equals(bytes ?? new Uint8Array())).toBe(true);
		// It was asked for on the wire, all the same.
		expect(runs[1].seen.requests[0]?.body["stream_options"]).toEqual({ include_usage: true });
		await expectCalls(recorder, whole("openai-chat", { route: "way" }));
	});

	test.each([...Object.keys(ways), "json()"])("of a whole answer: %s", async (name) => {
		using recorder = installTestRecorder();
		const { metered, runs } = pair("openai-chat", "complete");
		const response = await metered.chat.completions.create(CHAT).asResponse();
		const bytes = await (ways[name]?.(response) ?? response.json().then((value) => JSON.stringify(value)));
		expect(Buffer.from(bytes).toString()).toBe(runs[1].seen.requests[0]?.sent().toString());
		await expectCalls(recorder, whole("openai-chat", { route: "way" }));
	});
});

test("a stream's tee() and toReadableStream()", async () => {
	const branches = (stream: Stream<OpenAI.ChatCompletionChunk>): Promise<unknown[]> =>
		Promise.all(stream.tee().map((branch) => collect(branch)));
	await expectSame(pair("openai-chat", "stream"), async (client) =>
		branches(await client.chat.completions.create({ ...CHAT, stream: true })),
	);
	await expectSame(pair("openai-chat", "stream"), async (client) => {
		const stream = await client.chat.completions.create({ ...CHAT, stream: true });
		return Buffer.concat(await collect(stream.toReadableStream())).toString();
	});
});
