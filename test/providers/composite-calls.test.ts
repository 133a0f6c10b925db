/** Backends that ask several models, or a cache and a model, for one answer: all of it is counted, and once. */
import { expect, test } from "vitest";
import { initPrometheus } from "../../src/monitoring/index.ts";
import { AnthropicProvider } from "../../src/providers/anthropic-provider.ts";
import { CachedBackend } from "../../src/providers/cached-backend.ts";
import { InstrumentedBackend } from "../../src/providers/instrumented-backend.ts";
import type { LLMBackend, LLMResponse, Message, StreamEvent } from "../../src/providers/llm-backend.ts";
import { OpenAIProvider } from "../../src/providers/openai-provider.ts";
import { Counted } from "./counted.ts";
import { type Answer, ReplayServer, status } from "./replay-server.ts";
import { ANSWER, ScriptedBackend } from "./scripted-backend.ts";

const counted = new Counted(initPrometheus({ onError: () => undefined }));
const ASK: readonly Message[] = [{ role: "user", content: "hi" }];

/** A backend whose `infer` is that function. */
function composed(infer: () => Promise<LLMResponse>): LLMBackend {
	return {
		infer,
		inferStream: () => {
			throw new Error("not asked for here");
		},
		embed: () => Promise.reject(new Error("not asked for here")),
		modelInfo: () => ({ model: "gpt-4o", provider: "openai" }),
	};
}

function chat(model: string, input: number, output: number): Answer {
	return status(200, {
		model,
		choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
		usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
	});
}

const embedding: Answer = status(200, {
	model: "text-embedding-3-small",
	data: [{ index: 0, embedding: [1, 2] }],
	usage: { prompt_tokens: 8, total_tokens: 8 },
});

function openai(server: ReplayServer, model: string): OpenAIProvider {
	return new OpenAIProvider("sk-test-key", model, { baseURL: `${server.url}/v1`, maxRetries: 0 });
}

test("a hit of a cache inside a call leaves the rest of the call as it is", async () => {
	const asked = Array.from({ length: 3 }, () => chat("gpt-4o", 100, 20));
	const server = await ReplayServer.start(embedding, ...asked);
	const provider = openai(server, "gpt-4o");
	const vectors = new CachedBackend(provider, "rag");
	const rag = composed(async () => {
		await vectors.embed("the same question");
		return provider.infer(ASK, [], 0);
	});
	const llm = new InstrumentedBackend(rag, "openai", "rag");
	for (let i = 0; i < 3; i += 1) await llm.infer(ASK, [], 0);

	expect(server.requests).toHaveLength(4);
	expect(counted.sum("llm_requests_total", { route: "rag" })).toBe(3);
	expect(counted.sum("llm_tokens_total", { route: "rag" })).toBe(3 * 120 + 8);
	// In cents: 3 × (100 × $2.50/1M + 20 × $10/1M) = 3 × 0.045, and 8 × $0.02/1M = 0.000016
	expect(counted.sum("llm_cost_usd_total", { route: "rag" })).toBeCloseTo(0.135016, 12);
	expect(counted.sum("llm_cache_hits_total", { route: "rag" })).toBe(2);
	expect(counted.sum("llm_retries_total", { model: "gpt-4o" })).toBe(0);
	expect(counted.sum("llm_active_requests", { route: "rag" })).toBe(0);
});

test("a backend that shows no HTTP is counted beside a cache hit, too", async () => {
	const vectors = new CachedBackend(new ScriptedBackend(), "unseen");
	await vectors.embed("q");
	const rag = composed(async () => {
		await vectors.embed("q");
		return ANSWER;
	});
	await new InstrumentedBackend(rag, "openai", "unseen").infer(ASK, [], 0);
	expect(counted.sum("llm_tokens_total", { route: "unseen" })).toBe(120);
});

test("an answer from the cache that a backend in between has copied is a hit all the same", async () => {
	const cached = new CachedBackend(new ScriptedBackend(), "copied");
	await cached.infer(ASK, [], 0);
	const copying = composed(async () => ({ ...(await cached.infer(ASK, [], 0)), content: "said otherwise" }));
	await new InstrumentedBackend(copying, "openai", "copied").infer(ASK, [], 0);
	expect(counted.sum("llm_requests_total", { route: "copied" })).toBe(0);
	expect(counted.sum("llm_tokens_total", { route: "copied" })).toBe(0);
});

