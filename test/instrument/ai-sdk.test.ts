import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { OpenAIProvider } from "@ai-sdk/openai";
import { APICallError, experimental_streamTextLowMemory, generateText, RetryError, streamText } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { type Answer, hang, reset } from "../providers/replay-server.ts";
import {
	APIS,
	type Api,
	begun,
	events,
	expectCounts,
	FAILED_RESPONSE,
	json,
	SECRET,
	streamed,
	whole,
} from "./ai-sdk-answers.ts";
import { collect, failure, metered, prompt, recorder, request, sendWith, serve } from "./ai-sdk-setup.ts";

function plain(openai: OpenAIProvider, api: Api): LanguageModelV4 {
	return api === "chat" ? openai.chat("gpt-4o") : openai("gpt-4o");
}

/** What a result says, without the times that differ from one call to the next. */
function timeless(value: unknown): unknown {
	return JSON.parse(
		JSON.stringify(value, (key, part: unknown) =>
			/^(performance|callId|messageId)$/.test(key) ? undefined : part,
		),
	);
}

/** An error's fields; the port of a socket differs from one connection to the next. */
function portless(error: unknown): unknown {
	const text = JSON.stringify(error, (key, value: unknown) => (key === "localPort" ? undefined : value));
	return [Object.getPrototypeOf(error), String(error), JSON.parse(text)];
}

const BELOW: readonly (readonly [string, typeof globalThis.fetch | undefined])[] = [
	["a bare fetch", undefined],
	["an instrumented one", meteredFetch()],
];
const ways = APIS.flatMap((api) => BELOW.map(([what, fetch]) => [api, what, fetch] as const));

