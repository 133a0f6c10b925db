import { describe, expect, test } from "vitest";
import { readBody, readEvents, readPieces } from "./streams.ts";

const chunk = (choice: object, rest: object = {}): object => ({
	id: "chatcmpl-1",
	object: "chat.completion.chunk",
	model: "gpt-5-mini-2025-08-07",
	choices: [{ index: 0, finish_reason: null, ...choice }],
	...rest,
});
const text = (content: string, rest: object = {}): object => chunk({ delta: { content } }, rest);
const STOP = chunk({ delta: {}, finish_reason: "stop" });
const last = (usage: object): object => ({ model: "gpt-5-mini-2025-08-07", choices: [], usage });
const read = (...events: readonly unknown[]): ReturnType<typeof readEvents> =>
	readEvents("openai-chat", ...events);

describe("the usage of a stream", () => {
	// 2,000 of 2,500 in came from the cache, so 500 did not; 640 of the 700 out are thoughts, and no part beside them.
	test("with a cache and reasoning", () => {
		const usage = {
			prompt_tokens: 2500,
			completion_tokens: 700,
			total_tokens: 3200,
			prompt_tokens_details: { cached_tokens: 2000 },
			completion_tokens_details: { reasoning_tokens: 640 },
		};
		expect(read(text("Hi"), STOP, last(usage)).usage).toEqual({
			usage: { inputUncached: 500, cacheRead: 2000, output: 700, reasoning: 640 },
		});
	});

	// xAI: 12 + 1 + 290 = 303, so the 290 are beside the 1, and 291 came out; 11 of the 12 in were cached.
	// Its own bill says so: (1 × $0.30 + 11 × $0.075 + 291 × $0.50) / 10⁶ = $0.000146625 = 1,466,250 of its ticks.
	test("with reasoning outside of the completion", () => {
		const usage = {
			prompt_tokens: 12,
			completion_tokens: 1,
			total_tokens: 303,
			prompt_tokens_details: { cached_tokens: 11 },
			completion_tokens_details: { reasoning_tokens: 290 },
			cost_in_usd_ticks: 1_466_250,
		};
		expect(read(text("4"), STOP, last(usage)).usage).toEqual({
			usage: { inputUncached: 1, cacheRead: 11, output: 291, reasoning: 290 },
			// And it is believed: 1,466,250 × 10⁻¹⁰.
			reportedCostUsd: 0.000146625,
		});
	});

	test("is the last that was said, wherever it stands", () => {
		const one = { prompt_tokens: 1, completion_tokens: 1 };
		const two = { prompt_tokens: 1, completion_tokens: 2 };
		const usage = { usage: { inputUncached: 1, output: 2 } };
		// Some say it all along; DeepSeek and Mistral with the reason to end; Groq, unasked, in a place of its own.
		expect(read(text("a", { usage: one }), text("b", { usage: two })).usage).toEqual(usage);
		expect(
			read(text("a", { usage: null }), chunk({ delta: {}, finish_reason: "stop" }, { usage: two })).usage,
		).toEqual(usage);
		expect(read(text("a"), text("b", { x_groq: { id: "r", usage: two } })).usage).toEqual(usage);
		expect(read(text("a"), text("b", { x_groq: { usage: two }, usage: null })).usage).toEqual(usage);
		expect(read(text("a"), last(two), text("b", { usage: null })).usage).toEqual(usage);
	});

	test.each([
		["none", undefined, "not_reported"],
		["null", null, "not_reported"],
		["no counts", { prompt_tokens: "12" }, "parse_error"],
	])("%s", (_, usage, missing) => {
		expect(read(text("a"), STOP, { choices: [], usage }).usage).toEqual({ missing });
		expect(readBody("openai-chat", { choices: [], usage }).usage).toEqual({ missing });
	});

	test("is found in the JSON of Python, and in no text", () => {
		const spaced = (line: string): Buffer => Buffer.from(`data: ${line}\n\n`);
		const lines = [
			'{"model": "m", "choices": [{"delta": {"content": "x"}, "finish_reason": null}], "usage": null}',
			String.raw`{"model": "m", "choices": [{"delta": {"content": "\"usage\": {\"prompt_tokens\": 7}"}, "finish_reason": null}], "usage": null}`,
			String.raw`{"model": "m", "choices": [{"delta": {"content": "\"finish_reason\": \"stop\", \"error\": {}"}, "finish_reason": null}]}`,
			'{"model": "m", "choices": [{"delta": {"content": "usage"}, "finish_reason" : null}], "usage" : null}',
		].map(spaced);
		expect(readPieces("openai-chat", lines)).toMatchObject({
			usage: { missing: "not_reported" },
			isComplete: false,
			error: undefined,
		});
		const end = spaced(
			'{"model": "m", "choices": [{"delta": {}, "finish_reason" : "stop"}], "usage" : {"prompt_tokens": 1, "completion_tokens": 2}}',
		);
		expect(readPieces("openai-chat", [...lines, end])).toMatchObject({
			usage: { usage: { inputUncached: 1, output: 2 } },
			isComplete: true,
		});
	});
});

