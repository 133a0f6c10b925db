/** What is true of every model of the AI SDK: tools, routes, one meter for one call, the types. */
import { readdirSync, readFileSync } from "node:fs";
import { createOpenAI } from "@ai-sdk/openai";
import type {
	EmbeddingModelV4,
	EmbeddingModelV4Middleware,
	LanguageModelV4,
	LanguageModelV4Middleware,
} from "@ai-sdk/provider";
import {
	embed,
	embedMany,
	type EmbeddingModelMiddleware,
	generateText,
	jsonSchema,
	type LanguageModelMiddleware,
	stepCountIs,
	streamText,
	tool,
	wrapEmbeddingModel,
	wrapLanguageModel,
} from "ai";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
	instrumentLanguageModel,
	isEmbeddingModel,
	isLanguageModel,
	meteringMiddleware,
} from "../../src/instrument/ai-sdk.ts";
import { attemptFetch } from "../../src/monitoring/attempt-fetch.ts";
import { Call } from "../../src/monitoring/call.ts";
import { runInCall } from "../../src/monitoring/current-call.ts";
import { withRoute } from "../../src/monitoring/current-route.ts";
import { openExchange } from "../../src/monitoring/exchange.ts";
import { getPrometheus, HyperAgentError } from "../../src/monitoring/index.ts";
import { type Answer, ReplayServer } from "../providers/replay-server.ts";
import {
	CHAT,
	expectCounts,
	json,
	SEARCHED,
	SEARCHED_STREAM,
	SECRET,
	streamed,
	TOOL_CALL,
	TOOL_CALL_STREAM,
	whole,
} from "./ai-sdk-answers.ts";
import { failure, metered, prompt, recorder, serve } from "./ai-sdk-setup.ts";

describe("tools", () => {
	/** A tool whose own work asks another model. */
	const tools = (other: LanguageModelV4) => ({
		look: tool({
			description: "looks",
			inputSchema: jsonSchema<{ at: string }>({ type: "object", properties: { at: { type: "string" } } }),
			execute: async () => (await generateText({ model: other, prompt })).text,
		}),
	});

	test.each(["generateText", "streamText"] as const)(
		"%s: each step is a call, and a tool's own model another",
		async (how) => {
			const isStream = how === "streamText";
			const { openai } = await serve(
				isStream ? TOOL_CALL_STREAM : TOOL_CALL,
				whole("chat"),
				isStream ? streamed("chat") : whole("chat"),
			);
			const asked = {
				model: metered(openai.chat("gpt-4o")),
				prompt,
				tools: tools(metered(openai.chat("gpt-4o"), "tool")),
				stopWhen: stepCountIs(3),
			};
			const result = isStream ? streamText(asked) : await generateText(asked);
			expect(await result.text).toBe(`one ${SECRET}`);
			expect((await result.steps).map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "stop"]);
			expect(recorder.counter("llm_requests_total", { route: "tool", outcome: "success" })).toBe(1);
			expect(recorder.counter("llm_tokens_input_total", { route: "tool" })).toBe(100);
			expect(recorder.counter("llm_requests_total", { route: "chat", outcome: "success" })).toBe(2);
			expect(recorder.counter("llm_tokens_input_total", { route: "chat" })).toBe(200);
			expect(recorder.histogram("llm_time_to_first_token_ms", { route: "chat" }).count).toBe(
				isStream ? 2 : 0,
			);
			expect(recorder.counter("llm_attempts_total")).toBe(3);
			expect(recorder.gauge("llm_active_requests")).toBe(0);
		},
	);
});

