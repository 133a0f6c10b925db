/** Bedrock's streams: the messages are as AWS's own `@smithy/eventstream-codec` has written them. */
import Anthropic from "@anthropic-ai/sdk";
import { expect, test } from "vitest";
import { instrument } from "../../src/instrument/index.ts";
import { AwsEvents } from "../../src/wire/aws-events.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { MESSAGE } from "../instrument/ask.ts";
import { expectCalls } from "../instrument/calls.ts";

/** `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":50}}`, with padding as Bedrock has it. */
const DELTA = Buffer.from(
	"AAAA6QAAAEuh6OLfCzpldmVudC10eXBlBwAFY2h1bmsNOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2UtdHlwZQcABWV2ZW50eyJieXRlcyI6ImV5SjBlWEJsSWpvaWJXVnpjMkZuWlY5a1pXeDBZU0lzSW1SbGJIUmhJanA3SW5OMGIzQmZjbVZoYzI5dUlqb2laVzVrWDNSMWNtNGlmU3dpZFhOaFoyVWlPbnNpYjNWMGNIVjBYM1J2YTJWdWN5STZOVEI5ZlE9PSIsInAiOiJhYmMifSrNWmA=",
	"base64",
);
const DELTA_TEXT = '{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":50}}';
/** A `throttlingException`: `{"message":"Too many tokens"}`. */
const EXCEPTION = Buffer.from(
	"AAAAjgAAAGFRQYBUDzpleGNlcHRpb24tdHlwZQcAE3Rocm90dGxpbmdFeGNlcHRpb24NOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2UtdHlwZQcACWV4Y2VwdGlvbnsibWVzc2FnZSI6IlRvbyBtYW55IHRva2VucyJ9yBsewQ==",
	"base64",
);
const EXCEPTION_TEXT = '{"type":"error","error":{"type":"throttlingException","message":"Too many tokens"}}';

function eventsOf(bytes: Buffer, size: number): { events: unknown[]; hasSkipped: boolean } {
	const events: unknown[] = [];
	const parser = new AwsEvents((name, data) => events.push([name, data]));
	for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
	parser.end();
	return { events, hasSkipped: parser.hasSkipped };
}

test("messages cut anywhere are the same events", () => {
	const bytes = Buffer.concat([DELTA, DELTA, EXCEPTION]);
	const events = [
		[undefined, DELTA_TEXT],
		[undefined, DELTA_TEXT],
		["error", EXCEPTION_TEXT],
	];
	for (let size = 1; size <= bytes.length; size += 1) {
		expect(eventsOf(bytes, size)).toEqual({ events, hasSkipped: false });
	}
});

test("what is no message, or is cut off, is said to be missing", () => {
	const events = [[undefined, DELTA_TEXT]];
	const cut = DELTA.subarray(0, DELTA.length - 1);
	expect(eventsOf(Buffer.concat([DELTA, cut]), 64)).toEqual({ events, hasSkipped: true });
	const zeros = Buffer.alloc(64);
	expect(eventsOf(Buffer.concat([DELTA, zeros, DELTA]), 64)).toEqual({ events, hasSkipped: true });
	const noJson = Buffer.from(DELTA);
	noJson.write("[", noJson.indexOf('{"bytes"'));
	expect(eventsOf(Buffer.concat([noJson, DELTA]), 64)).toEqual({ events, hasSkipped: true });
});

test("a client's stream of them is read as any other, and its reader gets their bytes", async () => {
	using recorder = installTestRecorder();
	const ask = async (bytes: Buffer): Promise<Buffer> => {
		const headers = { "content-type": "application/vnd.amazon.eventstream" };
		const send = async (): Promise<Response> => new Response(new Uint8Array(bytes), { headers });
		const client = instrument(new Anthropic({ apiKey: "key", fetch: send }), { route: "aws" });
		const response = await client.messages.create({ ...MESSAGE, stream: true }).asResponse();
		return Buffer.from(await response.arrayBuffer());
	};
	for (const bytes of [DELTA, EXCEPTION]) expect(await ask(bytes)).toEqual(bytes);
	await expectCalls(
		recorder,
		{ outcome: "success", usage: { output: 50 } },
		{ outcome: "error", errorType: "rate_limit", usageMissing: undefined },
	);
});
