import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import {
	AnthropicProvider,
	CachedBackend,
	type ErrorType,
	InstrumentedBackend,
	type LLMBackend,
	type Message,
	OpenAIProvider,
	type StreamEvent,
} from "../../src/providers/index.ts";
import {
	answer,
	answerWhen,
	failInStream,
	hang,
	malformed,
	refuse,
	reset,
	ScriptedProvider,
} from "./scripted-provider.ts";

/*
 * Every call of the truth test. Beside each stands what it must come to: tokens in + out, and cents, by the guide's
 * price table. In cents per 1,000 tokens that is
 *   gpt-4-turbo                1      in,  3      out
 *   gpt-3.5-turbo              0.05   in,  0.15   out
 *   claude-3-haiku-20240307    0.025  in,  0.125  out; cache read 0.003, write 0.03 (Anthropic's price list)
 *   text-embedding-3-small     0.002  in              (OpenAI's price list)
 */

export const GPT4 = "gpt-4-turbo";
export const GPT35 = "gpt-3.5-turbo";
export const HAIKU = "claude-3-haiku-20240307";
export const EMBEDDING = "text-embedding-3-small";

/** How long an answer takes, in milliseconds: low in its bucket of `llm_latency_ms`, as a busy machine only adds. */
const QUICK = 120; // 100–250
const MEDIUM = 600; // 500–1000
const SLOW = 1400; // 1000–2500
/** The call that is kept in flight: 2500–5000. */
const HELD = 3000;

const RATE_LIMITED = { type: "rate_limit_error", code: "rate_limit_exceeded", message: "Slow down." };
const RETRY_AT_ONCE = { "retry-after-ms": "10" };

/** The three models side by side, each with a provider of its own, so that the answers keep their order. */
export async function runWorkload(): Promise<void> {
	await Promise.all([withProvider(runGpt4), withProvider(runGpt35), withProvider(runHaiku)]);
}

/** 12 calls: 9 quick, 2 medium, 1 slow; 6 succeed, 5 fail, 1 is left. */
async function runGpt4(provider: ScriptedProvider): Promise<void> {
	const chat = openAI(provider, GPT4, "chat");
	provider.next(answer({ input: 1000, output: 200 }, QUICK)); // 1000 + 200: 1.6
	await chat.infer(ask("plain"), [], 0.7);
	provider.next(answer({ input: 500, output: 100 }, MEDIUM)); // 500 + 100: 0.8
	await read(chat.inferStream(ask("stream"), [], 0.7));

	const cached = new CachedBackend(chat, "chat");
	provider.next(answer({ input: 300, output: 50 }, QUICK)); // 300 + 50: 0.45, a miss
	await cached.infer(ask("cached"), [], 0);
	await cached.infer(ask("cached"), [], 0); // a hit
	await cached.infer(ask("cached"), [], 0); // a hit

	provider.next(answer({ input: 900, output: 90 }, QUICK)); // OpenAI says the usage last: unknown
	await readFirst(chat.inferStream(ask("left early"), [], 0.7));

	provider.next(refuse(429, RATE_LIMITED, QUICK, RETRY_AT_ONCE)); // also a rate limit
	await expectFailure("rate_limit", chat.infer(ask("too much"), [], 0.7));
	provider.next(refuse(500, { type: "server_error", message: "The server had an error." }, QUICK));
	await expectFailure("api_error", chat.infer(ask("broken"), [], 0.7));
	provider.next(hang);
	const impatient = openAI(provider, GPT4, "chat", { timeout: QUICK });
	await expectFailure("timeout", impatient.infer(ask("too slow"), [], 0.7));
	const broke = { type: "insufficient_quota", code: "insufficient_quota", message: "Check your billing." };
	provider.next(refuse(429, broke, QUICK)); // no rate limit
	await expectFailure("quota", chat.infer(ask("no money"), [], 0.7));

	const summarize = openAI(provider, GPT4, "summarize");
	provider.next(answer({ input: 2000, output: 400 }, MEDIUM)); // 2000 + 400: 3.2
	await summarize.infer(ask("plain"), [], 0.7);
	provider.next(refuse(429, RATE_LIMITED, 0, RETRY_AT_ONCE)); // a rate limit, but no error
	provider.next(answer({ input: 100, output: 20 }, QUICK)); // 100 + 20: 0.16
	await openAI(provider, GPT4, "summarize", { maxRetries: 1 }).infer(ask("got over it"), [], 0.7);
	const tooLong = { type: "invalid_request_error", code: "context_length_exceeded", message: "Too long." };
	provider.next(refuse(400, tooLong, QUICK));
	await expectFailure("token_limit", summarize.infer(ask("too long"), [], 0.7));
	provider.next(answer({ input: 10, output: 1 }, SLOW)); // 10 + 1: 0.013
	await summarize.infer(ask("slow"), [], 0.7);
}

