import { describe, expect, test } from "vitest";
import { LlmError } from "../../src/core/llm-error.ts";
import type { Message, ToolDefinition } from "../../src/providers/llm-backend.ts";
import { OpenAICompatibleProvider } from "../../src/providers/openai-compatible-provider.ts";
import { OpenAIProvider } from "../../src/providers/openai-provider.ts";
import { inOracleClasses, oracleUsage } from "../wire/oracle.ts";
import { recordedBody, recordedEvents, recordingsAbsent, recordingsOf } from "../wire/recordings.ts";
import { at, collect, failureOf, textAt, textOf } from "./collect.ts";
import { type Answer, openAIStream, ReplayServer, status, stopShort, stream } from "./replay-server.ts";

const KEY = "sk-test-0123456789abcdef";
const HI: readonly Message[] = [{ role: "user", content: "hi" }];

async function openai(...answers: Answer[]): Promise<[OpenAIProvider, ReplayServer]> {
	const server = await ReplayServer.start(...answers);
	return [new OpenAIProvider(KEY, "gpt-4o", { baseURL: `${server.url}/v1`, maxRetries: 0 }), server];
}

function chunk(delta: object, finishReason: string | null = null): string {
	return JSON.stringify({
		model: "gpt-4o-2024-08-06",
		choices: [{ index: 0, delta, finish_reason: finishReason }],
	});
}

const FINAL = chunk({}, "stop");
const USAGE = JSON.stringify({
	choices: [],
	usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
});
const WHOLE = {
	model: "gpt-4o-2024-08-06",
	choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
	usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};

describe("recorded responses over HTTP", () => {
	test("are there", ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		expect(recordingsOf("openai-chat", ".json").length).toBeGreaterThan(0);
	});

	// The oracle's provider by how a recording's name begins; xAI's own extractor adds the reasoning, as is right.
	const provider = (name: string): [string, string?] => {
		const [begin = ""] = name.split("-");
		const ids: Record<string, [string, string?]> = {
			xai: ["x-ai", "chat"],
			groq: ["groq"],
			mistral: ["mistral"],
		};
		return ids[begin] ?? [begin, "chat"];
	};

	const bodies = recordingsOf("openai-chat", ".json").filter((name) => !name.startsWith("error"));
	test.each(bodies)("%s", async (name) => {
		const body = recordedBody("openai-chat", name);
		const [backend] = await openai(status(200, body));
		const { usage, ...answer } = await backend.infer(HI, [], 0.5);
		expect(answer).toEqual({
			content: at(body, "choices", 0, "message", "content"),
			toolCalls: [],
			finishReason: at(body, "choices", 0, "finish_reason"),
			model: at(body, "model"),
		});
		const [id, flavor] = provider(name);
		expect(inOracleClasses({ usage: usage ?? {} })).toMatchObject(oracleUsage(id, body, flavor));
	});

	test.each(recordingsOf("openai-chat", ".chunks.txt"))("%s", async (name) => {
		const lines = recordedEvents("openai-chat", name);
		const chunks = lines.map((line): unknown => JSON.parse(line));
		const [backend, server] = await openai(openAIStream(lines));
		const events = await collect(backend.inferStream(HI, [], 0.5));
		expect(textOf(events)).toBe(chunks.map((one) => textAt(one, "choices", 0, "delta", "content")).join(""));
		const said = chunks.findLast((one) => at(one, "usage") !== undefined);
		const done = events.at(-1);
		const [id, flavor] = provider(name);
		const usage = done?.type === "done" ? done.usage : undefined;
		expect(inOracleClasses({ usage: usage ?? {} })).toMatchObject(oracleUsage(id, said, flavor));
		expect(done).toMatchObject({
			type: "done",
			finishReason: chunks
				.map((one) => at(one, "choices", 0, "finish_reason"))
				.findLast((reason) => reason !== undefined),
			model: at(said, "model"),
		});
		expect(server.requests[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
	});

	test("embedding.json", async ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		const body = recordedBody("openai-embeddings", "embedding.json");
		const [backend, server] = await openai(status(200, body));
		expect(await backend.embed("some text")).toEqual({
			embedding: [0.0057293195, -0.012727811, 0.020042092, -0.013437585, 0.022833068],
			model: "text-embedding-3-small",
			usage: { inputUncached: 12 },
		});
		expect(server.requests[0]?.path).toBe("/v1/embeddings");
		expect(server.requests[0]?.body).toMatchObject({ model: "text-embedding-3-small", input: "some text" });
	});

	test("error-400-legacy-parameter.json", async ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		const [backend] = await openai(
			status(400, recordedBody("openai-chat", "error-400-legacy-parameter.json")),
		);
		expect(await failureOf(backend.infer(HI, [], 1))).toMatchObject({ errorType: "validation", status: 400 });
	});
});

