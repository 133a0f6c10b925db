/** All readers, on what providers have really sent, and on what nobody should. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRecord } from "../../src/wire/is-record.ts";
import { readerFor } from "../../src/wire/reader-for.ts";
import type { WireFormat } from "../../src/wire/wire-format.ts";
import { inOracleClasses, oracleUsage } from "./oracle.ts";
import { recordedBody, recordedEvents, recordingsAbsent } from "./recordings.ts";
import { BODIES, readBody, readPieces, recordedStream, said, STREAMS } from "./streams.ts";

const FORMATS: readonly WireFormat[] = [
	"openai-chat",
	"openai-completions",
	"openai-responses",
	"openai-embeddings",
	"anthropic-messages",
	"gemini-generate",
	"gemini-embed",
];

/** The provider and API flavor of genai-prices, by the folder or by how a recording's name begins. */
const FLAVORS: Readonly<Record<string, readonly [provider: string, flavor?: string]>> = {
	azure: ["azure", "chat"],
	deepseek: ["deepseek", "chat"],
	groq: ["groq"],
	mistral: ["mistral"],
	xai: ["x-ai", "chat"],
	"openai-chat": ["openai", "chat"],
	"openai-completions": ["openai", "chat"],
	"openai-responses": ["openai", "responses"],
	"openai-embeddings": ["openai", "embeddings"],
	"anthropic-messages": ["anthropic", "default"],
	"google-generate-content": ["google", "default"],
};

function oracleOf(folder: string, name: string, body: unknown): Record<string, number> {
	const byName = folder === "openai-chat" ? FLAVORS[name.split("-")[0] ?? ""] : undefined;
	const [provider, flavor] = byName ?? FLAVORS[folder] ?? ["openai"];
	const usage = oracleUsage(provider, body, flavor);
	// Text is what is left of the whole, so we have no class for it.
	return Object.fromEntries(Object.entries(usage).filter(([name]) => !name.endsWith("_text_tokens")));
}

/** Where genai-prices is wrong: it leaves out all iterations but the last. */
function isOracleWrong(name: string): boolean {
	return name.startsWith("compaction");
}

/** Whose thoughts are in the stream, and come before the answer. */
function reasonsFirst(name: string): boolean {
	return /^(xai-text|reasoning-encrypted|clear-thinking)/.test(name);
}

/** The body that a stream's events come to, as far as the oracle looks at it. */
function bodyOf(folder: string, name: string): Record<string, unknown> {
	const events = recordedEvents(folder, name).map((data) => JSON.parse(data) as Record<string, unknown>);
	const model = "of the recording";
	if (folder === "openai-responses") return events.at(-1)?.["response"] as Record<string, unknown>;
	if (folder === "google-generate-content") return events.at(-1) ?? {};
	if (folder !== "anthropic-messages")
		return { model, usage: events.findLast(({ usage }) => isRecord(usage))?.["usage"] };
	// The last report has all of it in these.
	return { model, usage: events.findLast(({ type }) => type === "message_delta")?.["usage"] };
}

