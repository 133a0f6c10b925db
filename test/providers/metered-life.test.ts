/** What a hostile reader found in a call's life: each case was wrong once. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { initPrometheus } from "../../src/monitoring/index.ts";
import { AnthropicProvider } from "../../src/providers/anthropic-provider.ts";
import { CachedBackend } from "../../src/providers/cached-backend.ts";
import { InstrumentedBackend } from "../../src/providers/instrumented-backend.ts";
import type { LLMBackend, Message, ModelInfo, StreamEvent } from "../../src/providers/llm-backend.ts";
import { OpenAICompatibleProvider } from "../../src/providers/openai-compatible-provider.ts";
import { OpenAIProvider } from "../../src/providers/openai-provider.ts";
import { collect, failureOf } from "./collect.ts";
import { Counted } from "./counted.ts";
import {
	type Answer,
	anthropicStream,
	hang,
	openAIStream,
	ReplayServer,
	status,
	stopShort,
} from "./replay-server.ts";
import { ANSWER, ScriptedBackend } from "./scripted-backend.ts";

const counted = new Counted(initPrometheus({ onError: () => undefined }));
const ASK: readonly Message[] = [{ role: "user", content: "hi" }];
let routes = 0;

/** A metered provider that is answered that way, and the route that it counts under. */
async function metered(kind: "openai" | "anthropic", ...answers: readonly Answer[]) {
	const server = await ReplayServer.start(...answers);
	const route = `life-${++routes}`;
	const provider =
		kind === "openai"
			? new OpenAIProvider("sk-test-key", "gpt-4o", { baseURL: `${server.url}/v1`, maxRetries: 0 })
			: new AnthropicProvider("sk-test-key", "claude-sonnet-4-5", { baseURL: server.url, maxRetries: 0 });
	return { llm: new InstrumentedBackend(provider, kind, route), route, server };
}

function custom(backend: ScriptedBackend) {
	const route = `life-${++routes}`;
	return { llm: new InstrumentedBackend(backend, "openai", route), route };
}

const START = JSON.stringify({
	type: "message_start",
	message: { model: "claude-sonnet-4-5", usage: { input_tokens: 1000, output_tokens: 1 } },
});
const delta = (fields: object): string =>
	JSON.stringify({ type: "content_block_delta", index: 0, delta: fields });
const word = (content: string): string =>
	JSON.stringify({ model: "gpt-4o", choices: [{ index: 0, delta: { content } }] });
