/** Streams of a model that does as it is told, so that each part and each read is known. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type {
	LanguageModelV4,
	LanguageModelV4StreamPart as Part,
	LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Exchange, openExchange } from "../../src/monitoring/exchange.ts";
import { ABANDONED_AFTER_MS } from "../../src/monitoring/read-watch.ts";
import { collect, failure, metered, recorder, request } from "./ai-sdk-setup.ts";

const text = (delta: string): Part => ({ type: "text-delta", id: "0", delta });
const usage = (input: number, output: number): LanguageModelV4Usage => ({
	inputTokens: { total: input, noCache: input, cacheRead: undefined, cacheWrite: undefined },
	outputTokens: { total: output, text: output, reasoning: undefined },
});
const end = (unified: "stop" | "error" | "interrupted" = "stop"): Part => ({
	type: "finish",
	finishReason: { unified, raw: undefined },
	usage: usage(10, 3),
});

/** A model with this stream, and how often it was asked for a part, and whether and why it was cancelled. */
function streaming(parts: readonly (Part | Error)[], provider = "openai.chat") {
	const rest = [...parts];
	const seen = { pulls: 0, cancelled: undefined as unknown };
	const model: LanguageModelV4 = {
		specificationVersion: "v4",
		provider,
		modelId: "gpt-4o",
		supportedUrls: {},
		doGenerate: () => Promise.reject(new Error("not asked")),
		doStream: async () => ({
			stream: new ReadableStream<Part>(
				{
					pull(controller) {
						seen.pulls += 1;
						const part = rest.shift();
						if (part === undefined) controller.close();
						else if (part instanceof Error) controller.error(part);
						else controller.enqueue(part);
					},
					cancel(reason) {
						seen.cancelled = reason ?? "no reason";
					},
				},
				{ highWaterMark: 0 },
			),
		}),
	};
	return { model: metered(model), seen };
}

const last = () => recorder.calls.at(-1);

describe("a reader", () => {
	test("gets the very parts, one read at a time and none ahead", async () => {
		const parts = [text("a"), text("b"), end()];
		const { model, seen } = streaming(parts);
		const reader = (await model.doStream(request)).stream.getReader();
		await sleep(5);
		expect(seen.pulls).toBe(0);
		for (const [index, part] of parts.entries()) {
			expect((await reader.read()).value).toBe(part);
			expect(seen.pulls).toBe(index + 1);
		}
		expect(last()).toMatchObject({ outcome: "success", usage: { inputUncached: 10, output: 3 } });
		expect((await reader.read()).done).toBe(true);
		expect(recorder.calls).toHaveLength(1);
	});

	test("who leaves while a part is on its way is gone at once, and so is the source", async () => {
		const { model, seen } = streaming([text("a")]);
		const { stream } = await model.doStream(request);
		const reader = stream.getReader();
		await reader.read();
		await reader.cancel("enough");
		expect(seen.cancelled).toBe("enough");
		expect(last()).toMatchObject({ outcome: "aborted", usageMissing: "aborted" });
		expect(recorder.gauge("llm_active_requests")).toBe(0);
	});

	test("who leaves before a slow part comes does not wait for it", async () => {
		let cancelled: unknown;
		const { model } = streaming([]);
		const slow = metered({
			...model,
			doStream: async () => ({
				stream: new ReadableStream<Part>({
					pull: () => new Promise(() => {}),
					cancel: (reason) => void (cancelled = reason),
				}),
			}),
		});
		const reader = (await slow.doStream(request)).stream.getReader();
		const read = reader.read();
		await reader.cancel("too slow");
		expect(cancelled).toBe("too slow");
		expect((await read).done).toBe(true);
		expect(last()?.outcome).toBe("aborted");
	});

	test("who leaves after the finish has had the whole answer", async () => {
		const { model } = streaming([text("a"), end()]);
		for await (const part of (await model.doStream(request)).stream) if (part.type === "finish") break;
		expect(recorder.calls.map(({ outcome }) => outcome)).toEqual(["success"]);
	});

	test("whose stream throws gets that error", async () => {
		const error = new Error("no");
		const { model } = streaming([text("a"), error]);
		expect(await failure(collect((await model.doStream(request)).stream))).toBe(error);
		expect(last()).toMatchObject({ outcome: "error", errorType: "api_error" });
	});

	test("whose signal is aborted has left, read or not", async () => {
		const { model } = streaming([text("a")]);
		const controller = new AbortController();
		const { stream } = await model.doStream({ ...request, abortSignal: controller.signal });
		controller.abort();
		expect(last()?.outcome).toBe("aborted");
		await stream.cancel();
		expect(recorder.calls).toHaveLength(1);
	});
});

