/** A request counts once, however many of ours it passes; what somebody asks on its way counts, too. */
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { InstrumentedBackend, type LLMResponse } from "../../src/providers/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { expectCalls } from "../instrument/calls.ts";
import { OPENAI_REFUSALS } from "../instrument/scripted/openai-refusals.ts";
import { ScriptedBackend } from "../providers/scripted-backend.ts";

type Fetch = typeof fetch;

/** Answers as a model of that name, with so many tokens. */
function model(name: string, input: number, output: number): Fetch {
	return async () =>
		Response.json({
			model: name,
			choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
			usage: { prompt_tokens: input, completion_tokens: output },
		});
}

const CHAT = "https://api.openai.com/v1/chat/completions";
const body = (name: string): string => JSON.stringify({ model: name, messages: [] });
const ask = async (fetchOf: Fetch, name = "gpt-4o", url = CHAT): Promise<unknown> =>
	(await fetchOf(url, { method: "POST", body: body(name) })).json();
const ONE = { route: "outer", usage: { inputUncached: 10, output: 2 }, attempts: 1 };
const inner = meteredFetch(model("gpt-4o", 10, 2), { route: "inner" });

describe("once", () => {
	test.each<readonly [string, Fetch]>([
		["two around each other", inner],
		["with another URL in between", (_, init) => inner("http://127.0.0.1:1/v1/chat/completions", init)],
		["with another body in between", (url, init) => inner(url, { ...init, body: `${body("gpt-4o")} ` })],
		["with a Request in between", (url, init) => inner(new Request(url, init))],
	])("%s", async (_, send) => {
		using recorder = installTestRecorder();
		await ask(meteredFetch(send, { route: "outer" }));
		await expectCalls(recorder, ONE);
	});

	test("where a client's own fetch asks another provider, under that one's name and price", async () => {
		using recorder = installTestRecorder();
		const routed = meteredFetch(model("deepseek-chat", 1000, 1000), { route: "inner" });
		const url = "https://api.deepseek.com/v1/chat/completions";
		const fetch: Fetch = () => routed(new Request(url, { method: "POST", body: body("deepseek-chat") }));
		const plain = new OpenAI({ apiKey: "k", baseURL: "http://127.0.0.1:1/v1", maxRetries: 0, fetch });
		await instrument(plain, { route: "outer" }).chat.completions.create({ model: "fast", messages: [] });
		await expectCalls(recorder, {
			route: "outer",
			attempts: 1,
			usage: { inputUncached: 1000, output: 1000 },
			answeredModel: "deepseek-chat",
			unpriced: undefined,
		});
		expect(recorder.counter("llm_attempts_total")).toBe(1);
		expect(recorder.counter("llm_attempts_total", { provider: "deepseek" })).toBe(1);
	});

	test("in an instrumented client, and where the global fetch is one, even twice over", async () => {
		using recorder = installTestRecorder();
		const { fetch: before } = globalThis;
		try {
			globalThis.fetch = model("gpt-4o", 10, 2);
			const late = meteredFetch(undefined, { route: "outer" });
			globalThis.fetch = meteredFetch(undefined, { route: "global" });
			globalThis.fetch = meteredFetch(undefined, { route: "outer" });
			const plain = new OpenAI({ apiKey: "k", fetch: (...args) => globalThis.fetch(...args) });
			const client = instrument(plain, { route: "outer" });
			await client.chat.completions.create({ model: "gpt-4o", messages: [] });
			await ask(globalThis.fetch);
			await ask(late);
			await globalThis.fetch("https://example.com/");
		} finally {
			globalThis.fetch = before;
		}
		await expectCalls(recorder, ONE, ONE, ONE);
	});
});

test("once, in a client whose caller leaves before the request is sent", async () => {
	using recorder = installTestRecorder();
	const controller = new AbortController();
	const late: Fetch = async (url, init) => {
		controller.abort();
		return inner(url, init);
	};
	const client = instrument(new OpenAI({ apiKey: "k", fetch: late, maxRetries: 0 }), { route: "outer" });
	const { signal } = controller;
	const answer = client.chat.completions.create({ model: "gpt-4o", messages: [] }, { signal });
	await answer.catch(() => undefined);
	await expectCalls(recorder, { route: "outer" });
});

