import { describe, expect, test } from "vitest";
import { readBody, readEvents, readPieces } from "./streams.ts";

const USAGE = { input_tokens: 10, output_tokens: 4, total_tokens: 14 };
const KNOWN = { usage: { inputUncached: 10, output: 4 } };
const response = (status: string, rest: object = {}): object => ({
	id: "resp_1",
	object: "response",
	status,
	model: "gpt-5-mini-2025-08-07",
	output: [],
	error: null,
	usage: null,
	...rest,
});
const event = (type: string, of: object): object => ({ type, response: of });
const CREATED = event("response.created", response("in_progress"));
const DELTA = { type: "response.output_text.delta", delta: "Hi" };
const read = (...events: readonly unknown[]): ReturnType<typeof readEvents> =>
	readEvents("openai-responses", ...events);

describe("a stream", () => {
	test.each([
		["completed", true, undefined],
		["incomplete", true, undefined],
		["failed", false, { error: { code: "server_error", message: "Sorry" } }],
		["cancelled", false, undefined],
	])("that ends %s", (status, isComplete, error) => {
		const of = response(status, { usage: USAGE, error: error?.error ?? null });
		expect(read(CREATED, DELTA, event(`response.${status}`, of))).toEqual({
			usage: KNOWN,
			model: "gpt-5-mini-2025-08-07",
			firstToken: "answer",
			isComplete,
			isEmpty: false,
			isEnded: true,
			error,
		});
	});

	test("that is cut has said its model, and no usage", () => {
		expect(read(CREATED, DELTA)).toEqual({
			usage: { missing: "not_reported" },
			model: "gpt-5-mini-2025-08-07",
			firstToken: "answer",
			isComplete: false,
			isEmpty: false,
			isEnded: false,
			error: undefined,
		});
	});

	test.each([
		["response.output_text.delta", "answer"],
		["response.refusal.delta", "answer"],
		["response.function_call_arguments.delta", "answer"],
		["response.code_interpreter_call_code.delta", "answer"],
		["response.audio.delta", "answer"],
		["response.reasoning_summary_text.delta", "reasoning"],
		["response.reasoning_text.delta", "reasoning"],
		["response.output_item.added", undefined],
		["response.content_part.added", undefined],
		["response.reasoning_summary_part.added", undefined],
	])("has in %s a first token of the %s", (type, firstToken) => {
		expect(read(CREATED, { type, delta: "x" }).firstToken).toBe(firstToken);
		expect(read(CREATED, { type, delta: "x" }, DELTA).firstToken).toBe(firstToken ?? "answer");
	});

	// As some servers and proxies send it: without names, with a name of their own, the type not first.
	test.each(["", "event: message\n", "event: \n", "id: 1\n"])(
		"is read by the types in its data: %j",
		(name) => {
			const events = [CREATED, DELTA, event("response.completed", response("completed", { usage: USAGE }))];
			const bytes = events.map((of) =>
				Buffer.from(`${name}data: ${JSON.stringify({ sequence_number: 1, ...of })}\n\n`),
			);
			expect(readPieces("openai-responses", bytes)).toMatchObject({
				usage: KNOWN,
				firstToken: "answer",
				isComplete: true,
				isEnded: true,
			});
			const error = Buffer.from(`${name}data: {"type":"error","code":"server_error","message":"Sorry"}\n\n`);
			expect(readPieces("openai-responses", [error]).error).toEqual({
				code: "server_error",
				message: "Sorry",
			});
		},
	);

	test("of other events is not empty, of nothing that the API knows it is", () => {
		expect(read({ type: "response.queued" }).isEmpty).toBe(false);
		expect(read({ type: "keepalive" }, {}, []).isEmpty).toBe(true);
	});
});

describe("a body", () => {
	test.each(["completed", "incomplete"])("that is %s", (status) => {
		expect(readBody("openai-responses", response(status, { usage: USAGE }))).toMatchObject({
			usage: KNOWN,
			model: "gpt-5-mini-2025-08-07",
			isComplete: true,
			isEnded: false,
			error: undefined,
		});
	});

	// What is made in the background has used nothing that is known: its usage stands where it is fetched.
	test.each(["queued", "in_progress"])("that is %s", (status) => {
		expect(readBody("openai-responses", response(status))).toMatchObject({
			usage: { missing: "not_reported" },
			isComplete: false,
			isEmpty: false,
			error: undefined,
		});
	});

	test("that failed keeps its usage", () => {
		const error = { code: "rate_limit_exceeded", message: "Sorry" };
		expect(readBody("openai-responses", response("failed", { error, usage: USAGE }))).toMatchObject({
			usage: KNOWN,
			isComplete: false,
			error: { error },
		});
	});

	test("of a compaction has a usage, too", () => {
		const body = {
			id: "resp_1",
			object: "response.compaction",
			created_at: 1,
			output: [{ type: "compaction" }],
			usage: USAGE,
		};
		expect(readBody("openai-responses", body)).toMatchObject({
			usage: KNOWN,
			isComplete: true,
			error: undefined,
		});
	});
});
