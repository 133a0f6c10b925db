/** An event that is no JSON: a client that parses each throws there, one that does not passes over it. */
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { MAJORS } from "./ask.ts";
import { collect } from "./calls.ts";

const MESSAGES = [{ role: "user" as const, content: "hello" }];
const CHUNK = {
	id: "c",
	object: "chat.completion.chunk",
	created: 1,
	model: "gpt-4o-mini",
	choices: [{ index: 0, delta: { content: "hi" }, finish_reason: null }],
};
const END = { ...CHUNK, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
const USAGE = { ...CHUNK, choices: [], usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 } };
const MESSAGE = {
	type: "message_start",
	message: {
		id: "m",
		type: "message",
		role: "assistant",
		model: "claude-sonnet-4-5",
		content: [],
		usage: { input_tokens: 10, output_tokens: 1 },
	},
};

function events(...all: readonly (object | string)[]): typeof fetch {
	const text = all.map((event) => {
		const data = typeof event === "string" ? event : JSON.stringify(event);
		const name = typeof event === "object" && "type" in event ? `event: ${String(event.type)}\n` : "";
		return data.startsWith("event:") ? `${data}\n\n` : `${name}data: ${data}\n\n`;
	});
	return async () => new Response(text.join(""), { headers: { "content-type": "text/event-stream" } });
}

const STRAYS = ["upstream connect error", "", "[1,2", "nul"];

describe.each([5, 6, 7] as const)("openai %d", (major) => {
	test.each(STRAYS)("throws at %j: an invalid_response", async (stray) => {
		using recorder = installTestRecorder();
		const fetch = events(CHUNK, stray, END, USAGE, "[DONE]");
		const client = instrument(new MAJORS[major]({ apiKey: "none", fetch }), { route: "chat" });
		const stream = await client.chat.completions.create({
			model: "gpt-4o-mini",
			messages: MESSAGES,
			stream: true,
			stream_options: { include_usage: true },
		});
		await expect(collect(stream)).rejects.toThrow(SyntaxError);
		expect(recorder.calls).toMatchObject([
			{ outcome: "error", errorType: "invalid_response", usageMissing: "not_reported" },
		]);
	});

	test("a caller who leaves before it has left", async () => {
		using recorder = installTestRecorder();
		const client = instrument(new MAJORS[major]({ apiKey: "none", fetch: events(CHUNK, "{}") }), {
			route: "chat",
		});
		const stream = await client.chat.completions.create({
			model: "gpt-4o-mini",
			messages: MESSAGES,
			stream: true,
		});
		for await (const _ of stream) break;
		expect(recorder.calls).toMatchObject([{ outcome: "aborted", errorType: undefined }]);
	});
});

describe("anthropic", () => {
	async function ask(...all: readonly (object | string)[]): Promise<unknown> {
		const fetch = events(...all);
		const client = instrument(new Anthropic({ apiKey: "none", fetch }), { route: "chat" });
		const stream = await client.messages.create({
			model: "claude-sonnet-4-5",
			max_tokens: 10,
			messages: MESSAGES,
			stream: true,
		});
		return collect(stream);
	}

	test("throws at one that it parses", async () => {
		using recorder = installTestRecorder();
		await expect(ask(MESSAGE, "event: message_delta\ndata: oops")).rejects.toThrow(SyntaxError);
		expect(recorder.calls).toMatchObject([{ outcome: "error", errorType: "invalid_response" }]);
	});

	test("passes over a ping, and over one without a name or data", async () => {
		using recorder = installTestRecorder();
		const delta = { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } };
		await ask(MESSAGE, "event: ping\ndata: oops", "alive", "event: alive\ndata:", delta, {
			type: "message_stop",
		});
		expect(recorder.calls).toMatchObject([
			{ outcome: "success", usage: { inputUncached: 10, output: 2 }, usageMissing: undefined },
		]);
	});
});

test("who reads it by a fetch alone may pass over it, and may leave after it", async () => {
	using recorder = installTestRecorder();
	const request = { method: "POST", body: '{"model":"gpt-4o-mini","stream":true}' };
	const url = "https://api.openai.com/v1/chat/completions";
	const whole = meteredFetch(events(CHUNK, "alive", END, USAGE, "[DONE]"), { route: "chat" });
	await (await whole(url, request)).text();
	const left = meteredFetch(events(CHUNK, "alive"), { route: "chat" });
	const reader = (await left(url, request)).body?.getReader();
	await reader?.read();
	await reader?.cancel();
	expect(recorder.calls).toMatchObject([
		{ outcome: "success", usage: { inputUncached: 10, output: 2 }, usageMissing: undefined },
		{ outcome: "aborted" },
	]);
});