describe("the first token", () => {
	test.each<[string, Part, boolean]>([
		["no text", text(""), false],
		["a text that begins", { type: "text-start", id: "0" }, false],
		["a text", text("a"), true],
		["a tool's input that begins", { type: "tool-input-start", id: "0", toolName: "t" }, false],
		["a tool's input", { type: "tool-input-delta", id: "0", delta: "{" }, true],
		["a tool call", { type: "tool-call", toolCallId: "0", toolName: "t", input: "{}" }, true],
		["reasoning that begins", { type: "reasoning-start", id: "0" }, false],
		["reasoning", { type: "reasoning-delta", id: "0", delta: "hm" }, true],
		["a warning", { type: "stream-start", warnings: [] }, false],
		["metadata", { type: "response-metadata", modelId: "gpt-4o" }, false],
		["a raw chunk", { type: "raw", rawValue: { delta: "a" } }, false],
	])("%s", async (_what, part, isToken) => {
		const { model } = streaming([part, end()]);
		await collect((await model.doStream(request)).stream);
		expect(last()?.timeToFirstTokenMs !== undefined).toBe(isToken);
	});
});

describe("ends", () => {
	test.each<[string, readonly Part[], object]>([
		[
			"by an error that the provider only names",
			[text("a"), end("error")],
			{ outcome: "error", errorType: "api_error", usage: { inputUncached: 10, output: 3 } },
		],
		[
			"without an end mark: what was said of the usage counts, and is not the whole",
			[text("a"), end("interrupted")],
			{ outcome: "success", usage: { inputUncached: 10, output: 3 }, usageMissing: "not_reported" },
		],
		[
			"without an end mark or a word",
			[{ type: "stream-start", warnings: [] }, end("interrupted")],
			{ outcome: "error", errorType: "invalid_response" },
		],
		["without a finish", [text("a")], { outcome: "success", usage: undefined, usageMissing: "not_reported" }],
		["without anything", [], { outcome: "error", errorType: "invalid_response" }],
		["with a finish and no word", [end()], { outcome: "success", usageMissing: undefined }],
		[
			"by an error part",
			[text("a"), { type: "error", error: { message: "no", code: "rate_limit_exceeded" } }],
			{ outcome: "error", errorType: "rate_limit", usageMissing: "not_reported" },
		],
		[
			"by an error part and what was used by then",
			[text("a"), { type: "error", error: "no" }, text("b"), end()],
			{ outcome: "error", errorType: "api_error", usage: { inputUncached: 10, output: 3 } },
		],
	])("%s", async (_what, parts, call) => {
		const { model } = streaming(parts);
		expect(await collect((await model.doStream(request)).stream)).toEqual(parts);
		expect(recorder.calls).toMatchObject([call]);
		expect(recorder.gauge("llm_active_requests")).toBe(0);
	});

	test("with a finish before the bytes below have ended: the call waits for their end", async () => {
		const { model } = streaming([text("a"), end(), { type: "ping" }]);
		let exchange: Exchange | undefined;
		const early = metered({
			...model,
			doStream: (params) => {
				exchange = openExchange("openai", "gpt-4o");
				return model.doStream(params);
			},
		});
		for await (const part of (await early.doStream(request)).stream) {
			if (part.type !== "ping") continue;
			expect(recorder.calls).toEqual([]);
			exchange?.reportUsage({ usage: { inputUncached: 10, output: 3 } });
			exchange?.done();
		}
		expect(recorder.calls).toMatchObject([
			{ outcome: "success", usageMissing: undefined, usage: { output: 3 } },
		]);
	});

	test("an error part is an error, whatever its reader does then", async () => {
		const parts: Part[] = [{ type: "error", error: { message: "no", type: "overloaded_error" } }];
		const leaver = streaming(parts);
		for await (const _ of (await leaver.model.doStream(request)).stream) break;
		expect(recorder.calls).toMatchObject([{ outcome: "error", errorType: "model_unavailable" }]);
		const sleeper = streaming(parts);
		await (await sleeper.model.doStream(request)).stream.getReader().read();
		await expect.poll(() => recorder.calls.length, { timeout: 3000 }).toBe(2);
		expect(last()).toMatchObject({ outcome: "error", errorType: "model_unavailable" });
	});

	test("what is no stream passes as it is", async () => {
		vi.spyOn(process, "emitWarning").mockReturnValue();
		const answer = { stream: "none" };
		const { model } = streaming([]);
		const odd = metered({ ...model, doStream: async () => answer as never });
		expect(await odd.doStream(request)).toBe(answer);
		expect(last()).toMatchObject({ outcome: "success", usageMissing: "not_reported" });
		expect(recorder.counter("hyperagent_internal_errors_total", { component: "usage" })).toBe(1);
	});
});

