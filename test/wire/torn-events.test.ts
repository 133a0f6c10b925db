/** An event that begins like JSON and is none: the SDKs throw, wherever in a stream it stands. */
import { describe, expect, test } from "vitest";
import { classifyError } from "../../src/wire/classify-error.ts";
import { readerFor } from "../../src/wire/reader-for.ts";
import type { WireFormat } from "../../src/wire/wire-format.ts";

/** An event of each API that has a token, by its name and data. */
const APIS: readonly (readonly [WireFormat, string | undefined, object])[] = [
	["openai-chat", undefined, { model: "m", choices: [{ delta: { content: "a" } }] }],
	["openai-completions", undefined, { model: "m", choices: [{ text: "a" }] }],
	["openai-responses", "response.output_text.delta", { type: "response.output_text.delta", delta: "a" }],
	[
		"anthropic-messages",
		"content_block_delta",
		{ type: "content_block_delta", delta: { type: "text_delta" } },
	],
	["gemini-generate", undefined, { candidates: [{ content: { parts: [{ text: "a" }] } }] }],
];

describe.each(APIS)("%s", (format, name, event) => {
	const data = JSON.stringify(event);
	const errorAfter = (...events: readonly string[]): unknown => {
		const reader = readerFor(format);
		for (const one of events) reader.event(name, one);
		return reader.error;
	};

	test("torn, from the first event on", () => {
		for (const before of [[], [data], [data, data]]) {
			expect(classifyError(errorAfter(...before, data.slice(0, -8)))).toEqual({
				errorType: "invalid_response",
			});
		}
	});

	test("whole, it is none, nor is what a server may say to show that it is alive", () => {
		for (const sign of [data, `${data} `, "", "keepalive", ": ping", "[DONE]"]) {
			expect(errorAfter(data, data, sign)).toBeUndefined();
		}
	});
});

test("the end of a response that is no JSON", () => {
	const reader = readerFor("openai-responses");
	reader.event("response.completed", '{"type":"response.completed","response":}');
	expect(classifyError(reader.error)).toEqual({ errorType: "invalid_response" });
});

test("a ping that is torn: Anthropic's SDK does not read it", () => {
	const reader = readerFor("anthropic-messages");
	reader.event("ping", '{"type":"pi');
	expect(reader.error).toBeUndefined();
});
