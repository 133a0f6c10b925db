/** What both SDK providers do in the same way: errors, aborts, leaving a stream, and what the call under way hears. */
import { describe, expect, test, vi } from "vitest";
import { Call } from "../../src/monitoring/call.ts";
import { runInCall } from "../../src/monitoring/current-call.ts";
import { AnthropicProvider } from "../../src/providers/anthropic-provider.ts";
import type { LLMBackend, Message } from "../../src/providers/llm-backend.ts";
import { OpenAICompatibleProvider } from "../../src/providers/openai-compatible-provider.ts";
import { OpenAIProvider } from "../../src/providers/openai-provider.ts";
import type { ProviderOptions } from "../../src/providers/provider-options.ts";
import { requirePeer } from "../../src/providers/sdk-peer.ts";
import { collect, failureOf } from "./collect.ts";
import {
	type Answer,
	anthropicStream,
	finish,
	hang,
	openAIStream,
	ReplayServer,
	status,
} from "./replay-server.ts";

const KEY = "sk-test-0123456789abcdef";
const HI: readonly Message[] = [{ role: "user", content: "hi" }];

/** What a program without types may pass. */
function json(text: string): never {
	return JSON.parse(text) as never;
}

interface Kind {
	readonly name: string;
	readonly make: (url: string, options?: ProviderOptions) => LLMBackend;
	/** A stream that says its usage so far, then one word, and then does that. */
	readonly stream: (end: Answer) => Answer;
	readonly usage: object;
}

const KINDS: readonly Kind[] = [
	{
		name: "openai",
		make: (url, options) =>
			new OpenAIProvider(KEY, "gpt-4o", { baseURL: `${url}/v1`, maxRetries: 0, ...options }),
		stream: (end) =>
			openAIStream(
				[
					// As vLLM does with continuous usage statistics.
					JSON.stringify({
						model: "gpt-4o-1",
						choices: [{ index: 0, delta: { content: "word" }, finish_reason: null }],
						usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
					}),
				],
				end,
			),
		usage: { inputUncached: 3, output: 1 },
	},
	{
		name: "anthropic",
		make: (url, options) =>
			new AnthropicProvider(KEY, "claude-1", { baseURL: url, maxRetries: 0, ...options }),
		stream: (end) =>
			anthropicStream(
				[
					JSON.stringify({
						type: "message_start",
						message: { model: "claude-1-1", content: [], usage: { input_tokens: 3, output_tokens: 1 } },
					}),
					JSON.stringify({
						type: "content_block_delta",
						index: 0,
						delta: { type: "text_delta", text: "word" },
					}),
				],
				end,
			),
		usage: { inputUncached: 3, output: 1 },
	},
];

async function setUp(
	kind: Kind,
	answer: Answer,
	options?: ProviderOptions,
): Promise<[LLMBackend, ReplayServer]> {
	const server = await ReplayServer.start(answer);
	return [kind.make(server.url, options), server];
}

function newCall(): Call {
	return new Call({ operation: "chat", route: "test", provider: "p", model: "m" });
}

