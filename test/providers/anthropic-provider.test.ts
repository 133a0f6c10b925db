import { describe, expect, test } from "vitest";
import { AnthropicProvider } from "../../src/providers/anthropic-provider.ts";
import type { Message, ToolDefinition } from "../../src/providers/llm-backend.ts";
import { inOracleClasses, oracleUsage } from "../wire/oracle.ts";
import { recordedBody, recordedEvents, recordingsAbsent, recordingsOf } from "../wire/recordings.ts";
import { at, collect, failureOf, textAt, textOf } from "./collect.ts";
import {
	type Answer,
	anthropicStream,
	ReplayServer,
	reset,
	status,
	stopShort,
	stream,
} from "./replay-server.ts";

const API = "anthropic-messages";
const KEY = "sk-ant-0123456789abcdef";
const HI: readonly Message[] = [{ role: "user", content: "hi" }];
const STOP_REASONS: Readonly<Record<string, string>> = {
	end_turn: "stop",
	tool_use: "tool_calls",
	refusal: "content_filter",
};

async function anthropic(...answers: Answer[]): Promise<[AnthropicProvider, ReplayServer]> {
	const server = await ReplayServer.start(...answers);
	return [new AnthropicProvider(KEY, "claude-haiku-4-5", { baseURL: server.url, maxRetries: 0 }), server];
}

const WHOLE = {
	type: "message",
	model: "claude-haiku-4-5-20251001",
	role: "assistant",
	content: [{ type: "text", text: "hello" }],
	stop_reason: "end_turn",
	usage: { input_tokens: 3, output_tokens: 2 },
};
const START = JSON.stringify({
	type: "message_start",
	message: { ...WHOLE, content: [], stop_reason: null, usage: { input_tokens: 3, output_tokens: 1 } },
});
const TEXT = [
	JSON.stringify({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
	JSON.stringify({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "he" } }),
];

describe("recorded responses over HTTP", () => {
	test("are there", ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		expect(recordingsOf(API, ".json").length).toBeGreaterThan(0);
	});

	// The iterations of the compaction recordings, which the oracle passes over: 60,385 + 682 in, 592 + 1,320 out, and
	// in the stream 60,385 + 612 in, 522 + 2,819 out.
	const oracle = (name: string, body: unknown): Record<string, number> => {
		if (name === "compaction.1.json") return { input_tokens: 61_067, output_tokens: 1912 };
		if (name === "compaction.1.chunks.txt") return { input_tokens: 60_997, output_tokens: 3341 };
		return oracleUsage("anthropic", body, "default");
	};
	const blocks = (body: unknown): unknown[] => {
		const content = at(body, "content");
		return Array.isArray(content) ? content : [];
	};

	test.each(recordingsOf(API, ".json"))("%s", async (name) => {
		const body = recordedBody(API, name);
		const [backend] = await anthropic(status(200, body));
		const { usage, toolCalls, ...answer } = await backend.infer(HI, [], 0.5);
		expect(answer).toEqual({
			content: blocks(body)
				.map((block) => (at(block, "type") === "text" ? at(block, "text") : ""))
				.join(""),
			finishReason: STOP_REASONS[String(at(body, "stop_reason"))],
			model: at(body, "model"),
		});
		const uses = blocks(body).filter((block) => at(block, "type") === "tool_use");
		expect(toolCalls.map((call): unknown => JSON.parse(call.arguments))).toEqual(
			uses.map((use) => at(use, "input")),
		);
		expect(inOracleClasses({ usage: usage ?? {} })).toMatchObject(oracle(name, body));
	});

	test.each(recordingsOf(API, ".chunks.txt"))("%s", async (name) => {
		const lines = recordedEvents(API, name);
		const recorded = lines.map((line): unknown => JSON.parse(line));
		const [backend] = await anthropic(anthropicStream(lines));
		const events = await collect(backend.inferStream(HI, [], 0.5));
		expect(textOf(events)).toBe(recorded.map((event) => textAt(event, "delta", "text")).join(""));
		const last = recorded.findLast((event) => at(event, "type") === "message_delta");
		const done = events.at(-1);
		expect(done).toMatchObject({
			type: "done",
			finishReason: STOP_REASONS[String(at(last, "delta", "stop_reason"))],
			model: at(recorded[0], "message", "model"),
		});
		const usage = done?.type === "done" ? done.usage : undefined;
		const said = { model: "of the recording", usage: at(last, "usage") };
		expect(inOracleClasses({ usage: usage ?? {} })).toMatchObject(oracle(name, said));
	});

	test("json-tool.1.chunks.txt is a tool call, its arguments as they came", async ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		const lines = recordedEvents(API, "json-tool.1.chunks.txt");
		const recorded = lines.map((line): unknown => JSON.parse(line));
		const [backend] = await anthropic(anthropicStream(lines));
		const events = await collect(backend.inferStream(HI, [], 1));
		const args = events
			.map((event) => (event.type === "tool-call-delta" ? event.argumentsDelta : ""))
			.join("");
		expect(args).toBe(recorded.map((event) => textAt(event, "delta", "partial_json")).join(""));
		expect(events.map((event) => event.type).filter((type) => type !== "tool-call-delta")).toEqual([
			"tool-call-start",
			"tool-call-end",
			"done",
		]);
	});
});

