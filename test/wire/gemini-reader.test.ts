import { describe, expect, test } from "vitest";
import { readerFor } from "../../src/wire/reader-for.ts";
import { readBody, readEvents } from "./streams.ts";

const chunk = (parts: readonly object[], rest: object = {}, candidate: object = {}): object => ({
	candidates: [{ content: { role: "model", parts }, index: 0, ...candidate }],
	modelVersion: "gemini-2.5-flash",
	...rest,
});
const counted = (answer: number): object => ({
	usageMetadata: { promptTokenCount: 9, candidatesTokenCount: answer },
});
const STOP = { finishReason: "STOP" };
const read = (...events: readonly unknown[]): ReturnType<typeof readEvents> =>
	readEvents("gemini-generate", ...events);

describe("a stream", () => {
	test("has the usage of its last chunk, whatever came before it", () => {
		const events = [
			chunk([{ text: "Hi" }], counted(1)),
			chunk([{ text: "!" }], counted(2), STOP),
			chunk([], counted(3)),
		];
		expect(read(...events)).toEqual({
			usage: { usage: { inputUncached: 9, output: 3 } },
			model: "gemini-2.5-flash",
			firstToken: "answer",
			isComplete: true,
			isEmpty: false,
			// There is no mark: only the bytes end.
			isEnded: false,
			error: undefined,
		});
		expect(read(events[0])).toMatchObject({ usage: { usage: { output: 1 } }, isComplete: false });
	});

	test.each([
		["a text", [{ text: "Hi" }], "answer"],
		["thoughts", [{ text: "Hm", thought: true }], "reasoning"],
		["nothing yet", [{ text: "" }], undefined],
		["a signature alone", [{ text: "", thoughtSignature: "…" }], undefined],
		["no parts", [], undefined],
		["a call", [{ functionCall: { name: "f", args: {} } }], "answer"],
		["an image", [{ inlineData: { mimeType: "image/png", data: "" } }], "answer"],
	])("has a first token of %s", (_, parts, firstToken) => {
		expect(read(chunk(parts)).firstToken).toBe(firstToken);
		expect(read(chunk(parts), chunk([{ text: "later" }])).firstToken).toBe(firstToken ?? "answer");
	});

	test("counts the searches that it is grounded in, each different one", () => {
		const grounded = (...webSearchQueries: readonly unknown[]): object =>
			chunk(
				[{ text: "Hi" }],
				{ modelVersion: "gemini-3-pro-preview" },
				{ groundingMetadata: { webSearchQueries } },
			);
		const ends = chunk([], { modelVersion: "gemini-3-pro-preview", ...counted(3) }, STOP);
		const searches = (...events: readonly unknown[]): unknown => {
			const { usage } = read(...events);
			return "usage" in usage ? usage.usage.webSearches : usage;
		};
		// Before the usage and after it, again, and with what is no query.
		expect(searches(grounded("one", "two"), ends)).toBe(2);
		expect(searches(ends, grounded("one", "two"))).toBe(2);
		expect(searches(grounded("one"), grounded("one", "two", "two"), ends)).toBe(2);
		expect(searches(grounded("one", "", null, 5), ends)).toBe(1);
		expect(searches(grounded(), ends)).toBeUndefined();
		expect(searches(grounded("one"))).toEqual({ missing: "not_reported" });
		// Before Gemini 3 it is the answer that is billed.
		expect(searches(grounded("one", "two"), { ...ends, modelVersion: "gemini-2.5-flash" })).toBe(1);
	});

	test("is billed by the model that was asked, where it does not say which one answers", () => {
		const untold = {
			candidates: [{ groundingMetadata: { webSearchQueries: ["one", "two"] } }],
			...counted(3),
		};
		const searches = (model: string): unknown => {
			const reader = readerFor("gemini-generate", model);
			reader.body(untold);
			return "usage" in reader.usage ? reader.usage.usage.webSearches : reader.usage;
		};
		expect([searches("gemini-2.5-flash"), searches("gemini-3-pro-preview")]).toEqual([1, 2]);
	});

	test("of a prompt that was refused is complete", () => {
		const refused = {
			promptFeedback: { blockReason: "SAFETY" },
			usageMetadata: { promptTokenCount: 8, totalTokenCount: 8 },
		};
		expect(read(refused)).toMatchObject({
			usage: { usage: { inputUncached: 8 } },
			isComplete: true,
			isEmpty: false,
		});
		expect(read({ promptFeedback: {} }).isComplete).toBe(false);
	});
});

describe("a body", () => {
	test("is one answer", () => {
		expect(readBody("gemini-generate", chunk([{ text: "Hi" }], counted(4), STOP))).toMatchObject({
			usage: { usage: { inputUncached: 9, output: 4 } },
			model: "gemini-2.5-flash",
			isComplete: true,
			error: undefined,
		});
	});

	// `streamGenerateContent` without `alt=sse`.
	test("is a list of chunks", () => {
		const list = [chunk([{ text: "Hi" }], counted(1)), chunk([], counted(2), STOP)];
		expect(readBody("gemini-generate", list)).toMatchObject({
			usage: { usage: { inputUncached: 9, output: 2 } },
			isComplete: true,
		});
		const error = { error: { code: 503, status: "UNAVAILABLE" } };
		expect(readBody("gemini-generate", [list[0], error])).toMatchObject({
			usage: { usage: { output: 1 } },
			isComplete: false,
			error,
		});
	});

	test.each([
		// Gemini's newer models count, its older ones do not.
		[
			{ embedding: { values: [0.1] }, usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 } },
			{ usage: { inputUncached: 7 } },
		],
		[{ embedding: { values: [0.1] } }, { missing: "not_reported" }],
		[{ embeddings: [{ values: [0.1] }, { values: [0.2] }] }, { missing: "not_reported" }],
	])("of embeddings: %j", (body, usage) => {
		expect(readBody("gemini-embed", body)).toMatchObject({
			usage,
			isComplete: true,
			isEmpty: false,
			error: undefined,
		});
	});
});