describe.each(ways)("openai %s over %s", (api, _what, fetch) => {
	beforeAll(() => sendWith(fetch));
	afterAll(() => sendWith(undefined));

	test("a whole answer is what it is without us, and each metric is right", async () => {
		const { bare, openai } = await serve(...Array.from({ length: 4 }, () => whole(api)));
		const model = plain(bare, api);
		const ours = metered(plain(openai, api));
		expect(await ours.doGenerate(request)).toEqual(await model.doGenerate(request));
		const { steps: _, ...with_ } = await generateText({ model: ours, prompt });
		const { steps: __, ...without } = await generateText({ model, prompt });
		expect(timeless(with_)).toEqual(timeless(without));
		expectCounts(recorder, "chat", { requests: { success: 2 }, attempts: { success: 2 }, answers: 2 });
		expect(recorder.calls[0]).toMatchObject({
			operation: "chat",
			provider: "openai",
			answeredModel: "gpt-4o-2024-08-06",
			usage: { inputUncached: 60, cacheRead: 40, output: 20, reasoning: 5 },
			attempts: 1,
			timeToFirstTokenMs: undefined,
		});
		const remaining = { provider: "openai", model: "gpt-4o" };
		expect(recorder.gauge("llm_ratelimit_remaining", { ...remaining, resource: "requests" })).toBe(499);
		expect(recorder.gauge("llm_ratelimit_remaining", { ...remaining, resource: "tokens" })).toBe(29_000);
	});

	test("so is a stream", async () => {
		const { bare, openai } = await serve(...Array.from({ length: 4 }, () => streamed(api)));
		const model = plain(bare, api);
		const ours = metered(plain(openai, api));
		const parts = async (of: LanguageModelV4): Promise<unknown[]> =>
			collect((await of.doStream(request)).stream);
		expect(await parts(ours)).toEqual(await parts(model));
		const events = async (of: LanguageModelV4): Promise<unknown> =>
			timeless(await collect(streamText({ model: of, prompt }).fullStream));
		expect(await events(ours)).toEqual(await events(model));
		expectCounts(recorder, "chat", {
			requests: { success: 2 },
			attempts: { success: 2 },
			answers: 2,
			firstTokens: 2,
		});
		expect(recorder.calls[0]).toMatchObject({
			answeredModel: "gpt-4o-2024-08-06",
			usage: { inputUncached: 60, cacheRead: 40, output: 20, reasoning: 5 },
			usageMissing: undefined,
		});
	});

	test("ten at once, whole and in pieces", async () => {
		const { openai, server } = await serve(
			...Array.from(
				{ length: 10 },
				(): Answer => (response) => {
					const isStream = JSON.stringify(server.requests.at(-1)?.body).includes('"stream":true');
					return (isStream ? streamed(api) : whole(api))(response);
				},
			),
		);
		const model = metered(plain(openai, api));
		const answers = await Promise.all(
			Array.from({ length: 10 }, async (_, i) =>
				i % 2 === 0 ? (await generateText({ model, prompt })).text : streamText({ model, prompt }).text,
			),
		);
		expect(new Set(answers)).toEqual(new Set([`one ${SECRET}`]));
		expectCounts(recorder, "chat", {
			requests: { success: 10 },
			attempts: { success: 10 },
			answers: 10,
			firstTokens: 5,
		});
	});

	test("a caller who leaves early, by a cancel and by an abort", async () => {
		const { openai, server } = await serve(begun(api, hang), begun(api, hang), begun(api, hang));
		const model = metered(plain(openai, api));
		// A reader of the model's own stream.
		const { stream } = await model.doStream(request);
		for await (const part of stream) if (part.type === "text-delta" && part.delta !== "") break;
		expect(recorder.calls.at(-1)).toMatchObject({ outcome: "aborted" });
		await server.requests[0]?.cut;
		// streamText, aborted in the middle.
		const controller = new AbortController();
		const seen: string[] = [];
		for await (const text of streamText({ model, prompt, abortSignal: controller.signal }).textStream) {
			seen.push(text);
			controller.abort();
		}
		expect(seen.join("")).toMatch(/^one /);
		await server.requests[1]?.cut;
		// The SDK's stream for one reader; that of streamText keeps a second branch, which no break reaches.
		for await (const _ of experimental_streamTextLowMemory({ model, prompt }).textStream) break;
		await server.requests[2]?.cut;
		expectCounts(recorder, "chat", {
			requests: { aborted: 3 },
			attempts: { success: 3 },
			missing: { aborted: 3 },
			firstTokens: 3,
		});
	});

	test("an abort before the headers, and a timeout", async () => {
		const { openai, server } = await serve(hang, hang, hang, hang);
		const model = metered(plain(openai, api));
		const controller = new AbortController();
		const left = failure(generateText({ model, prompt, abortSignal: controller.signal }));
		await server.waitFor(1);
		controller.abort();
		expect(await left).toMatchObject({ name: "AbortError" });
		await server.requests[0]?.cut;
		const reason = new Error("the user closed the window");
		const again = new AbortController();
		const leftAgain = failure(model.doStream({ ...request, abortSignal: again.signal }));
		await server.waitFor(2);
		again.abort(reason);
		expect(await leftAgain).toBe(reason);
		expectCounts(recorder, "chat", {
			requests: { aborted: 2 },
			attempts: { aborted: 2 },
			missing: { aborted: 2 },
		});
		recorder.reset();
		await failure(model.doGenerate({ ...request, abortSignal: AbortSignal.timeout(20) }));
		await failure(generateText({ model, prompt, timeout: 20 }));
		expectCounts(recorder, "chat", {
			requests: { error: 2 },
			attempts: { error: 2 },
			errors: { timeout: 2 },
		});
	});

	const said = (code: string, message = "no"): object => ({
		error: { message, type: "x", param: null, code },
	});
	test.each<[string, Answer, string, keyof Required<Parameters<typeof expectCounts>[2]>["attempts"]]>([
		["401", json(401, said("invalid_api_key")), "auth_failed", "error"],
		["400, too long", json(400, said("context_length_exceeded")), "token_limit", "error"],
		["400", json(400, said("invalid_value")), "validation", "error"],
		["404", json(404, said("model_not_found")), "model_unavailable", "error"],
		["429", json(429, said("rate_limit_exceeded")), "rate_limit", "rate_limited"],
		[
			"429, no money",
			json(429, said("insufficient_quota", "You exceeded your current quota")),
			"quota",
			"error",
		],
		["500", json(500, said("x")), "api_error", "error"],
		["500 of a proxy", json(502, "<html>Bad gateway</html>"), "api_error", "error"],
		["503", json(503, said("server_is_overloaded")), "model_unavailable", "error"],
		["a reset", reset, "network", "error"],
	])("%s, whole and in pieces", async (_what, answer, errorType, result) => {
		const { bare, openai } = await serve(answer, answer, answer, answer);
		const ours = metered(plain(openai, api));
		const model = plain(bare, api);
		for (const ask of ["doGenerate", "doStream"] as const) {
			const thrown = await failure(ours[ask](request));
			expect(thrown).toBeInstanceOf(APICallError);
			expect(portless(thrown)).toEqual(portless(await failure(model[ask](request))));
		}
		expectCounts(recorder, "chat", {
			requests: { error: 2 },
			attempts: { [result]: 2 },
			errors: { [errorType]: 2 },
		});
		expect(recorder.counter("llm_rate_limited_total")).toBe(errorType === "rate_limit" ? 2 : 0);
	});

	test.each([
		["no JSON", json(200, `{"id": "${SECRET}`)],
		["no body", json(200, "")],
	])("a whole answer that is %s", async (_what, answer) => {
		const { bare, openai } = await serve(answer, answer);
		const ours = metered(plain(openai, api));
		const model = plain(bare, api);
		expect(await failure(ours.doGenerate(request))).toEqual(await failure(model.doGenerate(request)));
		expectCounts(recorder, "chat", {
			requests: { error: 1 },
			attempts: { success: 1 },
			errors: { invalid_response: 1 },
			missing: { not_reported: 1 },
		});
	});

	test("a stream that is cut, one that ends short, and one without anything", async () => {
		const { openai } = await serve(
			begun(api, reset),
			begun(api, (response) => response.end()),
			events([]),
		);
		const model = metered(plain(openai, api));
		const cut = await model.doStream(request);
		await failure(collect(cut.stream));
		expect(recorder.calls.at(-1)).toMatchObject({ errorType: "network", usageMissing: "not_reported" });
		// Both have a finish part: `interrupted` is the SDK's word for what has no end mark.
		for (const outcome of ["success", "error"]) {
			const { stream } = await model.doStream(request);
			const parts = await collect(stream);
			expect(parts.at(-1)).toMatchObject({ type: "finish", finishReason: { unified: "interrupted" } });
			expect(recorder.calls.at(-1)).toMatchObject({ outcome });
		}
		expectCounts(recorder, "chat", {
			requests: { success: 1, error: 2 },
			attempts: { success: 3 },
			errors: { network: 1, invalid_response: 1 },
			// Of the empty one nobody has said anything that could be billed, but its answer was under way.
			missing: { not_reported: 3 },
			firstTokens: 2,
		});
	});

	test("an error inside a stream, before the first word and after it", async () => {
		const error =
			api === "chat"
				? { error: { message: "no", type: "server_error", code: "rate_limit_exceeded" } }
				: {
						type: "error",
						sequence_number: 1,
						error: { type: "x", code: "rate_limit_exceeded", message: "no", param: null },
					};
		const { openai } = await serve(
			events([error]),
			begun(api, (response) => response.end(`data: ${JSON.stringify(error)}\n\n`)),
		);
		const model = metered(plain(openai, api));
		// The provider throws it with a status of its own, 429; what came was a 200.
		expect(await failure(model.doStream(request))).toMatchObject({ statusCode: 429 });
		const parts = await collect((await model.doStream(request)).stream);
		expect(parts.map(({ type }) => type)).toContain("error");
		expectCounts(recorder, "chat", {
			requests: { error: 2 },
			attempts: { success: 2 },
			errors: { rate_limit: 2 },
			missing: { not_reported: 1 },
			firstTokens: 1,
		});
		expect(recorder.counter("llm_rate_limited_total", { provider: "openai", model: "gpt-4o" })).toBe(2);
	});

	test("generateText's own retries are calls of their own: a 429 that it got over is one that failed and one that did not", async () => {
		const limited = json(429, said("rate_limit_exceeded"), { "retry-after-ms": "1" });
		const { openai } = await serve(limited, whole(api), limited, limited);
		const model = metered(plain(openai, api));
		expect((await generateText({ model, prompt })).text).toBe(`one ${SECRET}`);
		expectCounts(recorder, "chat", {
			requests: { error: 1, success: 1 },
			attempts: { rate_limited: 1, success: 1 },
			errors: { rate_limit: 1 },
			answers: 1,
		});
		expect(recorder.counter("llm_rate_limited_total", { provider: "openai", model: "gpt-4o" })).toBe(1);
		recorder.reset();
		expect(await failure(generateText({ model, prompt, maxRetries: 1 }))).toBeInstanceOf(RetryError);
		expectCounts(recorder, "chat", {
			requests: { error: 2 },
			attempts: { rate_limited: 2 },
			errors: { rate_limit: 2 },
		});
	});
});

test("the usage of a failed response comes after its failure, and counts", async () => {
	const { openai } = await serve(FAILED_RESPONSE);
	const { stream } = await metered(openai("gpt-4o")).doStream(request);
	expect((await collect(stream)).map(({ type }) => type)).toEqual(
		expect.arrayContaining(["error", "finish"]),
	);
	expectCounts(recorder, "chat", {
		requests: { error: 1 },
		attempts: { success: 1 },
		errors: { api_error: 1 },
		missing: { not_reported: 1 },
		answers: 1,
		firstTokens: 1,
	});
});
