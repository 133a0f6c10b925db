/** Metered, LangChain's models do what they did, and each generation counts once. */
import { AIMessageChunk, HumanMessage } from "@langchain/core/messages";
import { InMemoryCache } from "@langchain/core/caches";
import { SimpleChatModel } from "@langchain/core/language_models/chat_models";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { RunnableLambda } from "@langchain/core/runnables";
import { FakeListChatModel, FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { ChatOpenAI } from "@langchain/openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { instrumentChatModel, isChatModel } from "../../src/instrument/langchain.ts";
import { currentCall } from "../../src/monitoring/current-call.ts";
import { withRoute } from "../../src/monitoring/current-route.ts";
import { initPrometheus } from "../../src/monitoring/index.ts";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { openAIStream, ReplayServer, status } from "../providers/replay-server.ts";
import {
	CENTS,
	chatOpenAI,
	collect,
	completion,
	expectQuiet,
	pair,
	refusal,
	RESPONSE,
	RESPONSE_STREAM,
	STREAM,
	TOOL_CALL,
	USAGE,
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

const HELLO = completion({ content: "Hello" });

/** That so many generations of a route succeeded, each with one request and {@link USAGE}. */
function expectCounted(route: string, count: number): void {
	expect(recorder.counter("llm_requests_total", { route })).toBe(count);
	expect(recorder.counter("llm_requests_total", { route, model: "gpt-4o-mini", outcome: "success" })).toBe(
		count,
	);
	expect(recorder.counter("llm_attempts_total")).toBe(count);
	expect(recorder.counter("llm_attempts_total", { provider: "openai", result: "success" })).toBe(count);
	expect(recorder.counter("llm_retries_total")).toBe(0);
	expect(recorder.counter("llm_tokens_input_total", { route })).toBe(100 * count);
	expect(recorder.counter("llm_tokens_output_total", { route })).toBe(20 * count);
	expect(recorder.counter("llm_tokens_cache_read_total", { route })).toBe(40 * count);
	expect(recorder.counter("llm_tokens_reasoning_total", { route })).toBe(5 * count);
	expect(recorder.counter("llm_usage_missing_total")).toBe(0);
	expect(recorder.counter("llm_errors_total")).toBe(0);
	expect(recorder.histogram("llm_latency_ms", { route }).count).toBe(count);
	expect(Number(recorder.cost({ route }))).toBeCloseTo(Number(CENTS) * count, 12);
	for (const call of recorder.calls) {
		expect(call).toMatchObject({ attempts: 1, answeredModel: "gpt-4o-mini-2024-07-18", operation: "chat" });
	}
}

describe("what the caller gets is what it gets without us, and each generation counts once", () => {
	test("invoke", async () => {
		const { bare, model, route } = await pair([HELLO]);
		const answer = await model.invoke("hi");
		expect(answer).toStrictEqual(await bare.invoke("hi"));
		expect(answer.text).toBe("Hello");
		expectCounted(route, 1);
		expect(recorder.cost({ route })).toBe(CENTS);
		expect(recorder.gauge("llm_ratelimit_remaining", { provider: "openai", resource: "requests" })).toBe(99);
		expect(recorder.gauge("llm_ratelimit_remaining", { provider: "openai", resource: "tokens" })).toBe(9000);
		expect(recorder.histogram("llm_time_to_first_token_ms").count).toBe(0);
	});

	test("stream", async () => {
		const { bare, model, route, server } = await pair([STREAM]);
		const chunks = await collect(await model.stream("hi"));
		expect(chunks).toStrictEqual(await collect(await bare.stream("hi")));
		expect(chunks.map(({ text }) => text).join("")).toBe("Hello world");
		expectCounted(route, 1);
		expect(recorder.histogram("llm_time_to_first_token_ms", { route }).count).toBe(1);
		expect(server.requests[0]?.body).toMatchObject({ stream_options: { include_usage: true } });
	});

	test("stream without asking for the usage: it is asked for, and its chunk is not the caller's", async () => {
		const bareServer = await ReplayServer.start(openAIStream(WORDS));
		const { model, route, server } = await pair([STREAM], { streamUsage: false });
		const chunks = await collect(await model.stream("hi"));
		const bare = chatOpenAI(bareServer, { streamUsage: false });
		expect(chunks).toStrictEqual(await collect(await bare.stream("hi")));
		expectCounted(route, 1);
		expect(server.requests).toHaveLength(1);
	});

	test("the Responses API, complete and as a stream", async () => {
		const { bare, model, route } = await pair([status(200, RESPONSE), RESPONSE_STREAM], {
			useResponsesApi: true,
		});
		expect(await model.invoke("hi")).toStrictEqual(await bare.invoke("hi"));
		expect(await collect(await model.stream("hi"))).toStrictEqual(await collect(await bare.stream("hi")));
		expectCounted(route, 2);
	});

	test("invoke of a model that streams inside: the stream is part of the generation", async () => {
		const { bare, model, route } = await pair([RESPONSE_STREAM], { useResponsesApi: true, streaming: true });
		const answer = await model.invoke("hi");
		expect(answer).toStrictEqual(await bare.invoke("hi"));
		expect(answer.text).toBe("Hello");
		expectCounted(route, 1);
		expect(recorder.histogram("llm_time_to_first_token_ms").count).toBe(0);
	});

	test("what the provider says of the usage counts, and not the less that LangChain keeps of it", async () => {
		const usage = { ...USAGE, prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 10 } };
		const { model } = await pair([completion({ content: "Hello" }, usage)]);
		const answer = await model.invoke("hi");
		expect(answer).toHaveProperty("usage_metadata.input_tokens", 100);
		expect(answer).not.toHaveProperty("usage_metadata.input_token_details.cache_creation");
		expect(recorder.calls).toMatchObject([
			{ usage: { inputUncached: 50, cacheRead: 40, cacheWrite5m: 10, output: 20 }, usageMissing: undefined },
		]);
	});

	test("a batch of 5, and 10 at once", async () => {
		const { bare, model, route } = await pair(Array.from({ length: 15 }, () => HELLO));
		const prompts = ["a", "b", "c", "d", "e"];
		expect(await model.batch(prompts)).toStrictEqual(await bare.batch(prompts));
		const ten = await Promise.all(Array.from({ length: 10 }, () => model.invoke("hi")));
		expect(new Set(ten.map(({ text }) => text))).toStrictEqual(new Set(["Hello"]));
		expectCounted(route, 15);
	});

	test("what waits in LangChain's queue runs in its own call", async () => {
		const { model, route } = await pair(
			Array.from({ length: 5 }, () => HELLO),
			{ maxConcurrency: 1 },
		);
		await Promise.all(["a", "b", "c", "d", "e"].map((prompt) => model.invoke(prompt)));
		expectCounted(route, 5);
	});

	test("generate, with a generation for each prompt", async () => {
		const { bare, model, route } = await pair([HELLO, HELLO]);
		const prompts = [[new HumanMessage("a")], [new HumanMessage("b")]];
		expect((await model.generate(prompts)).generations).toStrictEqual(
			(await bare.generate(prompts)).generations,
		);
		expectCounted(route, 2);
	});

	test("several answers to one prompt have one usage", async () => {
		const { model, route } = await pair([HELLO], { n: 2 });
		await model.invoke("hi");
		expectCounted(route, 1);
	});

	test("streamEvents in its second version, and in the newest", async () => {
		const { bare, model, route } = await pair([STREAM, STREAM]);
		const names = async (from: ChatOpenAI) => {
			const events = await collect(from.streamEvents("hi", { version: "v2" }));
			return events.map(({ data, event }) => [event, data.chunk?.text ?? data.output?.text]);
		};
		expect(await names(model)).toStrictEqual(await names(bare));
		const events = await collect(model.streamEvents("hi"));
		expect(events).toStrictEqual(await collect(bare.streamEvents("hi")));
		expect(events.length).toBeGreaterThan(3);
		expectCounted(route, 2);
		expect(recorder.histogram("llm_time_to_first_token_ms", { route }).count).toBe(2);
	});

	test("bindTools and withConfig, which make a new ChatOpenAI", async () => {
		const { bare, model, route, server } = await pair([completion(TOOL_CALL), STREAM]);
		const weather = {
			type: "function",
			function: { name: "weather", parameters: { type: "object", properties: {} } },
		} as const;
		const bound = model.bindTools([weather]);
		expect(bound).toBeInstanceOf(ChatOpenAI);
		const answer = await bound.invoke("hi");
		expect(answer).toStrictEqual(await bare.bindTools([weather]).invoke("hi"));
		expect(answer.tool_calls).toMatchObject([{ name: "weather", args: { city: "Oslo" } }]);
		expect(server.requests[0]?.body).toMatchObject({ tools: [weather] });
		const configured = model.withConfig({ stop: ["."] });
		expect(await collect(await configured.stream("hi"))).toStrictEqual(
			await collect(await bare.withConfig({ stop: ["."] }).stream("hi")),
		);
		expect(server.requests[1]?.body).toMatchObject({ stop: ["."] });
		expectCounted(route, 2);
	});

	test("withStructuredOutput, by JSON schema and by a function", async () => {
		const schema = { title: "weather", type: "object", properties: { city: { type: "string" } } };
		const { bare, model, route } = await pair([
			completion({ content: '{"city":"Oslo"}' }),
			completion(TOOL_CALL),
		]);
		for (const method of ["jsonSchema", "functionCalling"] as const) {
			const answer = await model.withStructuredOutput(schema, { method }).invoke("hi");
			expect(answer).toStrictEqual(await bare.withStructuredOutput(schema, { method }).invoke("hi"));
			expect(answer).toStrictEqual({ city: "Oslo" });
		}
		expectCounted(route, 2);
	});

	test("pipe, and a stream through it", async () => {
		const { model, route } = await pair([HELLO, STREAM]);
		const chain = model.pipe(new StringOutputParser());
		expect(await chain.invoke("hi")).toBe("Hello");
		expect((await collect(await chain.stream("hi"))).join("")).toBe("Hello world");
		expectCounted(route, 2);
	});

	test("withRetry and withFallbacks: each try is a generation", async () => {
		const down = refusal(500, { message: "down" });
		const { model, route } = await pair([down, HELLO, down, HELLO]);
		const retried = model.withRetry({ stopAfterAttempt: 2 });
		expect((await retried.invoke("hi")).text).toBe("Hello");
		const { model: other } = await pair([HELLO]);
		const fallen = model.withFallbacks([other]);
		expect((await fallen.invoke("hi")).text).toBe("Hello");
		expect(recorder.counter("llm_requests_total", { route, outcome: "success" })).toBe(1);
		expect(recorder.counter("llm_requests_total", { route, outcome: "error" })).toBe(2);
		expect(recorder.counter("llm_errors_total", { route, error_type: "api_error" })).toBe(2);
		expect(recorder.counter("llm_requests_total")).toBe(4);
		expect(recorder.counter("llm_retries_total")).toBe(0);
		expect(recorder.counter("llm_attempts_total", { result: "error" })).toBe(2);
	});

	test("an answer of LangChain's own cache is no generation", async () => {
		const { model, route } = await pair([HELLO], { cache: new InMemoryCache() });
		await model.invoke("hi");
		expect((await model.invoke("hi")).text).toBe("Hello");
		expectCounted(route, 1);
	});

	test("with an instrumented fetch below, and with two instruments", async () => {
		const { model, route } = await pair([HELLO, STREAM, HELLO], { configuration: { fetch: meteredFetch() } });
		await model.invoke("hi");
		await collect(await model.stream("hi"));
		expectCounted(route, 2);
		const outer = instrumentChatModel(model, { route: "outer" });
		await outer.invoke("hi");
		expect(recorder.counter("llm_requests_total", { route: "outer" })).toBe(1);
		expect(recorder.counter("llm_requests_total")).toBe(3);
		expect(recorder.counter("llm_attempts_total")).toBe(3);
	});
});

describe("the model itself", () => {
	test("stays as it was, unmetered; the view is of its class and says what it says", async () => {
		const server = await ReplayServer.start(HELLO, HELLO);
		const bare = chatOpenAI(server);
		const before = Object.entries(bare);
		const model = instrumentChatModel(bare, { route: "chat" });
		await model.invoke("hi");
		expect(Object.entries(bare)).toStrictEqual(before);
		// What LangChain makes at the first call, it has made in the view.
		expect(bare).not.toHaveProperty("completions.client", expect.anything());
		expect(recorder.counter("llm_requests_total")).toBe(1);
		await bare.invoke("hi");
		expect(recorder.counter("llm_requests_total")).toBe(1);
		expect(recorder.counter("llm_attempts_total")).toBe(1);
		expect(model).toBeInstanceOf(ChatOpenAI);
		expect(JSON.stringify(model)).toBe(JSON.stringify(bare));
		expect(model.lc_kwargs).toBe(bare.lc_kwargs);
		expect(model.getName()).toBe("ChatOpenAI");
		expect(Reflect.get(model, "invoke")).toBe(Reflect.get(bare, "invoke"));
		expect(Reflect.get(model, "withConfig")).toBe(Reflect.get(model, "withConfig"));
	});

	test("one that was used before", async () => {
		const server = await ReplayServer.start(HELLO, HELLO);
		const bare = chatOpenAI(server);
		await bare.invoke("hi");
		await instrumentChatModel(bare, { route: "chat" }).invoke("hi");
		expectCounted("chat", 1);
	});

	test("is known by its shape", () => {
		const fake = new FakeListChatModel({ responses: ["hi"] });
		expect(isChatModel(fake)).toBe(true);
		expect(isChatModel(instrumentChatModel(fake, { route: "chat" }))).toBe(true);
		for (const other of [undefined, null, "model", {}, () => 1, RunnableLambda.from(() => 1)]) {
			expect(isChatModel(other)).toBe(false);
		}
		expect(() => instrumentChatModel({}, { route: "chat" })).toThrow(/must be a LangChain chat model/);
		expect(() => instrumentChatModel(fake, { route: "" })).toThrow(/route is the "route" label/);
	});

	test("that cannot stream is still asked as one that cannot", async () => {
		class Plain extends SimpleChatModel {
			override _llmType(): string {
				return "plain";
			}

			override async _call(): Promise<string> {
				return "ab";
			}
		}
		for (const bare of [
			new FakeListChatModel({ responses: ["ab"] }),
			new Plain({}),
			new FakeStreamingChatModel({ chunks: [new AIMessageChunk("ab")] }),
		]) {
			recorder.reset();
			const model = instrumentChatModel(bare, { route: "chat", provider: "fake" });
			const chunks = await collect(await model.stream("hi"));
			expect(chunks.map(({ text }) => text).join("")).toBe("ab");
			expect(recorder.counter("llm_requests_total", { route: "chat", outcome: "success" })).toBe(1);
			expect(recorder.counter("llm_requests_total")).toBe(1);
			expect(recorder.counter("llm_usage_missing_total", { reason: "not_reported" })).toBe(1);
		}
	});
});

describe("routes: the nearest wins", () => {
	test("a call's own, withRoute around it, the instrument's", async () => {
		const { model, route } = await pair([HELLO, HELLO, HELLO, STREAM, HELLO, HELLO]);
		const own = { metadata: { hyperagent_route: "own" } };
		await model.invoke("hi");
		await withRoute("around", () => model.invoke("hi"));
		await withRoute("around", () => model.invoke("hi", own));
		await collect(await model.stream("hi", own));
		await model.pipe(new StringOutputParser()).invoke("hi", own);
		await model.withConfig(own).invoke("hi");
		expect(recorder.calls.map((call) => call.route)).toStrictEqual([
			route,
			"around",
			"own",
			"own",
			"own",
			"own",
		]);
	});
});

test("what the consumer does between two chunks is its own", async () => {
	const { model, route } = await pair([STREAM, HELLO]);
	let seen = 0;
	for await (const chunk of await model.stream("hi")) {
		expect(currentCall()).toBeUndefined();
		if (chunk.text === "Hello") await model.invoke("meanwhile");
		seen += 1;
	}
	expect(seen).toBeGreaterThan(3);
	expectCounted(route, 2);
});

test("nothing that anyone said is in what is exported", async () => {
	const handle = initPrometheus();
	const secret = "XYZZY-secret";
	const answer = completion({ content: secret, reasoning_content: secret }, USAGE);
	const refused = refusal(400, { message: `no ${secret}`, code: null });
	const { model } = await pair([answer, refused]);
	await model.invoke([new HumanMessage(secret)], { metadata: { note: secret }, tags: [secret] });
	await expect(model.invoke(secret)).rejects.toThrow(secret);
	expect(handle.render()).toContain("llm_requests_total");
	expect(handle.render()).not.toContain(secret);
});
