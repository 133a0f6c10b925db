/** Backends that ask several models, or a cache and a model, for one answer: all of it is counted, and once. */
import { describe, expect, test } from "vitest";
import { initPrometheus } from "../../src/monitoring/index.ts";
import { AnthropicProvider } from "../../src/providers/anthropic-provider.ts";
import { CachedBackend } from "../../src/providers/cached-backend.ts";
import { InstrumentedBackend } from "../../src/providers/instrumented-backend.ts";
import type { LLMBackend, LLMResponse, Message, StreamEvent } from "../../src/providers/llm-backend.ts";
import { OpenAICompatibleProvider } from "../../src/providers/openai-compatible-provider.ts";
import { OpenAIProvider } from "../../src/providers/openai-provider.ts";
import { Counted } from "./counted.ts";
import { type Answer, hang, ReplayServer, status } from "./replay-server.ts";
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

describe("each answer has its own price, whatever the wrapper is called", () => {
	const haikuSaid = {
		model: "claude-3-haiku-20240307",
		content: [{ type: "text", text: "plan" }],
		stop_reason: "end_turn",
		usage: { input_tokens: 1000, output_tokens: 100 },
	};
	const haiku = status(200, haikuSaid);
	function anthropic(server: ReplayServer): AnthropicProvider {
		return new AnthropicProvider("sk-test-key", "claude-3-haiku-20240307", {
			baseURL: server.url,
			maxRetries: 0,
		});
	}

	test("a fallback to another provider", async () => {
		const server = await ReplayServer.start(status(500, { error: { message: "no" } }), haiku);
		const [first, second] = [openai(server, "gpt-4o"), anthropic(server)];
		const careful = composed(() => first.infer(ASK, [], 0).catch(() => second.infer(ASK, [], 1)));
		await new InstrumentedBackend(careful, "openai", "other-provider").infer(ASK, [], 0);
		// 1000 × $0.25/1M + 100 × $1.25/1M, in cents
		expect(counted.sum("llm_cost_usd_total", { route: "other-provider" })).toBeCloseTo(0.0375, 12);
		expect(counted.sum("llm_attempts_total", { provider: "anthropic", result: "success" })).toBeGreaterThan(
			0,
		);
	});

	test("an alias of a smaller model than the wrapper's", async () => {
		const server = await ReplayServer.start(chat("dep-a", 1000, 100));
		const small = openai(server, "gpt-4o-mini");
		await new InstrumentedBackend(
			composed(() => small.infer(ASK, [], 0)),
			"openai",
			"alias",
		).infer(ASK, [], 0);
		// 1000 × $0.15/1M + 100 × $0.60/1M, in cents
		expect(counted.sum("llm_cost_usd_total", { route: "alias" })).toBeCloseTo(0.021, 12);
	});

	test.each(["first", "last"])(
		"the order does not matter: one that nobody has a price for comes %s",
		async (when) => {
			const own = chat("my-own-tune", 1000, 100);
			const known = chat("gpt-4o", 1000, 100);
			const server = await ReplayServer.start(...(when === "first" ? [own, known] : [known, own]));
			const [local, cloud] = [openai(server, "my-own-tune"), openai(server, "gpt-4o")];
			const both = composed(async () => {
				const [one, other] = when === "first" ? [local, cloud] : [cloud, local];
				await one.infer(ASK, [], 0);
				return other.infer(ASK, [], 0);
			});
			const agent: LLMBackend = { ...both, modelInfo: () => ({ model: "agent", provider: "my-agent" }) };
			await new InstrumentedBackend(agent, "my-agent", `order-${when}`).infer(ASK, [], 0);
			expect(counted.sum("llm_cost_usd_total", { route: `order-${when}` })).toBeCloseTo(0.35, 12);
			expect(counted.last(`order-${when}`)?.unpriced).toBe("unknown_model");
		},
	);

	test("a fee for each request is paid for each", async () => {
		const server = await ReplayServer.start(chat("sonar", 1000, 100), chat("sonar", 1000, 100));
		const sonar = new OpenAICompatibleProvider(`${server.url}/v1`, "none", "sonar", {
			provider: "perplexity",
		});
		const twice = composed(async () => {
			await sonar.infer(ASK, [], 0);
			return sonar.infer(ASK, [], 0);
		});
		await new InstrumentedBackend(twice, "perplexity", "fees").infer(ASK, [], 0);
		// Twice $0.012 for the request, 1000 × $1/1M and 100 × $1/1M, in cents
		expect(counted.sum("llm_cost_usd_total", { route: "fees" })).toBeCloseTo(2.62, 10);
	});

	test("no money left is no rate limit, also where another provider answers in the end", async () => {
		const broke = status(429, { error: { message: "Check your billing.", code: "insufficient_quota" } });
		const server = await ReplayServer.start(broke, haiku);
		const [first, second] = [openai(server, "gpt-broke"), anthropic(server)];
		const careful = composed(() => first.infer(ASK, [], 0).catch(() => second.infer(ASK, [], 1)));
		const agent: LLMBackend = { ...careful, modelInfo: () => ({ model: "gpt-broke", provider: "openai" }) };
		await new InstrumentedBackend(agent, "openai", "broke").infer(ASK, [], 0);
		expect(counted.sum("llm_rate_limited_total", { model: "gpt-broke" })).toBe(0);
		expect(counted.sum("llm_attempts_total", { model: "gpt-broke", result: "error" })).toBe(1);
	});
});