describe.each(KINDS)("$name", (kind) => {
	test("a failure says what the provider said, and never the key", async () => {
		const body = { error: { message: `Incorrect API key provided: ${KEY} (sk-te*****cdef).` } };
		const [backend] = await setUp(kind, status(401, body));
		const failure = await failureOf(backend.infer(HI, [], 1));
		expect(failure).toMatchObject({ name: "LlmError", code: "LLM", errorType: "auth_failed", status: 401 });
		expect(failure).toMatchObject({ provider: kind.name, cause: { status: 401 } });
		const message = failure instanceof Error ? failure.message : "";
		expect(message.startsWith(`${kind.name} ${backend.modelInfo().model}: 401 `)).toBe(true);
		expect(message).toContain("Incorrect API key provided");
		expect(message).not.toContain(KEY);
		expect(message).not.toContain("cdef");
	});

	test("a rate limit says how long to wait", async () => {
		const limited = status(429, { error: { message: "slow down" } }, { "retry-after": "7" });
		const [backend] = await setUp(kind, limited);
		expect(await failureOf(backend.inferStream(HI, [], 1))).toMatchObject({
			errorType: "rate_limit",
			status: 429,
			retryAfterMs: 7000,
		});
	});

	test("the SDK's timeout is a timeout", async () => {
		const [backend] = await setUp(kind, hang, { timeout: 50 });
		expect(await failureOf(backend.infer(HI, [], 1))).toMatchObject({
			name: "LlmError",
			errorType: "timeout",
		});
	});

	test("nobody listening is a network error that names the address", async () => {
		const server = await ReplayServer.start();
		const backend = kind.make(server.url);
		await server.close();
		expect(await failureOf(backend.infer(HI, [], 1))).toMatchObject({
			errorType: "network",
			message: expect.stringContaining("ECONNREFUSED"),
		});
	});

	test("a request that is no JSON is a serialization error", async () => {
		const [backend, server] = await setUp(kind, hang);
		const tool = { name: "t", parameters: { type: "object", maximum: 1n } };
		expect(await failureOf(backend.infer(HI, [tool], 1))).toMatchObject({ errorType: "serialization" });
		expect(server.requests).toEqual([]);
	});

	test("an abort throws the caller's reason, before the answer and inside it", async () => {
		for (const answer of [hang, kind.stream(hang)]) {
			const [backend, server] = await setUp(kind, answer);
			const controller = new AbortController();
			// A reason that looks like an answer is the caller's all the same.
			const reason = Object.assign(new Error("changed my mind"), { status: 500 });
			const stream = backend.inferStream(HI, [], 1, { signal: controller.signal });
			const failure = failureOf(stream);
			await server.waitFor(1);
			setTimeout(() => controller.abort(reason), 20);
			expect(await failure).toBe(reason);
			await server.requests[0]?.cut;
		}
		const [backend, server] = await setUp(kind, hang);
		const controller = new AbortController();
		const failure = failureOf(backend.infer(HI, [], 1, { signal: controller.signal }));
		await server.waitFor(1);
		controller.abort("enough");
		expect(await failure).toBe("enough");
		await server.requests[0]?.cut;
	});

	test("after an abort there is no request", async () => {
		const [backend, server] = await setUp(kind, hang);
		const signal = AbortSignal.abort("too late");
		expect(await failureOf(backend.infer(HI, [], 1, { signal }))).toBe("too late");
		expect(await failureOf(backend.inferStream(HI, [], 1, { signal }))).toBe("too late");
		expect(server.requests).toEqual([]);
	});

	test("the timeout of the caller's signal is a timeout, before the answer and inside it", async () => {
		for (const answer of [hang, kind.stream(hang)]) {
			const [backend] = await setUp(kind, answer);
			const options = { signal: AbortSignal.timeout(100) };
			expect(await failureOf(backend.inferStream(HI, [], 1, options))).toMatchObject({
				name: "LlmError",
				errorType: "timeout",
			});
		}
		const [backend] = await setUp(kind, hang);
		const failure = await failureOf(backend.infer(HI, [], 1, { signal: AbortSignal.timeout(50) }));
		expect(failure).toMatchObject({
			name: "LlmError",
			errorType: "timeout",
			cause: { name: "TimeoutError" },
		});
	});

	test("break closes the connection", async () => {
		const [backend, server] = await setUp(kind, kind.stream(hang));
		for await (const event of backend.inferStream(HI, [], 1)) {
			expect(event).toEqual({ type: "text-delta", text: "word" });
			break;
		}
		await server.requests[0]?.cut;
	});

	test("a stream starts at the call, and leaving it before the first event closes the connection", async () => {
		const [backend, server] = await setUp(kind, hang);
		const iterator = backend.inferStream(HI, [], 1)[Symbol.asyncIterator]();
		await server.waitFor(1);
		expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
		await server.requests[0]?.cut;
		expect(await iterator.next()).toEqual({ done: true, value: undefined });
	});

	test("leaving a stream while somebody waits ends the wait", async () => {
		const [backend, server] = await setUp(kind, hang);
		const iterator = backend.inferStream(HI, [], 1)[Symbol.asyncIterator]();
		const waiting = iterator.next();
		await server.waitFor(1);
		await iterator.return?.();
		expect(await waiting).toEqual({ done: true, value: undefined });
	});

	test("a failure that nobody reads ends nothing", async () => {
		const [backend, server] = await setUp(kind, status(500, { error: { message: "boom" } }));
		const unhandled = vi.fn<(reason: unknown) => void>();
		process.on("unhandledRejection", unhandled);
		const stream = backend.inferStream(HI, [], 1);
		await server.waitFor(1);
		await new Promise((resolve) => setTimeout(resolve, 50));
		process.off("unhandledRejection", unhandled);
		expect(unhandled).not.toHaveBeenCalled();
		expect(await failureOf(stream)).toMatchObject({ errorType: "api_error", status: 500 });
	});

	test("a signal that outlives the calls keeps none of them", async () => {
		const { signal } = new AbortController();
		const added = vi.spyOn(signal, "addEventListener");
		const removed = vi.spyOn(signal, "removeEventListener");
		const [backend] = await setUp(kind, kind.stream(finish));
		await collect(backend.inferStream(HI, [], 1, { signal }));
		expect(removed.mock.calls.length).toBeGreaterThanOrEqual(added.mock.calls.length);
	});

	test("the call under way hears of attempts, model and usage as soon as they are said", async () => {
		const [backend] = await setUp(kind, kind.stream(hang));
		const call = newCall();
		const stream = runInCall(call, () => backend.inferStream(HI, [], 1));
		for await (const _event of stream) break;
		expect(call.attempts).toBe(1);
		call.leave();
		expect(call.usage).toEqual(kind.usage);
		expect(call.answeredModel).toBe(`${backend.modelInfo().model}-1`);
	});

	test("the SDK's retries are attempts of one call", async () => {
		const busy = status(503, { error: { message: "busy" } }, { "retry-after-ms": "1" });
		const server = await ReplayServer.start(busy, busy, busy);
		const backend = kind.make(server.url, { maxRetries: 2 });
		const call = newCall();
		expect(await failureOf(runInCall(call, () => backend.infer(HI, [], 1)))).toMatchObject({ status: 503 });
		expect(call.attempts).toBe(3);
		call.leave();
	});

	test("options reach the SDK", async () => {
		const server = await ReplayServer.start(hang);
		const asked: string[] = [];
		const fetch: typeof globalThis.fetch = async (input, init) => {
			asked.push(new Headers(init?.headers).get("x-mine") ?? "");
			return globalThis.fetch(input, init);
		};
		const backend = kind.make(server.url, { fetch, headers: { "x-mine": "yes" }, timeout: 30 });
		await failureOf(backend.infer(HI, [], 1));
		expect(asked).toEqual(["yes"]);
	});
});