test("the provider's own searches are billed: one search, and a page opened for nothing", async () => {
	const { openai } = await serve(SEARCHED, SEARCHED_STREAM);
	const asked = {
		model: metered(openai("gpt-4o")),
		prompt,
		tools: { web_search: openai.tools.webSearch({}), renamed: openai.tools.codeInterpreter({}) },
	};
	expect((await generateText(asked)).text).toBe(`one ${SECRET}`);
	expect(await streamText(asked).text).toBe(`one ${SECRET}`);
	expect(recorder.calls.map(({ usage }) => usage?.webSearches)).toEqual([1, 1]);
	// A search at $10 a thousand, beside the tokens' 0.04 cents.
	expect(recorder.calls.map(({ costUsd }) => costUsd)).toEqual([0.0104, 0.0104]);
});

describe("embeddings", () => {
	const answer = (count: number): Answer =>
		json(200, {
			model: "text-embedding-3-small",
			data: Array.from({ length: count }, (_, index) => ({ embedding: [0.1, index] })),
			usage: { prompt_tokens: 500, total_tokens: 500 },
		});

	test("are metered by the same middleware", async () => {
		const { openai } = await serve(answer(1), answer(2), json(401, { error: { message: "no" } }));
		const model = wrapEmbeddingModel({
			model: openai.embedding("text-embedding-3-small"),
			middleware: meteringMiddleware({ route: "search" }),
		});
		expect((await embed({ model, value: prompt })).embedding).toEqual([0.1, 0]);
		expect((await embedMany({ model, values: [prompt, prompt] })).embeddings).toEqual([
			[0.1, 0],
			[0.1, 1],
		]);
		await failure(embed({ model, value: prompt }));
		const labels = { route: "search", model: "text-embedding-3-small" };
		expect(recorder.counter("llm_requests_total", { ...labels, outcome: "success" })).toBe(2);
		expect(recorder.counter("llm_errors_total", { ...labels, error_type: "auth_failed" })).toBe(1);
		expect(recorder.counter("llm_tokens_input_total", labels)).toBe(1000);
		expect(recorder.counter("llm_tokens_output_total", labels)).toBe(0);
		// 1,000 tokens at $0.02 a million: 20 millionths of a dollar.
		expect(recorder.cost(labels)).toBe("0.002");
		expect(recorder.counter("llm_attempts_total", { provider: "openai", result: "success" })).toBe(2);
		expect(recorder.calls.map(({ operation }) => operation)).toEqual([
			"embeddings",
			"embeddings",
			"embeddings",
		]);
		expect(recorder.gauge("llm_active_requests")).toBe(0);
	});
});

describe("routes: the nearest wins, and no provider sees one", () => {
	test("the call's own, then withRoute, then the instrument's", async () => {
		const { openai, server } = await serve(...Array.from({ length: 5 }, () => whole("chat")));
		const model = metered(openai.chat("gpt-4o"), "far");
		await generateText({ model, prompt });
		await withRoute("around", async () => {
			await generateText({ model, prompt });
			await generateText({ model, prompt, headers: { "X-HyperAgent-Route": "by-header", "x-other": "1" } });
			const providerOptions = { hyperagent: { route: "by-option" }, openai: { user: "me" } };
			await generateText({ model, prompt, providerOptions, headers: { "x-hyperagent-route": "by-header" } });
			expect(providerOptions).toEqual({ hyperagent: { route: "by-option" }, openai: { user: "me" } });
		});
		expect(recorder.calls.map(({ route }) => route)).toEqual(["far", "around", "by-header", "by-option"]);
		for (const { body, headers } of server.requests) {
			expect(headers).not.toHaveProperty("x-hyperagent-route");
			expect(JSON.stringify(body)).not.toContain("hyperagent");
		}
		expect(server.requests[2]?.headers["x-other"]).toBe("1");
		expect(server.requests[3]?.body).toMatchObject({ user: "me" });
	});

	test("a pair exists, at 0, before the first call", async () => {
		const { openai } = await serve();
		metered(openai.chat("gpt-4o"), "waiting");
		instrumentLanguageModel(openai.chat("gpt-4o-mini"), { route: "waiting" });
		const text = getPrometheus()?.render() ?? "";
		for (const model of ["gpt-4o", "gpt-4o-mini"]) {
			expect(text).toContain(`llm_requests_total{route="waiting",model="${model}",outcome="error"} 0`);
			expect(text).toContain(`llm_rate_limited_total{provider="openai",model="${model}"} 0`);
		}
	});
});