test("a cached stream that is left early was no call either", async () => {
	const backend = new ScriptedBackend();
	backend.stream = async function* (): AsyncGenerator<StreamEvent, undefined> {
		yield { type: "text-delta", text: "a" };
		yield { type: "done", finishReason: "stop", usage: { inputUncached: 1, output: 1 } };
	};
	const cached = new CachedBackend(backend, "left");
	const llm = new InstrumentedBackend(cached, "openai", "left");
	for await (const _ of llm.inferStream(ASK, [], 0));
	for await (const _ of llm.inferStream(ASK, [], 0)) break;
	expect(counted.sum("llm_requests_total", { route: "left" })).toBe(1);
	expect(counted.sum("llm_active_requests", { route: "left" })).toBe(0);
});

test("several answers for one: their usages add up, and none was a retry", async () => {
	const server = await ReplayServer.start(...Array.from({ length: 3 }, () => chat("gpt-4o", 100, 20)));
	const provider = openai(server, "gpt-4o");
	const best = composed(async () => {
		const answers = await Promise.all([1, 2, 3].map(() => provider.infer(ASK, [], 0)));
		return answers[0] ?? ANSWER;
	});
	await new InstrumentedBackend(best, "openai", "consistent").infer(ASK, [], 0);
	expect(counted.sum("llm_tokens_input_total", { route: "consistent" })).toBe(300);
	expect(counted.sum("llm_tokens_output_total", { route: "consistent" })).toBe(60);
	expect(counted.sum("llm_cost_usd_total", { route: "consistent" })).toBeCloseTo(0.135, 12);
	expect(counted.sum("llm_retries_total")).toBe(0);
	expect(counted.last("consistent")).toMatchObject({ attempts: 3, usageMissing: undefined });
});

test("models and providers in one call have each their own price", async () => {
	const said = {
		model: "claude-3-haiku-20240307",
		content: [{ type: "text", text: "plan" }],
		stop_reason: "end_turn",
		usage: { input_tokens: 1000, output_tokens: 100 },
	};
	const server = await ReplayServer.start(status(200, said), chat("gpt-4o-2024-08-06", 1000, 100));
	const planner = new AnthropicProvider("sk-test-key", "claude-3-haiku-20240307", {
		baseURL: server.url,
		maxRetries: 0,
	});
	const plan = new InstrumentedBackend(planner, "anthropic", "plan");
	const write = new InstrumentedBackend(openai(server, "gpt-4o"), "openai", "write");
	const agent = composed(async () => {
		await plan.infer(ASK, [], 1);
		return write.infer(ASK, [], 0);
	});
	await new InstrumentedBackend(agent, "openai", "agent").infer(ASK, [], 0);
	// The outer wrapper counts: in cents 0.025 + 0.0125 for Haiku, 0.25 + 0.1 for GPT-4o.
	expect(counted.sum("llm_cost_usd_total", { route: "agent" })).toBeCloseTo(0.3875, 12);
	expect(counted.sum("llm_tokens_total", { route: "agent" })).toBe(2200);
	expect(counted.sum("llm_requests_total", { route: "plan" })).toBe(0);
	expect(counted.last("agent")?.unpriced).toBeUndefined();
});

test("a fallback after a failure counts what was answered", async () => {
	const server = await ReplayServer.start(status(500, { error: { message: "no" } }), chat("gpt-4o", 100, 20));
	const provider = openai(server, "gpt-4o");
	const careful = composed(() => provider.infer(ASK, [], 0).catch(() => provider.infer(ASK, [], 0)));
	await new InstrumentedBackend(careful, "openai", "fallback").infer(ASK, [], 0);
	expect(counted.sum("llm_tokens_total", { route: "fallback" })).toBe(120);
	expect(counted.last("fallback")).toMatchObject({
		outcome: "success",
		usageMissing: undefined,
		attempts: 2,
	});
});