describe("what is not accounted for is said", () => {
	test("a race whose loser was asked, too", async () => {
		const server = await ReplayServer.start(chat("gpt-4o", 100, 20), hang);
		const provider = openai(server, "gpt-4o");
		const race = composed(() => Promise.race([provider.infer(ASK, [], 0), provider.infer(ASK, [], 0)]));
		await new InstrumentedBackend(race, "openai", "race").infer(ASK, [], 0);
		expect(counted.last("race")?.usageMissing).toBe("not_reported");
		expect(counted.sum("llm_tokens_total", { route: "race" })).toBe(120);
	});

	test("an embedding by a provider, and an answer of somebody whom we do not see", async () => {
		const server = await ReplayServer.start(embedding);
		const provider = openai(server, "gpt-4o");
		const rag = composed(async () => {
			await provider.embed("q");
			return ANSWER;
		});
		await new InstrumentedBackend(rag, "openai", "half-seen").infer(ASK, [], 0);
		expect(counted.last("half-seen")?.usageMissing).toBe("not_reported");
	});

	test("but a usage that a wrapper fills in, where the server sent none, is known", async () => {
		const silent = status(200, {
			model: "gpt-4o",
			choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
		});
		const server = await ReplayServer.start(silent);
		const provider = openai(server, "gpt-4o");
		const counting = composed(async () => ({
			...(await provider.infer(ASK, [], 0)),
			usage: { inputUncached: 7, output: 3 },
		}));
		await new InstrumentedBackend(counting, "openai", "filled-in").infer(ASK, [], 0);
		expect(counted.last("filled-in")?.usageMissing).toBeUndefined();
		expect(counted.sum("llm_tokens_total", { route: "filled-in" })).toBe(10);
	});
});

describe("streams that come from the cache, or in part", () => {
	function streaming(...events: StreamEvent[]): ScriptedBackend {
		const backend = new ScriptedBackend();
		backend.stream = async function* (): AsyncGenerator<StreamEvent, undefined> {
			yield* events;
		};
		return backend;
	}
	const word: StreamEvent = { type: "text-delta", text: "a" };
	const end: StreamEvent = { type: "done", finishReason: "stop", usage: { inputUncached: 100, output: 20 } };

	test("one that is aborted before its first event was no call", async () => {
		const cached = new CachedBackend(streaming(word, end), "unread");
		for await (const _ of cached.inferStream(ASK, [], 0));
		const caller = new AbortController();
		const llm = new InstrumentedBackend(cached, "openai", "unread");
		const events = llm.inferStream(ASK, [], 0, { signal: caller.signal });
		caller.abort();
		expect(events).toBeDefined();
		expect(counted.sum("llm_requests_total", { route: "unread" })).toBe(0);
		expect(counted.sum("llm_active_requests", { route: "unread" })).toBe(0);
	});

	test("a cached beginning does not hide the answer behind it", async () => {
		const intro = new CachedBackend(streaming(word, end), "intro");
		for await (const _ of intro.inferStream(ASK, [], 0));
		const mixed: LLMBackend = {
			...composed(async () => ANSWER),
			async *inferStream() {
				for await (const event of intro.inferStream(ASK, [], 0)) if (event.type !== "done") yield event;
				yield word;
				yield { ...end, usage: { inputUncached: 100, output: 20 } };
			},
		};
		for await (const _ of new InstrumentedBackend(mixed, "openai", "mixed").inferStream(ASK, [], 0));
		expect(counted.sum("llm_tokens_total", { route: "mixed" })).toBe(120);
	});
});