describe("nobody reads", () => {
	afterEach(() => {
		vi.useRealTimers();
	});

	test("for 15 minutes: abandoned, and not while somebody waits", async () => {
		vi.useFakeTimers();
		const { model } = streaming([text("a")]);
		const reader = (await model.doStream(request)).stream.getReader();
		await reader.read();
		vi.advanceTimersByTime(ABANDONED_AFTER_MS - 1);
		expect(recorder.calls).toEqual([]);
		vi.advanceTimersByTime(1);
		expect(recorder.calls).toMatchObject([{ outcome: "abandoned" }]);
	});

	test("and nobody can any more: abandoned, and its connection released", async () => {
		setFlagsFromString("--expose-gc");
		const gc: () => void = runInNewContext("gc");
		const { model, seen } = streaming([text("a"), text("b")]);
		await (async () => {
			await (await model.doStream(request)).stream.getReader().read();
		})();
		await expect
			.poll(() => {
				gc();
				return recorder.calls.at(-1)?.outcome;
			})
			.toBe("abandoned");
		await expect.poll(() => seen.cancelled).toBe("no reason");
		expect(recorder.gauge("llm_active_requests")).toBe(0);
	});
});

describe("the provider is whom the model names", () => {
	test.each([
		["openai.responses", "openai", undefined],
		["azure.responses", "azure", undefined],
		["google.generative-ai", "google", "unknown_model"],
		["amazon-bedrock", "amazon-bedrock", "unknown_model"],
		["my-proxy.chat", "my-proxy", "unknown_model"],
	])("%s", async (provider, label, unpriced) => {
		const { model } = streaming([text("a"), end()], provider);
		await collect((await model.doStream(request)).stream);
		expect(last()).toMatchObject({ provider: label, unpriced });
	});

	test("the gateway bills what the provider does", async () => {
		const { model } = streaming([text("a"), end()], "gateway");
		const gateway = metered({
			...model,
			provider: "gateway",
			modelId: "openai/gpt-4o",
			doStream: (params) => model.doStream(params),
		});
		await collect((await gateway.doStream(request)).stream);
		expect(last()).toMatchObject({ provider: "gateway", model: "openai/gpt-4o", unpriced: undefined });
		// 10 at $2.50 and 3 at $10 a million.
		expect(last()?.costUsd).toBe(0.000055);
	});
});