const last = (usage: object): readonly string[] => [
	JSON.stringify({ model: "gpt-4o", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
	JSON.stringify({ model: "gpt-4o", choices: [], usage }),
];

describe("a usage that is not the whole is said to be none", () => {
	test("Anthropic's stream that is cut: its start counts one token of output", async () => {
		const words = Array.from({ length: 50 }, () => delta({ type: "text_delta", text: "a" }));
		const { llm, route } = await metered("anthropic", anthropicStream([START, ...words], stopShort));
		await collect(llm.inferStream(ASK, [], 1));
		expect(counted.last(route)).toMatchObject({ outcome: "success", usageMissing: "not_reported" });
		expect(counted.sum("llm_tokens_input_total", { route })).toBe(1000);
	});

	test("one that dies while it thinks", async () => {
		const overloaded = JSON.stringify({ type: "error", error: { type: "overloaded_error", message: "no" } });
		const thought = delta({ type: "thinking_delta", thinking: "hm" });
		const { llm, route } = await metered("anthropic", anthropicStream([START, thought, overloaded]));
		await failureOf(llm.inferStream(ASK, [], 1));
		expect(counted.last(route)).toMatchObject({
			errorType: "model_unavailable",
			usageMissing: "not_reported",
		});
	});

	test("continuous statistics of a stream that is cut", async () => {
		const chunk = JSON.stringify({
			...JSON.parse(word("a")),
			usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
		});
		const { llm, route } = await metered("openai", openAIStream([chunk], stopShort));
		await collect(llm.inferStream(ASK, [], 1));
		expect(counted.last(route)).toMatchObject({ outcome: "success", usageMissing: "not_reported" });
	});

	test("a body under HTTP 200 that is not JSON was most likely billed", async () => {
		const { llm, route } = await metered("openai", status(200, '{"id":"cut'));
		await failureOf(llm.infer(ASK, [], 1));
		expect(counted.last(route)).toMatchObject({
			errorType: "invalid_response",
			usageMissing: "not_reported",
		});
	});

	test.each([
		["strings", { inputUncached: "100", output: "5" }, "parse_error"],
		["truth", { inputUncached: true }, "parse_error"],
		["other names", { promptTokens: 100 }, "parse_error"],
		["a part that is no number", { output: 3, serverTools: { web_fetch: "1" } }, "parse_error"],
		["nothing", {}, "not_reported"],
	])("of a backend that reports %s", async (_what, usage, reason) => {
		const backend = new ScriptedBackend();
		// What a program without types may answer.
		backend.answer = async () => ({ ...ANSWER, usage: usage as never });
		const { llm, route } = custom(backend);
		await llm.infer([], [], 0);
		expect(counted.last(route)?.usageMissing).toBe(reason);
		expect(counted.sum("llm_tokens_total", { route })).toBe(0);
	});

	test("reasoning is never more than the output that it is a part of", async () => {
		const backend = new ScriptedBackend();
		backend.answer = async () => ({ ...ANSWER, usage: { output: 5, reasoning: 100 } });
		const { llm, route } = custom(backend);
		await llm.infer([], [], 0);
		expect(counted.sum("llm_tokens_reasoning_total", { route })).toBe(5);
	});
});

describe("a stream that nobody reads any more ends with its signal", () => {
	test.each([
		["before the first event", 0],
		["after it", 1],
	])("%s", async (_when, reads) => {
		const { llm, route } = await metered("openai", openAIStream([word("a"), word("b")], hang));
		const controller = new AbortController();
		const events = llm.inferStream(ASK, [], 1, { signal: controller.signal })[Symbol.asyncIterator]();
		for (let i = 0; i < reads; i += 1) await events.next();
		controller.abort();
		expect(counted.sum("llm_active_requests", { route })).toBe(0);
		expect(counted.last(route)?.outcome).toBe("aborted");
		// Reading on changes nothing.
		await sleep(20);
		await events.next().catch(() => undefined);
		expect(counted.sum("llm_requests_total", { route })).toBe(1);
	});

	test("a signal's timeout is a timeout", async () => {
		const { llm, route } = await metered("openai", openAIStream([word("a")], hang));
		const events = llm.inferStream(ASK, [], 1, { signal: AbortSignal.timeout(40) })[Symbol.asyncIterator]();
		await events.next();
		await expect.poll(() => counted.last(route)).toMatchObject({ outcome: "error", errorType: "timeout" });
	});

	test("a signal that is none is no hindrance", async () => {
		const backend = new ScriptedBackend();
		backend.stream = async function* (): AsyncGenerator<StreamEvent, undefined> {
			yield { type: "done", finishReason: "stop", usage: { output: 1 } };
		};
		const { llm, route } = custom(backend);
		await collect(llm.inferStream([], [], 0, { signal: { aborted: false } as never }));
		expect(counted.last(route)?.outcome).toBe("success");
	});

	test("an iterator that is thrown away may return what it likes", async () => {
		setFlagsFromString("--expose-gc");
		const gc: () => void = runInNewContext("gc");
		const unhandled: unknown[] = [];
		process.on("uncaughtException", (error) => unhandled.push(error));
		for (const answer of ["returns", "throws"]) {
			const backend = new ScriptedBackend();
			const iterator = {
				next: () => new Promise<never>(() => {}),
				return: () => {
					if (answer === "throws") throw new Error("no");
					return { done: true, value: undefined };
				},
			};
			// An iterator as a program without types may write it.
			backend.stream = () => ({ [Symbol.asyncIterator]: () => iterator as never });
			const { llm, route } = custom(backend);
			llm.inferStream([], [], 0);
			await expect
				.poll(() => {
					gc();
					return counted.last(route)?.outcome;
				})
				.toBe("abandoned");
		}
		await sleep(20);
		process.removeAllListeners("uncaughtException");
		expect(unhandled).toEqual([]);
	});
});

describe("the times of a stream are the provider's where we can know them", () => {
	test("the first token is here when it comes, not when it is read", async () => {
		const usage = { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 };
		const { llm, route } = await metered("openai", openAIStream([word("a"), word("b"), ...last(usage)]));
		const events = llm.inferStream(ASK, [], 1);
		await sleep(400);
		await collect(events);
		expect(counted.last(route)?.timeToFirstTokenMs).toBeLessThan(300);
	});

	test("reasoning that is streamed is the first token, hidden reasoning lies before it", async () => {
		const thought = JSON.stringify({ choices: [{ index: 0, delta: { reasoning_content: "hm" } }] });
		const usage = {
			prompt_tokens: 3,
			completion_tokens: 12,
			total_tokens: 15,
			completion_tokens_details: { reasoning_tokens: 10 },
		};
		const shown = await metered("openai", openAIStream([thought, word("a"), word("b"), ...last(usage)]));
		const hidden = await metered("openai", openAIStream([word("a"), word("b"), ...last(usage)]));
		for (const { llm } of [shown, hidden]) await collect(llm.inferStream(ASK, [], 1));
		for (const [{ route }, after] of [
			[shown, 11],
			[hidden, 1],
		] as const) {
			const { latencyMs = 0, timePerOutputTokenMs, timeToFirstTokenMs = 0 } = counted.last(route) ?? {};
			expect(timePerOutputTokenMs).toBeCloseTo((latencyMs - timeToFirstTokenMs) / after, 9);
		}
	});
});

describe("what a backend says of itself", () => {
	const saying = (...infos: readonly (ModelInfo | Error)[]): LLMBackend => {
		const backend = new ScriptedBackend();
		let asked = 0;
		backend.modelInfo = () => {
			const info = infos[Math.min(asked++, infos.length - 1)];
			if (info === undefined || info instanceof Error) throw info ?? new Error("nothing");
			return info;
		};
		return backend;
	};

	test.each([{ provider: "openai" }, { provider: "openai", model: "" }, undefined])(
		"%o is refused when it is wrapped",
		(info) => {
			// What a program without types may answer.
			const backend = saying(info as never);
			const expected = info === undefined ? "nothing" : "modelInfo() must answer";
			expect(() => new InstrumentedBackend(backend, "openai", "chat")).toThrow(expected);
		},
	);

	test("no backend is refused, too", () => {
		// What a program without types may pass.
		expect(() => new InstrumentedBackend(undefined as never, "openai", "chat")).toThrow(
			"must be an LLMBackend",
		);
	});

	test("once it fails to say, its last answer counts, and the call goes on", async () => {
		const backend = saying({ model: "gpt-4o", provider: "openai" }, new Error("later"));
		const llm = new InstrumentedBackend(backend, "openai", "forgetful");
		expect(await llm.infer([], [], 0)).toBe(ANSWER);
		expect(counted.sum("llm_tokens_total", { route: "forgetful", model: "gpt-4o" })).toBe(120);
	});
});

describe("refusals", () => {
	test("a 400 without a word does not end asking for the usage; a second one does", async () => {
		const bad = status(400, "");
		const usage = { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 };
		const good = openAIStream([word("a"), ...last(usage)]);
		const server = await ReplayServer.start(bad, good, good, bad, good, bad, good, good);
		const llm = new OpenAICompatibleProvider(`${server.url}/v1`, "none", "m", { maxRetries: 0 });
		for (let i = 0; i < 5; i += 1) await collect(llm.inferStream(ASK, [], 1));
		const asked = server.requests.map(({ body }) => JSON.stringify(body).includes("include_usage"));
		expect(asked).toEqual([true, false, true, true, false, true, false, false]);
	});

	test("a 503 that is a rate limit is one for each attempt", async () => {
		const slow = status(
			503,
			{ error: { message: "Slow down", code: "slow_down" } },
			{ "retry-after-ms": "1" },
		);
		const server = await ReplayServer.start(slow, slow, slow);
		const provider = new OpenAIProvider("sk-test-key", "gpt-slow", {
			baseURL: `${server.url}/v1`,
			maxRetries: 2,
		});
		await failureOf(new InstrumentedBackend(provider, "openai", "slow").infer(ASK, [], 1));
		const labels = { provider: "openai", model: "gpt-slow" };
		expect(counted.sum("llm_rate_limited_total", labels)).toBe(3);
		expect(counted.sum("llm_attempts_total", { ...labels, result: "rate_limited" })).toBe(3);
		expect(counted.sum("llm_retries_total", labels)).toBe(2);
	});

	test("an abort that the caller did not ask for is an error", async () => {
		const backend = new ScriptedBackend();
		backend.answer = () => Promise.reject(new DOMException("a deadline of its own", "AbortError"));
		const { llm, route } = custom(backend);
		await failureOf(llm.infer([], [], 0));
		expect(counted.last(route)).toMatchObject({ outcome: "error", errorType: "timeout" });
	});

	test("an abort whose reason looks like an answer is an abort", async () => {
		const { llm, route } = await metered("openai", hang);
		const caller = new AbortController();
		const asked = failureOf(llm.infer(ASK, [], 0, { signal: caller.signal }));
		await sleep(30);
		caller.abort(Object.assign(new Error("client closed request"), { status: 499 }));
		await asked;
		expect(counted.last(route)?.outcome).toBe("aborted");
	});

	test("a signal's timeout while the answer is under way: what it cost is not known", async () => {
		const thought = delta({ type: "thinking_delta", thinking: "hm" });
		const { llm, route } = await metered("anthropic", anthropicStream([START, thought], hang));
		await failureOf(llm.inferStream(ASK, [], 1, { signal: AbortSignal.timeout(80) }));
		expect(counted.last(route)).toMatchObject({ errorType: "timeout", usageMissing: "not_reported" });
	});

	test("what is left of a rate limit is said of the provider that said it", async () => {
		const left = (count: string): Answer =>
			status(
				200,
				{
					model: "m",
					choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
					usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
				},
				{ "x-ratelimit-remaining-requests": count },
			);
		const server = await ReplayServer.start(left("500"), left("7"));
		const own = new OpenAIProvider("sk-test-key", "gpt-left", { baseURL: `${server.url}/v1` });
		const other = new OpenAICompatibleProvider(`${server.url}/v1`, "none", "llama", { provider: "groq" });
		const both = new ScriptedBackend({ model: "gpt-left", provider: "openai" });
		both.answer = async () => {
			await own.infer(ASK, [], 0);
			return other.infer(ASK, [], 0);
		};
		await new InstrumentedBackend(both, "openai", "left").infer(ASK, [], 0);
		const name = "llm_ratelimit_remaining";
		expect(counted.sum(name, { provider: "openai", model: "gpt-left" })).toBe(500);
		expect(counted.sum(name, { provider: "groq", model: "llama" })).toBe(7);
	});

	test("a call that was aborted before it began has sent nothing, so nothing is missing", async () => {
		const { llm, route, server } = await metered("openai");
		await failureOf(llm.infer(ASK, [], 0, { signal: AbortSignal.abort() }));
		expect(server.requests).toHaveLength(0);
		expect(counted.last(route)).toMatchObject({ outcome: "aborted", usageMissing: undefined });
	});
});

describe("the response cache", () => {
	test("its counters exist, at 0, from the start", () => {
		const before = new CachedBackend(new ScriptedBackend(), "born");
		expect(before.modelInfo().model).toBe("gpt-4-turbo");
		for (const name of ["llm_cache_misses_total", "llm_cache_hits_total"]) {
			expect(counted.has(name, "born")).toBe(true);
			expect(counted.sum(name, { route: "born" })).toBe(0);
		}
	});

	test("what cannot be copied is passed on, and not kept", async () => {
		const backend = new ScriptedBackend();
		// A raw response with methods in it, as some backends add.
		backend.answer = async () => ({ ...ANSWER, raw: { json() {} } }) as never;
		const cached = new CachedBackend(backend, "uncopied");
		for (let i = 0; i < 2; i += 1) expect((await cached.infer([], [], 0)).content).toBe("hi");
		expect(backend.asked).toBe(2);
	});

	test.each([
		["patterns", (pattern: RegExp) => [{ name: "t", parameters: { pattern } }], [/a/, /b/]],
		[
			"maps",
			(map: Map<string, number>) => [{ name: "t", parameters: { map } }],
			[new Map(), new Map([["a", 1]])],
		],
		["integers", (n: bigint) => [{ name: "t", parameters: { n } }], [1n, 2n]],
	] as const)("%s in a tool are never taken for each other", async (_what, tools, [a, b]) => {
		const backend = new ScriptedBackend();
		const cached = new CachedBackend(backend, "lossy");
		// A union of functions wants what all of them take.
		await cached.infer([], tools(a as never), 0);
		await cached.infer([], tools(b as never), 0);
		expect(backend.asked).toBe(2);
	});

	test("an answer that is none is passed on, and again", async () => {
		const backend = new ScriptedBackend();
		// What a program without types may answer.
		backend.embedding = async () => null as never;
		const cached = new CachedBackend(backend, "null");
		expect([await cached.embed("a"), await cached.embed("a")]).toEqual([null, null]);
	});

	test("an aborted call is the backend's to refuse, when it is read", async () => {
		const backend = new ScriptedBackend();
		backend.stream = async function* (): AsyncGenerator<StreamEvent, undefined> {
			yield* [];
			throw new Error("the backend's own words");
		};
		const cached = new CachedBackend(backend, "aborted");
		const events = cached.inferStream([], [], 0, { signal: AbortSignal.abort() });
		expect(await failureOf(events)).toMatchObject({ message: "the backend's own words" });
	});
});

describe("errors show no secret and take no time", () => {
	test("a key from a file, with its newline; the values of headers", async () => {
		const answer = status(401, {
			error: { message: "Incorrect key sk-live-SECRET and token HEADER-SECRET" },
		});
		const server = await ReplayServer.start(answer);
		const provider = new OpenAIProvider("sk-live-SECRET\n", "gpt-4o", {
			baseURL: `${server.url}/v1`,
			headers: { "x-token": "HEADER-SECRET" },
		});
		const error = await failureOf(provider.infer(ASK, [], 0));
		expect(String(error)).toContain("Incorrect key [redacted] and token [redacted]");
	});

	test("an answer that is not JSON is not quoted", async () => {
		const { llm } = await metered("openai", status(200, "ANSWER-SECRET of the model"));
		const error = await failureOf(llm.infer(ASK, [], 0));
		expect(String(error)).not.toContain("ANSWER");
	});

	test("the secret behind a scheme", async () => {
		const server = await ReplayServer.start(status(401, { error: { message: "Incorrect: SECRET-abc123" } }));
		const provider = new OpenAIProvider("sk-test-key", "gpt-4o", {
			baseURL: `${server.url}/v1`,
			headers: { authorization: "Bearer SECRET-abc123" },
		});
		expect(String(await failureOf(provider.infer(ASK, [], 0)))).toContain("Incorrect: [redacted]");
	});

	test("a message of a megabyte is cut, at once", async () => {
		const message = `data:image/png;base64,${"A".repeat(1_000_000)}`;
		const { llm } = await metered("openai", status(400, { error: { message } }));
		const start = performance.now();
		const error = await failureOf(llm.infer(ASK, [], 0));
		expect(performance.now() - start).toBeLessThan(2000);
		expect(String(error).length).toBeLessThan(2100);
	});

	test("what the environment says to OpenAI is not sent elsewhere", async () => {
		process.env["OPENAI_CUSTOM_HEADERS"] = "x-internal: ENV-SECRET";
		try {
			const server = await ReplayServer.start(hang);
			const provider = new OpenAICompatibleProvider(`${server.url}/v1`, "none", "m", { maxRetries: 0 });
			void provider.infer(ASK, [], 0).catch(() => undefined);
			await server.waitFor(1);
			expect(server.requests[0]?.headers).not.toHaveProperty("x-internal");
		} finally {
			delete process.env["OPENAI_CUSTOM_HEADERS"];
		}
	});
});