/** 11 calls: 1 at once, 7 quick, 2 medium, 1 slow; 6 succeed, 4 fail, 1 is left. */
async function runGpt35(provider: ScriptedProvider): Promise<void> {
	const chat = openAI(provider, GPT35, "chat");
	provider.next(answer({ input: 4000, output: 1000 }, QUICK)); // 4000 + 1000: 0.35
	await chat.infer(ask("plain"), [], 0.7);
	provider.next(answer({ input: 1200, output: 300 }, QUICK)); // 1200 + 300: 0.105
	await read(chat.inferStream(ask("stream"), [], 0.7));
	const tool = { name: "count", parameters: { type: "object", maximum: 1n } };
	await expectFailure("serialization", chat.infer(ask("no JSON"), [tool], 0.7)); // sends nothing
	const gone = { type: "invalid_request_error", code: "model_not_found", message: "No such model." };
	provider.next(refuse(404, gone, QUICK));
	await expectFailure("model_unavailable", chat.infer(ask("gone"), [], 0.7));
	provider.next(answer({ input: 20, output: 2 }, MEDIUM)); // 20 + 2: 0.0013
	await chat.infer(ask("medium"), [], 0.7);

	const summarize = openAI(provider, GPT35, "summarize");
	const within = new CachedBackend(openAIProvider(provider, GPT35), "summarize");
	const cached = new InstrumentedBackend(within, "openai", "summarize");
	provider.next(answer({ input: 600, output: 80 }, QUICK)); // 600 + 80: 0.042, a miss
	await read(cached.inferStream(ask("cached"), [], 0));
	await read(cached.inferStream(ask("cached"), [], 0)); // a hit

	provider.next(reset(QUICK));
	await expectFailure("network", summarize.infer(ask("cut off"), [], 0.7));
	provider.next(refuse(422, { type: "invalid_request_error", message: "Not like this." }, QUICK));
	await expectFailure("validation", summarize.infer(ask("bad"), [], 0.7));
	provider.next(answer({ input: 800, output: 100 }, MEDIUM)); // 800 + 100: 0.055
	await summarize.infer(ask("medium"), [], 0.7);
	provider.next(answer({ input: 1, output: 1 }, SLOW)); // 1 + 1: 0.0002
	await summarize.infer(ask("slow"), [], 0.7);

	provider.next(hang);
	const caller = new AbortController();
	const reason = new Error("The caller has had enough.");
	const aborted = summarize.infer(ask("aborted"), [], 0.7, { signal: caller.signal });
	void sleep(QUICK).then(() => caller.abort(reason));
	await expect(aborted).rejects.toBe(reason);
}