describe("one call, one meter", () => {
	test("two middlewares, and an instrumented fetch below, concurrently", async () => {
		const server = await ReplayServer.start(...Array.from({ length: 10 }, () => whole("chat")));
		const fetch = attemptFetch(globalThis.fetch, { provider: "openai", model: "gpt-4o" });
		const openai = createOpenAI({ apiKey: "sk-test", baseURL: `${server.url}/v1`, fetch });
		const model = wrapLanguageModel({
			model: openai.chat("gpt-4o"),
			middleware: [meteringMiddleware({ route: "chat" }), meteringMiddleware({ route: "inner" })],
		});
		await Promise.all(Array.from({ length: 10 }, () => generateText({ model, prompt })));
		expectCounts(recorder, "chat", { requests: { success: 10 }, attempts: { success: 10 }, answers: 10 });
		expect(recorder.counter("llm_requests_total", { route: "inner" })).toBe(0);
	});

	test.each([
		[
			"the same usage in more detail",
			{ inputUncached: 60, cacheRead: 40, output: 20, reasoning: 5, inputAudio: 7 },
			{},
		],
		["more than the adapter", { inputUncached: 60, cacheRead: 40, output: 310, reasoning: 290 }, {}],
		["another usage", { inputUncached: 1, output: 1 }, { not_reported: 1 }],
	])("a client below that has heard %s", async (_what, usage, missing) => {
		const below = createOpenAI({
			apiKey: "sk-test",
			fetch: async () => {
				const exchange = openExchange("openai", "gpt-4o");
				exchange.reportUsage({ usage });
				exchange.done();
				return Response.json(CHAT);
			},
		});
		await generateText({ model: metered(below.chat("gpt-4o")), prompt });
		expect(recorder.calls[0]?.usage).toEqual(usage);
		expect(recorder.counter("llm_usage_missing_total", { route: "chat" })).toBe(Object.keys(missing).length);
		expect(recorder.counter("llm_tokens_output_total", { route: "chat" })).toBe(usage.output);
	});

	test("a fetch that asks again by itself retries", async () => {
		const { server } = await serve(json(500, {}), whole("chat"));
		const once = attemptFetch(globalThis.fetch, { provider: "openai", model: "gpt-4o" });
		const fetch: typeof once = async (input, init) => {
			const first = await once(input, init);
			return first.ok ? first : once(input, init);
		};
		const openai = createOpenAI({ apiKey: "sk-test", baseURL: `${server.url}/v1`, fetch });
		await generateText({ model: metered(openai.chat("gpt-4o")), prompt });
		expect(recorder.calls).toMatchObject([{ outcome: "success", attempts: 2 }]);
		expect(recorder.counter("llm_retries_total", { provider: "openai" })).toBe(1);
	});

	test("where a call is already under way, that one counts", async () => {
		const { openai } = await serve(whole("chat"));
		const outer = new Call({ operation: "chat", route: "outer", provider: "openai", model: "gpt-4o" });
		await runInCall(outer, () => generateText({ model: metered(openai.chat("gpt-4o")), prompt }));
		expect(recorder.calls).toEqual([]);
		outer.succeed();
		expect(recorder.calls.map(({ route }) => route)).toEqual(["outer"]);
	});
});