const WEATHER: ToolDefinition = { name: "weather", parameters: { properties: { city: { type: "string" } } } };

test("a conversation with tools and images is said in Anthropic's words", async () => {
	const [backend, server] = await anthropic(status(200, WHOLE));
	await backend.infer(
		[
			{ role: "system", content: "Be brief." },
			{
				role: "user",
				content: [
					{ type: "text", text: "what is this?" },
					{ type: "image", url: "https://example.com/cat.png" },
					{ type: "image", url: "data:image/png;base64,aGVsbG8=" },
				],
			},
			{ role: "system", content: "Be kind." },
			{
				role: "assistant",
				content: "Let me see.",
				toolCalls: [
					{ id: "c1", name: "weather", arguments: '{"city": "Oslo"}' },
					{ id: "c2", name: "weather", arguments: "{broken" },
					{ id: "c3", name: "now", arguments: "" },
				],
			},
			{ role: "tool", toolCallId: "c1", content: "rain" },
			{ role: "tool", toolCallId: "c2", content: "no such city" },
			{ role: "tool", toolCallId: "c3", content: "noon" },
			{ role: "user", content: "well?" },
			{ role: "assistant", content: "" },
		],
		[WEATHER],
		0.7,
		{ maxTokens: 50 },
	);
	expect(server.requests[0]?.path).toBe("/v1/messages");
	expect(server.requests[0]?.body).toEqual({
		model: "claude-haiku-4-5",
		max_tokens: 50,
		temperature: 0.7,
		stream: false,
		system: "Be brief.\n\nBe kind.",
		tools: [{ name: "weather", input_schema: { type: "object", properties: { city: { type: "string" } } } }],
		messages: [
			{
				role: "user",
				content: [
					{ type: "text", text: "what is this?" },
					{ type: "image", source: { type: "url", url: "https://example.com/cat.png" } },
					{ type: "image", source: { type: "base64", media_type: "image/png", data: "aGVsbG8=" } },
				],
			},
			{
				role: "assistant",
				content: [
					{ type: "text", text: "Let me see." },
					{ type: "tool_use", id: "c1", name: "weather", input: { city: "Oslo" } },
					{ type: "tool_use", id: "c2", name: "weather", input: { INVALID_JSON: "{broken" } },
					{ type: "tool_use", id: "c3", name: "now", input: {} },
				],
			},
			{
				role: "user",
				content: [
					{ type: "tool_result", tool_use_id: "c1", content: "rain" },
					{ type: "tool_result", tool_use_id: "c2", content: "no such city" },
					{ type: "tool_result", tool_use_id: "c3", content: "noon" },
					{ type: "text", text: "well?" },
				],
			},
		],
	});
});

test("an image that Anthropic cannot take is refused before the request", async () => {
	const [backend, server] = await anthropic();
	const message: Message = { role: "user", content: [{ type: "image", url: "file:///etc/passwd" }] };
	for (const work of [backend.infer([message], [], 1), backend.inferStream([message], [], 1)]) {
		expect(await failureOf(work)).toMatchObject({ name: "LlmError", errorType: "validation" });
	}
	expect(server.requests).toEqual([]);
});

// API version 2026-10-21, which the SDK asks for, takes no temperature; 2023-06-01 does, and its default is 1.
test("a temperature goes to the API's version that takes one, and the default of 1 is not sent", async () => {
	const [backend, server] = await anthropic(...Array.from({ length: 3 }, () => status(200, WHOLE)));
	await backend.infer(HI, [], 0);
	await backend.infer(HI, [], 1);
	expect(server.requests[0]?.headers["anthropic-version"]).toBe("2023-06-01");
	expect(at(server.requests[0]?.body, "temperature")).toBe(0);
	expect(server.requests[1]?.headers["anthropic-version"]).not.toBe("2023-06-01");
	expect(server.requests[1]?.body).not.toHaveProperty("temperature");
	const headers = { "Anthropic-Version": "2099-01-01" };
	await new AnthropicProvider(KEY, "m", { baseURL: server.url, headers }).infer(HI, [], 0);
	expect(server.requests[2]?.headers["anthropic-version"]).toBe("2099-01-01");
});