describe("bad options are refused at once", () => {
	const cases: readonly [string, () => unknown, RegExp][] = [
		["no key", () => new OpenAIProvider("", "gpt-4o"), /new OpenAIProvider.*API key is empty/],
		["no key", () => new AnthropicProvider(" ", "claude"), /new AnthropicProvider.*API key is empty/],
		["no model", () => new OpenAIProvider(KEY, ""), /model is empty/],
		["no model", () => new AnthropicProvider(KEY, ""), /model is empty/],
		["no URL", () => new OpenAICompatibleProvider("localhost", KEY, "m"), /base URL must be/],
		["no http", () => new OpenAICompatibleProvider("ftp://a/b", KEY, "m"), /base URL must be/],
		["a bad timeout", () => new OpenAIProvider(KEY, "m", { timeout: 0 }), /timeout must be a number/],
		[
			"a timeout that is text",
			() => new OpenAIProvider(KEY, "m", json('{"timeout":"30"}')),
			/timeout must be/,
		],
		[
			"a typing error",
			() => new OpenAIProvider(KEY, "m", json('{"baseUrl":"http://a"}')),
			/no option `baseUrl`/,
		],
		["no base URL", () => new OpenAICompatibleProvider(json("null"), KEY, "m"), /base URL must be/],
		[
			"no base URL, but a provider",
			() => new OpenAICompatibleProvider(json("null"), KEY, "m", { provider: "groq" }),
			/base URL must be/,
		],
		[
			"a password in the URL",
			() => new OpenAIProvider(KEY, "m", { baseURL: "http://u:p@a" }),
			/must not hold a user name/,
		],
		["fetch", () => new AnthropicProvider(KEY, "m", json('{"fetch":5}')), /fetch must be/],
		["headers", () => new AnthropicProvider(KEY, "m", json('{"headers":"x"}')), /headers must be/],
		["options", () => new AnthropicProvider(KEY, "m", json("null")), /options must be/],
		["bad retries", () => new AnthropicProvider(KEY, "m", { maxRetries: -1 }), /maxRetries must be/],
		["bad tokens", () => new AnthropicProvider(KEY, "m", { maxTokens: 1.5 }), /maxTokens must be/],
	];
	test.each(cases)("%s", (_what, make, message) => {
		expect(make).toThrow(expect.objectContaining({ name: "HyperAgentError", code: "BAD_OPTION" }));
		expect(make).toThrow(message);
		expect(make).not.toThrow(KEY);
	});

	test("an SDK that is not installed", () => {
		const need = (): void => requirePeer("an-sdk-that-nobody-has", "SomeProvider");
		expect(need).toThrow(expect.objectContaining({ code: "MISSING_PEER" }));
		expect(need).toThrow(/npm install an-sdk-that-nobody-has/);
	});
});