describe("once, in a client whose fetch sends another address and body to one of ours", () => {
	const through =
		(send: Fetch): Fetch =>
		(_, init) =>
			meteredFetch(send, { route: "inner" })(
				new Request("http://127.0.0.1:1/proxy/v1/chat/completions", init),
			);
	const client = (send: Fetch): OpenAI =>
		instrument(new OpenAI({ apiKey: "k", fetch: through(send), maxRetries: 0 }), { route: "outer" });

	test("an answer", async () => {
		using recorder = installTestRecorder();
		await client(model("gpt-4o", 10, 2)).chat.completions.create({ model: "gpt-4o", messages: [] });
		await expectCalls(recorder, { ...ONE, usageMissing: undefined });
	});

	test("a stream, whose usage its reader has not asked for", async () => {
		using recorder = installTestRecorder();
		const head = { id: "1", object: "chat.completion.chunk", created: 1, model: "gpt-4o" };
		const chunks = [
			{ ...head, choices: [{ index: 0, delta: { content: "hi" }, finish_reason: "stop" }] },
			{ ...head, choices: [], usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 } },
		];
		const events = [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"];
		const text = events.map((data) => `data: ${data}\n\n`).join("");
		const headers = { "content-type": "text/event-stream" };
		const send: Fetch = async () => new Response(text, { headers });
		const stream = await client(send).chat.completions.create({
			model: "gpt-4o",
			messages: [],
			stream: true,
		});
		const seen: unknown[] = [];
		for await (const chunk of stream) seen.push(chunk);
		expect(seen).toEqual([chunks[0]]);
		await expectCalls(recorder, { ...ONE, usageMissing: undefined });
	});

	test("a refusal", async () => {
		using recorder = installTestRecorder();
		const send: Fetch = async () => Response.json({ error: { message: "slow down" } }, { status: 429 });
		const asking = client(send).chat.completions.create({ model: "gpt-4o", messages: [] });
		await expect(asking).rejects.toBeInstanceOf(OpenAI.RateLimitError);
		await expectCalls(recorder, { route: "outer", outcome: "error", errorType: "rate_limit", attempts: 1 });
		expect(recorder.counter("llm_rate_limited_total")).toBe(1);
	});
});

describe("a fetch that asks another model on its way", () => {
	const guarded: Fetch = async (url, init) => {
		await ask(meteredFetch(model("gpt-4o-mini", 100, 1), { route: "guard" }), "gpt-4o-mini", `${CHAT}?guard`);
		return model("gpt-4o", 10, 2)(url, init);
	};
	const GUARD = { model: "gpt-4o-mini", route: "guard", usage: { inputUncached: 100, output: 1 } };

	test("alone: that is another call", async () => {
		using recorder = installTestRecorder();
		await ask(meteredFetch(guarded, { route: "outer" }));
		await expectCalls(recorder, GUARD, ONE);
	});

	test("in a client: both are parts of its call", async () => {
		using recorder = installTestRecorder();
		const client = instrument(new OpenAI({ apiKey: "k", fetch: guarded }), { route: "outer" });
		await client.chat.completions.create({ model: "gpt-4o", messages: [] });
		await expectCalls(recorder, {
			...ONE,
			usage: { inputUncached: 110, output: 3 },
			attempts: 2,
			usageMissing: undefined,
		});
		expect(recorder.counter("llm_attempts_total", { model: "gpt-4o" })).toBe(2);
	});

	test("that goes on when the headers are here: what it asks then is its own", async () => {
		using recorder = installTestRecorder();
		let rest: Promise<unknown> = Promise.resolve();
		const lingering: Fetch = async (url, init) => {
			const sent = model("gpt-4o", 10, 2)(url, init);
			rest = new Promise((resolve) => setTimeout(resolve, 5)).then(() => ask(inner));
			return sent;
		};
		await ask(meteredFetch(lingering, { route: "outer" }));
		await rest;
		await expectCalls(recorder, ONE, { ...ONE, route: "inner" });
	});
});

describe("in a backend's call", () => {
	const ANSWERED: LLMResponse = { content: "hi", toolCalls: [], finishReason: "stop" };
	async function infer(work: () => Promise<LLMResponse>): Promise<void> {
		const backend = new ScriptedBackend({ model: "gpt-4o", provider: "openai" });
		backend.answer = work;
		await new InstrumentedBackend(backend, "openai", "outer").infer([{ role: "user", content: "" }], [], 0);
	}

	test("it is part of it, and what the wire says counts", async () => {
		using recorder = installTestRecorder();
		await infer(async () => {
			await ask(inner);
			return { ...ANSWERED, usage: { inputUncached: 10, output: 2 } };
		});
		await expectCalls(recorder, ONE);
	});

	test("that nobody reads: the call ends without it, and its usage is not known", async () => {
		using recorder = installTestRecorder();
		await infer(async () => {
			await inner(CHAT, { method: "POST", body: body("gpt-4o") });
			return ANSWERED;
		});
		await infer(async () => {
			await (await inner(CHAT, { method: "POST", body: body("gpt-4o") })).body?.cancel();
			return ANSWERED;
		});
		const missing = { outcome: "success", usage: undefined, usageMissing: "not_reported" } as const;
		await expectCalls(recorder, missing, missing);
	});

	test("a refusal that it got over is what its body says", async () => {
		using recorder = installTestRecorder();
		const refuse = (name: "quota" | "rate-limit"): Fetch =>
			meteredFetch(async () => Response.json(OPENAI_REFUSALS[name].body, { status: 429 }));
		await infer(async () => {
			await ask(refuse("quota"));
			await ask(refuse("rate-limit"));
			await ask(inner);
			return ANSWERED;
		});
		await expectCalls(recorder, { ...ONE, attempts: 3, outcome: "success", usageMissing: undefined });
		for (const result of ["error", "rate_limited", "success"]) {
			expect(recorder.counter("llm_attempts_total", { result }), result).toBe(1);
		}
	});
});
