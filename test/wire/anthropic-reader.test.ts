import { describe, expect, test } from "vitest";
import { readBody, readEvents, readPieces } from "./streams.ts";

const start = (usage: object | null, model = "claude-sonnet-4-5-20250929"): object => ({
	type: "message_start",
	message: { type: "message", role: "assistant", model, content: [], usage },
});
const end = (usage: object | null): object => ({
	type: "message_delta",
	delta: { stop_reason: "end_turn" },
	usage,
});
const block = (content: object): object => ({
	type: "content_block_start",
	index: 0,
	content_block: content,
});
const delta = (of: object): object => ({ type: "content_block_delta", index: 0, delta: of });
const TEXT = delta({ type: "text_delta", text: "Hi" });
const STOP = { type: "message_stop" };
const read = (...events: readonly unknown[]): ReturnType<typeof readEvents> =>
	readEvents("anthropic-messages", ...events);

describe("the usage of a stream", () => {
	test("is what the start said, replaced by what came later", () => {
		const first = {
			input_tokens: 43,
			cache_read_input_tokens: 100,
			cache_creation_input_tokens: 7,
			output_tokens: 1,
		};
		// The delta counts all that was until then, so 20 came out, not 21; a null says nothing.
		const later = {
			input_tokens: 61,
			cache_read_input_tokens: null,
			output_tokens: 20,
			server_tool_use: null,
		};
		expect(read(start(first), TEXT, end(later), STOP)).toEqual({
			usage: { usage: { inputUncached: 61, cacheRead: 100, cacheWrite5m: 7, output: 20 } },
			model: "claude-sonnet-4-5-20250929",
			firstToken: "answer",
			isComplete: true,
			isEmpty: false,
			isEnded: true,
			error: undefined,
		});
	});

	test("of several deltas is that of the last", () => {
		const deltas = [5, 9, 12].map((output) => end({ output_tokens: output }));
		expect(read(start({ input_tokens: 3, output_tokens: 1 }), ...deltas).usage).toEqual({
			usage: { inputUncached: 3, output: 12 },
		});
	});

	test("with iterations is their sum", () => {
		const iterations = [
			{ type: "compaction", input_tokens: 1000, output_tokens: 50 },
			{ type: "message", input_tokens: 80, output_tokens: 20 },
		];
		// The top level has the last one alone; 1,080 and 70 are billed.
		const later = { input_tokens: 80, output_tokens: 20, iterations };
		expect(read(start({ input_tokens: 1000, output_tokens: 1 }), TEXT, end(later)).usage).toEqual({
			usage: {
				inputUncached: 1080,
				output: 70,
				iterations: [
					{ inputUncached: 1000, output: 50 },
					{ inputUncached: 80, output: 20 },
				],
			},
		});
	});

	test("that is cut is what the start said, and not the whole", () => {
		expect(read(start({ input_tokens: 43, output_tokens: 1 }), TEXT)).toMatchObject({
			usage: { usage: { inputUncached: 43, output: 1 } },
			isComplete: false,
			isEnded: false,
		});
	});

	test.each([undefined, null])("may be missing: %j", (usage) => {
		expect(read(start(null), TEXT, { type: "message_delta", delta: {}, usage }, STOP)).toMatchObject({
			usage: { missing: "not_reported" },
			isComplete: false,
			isEnded: true,
		});
	});
});

describe("the first token", () => {
	test.each([
		["a text that has not begun", block({ type: "text", text: "" }), undefined],
		["thoughts that have not begun", block({ type: "thinking", thinking: "" }), undefined],
		["hidden thoughts", block({ type: "redacted_thinking", data: "…" }), "reasoning"],
		["a tool", block({ type: "tool_use", name: "f", input: {} }), "answer"],
		["a tool of the provider's", block({ type: "server_tool_use", name: "web_search" }), "answer"],
		["no block", { type: "content_block_start", index: 0 }, undefined],
		["a text", TEXT, "answer"],
		["a tool's input", delta({ type: "input_json_delta", partial_json: "{" }), "answer"],
		["thoughts", delta({ type: "thinking_delta", thinking: "Hm" }), "reasoning"],
		["nothing", { type: "content_block_delta" }, undefined],
		["a ping", { type: "ping" }, undefined],
	])("is of %s", (_, event, firstToken) => {
		expect(read(start(null), event).firstToken).toBe(firstToken);
		expect(read(start(null), event, TEXT).firstToken).toBe(firstToken ?? "answer");
	});
});

test("events are known by their types where they have no names", () => {
	const events = [start({ input_tokens: 4, output_tokens: 1 }), TEXT, TEXT, end({ output_tokens: 2 }), STOP];
	const bytes = events.map((event) => Buffer.from(`data: ${JSON.stringify(event)}\n\n`));
	expect(readPieces("anthropic-messages", bytes)).toMatchObject({
		usage: { usage: { inputUncached: 4, output: 2 } },
		firstToken: "answer",
		isComplete: true,
		isEnded: true,
	});
});

test("pings alone are nothing", () => {
	expect(read({ type: "ping" }, { type: "ping" }).isEmpty).toBe(true);
	expect(read({ type: "ping" }, start(null)).isEmpty).toBe(false);
});

test("a body is read whole", () => {
	const usage = { input_tokens: 4, output_tokens: 2 };
	expect(
		readBody("anthropic-messages", { type: "message", model: "claude-ä", content: [], usage }),
	).toMatchObject({
		usage: { usage: { inputUncached: 4, output: 2 } },
		model: "claude-ä",
		isComplete: true,
		isEmpty: false,
		isEnded: false,
	});
});