describe("the first token", () => {
	test.each([
		["a role", { role: "assistant", content: "", refusal: null }, undefined],
		["a text", { content: "Hi" }, "answer"],
		["a refusal", { refusal: "No" }, "answer"],
		["a tool call", { tool_calls: [{ index: 0, function: { name: "f", arguments: "" } }] }, "answer"],
		["no tool call", { tool_calls: [], content: null }, undefined],
		["a call of the older kind", { function_call: { name: "f" } }, "answer"],
		["audio", { audio: { data: "aGk=" } }, "answer"],
		["DeepSeek's and xAI's reasoning", { reasoning_content: "Hm" }, "reasoning"],
		["OpenRouter's and Groq's reasoning", { content: "", reasoning: "Hm" }, "reasoning"],
		["reasoning that ends in a text", { content: "Hi", reasoning_content: "Hm" }, "answer"],
		[
			"Mistral's thinking",
			{ content: [{ type: "thinking", thinking: [{ type: "text", text: "Hm" }] }] },
			"reasoning",
		],
		["Mistral's text", { content: [{ type: "text", text: "Hi" }] }, "answer"],
		["no part of a text", { content: [{ type: "text", text: "" }] }, undefined],
	])("is of %s", (_, delta, firstToken) => {
		expect(read(chunk({ delta })).firstToken).toBe(firstToken);
		// What was seen first stays.
		expect(read(chunk({ delta }), text("later")).firstToken).toBe(firstToken ?? "answer");
	});

	test("of the older API is of its text", () => {
		const events = ["", "Hi"].map((said) => ({ model: "m", choices: [{ text: said, finish_reason: null }] }));
		expect(readEvents("openai-completions", events[0]).firstToken).toBeUndefined();
		expect(readEvents("openai-completions", ...events).firstToken).toBe("answer");
	});
});

describe("the end", () => {
	test("is the mark, and complete is what gave a reason to end", () => {
		expect(read(text("a"))).toMatchObject({ isComplete: false, isEnded: false });
		expect(read(text("a"), STOP)).toMatchObject({ isComplete: true, isEnded: false });
		expect(read(text("a"), "[DONE]")).toMatchObject({ isComplete: false, isEnded: true });
		expect(read("[DONE]")).toMatchObject({ isEmpty: true, isEnded: true });
	});

	test("comes in a chunk that has nothing else", () => {
		// Before a token was seen, and after.
		expect(read(STOP).isComplete).toBe(true);
		expect(read(text("a"), text("b"), STOP).isComplete).toBe(true);
	});
});

test("the model is the answering one, in its own letters", () => {
	expect(read({ model: "", choices: [], prompt_filter_results: [] }).model).toBeUndefined();
	expect(read({ model: "", choices: [] }, text("a")).model).toBe("gpt-5-mini-2025-08-07");
	expect(read({ model: "模型-ä", choices: [] }).model).toBe("模型-ä");
	expect(readBody("openai-chat", { model: "模型-ä", choices: [] }).model).toBe("模型-ä");
	// A router may have gone on to another one.
	expect(read(text("a"), text("b"), { ...STOP, model: "other" }).model).toBe("other");
});

test("an error after the first token is seen", () => {
	expect(read(text("a"), text("b"), { error: { code: 500 } }).error).toEqual({ error: { code: 500 } });
	expect(read(text("a"), text("b"), text("error")).error).toBeUndefined();
});

test("what xAI defers is no fault, and has no usage yet", () => {
	const receipt = { request_id: "f15c114e-f47d-40ca-8d5c-8c23d656eeb6" };
	expect(readBody("openai-chat", receipt)).toMatchObject({
		usage: { missing: "not_reported" },
		isEmpty: false,
		isComplete: false,
		error: undefined,
	});
	// As others write an error under 200.
	expect(readBody("openai-chat", { ...receipt, message: "no" }).error).toBeDefined();
	expect(readBody("openai-chat", { request_id: 5 }).error).toBeDefined();
});