describe("instrument(model)", () => {
	test("is the same model, metered", async () => {
		const { openai } = await serve(whole("chat"), streamed("chat"), whole("chat"));
		const own = openai.chat("gpt-4o");
		const model = instrumentLanguageModel(own, { route: "chat" });
		expectTypeOf(model).toEqualTypeOf(own);
		expect(model).toBeInstanceOf(own.constructor);
		expect(model.modelId).toBe("gpt-4o");
		expect(model.supportedUrls).toEqual(own.supportedUrls);
		expect((await generateText({ model, prompt })).text).toBe(`one ${SECRET}`);
		expect(await streamText({ model, prompt }).text).toBe(`one ${SECRET}`);
		await generateText({
			model: instrumentLanguageModel(
				Object.freeze({ ...wrapLanguageModel({ model: own, middleware: {} }) }),
				{ route: "chat" },
			),
			prompt,
		});
		expectCounts(recorder, "chat", {
			requests: { success: 3 },
			attempts: { success: 3 },
			answers: 3,
			firstTokens: 1,
		});
	});

	test("a model with private fields, and an embedding model", async () => {
		class Private {
			readonly specificationVersion = "v4";
			readonly provider = "mine";
			readonly modelId = "m";
			readonly maxEmbeddingsPerCall = 1;
			readonly supportsParallelCalls = true;
			#calls = 0;
			get calls(): number {
				return this.#calls;
			}
			helper(): number {
				return this.#calls * 2;
			}
			async doEmbed(): Promise<Awaited<ReturnType<EmbeddingModelV4["doEmbed"]>>> {
				this.#calls += 1;
				return { embeddings: [[1]], usage: { tokens: 3 }, warnings: [] };
			}
		}
		const own = new Private();
		expect([isEmbeddingModel(own), isLanguageModel(own)]).toEqual([true, false]);
		const model = instrumentLanguageModel(own, { route: "chat", provider: "label" });
		await embed({ model, value: "a" });
		expect([model.calls, model.helper(), own.calls]).toEqual([1, 2, 1]);
		expect(recorder.calls[0]).toMatchObject({
			provider: "label",
			model: "m",
			usage: { inputUncached: 3 },
			attempts: 0,
		});
		expect(recorder.counter("llm_unpriced_requests_total", { route: "chat", reason: "unknown_model" })).toBe(
			1,
		);
	});

	test("anything else is refused", () => {
		for (const value of [undefined, null, 1, "gpt-4o", {}, [], { specificationVersion: "v4" }, () => 1]) {
			expect([isLanguageModel(value), isEmbeddingModel(value)]).toEqual([false, false]);
		}
		expect(isLanguageModel(createOpenAI({ apiKey: "x" }).chat("gpt-4o"))).toBe(true);
		expect(() => instrumentLanguageModel({}, { route: "chat" })).toThrow(HyperAgentError);
		expect(() => meteringMiddleware({ route: "" })).toThrow(/route is the value of a label/);
		expect(() => meteringMiddleware({ route: "chat", provider: "" })).toThrow(
			/provider is the value of a label/,
		);
		// @ts-expect-error a route is needed
		expect(() => meteringMiddleware()).toThrow(HyperAgentError);
	});
});

test("it is what the SDK's types ask for, and asks for nothing of the SDK's", () => {
	expectTypeOf(meteringMiddleware).returns.toExtend<LanguageModelMiddleware>();
	expectTypeOf(meteringMiddleware).returns.toExtend<LanguageModelV4Middleware>();
	expectTypeOf(meteringMiddleware).returns.toExtend<EmbeddingModelMiddleware>();
	expectTypeOf(meteringMiddleware).returns.toExtend<EmbeddingModelV4Middleware>();
	const folder = new URL("../../src/instrument/", import.meta.url);
	const files = readdirSync(folder).filter((name) => name.startsWith("ai-sdk"));
	expect(files.length).toBeGreaterThan(5);
	for (const name of files) {
		const imports = [
			...readFileSync(new URL(name, folder), "utf8").matchAll(/(?:from|import\() ?"([^"]+)"/g),
		];
		// What stands in an example of a docstring is no import of ours.
		const own = imports
			.map(([, from]) => from)
			.filter((from) => !/^(ai|@ai-sdk\/openai|@hyperagent\/)/.test(from ?? ""));
		expect(own.filter((from) => !from?.startsWith("."))).toEqual([]);
	}
});