/** 10 calls: 8 quick, 2 medium; 6 succeed, 3 fail, 1 is left. */
async function runHaiku(provider: ScriptedProvider): Promise<void> {
	const chat = anthropic(provider, "chat");
	provider.next(answer({ input: 3000, output: 400 }, QUICK)); // 3000 + 400: 0.125
	await chat.infer(ask("plain"), [], 0.7);
	provider.next(answer({ input: 1600, output: 240 }, MEDIUM)); // 1600 + 240: 0.07
	await read(chat.inferStream(ask("stream"), [], 0.7));
	provider.next(refuse(401, { type: "authentication_error", message: "invalid x-api-key" }, QUICK));
	await expectFailure("auth_failed", chat.infer(ask("who?"), [], 0.7));
	provider.next(answer({ input: 800, output: 90 }, QUICK)); // its start says 800 + 1: 0.020125
	await readFirst(chat.inferStream(ask("left early"), [], 0.7));

	const cached = new CachedBackend(chat, "chat");
	provider.next(answer({ input: 400, output: 8 }, QUICK)); // 400 + 8: 0.011, a miss
	await cached.infer(ask("cached"), [], 0);
	await cached.infer(ask("cached"), [], 0); // a hit

	const summarize = anthropic(provider, "summarize");
	// 7000 + 100: 0.05 + 0.012 for reading 4000 from the cache + 0.03 for writing 1000 to it + 0.0125
	provider.next(answer({ input: 2000, cacheRead: 4000, cacheWrite: 1000, output: 100 }, QUICK));
	await summarize.infer(ask("prompt cache"), [], 0.7);
	provider.next(malformed(QUICK));
	await expectFailure("invalid_response", summarize.infer(ask("garbled"), [], 0.7));
	// Its start says 1000 + 1: 0.025125
	const overloaded = { type: "overloaded_error", message: "Overloaded" };
	provider.next(failInStream({ input: 1000, output: 90 }, overloaded, QUICK));
	await expectFailure("model_unavailable", read(summarize.inferStream(ask("gave up"), [], 0.7)));
	provider.next(refuse(429, RATE_LIMITED, 0, RETRY_AT_ONCE)); // a rate limit, but no error
	provider.next(answer({ input: 40, output: 4 }, QUICK)); // 40 + 4: 0.0015
	await read(anthropic(provider, "summarize", 1).inferStream(ask("got over it"), [], 0.7));
	provider.next(answer({ input: 120, output: 16 }, MEDIUM)); // 120 + 16: 0.005
	await summarize.infer(ask("medium"), [], 0.7);
}

/** 1 medium call: 5000 + 0: 0.01. */
export async function runEmbedding(): Promise<void> {
	await withProvider(async (provider) => {
		provider.next(answer({ input: 5000, output: 0 }, MEDIUM));
		await openAI(provider, GPT35, "summarize").embed("text");
	});
}

/** 1 stream of `HAIKU` for "summarize" that is in flight while `during` runs, 3 s at least: 200 + 32: 0.009. */
export async function holdStream(during: () => Promise<void>): Promise<void> {
	await withProvider(async (provider) => {
		const release = new AbortController();
		provider.next(answerWhen(release.signal, { input: 200, output: 32 }));
		const call = read(anthropic(provider, "summarize").inferStream(ask("held"), [], 0.7));
		try {
			await Promise.all([during(), sleep(HELD)]);
		} finally {
			release.abort();
			await call;
		}
	});
}

async function withProvider(run: (provider: ScriptedProvider) => Promise<void>): Promise<void> {
	const provider = await ScriptedProvider.start();
	try {
		await run(provider);
		expect({ left: provider.left, unexpected: provider.unexpected }).toEqual({ left: 0, unexpected: [] });
	} finally {
		await provider.close();
	}
}

function openAIProvider(
	provider: ScriptedProvider,
	model: string,
	options: { readonly maxRetries?: number; readonly timeout?: number } = {},
): LLMBackend {
	return new OpenAIProvider("sk-test", model, { maxRetries: 0, ...options, baseURL: `${provider.url}/v1` });
}

function openAI(
	provider: ScriptedProvider,
	model: string,
	route: string,
	options: { readonly maxRetries?: number; readonly timeout?: number } = {},
): LLMBackend {
	return new InstrumentedBackend(openAIProvider(provider, model, options), "openai", route);
}

function anthropic(provider: ScriptedProvider, route: string, maxRetries = 0): LLMBackend {
	const backend = new AnthropicProvider("sk-ant-test", HAIKU, { maxRetries, baseURL: provider.url });
	return new InstrumentedBackend(backend, "anthropic", route);
}

function ask(content: string): Message[] {
	return [{ role: "user", content }];
}

async function read(stream: AsyncIterable<StreamEvent>): Promise<void> {
	let last: StreamEvent | undefined;
	for await (const event of stream) last = event;
	expect(last?.type).toBe("done");
}

async function readFirst(stream: AsyncIterable<StreamEvent>): Promise<void> {
	for await (const event of stream) {
		expect(event.type).toBe("text-delta");
		break;
	}
}

async function expectFailure(errorType: ErrorType, call: Promise<unknown>): Promise<void> {
	await expect(call).rejects.toMatchObject({ name: "LlmError", errorType });
}