describe("recorded answers", () => {
	test("are there", ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		expect(BODIES.length).toBeGreaterThan(15);
	});

	test.each(BODIES)(
		"%s/%s is read whole, with the usage that genai-prices extracts",
		(folder, name, format) => {
			const body = recordedBody(folder, name);
			const read = readBody(format, body);
			expect(read).toMatchObject({ isComplete: true, isEmpty: false, isEnded: false, error: undefined });
			expect(read.model).toBe(
				(body as Record<string, unknown>)[folder.startsWith("google") ? "modelVersion" : "model"],
			);
			expect(inOracleClasses(read.usage)).toMatchObject(
				isOracleWrong(name) ? {} : oracleOf(folder, name, body),
			);
		},
	);

	const streams = STREAMS.filter(([, name]) => !name.startsWith("error"));
	test.each(streams)(
		"%s/%s is read to its end, with the usage that genai-prices extracts",
		(folder, name, format) => {
			const read = readPieces(format, recordedStream(folder, name, format));
			// Gemini has no end mark.
			const isEnded = !folder.startsWith("google");
			expect(read).toMatchObject({ isComplete: true, isEmpty: false, isEnded, error: undefined });
			expect(read.firstToken).toBe(
				name.startsWith("refusal") ? undefined : reasonsFirst(name) ? "reasoning" : "answer",
			);
			expect(read.model).toBe(/"model(?:Version)?":"([^"]+)"/.exec(recordedEvents(folder, name).join())?.[1]);
			const body = bodyOf(folder, name);
			expect(inOracleClasses(read.usage)).toMatchObject(
				isOracleWrong(name) ? {} : oracleOf(folder, name, body),
			);
		},
	);

	test.each(streams)("%s/%s is not at its end in its middle", (folder, name, format) => {
		const events = recordedStream(folder, name, format);
		const cut = readPieces(format, events.slice(0, Math.floor(events.length / 2)));
		expect(cut).toMatchObject({ isComplete: false, isEnded: false, error: undefined });
	});

	// Where this takes no minutes; of the longer ones the test of the parser knows that their events are the same.
	const short = STREAMS.map(([folder, name, format]) => ({
		name: `${folder}/${name}`,
		format,
		bytes: Buffer.concat(recordedStream(folder, name, format)),
	})).filter(({ bytes }) => bytes.length < 6000);
	test.each(short)("$name is read the same wherever it is cut in two", ({ bytes, format }) => {
		const whole = readPieces(format, [bytes]);
		for (let at = 1; at < bytes.length; at += 1) {
			expect(readPieces(format, [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
		}
	});
});

test("an error of a recorded stream is read", ({ skip }) => {
	skip(recordingsAbsent !== undefined, recordingsAbsent);
	const events = recordedStream("openai-responses", "error.1.chunks.txt", "openai-responses");
	const said = { error: { code: "insufficient_quota" } };
	expect(readPieces("openai-responses", events)).toMatchObject({
		error: said,
		isComplete: false,
		isEnded: true,
	});
	// It is said twice: each alone is enough.
	expect(readPieces("openai-responses", events.slice(0, 3))).toMatchObject({ error: said, isEmpty: false });
	expect(readPieces("openai-responses", events.slice(3))).toMatchObject({ error: said, isEmpty: false });
});

describe.each(FORMATS)("the reader of %s", (format) => {
	test("begins with nothing", () => {
		const { usage, ...rest } = said(readerFor(format));
		expect(usage).toEqual({ missing: "not_reported" });
		expect(rest).toEqual({
			error: undefined,
			firstToken: undefined,
			isComplete: false,
			isEmpty: true,
			isEnded: false,
			model: undefined,
		});
	});

	test("never throws, and what it says is of its form", () => {
		const names = fc.constantFrom(
			"choices",
			"delta",
			"content",
			"text",
			"tool_calls",
			"finish_reason",
			"usage",
			"x_groq",
			"error",
			"model",
			"type",
			"message",
			"content_block",
			"response",
			"output",
			"status",
			"object",
			"data",
			"candidates",
			"parts",
			"finishReason",
			"usageMetadata",
			"modelVersion",
			"promptFeedback",
			"promptTokenCount",
			"prompt_tokens",
			"input_tokens",
			"iterations",
		);
		const types = fc.constantFrom(
			"error",
			"message_start",
			"content_block_start",
			"content_block_delta",
			"message_delta",
			"message_stop",
			"ping",
			"response.created",
			"response.completed",
			"response.failed",
			"response.output_text.delta",
			"thread.run.created",
		);
		const value = fc.letrec<{ value: unknown }>((tie) => ({
			value: fc.oneof(
				{ maxDepth: 5, withCrossShrink: true },
				fc.oneof(types, fc.jsonValue({ maxDepth: 1 }), fc.integer()),
				fc.array(tie("value"), { maxLength: 3 }),
				fc.dictionary(names, tie("value"), { maxKeys: 6 }),
				fc.record(
					{
						type: types,
						error: tie("value"),
						response: tie("value"),
						message: tie("value"),
						delta: tie("value"),
					},
					{ requiredKeys: ["type"] },
				),
			),
		})).value;
		const data = fc.oneof(
			value.map((any) => JSON.stringify(any) ?? ""),
			fc.json(),
			fc.string(),
			fc.string({ unit: "binary" }),
			fc.constantFrom("[DONE]", "", "{", "null", '{"usage"', '{"error":', "\u{0}"),
		);
		const event = fc.tuple(fc.option(fc.oneof(types, fc.string()), { nil: undefined }), data);
		fc.assert(
			fc.property(
				fc.array(event, { maxLength: 6 }),
				fc.option(fc.oneof(value, fc.anything())),
				(events, body) => {
					const reader = readerFor(format);
					for (const [name, text] of events) reader.event(name, text);
					if (body !== null) reader.body(body);
					const { firstToken, isComplete, isEmpty, isEnded, model, usage } = said(reader);
					expect([undefined, "answer", "reasoning"]).toContain(firstToken);
					expect([typeof isComplete, typeof isEmpty, typeof isEnded]).toEqual([
						"boolean",
						"boolean",
						"boolean",
					]);
					expect(["string", "undefined"]).toContain(typeof model);
					expect(Object.keys(usage)).toHaveLength(1);
				},
			),
			{ numRuns: 300 },
		);
	});

	test("bytes of any kind are read by nobody", () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
				expect(readPieces(format, pieces).usage).toEqual({ missing: "not_reported" });
			}),
		);
	});
});
