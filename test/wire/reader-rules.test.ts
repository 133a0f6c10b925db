/** Our own providers read parsed events and these readers the wire: of one stream both must say the same. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnthropicStreamReader } from "../../src/providers/anthropic-stream.ts";
import { OpenAIStreamReader } from "../../src/providers/openai-stream.ts";
import { parseAnthropicUsage } from "../../src/wire/anthropic-messages.ts";
import { recordedEvents, recordingsAbsent, recordingsOf } from "./recordings.ts";
import { readEvents } from "./streams.ts";

interface Rules {
	readonly model: string | undefined;
	readonly firstToken: string | undefined;
	readonly isComplete: boolean;
	readonly isEmpty: boolean;
}

function rulesOf({ firstToken, isComplete, isEmpty, model }: Rules): Rules {
	return { firstToken, isComplete, isEmpty, model };
}

function byProvider(events: readonly unknown[]): Rules {
	const reader = new OpenAIStreamReader();
	for (const event of events) reader.read(event);
	return rulesOf(reader);
}

function byAnthropicProvider(events: readonly unknown[]): Rules & { readonly usage: unknown } {
	const reader = new AnthropicStreamReader();
	// The SDK keeps these to itself.
	for (const event of events) if ((event as { type?: unknown }).type !== "ping") reader.read(event);
	return { ...rulesOf(reader), usage: parseAnthropicUsage(reader.usage) };
}

/** How many of the events of a stream, from the first on, are looked at: all beginnings of a short one, some of a long one. */
function beginnings(length: number): readonly number[] {
	return Array.from({ length: length + 1 }, (_, count) => count).filter(
		(count) => count < 20 || count > length - 5 || count % 50 === 0,
	);
}

test("there are recordings to compare on", ({ skip }) => {
	skip(recordingsAbsent !== undefined, recordingsAbsent);
	expect(recordingsOf("openai-chat", ".chunks.txt").length).toBeGreaterThan(4);
});

describe("chat completions", () => {
	test.each(recordingsOf("openai-chat", ".chunks.txt"))("%s", (name) => {
		const events = recordedEvents("openai-chat", name);
		for (const count of beginnings(events.length)) {
			const some = events.slice(0, count);
			expect(rulesOf(readEvents("openai-chat", ...some))).toEqual(
				byProvider(some.map((data) => JSON.parse(data))),
			);
		}
	});

	test("of any chunks of the API's form", () => {
		const content = fc.constantFrom(undefined, null, "", "Hi");
		const delta = fc.record(
			{
				role: fc.constant("assistant"),
				content,
				refusal: content,
				reasoning_content: content,
				reasoning: content,
				tool_calls: fc.constantFrom([], [{ index: 0, id: "c", function: { name: "f", arguments: "" } }]),
			},
			{ requiredKeys: [] },
		);
		const choice = fc.record({ delta, finish_reason: fc.constantFrom(null, null, "stop", "length") });
		const chunk = fc.record({
			model: fc.constantFrom("", "m"),
			choices: fc.array(choice, { maxLength: 1 }),
			usage: fc.constantFrom(null, { prompt_tokens: 1, completion_tokens: 1 }),
		});
		fc.assert(
			fc.property(fc.array(chunk, { maxLength: 6 }), (chunks) => {
				// What undefined fields there are go, as on the wire.
				const sent: unknown[] = chunks.map((of) => JSON.parse(JSON.stringify(of)));
				expect(rulesOf(readEvents("openai-chat", ...sent))).toEqual(byProvider(sent));
			}),
		);
	});
});

describe("messages", () => {
	test.each(recordingsOf("anthropic-messages", ".chunks.txt"))("%s", (name) => {
		const events = recordedEvents("anthropic-messages", name);
		for (const count of beginnings(events.length)) {
			const some = events.slice(0, count);
			const read = readEvents("anthropic-messages", ...some);
			expect({ ...rulesOf(read), usage: read.usage }).toEqual(
				byAnthropicProvider(some.map((data) => JSON.parse(data))),
			);
		}
	});

	test("of any events of the API's form", () => {
		const count = fc.constantFrom(null, 0, 7);
		const usage = fc.option(
			fc.record({ input_tokens: count, output_tokens: count, cache_read_input_tokens: count }),
		);
		const type = fc.constantFrom("text", "thinking", "redacted_thinking", "tool_use", "server_tool_use");
		const deltaType = fc.constantFrom("text_delta", "thinking_delta", "input_json_delta", "signature_delta");
		const event = fc.oneof(
			fc.record({
				type: fc.constant("message_start"),
				message: fc.record({ model: fc.constant("m"), usage }),
			}),
			fc.record({ type: fc.constant("content_block_start"), content_block: fc.record({ type }) }),
			fc.record({ type: fc.constant("content_block_delta"), delta: fc.record({ type: deltaType }) }),
			fc.record({
				type: fc.constant("message_delta"),
				delta: fc.record({ stop_reason: fc.constant("end_turn") }),
				usage,
			}),
			fc.record({ type: fc.constantFrom("ping", "content_block_stop", "message_stop") }),
		);
		fc.assert(
			fc.property(fc.array(event, { maxLength: 8 }), (events) => {
				const read = readEvents("anthropic-messages", ...events);
				expect({ ...rulesOf(read), usage: read.usage }).toEqual(byAnthropicProvider(events));
			}),
		);
	});
});