const WEATHER: ToolDefinition = {
	name: "weather",
	description: "The weather of a city.",
	parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

test("a conversation with tools and images is said in OpenAI's words", async () => {
	const [backend, server] = await openai(status(200, WHOLE), status(200, WHOLE));
	await backend.infer(
		[
			{ role: "system", content: "Be brief." },
			{
				role: "user",
				content: [
					{ type: "text", text: "what is this?" },
					{ type: "image", url: "https://example.com/cat.png" },
				],
			},
			{
				role: "assistant",
				content: "",
				toolCalls: [
					{ id: "c1", name: "weather", arguments: '{"city": "Oslo"}' },
					{ id: "c2", name: "weather", arguments: "{broken" },
				],
			},
			{ role: "tool", toolCallId: "c1", content: "rain" },
			{ role: "tool", toolCallId: "c2", content: "no such city" },
			{ role: "assistant", content: "A cat." },
			{ role: "user", content: "thanks" },
		],
		[WEATHER],
		0.7,
		{ maxTokens: 50 },
	);
	expect(server.requests[0]?.path).toBe("/v1/chat/completions");
	expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
	expect(server.requests[0]?.body).toEqual({
		model: "gpt-4o",
		temperature: 0.7,
		max_completion_tokens: 50,
		tools: [
			{
				type: "function",
				function: { name: "weather", description: "The weather of a city.", parameters: WEATHER.parameters },
			},
		],
		messages: [
			{ role: "system", content: "Be brief." },
			{
				role: "user",
				content: [
					{ type: "text", text: "what is this?" },
					{ type: "image_url", image_url: { url: "https://example.com/cat.png" } },
				],
			},
			{
				role: "assistant",
				content: null,
				tool_calls: [
					{ id: "c1", type: "function", function: { name: "weather", arguments: '{"city": "Oslo"}' } },
					{ id: "c2", type: "function", function: { name: "weather", arguments: "{broken" } },
				],
			},
			{ role: "tool", tool_call_id: "c1", content: "rain" },
			{ role: "tool", tool_call_id: "c2", content: "no such city" },
			{ role: "assistant", content: "A cat." },
			{ role: "user", content: "thanks" },
		],
	});
	await backend.infer(HI, [], 1);
	expect(server.requests[1]?.body).toEqual({ model: "gpt-4o", temperature: 1, messages: HI });
});

test("tool calls of a whole answer", async () => {
	const calls = [{ id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }];
	const message = { role: "assistant", content: null, tool_calls: calls };
	const [backend] = await openai(
		status(200, { ...WHOLE, choices: [{ message, finish_reason: "tool_calls" }] }),
	);
	expect(await backend.infer(HI, [WEATHER], 0)).toEqual({
		content: "",
		toolCalls: [{ id: "c1", name: "weather", arguments: '{"city":"Oslo"}' }],
		finishReason: "tool_calls",
		model: "gpt-4o-2024-08-06",
		usage: { inputUncached: 3, output: 2 },
	});
});

test("parallel tool calls of a stream, interleaved, keep their arguments as the model wrote them", async () => {
	const call = (index: number, args: string, id?: string): string =>
		chunk({
			tool_calls: [
				{
					index,
					...(id === undefined ? {} : { id, type: "function" }),
					function: { ...(id === undefined ? {} : { name: "weather" }), arguments: args },
				},
			],
		});
	const [backend] = await openai(
		openAIStream([
			chunk({ role: "assistant", content: null }),
			call(0, "", "c1"),
			call(0, '{"city"'),
			call(1, "", "c2"),
			call(1, '{"city":"Ber'),
			call(0, ':"Oslo"}'),
			call(1, 'gen"'),
			chunk({}, "tool_calls"),
			USAGE,
		]),
	);
	expect(await collect(backend.inferStream(HI, [WEATHER], 0))).toEqual([
		{ type: "tool-call-start", id: "c1", name: "weather" },
		{ type: "tool-call-delta", id: "c1", argumentsDelta: '{"city"' },
		{ type: "tool-call-start", id: "c2", name: "weather" },
		{ type: "tool-call-delta", id: "c2", argumentsDelta: '{"city":"Ber' },
		{ type: "tool-call-delta", id: "c1", argumentsDelta: ':"Oslo"}' },
		{ type: "tool-call-delta", id: "c2", argumentsDelta: 'gen"' },
		{ type: "tool-call-end", id: "c1" },
		{ type: "tool-call-end", id: "c2" },
		{
			type: "done",
			finishReason: "tool_calls",
			model: "gpt-4o-2024-08-06",
			usage: { inputUncached: 3, output: 2 },
		},
	]);
});

test("tool calls that share an index, or have none, are told apart by their ids", async () => {
	const whole = (id: string, index?: number): string =>
		chunk({
			tool_calls: [
				{ ...(index === undefined ? {} : { index }), id, function: { name: "weather", arguments: "{}" } },
			],
		});
	for (const index of [0, undefined]) {
		const [backend] = await openai(
			openAIStream([whole("c1", index), whole("c2", index), chunk({}, "tool_calls")]),
		);
		const events = await collect(backend.inferStream(HI, [WEATHER], 0));
		expect(
			events.flatMap((event) => (event.type === "tool-call-delta" ? [[event.id, event.argumentsDelta]] : [])),
		).toEqual([
			["c1", "{}"],
			["c2", "{}"],
		]);
	}
});

test("a tool call that repeats its id and name in every chunk is one call", async () => {
	const part = (args: string): string =>
		chunk({ tool_calls: [{ index: 0, id: "c1", function: { name: "weather", arguments: args } }] });
	const [backend] = await openai(openAIStream([part("{"), part("}"), chunk({}, "tool_calls")]));
	expect((await collect(backend.inferStream(HI, [WEATHER], 0))).slice(0, -1)).toEqual([
		{ type: "tool-call-start", id: "c1", name: "weather" },
		{ type: "tool-call-delta", id: "c1", argumentsDelta: "{" },
		{ type: "tool-call-delta", id: "c1", argumentsDelta: "}" },
		{ type: "tool-call-end", id: "c1" },
	]);
});

describe("a server that refuses stream_options", () => {
	const refusals: readonly [string, Answer][] = [
		["by name", status(400, { error: { message: "Unknown field: stream_options" } })],
		[
			"by parameter",
			status(400, { error: { message: "Extra inputs are not permitted", param: "stream_options" } }),
		],
		["in a form that the SDK cannot read", status(422, { detail: [{ loc: ["body", "stream_options"] }] })],
	];
	test.each(refusals)("%s is asked again without, and remembered", async (_how, refusal) => {
		const plain = openAIStream([chunk({ content: "hello" }), FINAL]);
		const [backend, server] = await openai(refusal, plain, plain);
		expect(textOf(await collect(backend.inferStream(HI, [], 0)))).toBe("hello");
		expect(textOf(await collect(backend.inferStream(HI, [], 0)))).toBe("hello");
		expect(server.requests.map((request) => at(request.body, "stream_options"))).toEqual([
			{ include_usage: true },
			undefined,
			undefined,
		]);
	});

	test("is not taken for one that refuses the request itself", async () => {
		const [backend, server] = await openai(status(400, { error: { message: "max_tokens is too large" } }));
		expect(await failureOf(backend.inferStream(HI, [], 0))).toMatchObject({
			errorType: "validation",
			status: 400,
		});
		expect(server.requests).toHaveLength(1);
	});
});

describe("answers that are none", () => {
	const html: Answer = (response) => {
		response.writeHead(200, { "content-type": "text/html" });
		response.end("<html>welcome</html>");
	};
	const bodies: readonly [string, Answer, string][] = [
		["HTML", html, "invalid_response"],
		["broken JSON", status(200, "{"), "invalid_response"],
		["an empty body", status(200, ""), "invalid_response"],
		["no choice", status(200, { choices: [] }), "invalid_response"],
		[
			"an error under HTTP 200",
			status(200, { error: { code: 402, message: "Insufficient credits" } }),
			"quota",
		],
	];
	test.each(bodies)("%s, plain", async (_what, answer, errorType) => {
		const [backend] = await openai(answer);
		expect(await failureOf(backend.infer(HI, [], 0))).toMatchObject({ name: "LlmError", errorType });
	});

	const error = { type: "server_error", code: "server_is_overloaded", message: "try later" };
	const streams: readonly [string, Answer, string][] = [
		["HTML", html, "invalid_response"],
		["nothing at all", stream(""), "invalid_response"],
		["a chunk that is no JSON", stream("data: {\n\n"), "invalid_response"],
		[
			"an error inside",
			openAIStream([chunk({ content: "he" }), JSON.stringify({ error })]),
			"model_unavailable",
		],
		[
			"a reset connection",
			openAIStream([chunk({ content: "he" })], (response) => response.destroy()),
			"network",
		],
	];
	test.each(streams)("%s, streamed", async (_what, answer, errorType) => {
		const [backend] = await openai(answer);
		expect(await failureOf(backend.inferStream(HI, [], 0))).toMatchObject({ name: "LlmError", errorType });
	});

	test("a stream cut after some chunks ends with what is known", async () => {
		const [backend] = await openai(openAIStream([chunk({ content: "he" })], stopShort));
		expect(await collect(backend.inferStream(HI, [], 0))).toEqual([
			{ type: "text-delta", text: "he" },
			{ type: "done", finishReason: "other", model: "gpt-4o-2024-08-06" },
		]);
	});
});

describe("OpenAICompatibleProvider", () => {
	test.each([
		["https://openrouter.ai/api/v1", "openrouter"],
		["https://api.groq.com/openai/v1", "groq"],
		["https://api.deepseek.com", "deepseek"],
		["https://api.x.ai/v1", "x-ai"],
		["https://api.mistral.ai/v1", "mistral"],
		["https://api.together.xyz/v1", "together"],
		["https://my-resource.openai.azure.com/openai/v1", "azure"],
		["http://127.0.0.1:11434/v1", "openai-compatible"],
		["https://notapi.groq.com.example/v1", "openai-compatible"],
	])("%s is %s", (baseURL, provider) => {
		expect(new OpenAICompatibleProvider(baseURL, "none", "m").modelInfo()).toEqual({ model: "m", provider });
	});

	test("says max_tokens, and nothing of OpenAI's organization", async () => {
		const server = await ReplayServer.start(status(200, WHOLE));
		process.env["OPENAI_ORG_ID"] = "org-secret";
		const options = { provider: "vllm", maxTokens: 9, headers: { "x-title": "t" }, maxRetries: 0 };
		const backend = new OpenAICompatibleProvider(`${server.url}/v1`, "none", "m", options);
		await backend.infer(HI, [], 0);
		delete process.env["OPENAI_ORG_ID"];
		expect(backend.modelInfo().provider).toBe("vllm");
		expect(server.requests[0]?.body).toMatchObject({ max_tokens: 9 });
		expect(server.requests[0]?.headers).toMatchObject({ "x-title": "t" });
		expect(server.requests[0]?.headers["openai-organization"]).toBeUndefined();
	});

	test("embeds with the model that it was told", async () => {
		const server = await ReplayServer.start(
			status(200, { data: [{ embedding: [1, 2] }], usage: { prompt_tokens: 4 } }),
		);
		const told = new OpenAICompatibleProvider(server.url, "none", "m", { embeddingModel: "e" });
		expect(told.modelInfo().embeddingModel).toBe("e");
		expect(await told.embed("t")).toEqual({ embedding: [1, 2], model: "e", usage: { inputUncached: 4 } });
		const untold = new OpenAICompatibleProvider(server.url, "none", "m");
		const failure = await failureOf(untold.embed("t"));
		expect(failure).toBeInstanceOf(LlmError);
		expect(failure).toMatchObject({
			errorType: "validation",
			message: expect.stringContaining("embeddingModel"),
		});
	});
});
