import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { startSimulatedProvider } from "../../src/demo/simulated-provider.ts";
import { anthropicAsk, collect, openaiAsk, raw, start, startProvider } from "./simulated-clients.ts";

describe("faults", () => {
	test.each([
		["rate_limit", OpenAI.RateLimitError, 429, "rate_limit_exceeded"],
		["quota", OpenAI.RateLimitError, 429, "insufficient_quota"],
		["overloaded", OpenAI.InternalServerError, 503, "server_is_overloaded"],
		["server_error", OpenAI.InternalServerError, 500, null],
		["bad_key", OpenAI.AuthenticationError, 401, "invalid_api_key"],
		["context_length", OpenAI.BadRequestError, 400, "context_length_exceeded"],
	] as const)("OpenAI's %s", async (fault, errorClass, status, code) => {
		const { openai } = await start({ errorRate: 1, faults: [fault] });
		const error: unknown = await openai.chat.completions.create(openaiAsk).catch((cause: unknown) => cause);
		expect(error).toBeInstanceOf(errorClass);
		expect(error).toMatchObject({ status, code });
	});

	test.each([
		["rate_limit", 429, "rate_limit_error"],
		["quota", 402, "billing_error"],
		["overloaded", 529, "overloaded_error"],
		["server_error", 500, "api_error"],
		["bad_key", 401, "authentication_error"],
		["context_length", 400, "invalid_request_error"],
	] as const)("Anthropic's %s", async (fault, status, type) => {
		const { anthropic } = await start({ errorRate: 1, faults: [fault] });
		const error: unknown = await anthropic.messages.create(anthropicAsk).catch((cause: unknown) => cause);
		expect(error).toBeInstanceOf(Anthropic.APIError);
		expect(error).toMatchObject({ status, error: { type: "error", error: { type } } });
	});

	test("a rate limit says when to come again, and that nothing is left", async () => {
		const limited = { errorRate: 1, faults: ["rate_limit"], speed: 1 } as const;
		const openai = await raw("/v1/chat/completions", openaiAsk, limited);
		expect(openai.headers.get("retry-after")).toMatch(/^[123]$/);
		expect(openai.headers.get("retry-after-ms")).toMatch(/^[123]000$/);
		expect(openai.headers.get("x-ratelimit-remaining-tokens")).toBe("0");
		const anthropic = await raw("/v1/messages", anthropicAsk, limited);
		expect(anthropic.headers.get("retry-after")).toMatch(/^[123]$/);
		expect(anthropic.headers.get("anthropic-ratelimit-tokens-remaining")).toBe("0");
	});

	test("the SDKs retry a passing fault and carry on", async () => {
		const provider = await startProvider({ errorRate: 0.2, faults: ["overloaded"] });
		const openai = new OpenAI({ apiKey: "any", maxRetries: 9, baseURL: provider.openaiBaseURL });
		const answers = await Promise.all(
			Array.from({ length: 6 }, async () => openai.chat.completions.create(openaiAsk)),
		);
		expect(answers.every((answer) => answer.choices.length === 1)).toBe(true);
	});

	test("an error inside a stream comes after HTTP 200 and some of the answer", async () => {
		const { openai, anthropic } = await start({ errorRate: 1, faults: ["stream_error"] });
		const chunks: unknown[] = [];
		const read = async (stream: AsyncIterable<unknown>): Promise<void> => {
			for await (const chunk of stream) chunks.push(chunk);
		};
		const first = await openai.chat.completions.create({ ...openaiAsk, stream: true });
		const openaiError: unknown = await read(first).catch((error: unknown) => error);
		expect(openaiError).toBeInstanceOf(OpenAI.APIError);
		expect(openaiError).toMatchObject({ status: undefined, type: "server_error" });
		expect(chunks.length).toBeGreaterThan(0);
		const second = await anthropic.messages.create({ ...anthropicAsk, stream: true });
		const anthropicError: unknown = await read(second).catch((error: unknown) => error);
		expect(anthropicError).toBeInstanceOf(Anthropic.APIError);
		expect(anthropicError).toMatchObject({ error: { error: { type: "overloaded_error" } } });
	});

	test("a cut connection, plain and in a stream", async () => {
		const { openai, anthropic } = await start({ errorRate: 1, faults: ["cut"] });
		const plain: unknown = await openai.chat.completions.create(openaiAsk).catch((error: unknown) => error);
		expect(plain).toBeInstanceOf(OpenAI.APIConnectionError);
		const stream = await anthropic.messages.create({ ...anthropicAsk, stream: true });
		await expect(collect(stream)).rejects.toThrow(/terminated/);
	});

	test("a request that hangs runs into the caller's timeout", async () => {
		const { openai } = await start({ errorRate: 1, faults: ["hang"] });
		const hung: unknown = await openai.chat.completions
			.create(openaiAsk, { timeout: 50 })
			.catch((error: unknown) => error);
		expect(hung).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
	});

	test("the share of faults is the one asked for", async () => {
		const { openai } = await start({ errorRate: 0.2, faults: ["server_error"] });
		const results = await Promise.allSettled(
			Array.from({ length: 300 }, async () =>
				openai.embeddings.create({ model: "text-embedding-3-small", input: "x" }),
			),
		);
		const failed = results.filter(({ status }) => status === "rejected").length;
		// 60 expected; four standard deviations of the binomial are 4·√(300·0.2·0.8) ≈ 28.
		expect(Math.abs(failed - 60)).toBeLessThan(28);
	});
});