test("parallel tool calls of a stream, one without arguments", async () => {
	const use = (index: number, id: string, ...json: string[]): string[] => [
		JSON.stringify({
			type: "content_block_start",
			index,
			content_block: { type: "tool_use", id, name: "weather", input: {} },
		}),
		...json.map((partial_json) =>
			JSON.stringify({
				type: "content_block_delta",
				index,
				delta: { type: "input_json_delta", partial_json },
			}),
		),
		JSON.stringify({ type: "content_block_stop", index }),
	];
	const end = [
		JSON.stringify({
			type: "message_delta",
			delta: { stop_reason: "tool_use" },
			usage: { output_tokens: 30 },
		}),
		JSON.stringify({ type: "message_stop" }),
	];
	const [backend] = await anthropic(
		anthropicStream([START, ...use(0, "t1", "", '{"city": "Os', 'lo"}'), ...use(1, "t2", ""), ...end]),
	);
	expect(await collect(backend.inferStream(HI, [WEATHER], 1))).toEqual([
		{ type: "tool-call-start", id: "t1", name: "weather" },
		{ type: "tool-call-delta", id: "t1", argumentsDelta: '{"city": "Os' },
		{ type: "tool-call-delta", id: "t1", argumentsDelta: 'lo"}' },
		{ type: "tool-call-end", id: "t1" },
		{ type: "tool-call-start", id: "t2", name: "weather" },
		{ type: "tool-call-delta", id: "t2", argumentsDelta: "{}" },
		{ type: "tool-call-end", id: "t2" },
		{
			type: "done",
			finishReason: "tool_calls",
			model: "claude-haiku-4-5-20251001",
			usage: { inputUncached: 3, output: 30 },
		},
	]);
});

describe("answers that are none", () => {
	const html: Answer = (response) => {
		response.writeHead(200, { "content-type": "text/html" });
		response.end("<html>welcome</html>");
	};
	const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
	const bodies: readonly [string, Answer, string][] = [
		["HTML", html, "invalid_response"],
		["broken JSON", status(200, "{"), "invalid_response"],
		["another shape", status(200, { ok: true }), "invalid_response"],
		["an error under HTTP 200", status(200, overloaded), "model_unavailable"],
		["HTTP 529", status(529, overloaded), "model_unavailable"],
	];
	test.each(bodies)("%s, plain", async (_what, answer, errorType) => {
		const [backend] = await anthropic(answer);
		expect(await failureOf(backend.infer(HI, [], 1))).toMatchObject({ name: "LlmError", errorType });
	});

	const streams: readonly [string, Answer, string][] = [
		["HTML", html, "invalid_response"],
		["nothing at all", stream(""), "invalid_response"],
		["an event that is no JSON", stream("event: message_start\ndata: {\n\n"), "invalid_response"],
		["an error inside", anthropicStream([START, ...TEXT, JSON.stringify(overloaded)]), "model_unavailable"],
		["a reset connection", anthropicStream([START, ...TEXT], reset), "network"],
	];
	test.each(streams)("%s, streamed", async (_what, answer, errorType) => {
		const [backend] = await anthropic(answer);
		expect(await failureOf(backend.inferStream(HI, [], 1))).toMatchObject({ name: "LlmError", errorType });
	});

	test("a stream cut after some events ends with what is known", async () => {
		const [backend] = await anthropic(anthropicStream([START, ...TEXT], stopShort));
		expect(await collect(backend.inferStream(HI, [], 1))).toEqual([
			{ type: "text-delta", text: "he" },
			{
				type: "done",
				finishReason: "other",
				model: "claude-haiku-4-5-20251001",
				usage: { inputUncached: 3, output: 1 },
			},
		]);
	});
});

test("there is nothing to embed with", async () => {
	const [backend] = await anthropic();
	expect(await failureOf(backend.embed("t"))).toMatchObject({
		errorType: "validation",
		message: expect.stringContaining("Anthropic has no embeddings API"),
	});
	expect(backend.modelInfo()).toEqual({ model: "claude-haiku-4-5", provider: "anthropic" });
});
