/** Every way out of a generation of LangChain's: errors pass untouched, and each call ends once. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { type Answer, hang, openAIStream, reset, status, stream } from "../providers/replay-server.ts";
import {
	chunk,
	collect,
	completion,
	ENDLESS,
	errorFields,
	expectQuiet,
	failure,
	pair,
	refusal,
	STREAM,
	WORDS,
} from "./langchain-openai.ts";

let recorder: TestRecorder;
beforeEach(() => {
	recorder = installTestRecorder();
});
afterEach(() => {
	expectQuiet(recorder);
	recorder.restore();
});

const RATE_LIMIT = { message: "Slow down.", type: "requests", code: "rate_limit_exceeded" };
const CONTEXT = {
	message: "This model's maximum context length is 128000 tokens.",
	type: "invalid_request_error",
	code: "context_length_exceeded",
};

interface Case {
	readonly name: string;
	readonly answer: Answer;
	readonly errorType: string;
	readonly attempt: "error" | "rate_limited" | "success";
}

const REFUSALS: readonly Case[] = [
	{
		name: "401",
		answer: refusal(401, { message: "Bad key", code: "invalid_api_key" }),
		errorType: "auth_failed",
		attempt: "error",
	},
	{
		name: "400, too long",
		answer: refusal(400, CONTEXT),
		errorType: "token_limit",
		attempt: "error",
	},
	{
		name: "404",
		answer: refusal(404, { message: "No such model", code: "model_not_found" }),
		errorType: "model_unavailable",
		attempt: "error",
	},
	{ name: "429", answer: refusal(429, RATE_LIMIT), errorType: "rate_limit", attempt: "rate_limited" },
	{
		name: "429, no money",
		answer: refusal(429, { message: "Pay", type: "insufficient_quota", code: "insufficient_quota" }),
		errorType: "quota",
		attempt: "error",
	},
	{ name: "500", answer: refusal(500, { message: "down" }), errorType: "api_error", attempt: "error" },
	{ name: "a reset connection", answer: reset, errorType: "network", attempt: "error" },
];

const BAD_ANSWERS: readonly Case[] = [
	{ name: "no JSON", answer: status(200, "{oops"), errorType: "invalid_response", attempt: "success" },
	{
		name: "an empty body",
		answer: status(200, "", { "content-length": "0" }),
		errorType: "invalid_response",
		attempt: "success",
	},
];

function expectError(route: string, { attempt, errorType }: Case): void {
	expect(recorder.counter("llm_requests_total")).toBe(1);
	expect(recorder.counter("llm_requests_total", { route, outcome: "error" })).toBe(1);
	expect(recorder.counter("llm_errors_total")).toBe(1);
	expect(recorder.counter("llm_errors_total", { route, error_type: errorType })).toBe(1);
	expect(recorder.counter("llm_attempts_total")).toBe(1);
	expect(recorder.counter("llm_attempts_total", { provider: "openai", result: attempt })).toBe(1);
	expect(recorder.counter("llm_rate_limited_total")).toBe(attempt === "rate_limited" ? 1 : 0);
	expect(recorder.counter("llm_retries_total")).toBe(0);
	expect(recorder.counter("llm_tokens_total")).toBe(0);
}

describe("errors are LangChain's own", () => {
	test.each([...REFUSALS, ...BAD_ANSWERS])("invoke: $name", async (one) => {
		const { bare, model, route } = await pair([one.answer]);
		const error = await failure(model.invoke("hi"));
		expect(errorFields(error)).toStrictEqual(errorFields(await failure(bare.invoke("hi"))));
		expectError(route, one);
	});

	test.each(REFUSALS)("stream: $name", async (one) => {
		const { bare, model, route } = await pair([one.answer]);
		const error = await failure(model.stream("hi"));
		expect(errorFields(error)).toStrictEqual(errorFields(await failure(bare.stream("hi"))));
		expectError(route, one);
	});

	test("inside a stream", async () => {
		const broken = JSON.stringify({ error: { message: "Overloaded", code: "server_is_overloaded" } });
		const { bare, model, route } = await pair([openAIStream([...WORDS.slice(0, 2), broken])]);
		const error = await failure(model.stream("hi").then(collect));
		expect(errorFields(error)).toStrictEqual(errorFields(await failure(bare.stream("hi").then(collect))));
		expect(recorder.counter("llm_errors_total", { route, error_type: "model_unavailable" })).toBe(1);
		expect(recorder.counter("llm_usage_missing_total", { route, reason: "not_reported" })).toBe(1);
	});

	test("a stream that is reset", async () => {
		const { bare, model, route } = await pair([openAIStream(WORDS.slice(0, 2), reset)]);
		const error = await failure(model.stream("hi").then(collect));
		expect(errorFields(error)).toStrictEqual(errorFields(await failure(bare.stream("hi").then(collect))));
		expect(recorder.counter("llm_errors_total", { route, error_type: "network" })).toBe(1);
	});

	test("a stream without anything in it: the caller sees what it saw", async () => {
		const { model, route } = await pair([stream("")]);
		expect(await collect(await model.stream("hi"))).toStrictEqual([]);
		expect(recorder.counter("llm_errors_total", { route, error_type: "invalid_response" })).toBe(1);
	});
});

describe("retries", () => {
	test("a 429 that LangChain got over is a rate limit and a retry, and no error", async () => {
		const limited = refusal(429, RATE_LIMIT, { "retry-after": "0" });
		const { model, route, server } = await pair([limited, completion({ content: "Hello" })], {
			maxRetries: 2,
		});
		expect((await model.invoke("hi")).text).toBe("Hello");
		// Both are numbered as the first by the SDK, whose own retries LangChain turns off.
		expect(server.requests.map(({ headers }) => headers["x-stainless-retry-count"])).toStrictEqual([
			"0",
			"0",
		]);
		expect(recorder.counter("llm_requests_total", { route, outcome: "success" })).toBe(1);
		expect(recorder.counter("llm_requests_total")).toBe(1);
		expect(recorder.counter("llm_attempts_total")).toBe(2);
		expect(recorder.counter("llm_attempts_total", { result: "rate_limited" })).toBe(1);
		expect(recorder.counter("llm_rate_limited_total", { provider: "openai" })).toBe(1);
		expect(recorder.counter("llm_retries_total", { provider: "openai", model: "gpt-4o-mini" })).toBe(1);
		expect(recorder.counter("llm_errors_total")).toBe(0);
		expect(recorder.counter("llm_tokens_input_total", { route })).toBe(100);
	});
});

describe("the caller leaves", () => {
	test("a stream early: the server sees it, and nothing is drained", async () => {
		const { model, route, server } = await pair([ENDLESS]);
		for await (const piece of await model.stream("hi")) if (piece.text !== "") break;
		await server.requests[0]?.cut;
		expect(recorder.counter("llm_requests_total", { route, outcome: "aborted" })).toBe(1);
		expect(recorder.counter("llm_requests_total")).toBe(1);
		expect(recorder.counter("llm_usage_missing_total", { route, reason: "aborted" })).toBe(1);
		expect(recorder.histogram("llm_time_to_first_token_ms", { route }).count).toBe(1);
		expect(recorder.histogram("llm_latency_ms", { route }).count).toBe(1);
		expect(recorder.counter("llm_errors_total")).toBe(0);
	});

	test("by a signal before there is an answer", async () => {
		for (const how of ["invoke", "stream"] as const) {
			recorder.reset();
			const { bare, bareServer, model, route, server } = await pair([hang]);
			const controller = new AbortController();
			const { signal } = controller;
			const asked = failure(model[how]("hi", { signal }));
			const bareAsked = failure(bare[how]("hi", { signal }));
			await Promise.all([server.waitFor(1), bareServer.waitFor(1)]);
			controller.abort();
			expect(errorFields(await asked)).toStrictEqual(errorFields(await bareAsked));
			await server.requests[0]?.cut;
			expect(recorder.counter("llm_requests_total", { route, outcome: "aborted" })).toBe(1);
			expect(recorder.counter("llm_errors_total")).toBe(0);
			expect(recorder.counter("llm_attempts_total", { result: "aborted" })).toBe(1);
		}
	});

	test("by a signal in the middle of a stream", async () => {
		const { bare, model, route, server } = await pair([ENDLESS]);
		const left = async (from: typeof model) => {
			const controller = new AbortController();
			for await (const piece of await from.stream("hi", { signal: controller.signal })) {
				if (piece.text !== "") controller.abort();
			}
		};
		expect(errorFields(await failure(left(model)))).toStrictEqual(errorFields(await failure(left(bare))));
		await server.requests[0]?.cut;
		expect(recorder.counter("llm_requests_total", { route, outcome: "aborted" })).toBe(1);
		expect(recorder.counter("llm_requests_total")).toBe(1);
	});

	test("with a signal that was aborted before", async () => {
		const { model, route, server } = await pair([hang]);
		await failure(model.invoke("hi", { signal: AbortSignal.abort() }));
		expect(server.requests).toHaveLength(0);
		expect(recorder.counter("llm_requests_total", { route, outcome: "aborted" })).toBe(1);
	});

	test("a deadline is a timeout: the caller's, and the model's own", async () => {
		const { model, route } = await pair([hang, hang], { timeout: 80 });
		await failure(model.invoke("hi", { timeout: 40 }));
		await failure(model.invoke("hi"));
		expect(recorder.counter("llm_errors_total", { route, error_type: "timeout" })).toBe(2);
		expect(recorder.counter("llm_errors_total")).toBe(2);
	});

	test("a stream that nobody reads is abandoned, and its connection released", async () => {
		setFlagsFromString("--expose-gc");
		const collectGarbage = runInNewContext("gc") as () => void;
		const { model, route, server } = await pair([ENDLESS]);
		await (async () => {
			await model.stream("hi");
		})();
		for (let turn = 0; turn < 100 && recorder.calls.length === 0; turn += 1) {
			collectGarbage();
			await sleep(10);
		}
		await server.requests[0]?.cut;
		expect(recorder.counter("llm_requests_total", { route, outcome: "abandoned" })).toBe(1);
	});
});

test("two streams at once keep apart, whichever is read", async () => {
	const { model, route } = await pair([STREAM, openAIStream([chunk({ role: "assistant", content: "x" })])]);
	const [one, other] = await Promise.all([model.stream("a"), model.stream("b")]);
	await Promise.all([collect(one), collect(other)]);
	expect(recorder.counter("llm_requests_total", { route, outcome: "success" })).toBe(2);
	expect(recorder.counter("llm_tokens_input_total", { route })).toBe(100);
	expect(recorder.counter("llm_usage_missing_total", { route, reason: "not_reported" })).toBe(1);
});