describe("requests that are wrong", () => {
	test("each gets the provider's own answer", async () => {
		const { openai, anthropic } = await start();
		await expect(openai.chat.completions.create({ ...openaiAsk, model: "gpt-0" })).rejects.toMatchObject({
			status: 404,
			code: "model_not_found",
		});
		await expect(anthropic.messages.create({ ...anthropicAsk, model: "gpt-4-turbo" })).rejects.toMatchObject({
			status: 404,
			error: { error: { type: "not_found_error", message: "model: gpt-4-turbo" } },
		});
		await expect(openai.embeddings.create({ model: "gpt-4o-mini", input: "x" })).rejects.toMatchObject({
			status: 404,
		});
		await expect(openai.chat.completions.create({ ...openaiAsk, messages: [] })).rejects.toMatchObject({
			status: 400,
		});
		await expect(openai.models.list()).rejects.toMatchObject({ status: 404 });
		const long = [{ role: "user" as const, content: "x".repeat(4 * 128_001) }];
		await expect(openai.chat.completions.create({ ...openaiAsk, messages: long })).rejects.toMatchObject({
			status: 400,
			code: "context_length_exceeded",
		});
	});

	test("no key, no JSON, no max_tokens", async () => {
		expect((await raw("/v1/chat/completions", openaiAsk, { key: "" })).status).toBe(401);
		expect((await raw("/v1/chat/completions", "{")).status).toBe(400);
		const withoutMax = await raw("/v1/messages", openaiAsk);
		expect(withoutMax.status).toBe(400);
		expect(withoutMax.text).toContain("max_tokens: Field required");
	});
});

describe("time and chance", () => {
	test("the same seed gives the same answers, another seed others", async () => {
		const run = async (seed: number): Promise<unknown[]> => {
			const { openai, anthropic } = await start({ seed, errorRate: 0.3, faults: ["server_error", "quota"] });
			const answers: unknown[] = [];
			for (let i = 0; i < 6; i += 1) {
				answers.push(await outcome(openai.chat.completions.create(openaiAsk)));
				answers.push(await outcome(anthropic.messages.create(anthropicAsk)));
			}
			return answers;
		};
		const first = await run(11);
		expect(await run(11)).toEqual(first);
		expect(await run(12)).not.toEqual(first);
	});

	test("a stream's first token and its tokens come one after the other at the model's pace", async () => {
		const { openai } = await start({ speed: 4 });
		const startedAt = performance.now();
		const arrivals: number[] = [];
		for await (const chunk of await openai.chat.completions.create({
			...openaiAsk,
			stream: true,
			max_completion_tokens: 60,
		})) {
			if (chunk.choices.length > 0) arrivals.push(performance.now() - startedAt);
		}
		const first = arrivals[0] ?? 0;
		const last = arrivals.at(-1) ?? 0;
		// gpt-4o-mini: a median of 340 ms to the first token and 11 ms a token, here at four times that speed.
		expect(first).toBeGreaterThan(20);
		expect(last - first).toBeGreaterThan(arrivals.length * 0.9);
	});

	test("close() cuts what is under way", async () => {
		const provider = await startSimulatedProvider({ errorRate: 1, faults: ["hang"] });
		const openai = new OpenAI({ apiKey: "any", maxRetries: 0, baseURL: provider.openaiBaseURL });
		const hung = openai.chat.completions.create(openaiAsk).catch((error: unknown) => error);
		await new Promise((resolve) => setTimeout(resolve, 50));
		await provider.close();
		expect(await hung).toBeInstanceOf(OpenAI.APIConnectionError);
	});
});

/** An answer or an error as data, without what differs from run to run: the clock. */
async function outcome(answer: Promise<object>): Promise<unknown> {
	try {
		return { ...(await answer), created: 0 };
	} catch (error) {
		return error instanceof Error ? error.message : error;
	}
}
