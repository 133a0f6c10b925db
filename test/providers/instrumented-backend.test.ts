import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test, vi } from "vitest";
import type { SettledCall } from "../../src/core/settled-call.ts";
import { addSettlementListener } from "../../src/core/settlement-listeners.ts";
import { initPrometheus } from "../../src/monitoring/index.ts";
import { ABANDONED_AFTER_MS } from "../../src/monitoring/read-watch.ts";
import { CachedBackend } from "../../src/providers/cached-backend.ts";
import { InstrumentedBackend } from "../../src/providers/instrumented-backend.ts";
import { LlmError } from "../../src/core/llm-error.ts";
import type { StreamEvent } from "../../src/providers/llm-backend.ts";
import { ANSWER, DONE, ScriptedBackend, ScriptedStream, TOKEN } from "./scripted-backend.ts";

const calls: SettledCall[] = [];
addSettlementListener({ settled: (call) => calls.push(call), recorded: () => undefined });
// One that throws must harm nobody.
addSettlementListener({
	settled: () => {
		throw new Error("listener");
	},
	recorded: () => undefined,
});
const before = new InstrumentedBackend(new ScriptedBackend(), "openai", "wrapped-before-init");
const handle = initPrometheus({ onError: () => undefined });

let routes = 0;

/** A backend of its own route, wrapped, and what was counted for it. */
function wrapped(provider = "openai") {
	const route = `route-${++routes}`;
	const backend = new ScriptedBackend();
	const value = (name: string, labels: Record<string, string> = {}): number =>
		(handle.snapshot()[name] ?? [])
			.filter((series) => series.labels["route"] === route)
			.filter((series) => Object.entries(labels).every(([label, text]) => series.labels[label] === text))
			.reduce((sum, series) => sum + series.value, 0);
	const last = (): SettledCall | undefined => calls.findLast((call) => call.route === route);
	return { route, backend, value, last, llm: new InstrumentedBackend(backend, provider, route) };
}

async function readAll(stream: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
	const events: StreamEvent[] = [];
	for await (const event of stream) events.push(event);
	return events;
}

function streamOf(...events: StreamEvent[]): AsyncIterable<StreamEvent> {
	return (async function* () {
		yield* events;
	})();
}

describe("infer and embed", () => {
	test("series exist from the wrapping on, before and after initPrometheus()", () => {
		expect(before.modelInfo().model).toBe("gpt-4-turbo");
		const { route } = wrapped();
		for (const name of ["wrapped-before-init", route]) {
			expect(handle.render()).toContain(`llm_cost_usd_total{route="${name}",model="gpt-4-turbo"} 0\n`);
		}
		expect(handle.render()).toContain('llm_rate_limited_total{provider="openai",model="gpt-4-turbo"} 0\n');
	});

	test("an answer is the backend's own, and counts once", async () => {
		const { llm, value, last } = wrapped();
		expect(await llm.infer([], [], 0.7)).toBe(ANSWER);
		expect(value("llm_requests_total", { outcome: "success" })).toBe(1);
		expect(value("llm_tokens_input_total")).toBe(100);
		expect(value("llm_tokens_output_total")).toBe(20);
		// 100 × $0.01/1K + 20 × $0.03/1K = $0.0016 = 0.16 cents
		expect(value("llm_cost_usd_total")).toBe(0.16);
		expect(value("llm_active_requests")).toBe(0);
		expect(last()?.costUsd).toBe(0.0016);
	});

	test("it is active while it runs", async () => {
		const { llm, backend, value } = wrapped();
		const { promise, resolve } = Promise.withResolvers<typeof ANSWER>();
		backend.answer = () => promise;
		const running = llm.infer([], [], 0);
		expect(value("llm_active_requests")).toBe(1);
		resolve(ANSWER);
		await running;
		expect(value("llm_active_requests")).toBe(0);
	});

	test("an error is the backend's own, and counts by its type", async () => {
		const { llm, backend, value, last } = wrapped();
		const error = new LlmError("rate_limit", "slow down", { status: 429 });
		backend.answer = async () => Promise.reject(error);
		await expect(llm.infer([], [], 0)).rejects.toBe(error);
		expect(value("llm_errors_total", { error_type: "rate_limit" })).toBe(1);
		expect(value("llm_requests_total", { outcome: "error" })).toBe(1);
		expect(value("llm_usage_missing_total")).toBe(0);
		expect(last()?.errorType).toBe("rate_limit");
	});

	test("a rate-limit error of a backend that shows no HTTP is one rate-limit event", async () => {
		const { llm, backend } = wrapped("some-provider");
		backend.answer = async () => Promise.reject(new LlmError("rate_limit", "slow down"));
		await expect(llm.infer([], [], 0)).rejects.toThrow("slow down");
		expect(handle.render()).toContain(
			'llm_rate_limited_total{provider="some-provider",model="gpt-4-turbo"} 1\n',
		);
	});

	test("a synchronous throw counts, too", async () => {
		const { llm, backend, value } = wrapped();
		backend.answer = () => {
			throw new TypeError("no promise");
		};
		await expect(llm.infer([], [], 0)).rejects.toThrow("no promise");
		expect(value("llm_requests_total", { outcome: "error" })).toBe(1);
		expect(value("llm_active_requests")).toBe(0);
	});

	test("the caller's abort is no error; its signal's timeout is a timeout", async () => {
		const { llm, backend, value } = wrapped();
		backend.answer = (options) =>
			new Promise((_, reject) => {
				options?.signal?.addEventListener("abort", () => reject(options.signal?.reason));
			});
		const controller = new AbortController();
		const aborted = llm.infer([], [], 0, { signal: controller.signal });
		controller.abort();
		await expect(aborted).rejects.toBe(controller.signal.reason);
		expect(value("llm_requests_total", { outcome: "aborted" })).toBe(1);
		expect(value("llm_errors_total")).toBe(0);
		expect(value("llm_usage_missing_total", { reason: "aborted" })).toBe(1);
		await expect(llm.infer([], [], 0, { signal: AbortSignal.timeout(5) })).rejects.toThrow();
		expect(value("llm_errors_total", { error_type: "timeout" })).toBe(1);
		expect(value("llm_active_requests")).toBe(0);
	});

	test("no usage is no zero: it is missing", async () => {
		const { llm, backend, value } = wrapped();
		backend.answer = async () => ({ content: "", toolCalls: [], finishReason: "stop" });
		await llm.infer([], [], 0);
		expect(value("llm_usage_missing_total", { reason: "not_reported" })).toBe(1);
		backend.answer = async () => ({ ...ANSWER, usage: { inputUncached: Number.NaN } });
		await llm.infer([], [], 0);
		expect(value("llm_usage_missing_total", { reason: "parse_error" })).toBe(1);
		expect(value("llm_tokens_total")).toBe(0);
		expect(value("llm_requests_total", { outcome: "success" })).toBe(2);
	});

	test("an unknown model is unpriced, never $0 in silence", async () => {
		const { route, value } = wrapped();
		const unknown = new ScriptedBackend({ model: "model-of-nobody-1", provider: "openai" });
		await new InstrumentedBackend(unknown, "openai", route).infer([], [], 0);
		expect(value("llm_unpriced_requests_total", { reason: "unknown_model" })).toBe(1);
		expect(value("llm_cost_usd_total")).toBe(0);
		expect(value("llm_tokens_total")).toBe(120);
	});

	test("a label that is no provider leaves the price to the backend's word", async () => {
		const { llm, value } = wrapped("my-primary");
		await llm.infer([], [], 0);
		expect(value("llm_cost_usd_total")).toBe(0.16);
	});

	test("an embedding counts under the model that embeds", async () => {
		const { route, value } = wrapped();
		const info = { model: "gpt-4-turbo", provider: "openai", embeddingModel: "text-embedding-3-small" };
		await new InstrumentedBackend(new ScriptedBackend(info), "openai", route).embed("text");
		expect(value("llm_tokens_input_total", { model: "text-embedding-3-small" })).toBe(8);
		// 8 × $0.02/1M = $0.00000016 = 0.000016 cents
		expect(value("llm_cost_usd_total", { model: "text-embedding-3-small" })).toBe(0.000016);
	});

	test("two wrappers count a call once", async () => {
		const inner = wrapped();
		const outer = wrapped();
		const llm = new InstrumentedBackend(inner.llm, "openai", outer.route);
		await llm.infer([], [], 0);
		inner.backend.stream = () => streamOf(TOKEN, DONE);
		await readAll(llm.inferStream([], [], 0));
		expect(outer.value("llm_requests_total")).toBe(2);
		expect(inner.value("llm_requests_total")).toBe(0);
		expect(inner.value("llm_active_requests") + outer.value("llm_active_requests")).toBe(0);
	});

	test("empty labels are refused at once", () => {
		expect(() => new InstrumentedBackend(new ScriptedBackend(), "openai", "")).toThrow("route");
		expect(() => new InstrumentedBackend(new ScriptedBackend(), "", "chat")).toThrow("provider");
	});
});

describe("streams", () => {
	test("events pass as they are; tokens, first token and the end are counted", async () => {
		const { llm, backend, value, last } = wrapped();
		backend.stream = () => streamOf(TOKEN, TOKEN, DONE);
		const events = await readAll(llm.inferStream([], [], 0));
		expect(events).toEqual([TOKEN, TOKEN, DONE]);
		expect(events[0]).toBe(TOKEN);
		expect(value("llm_tokens_total")).toBe(120);
		expect(value("llm_requests_total", { outcome: "success" })).toBe(1);
		expect(value("llm_time_to_first_token_ms")).toBe(1);
		expect(value("llm_time_per_output_token_ms")).toBe(1);
		expect(last()?.timeToFirstTokenMs).toBeLessThanOrEqual(last()?.latencyMs ?? 0);
	});

	test("leaving at the end mark is a success", async () => {
		const { llm, backend, value } = wrapped();
		backend.stream = () => streamOf(TOKEN, DONE);
		for await (const event of llm.inferStream([], [], 0)) {
			if (event.type === "done") break;
		}
		expect(value("llm_requests_total", { outcome: "success" })).toBe(1);
		expect(value("llm_tokens_total")).toBe(120);
	});

	test("leaving early is aborted and releases the source", async () => {
		const { llm, backend, value } = wrapped();
		const source = new ScriptedStream();
		source.send(TOKEN);
		backend.stream = () => source;
		for await (const _ of llm.inferStream([], [], 0)) break;
		expect(source.closed).toBe(true);
		expect(value("llm_requests_total", { outcome: "aborted" })).toBe(1);
		expect(value("llm_usage_missing_total", { reason: "aborted" })).toBe(1);
		expect(value("llm_latency_ms")).toBe(1);
		expect(value("llm_active_requests")).toBe(0);
	});

	test("an error inside is the source's own", async () => {
		const { llm, backend, value } = wrapped();
		const source = new ScriptedStream();
		const error = new LlmError("model_unavailable", "overloaded");
		source.send(TOKEN);
		source.fail(error);
		backend.stream = () => source;
		await expect(readAll(llm.inferStream([], [], 0))).rejects.toBe(error);
		expect(value("llm_errors_total", { error_type: "model_unavailable" })).toBe(1);
		// Tokens that were seen are billed, and nobody said how many.
		expect(value("llm_usage_missing_total", { reason: "not_reported" })).toBe(1);
	});

	test("a stream that ends silently after an abort is aborted", async () => {
		const { llm, backend, value } = wrapped();
		const controller = new AbortController();
		const source = new ScriptedStream();
		source.send(TOKEN);
		backend.stream = () => source;
		const stream = llm.inferStream([], [], 0, { signal: controller.signal });
		for await (const _ of stream) {
			controller.abort();
			source.end();
		}
		expect(value("llm_requests_total", { outcome: "aborted" })).toBe(1);
	});

	test("a stream without any event is an invalid response, in the metric alone", async () => {
		const { llm, backend, value } = wrapped();
		backend.stream = () => streamOf();
		expect(await readAll(llm.inferStream([], [], 0))).toEqual([]);
		expect(value("llm_errors_total", { error_type: "invalid_response" })).toBe(1);
	});

	test("a throw while opening counts and is the backend's own", () => {
		const { llm, backend, value } = wrapped();
		const error = new LlmError("validation", "bad tools");
		backend.stream = () => {
			throw error;
		};
		expect(() => llm.inferStream([], [], 0)).toThrow(error);
		expect(value("llm_errors_total", { error_type: "validation" })).toBe(1);
		expect(value("llm_active_requests")).toBe(0);
	});

	test("nobody reads: after 15 minutes it is abandoned, without a latency, and can still be read", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		try {
			const { llm, backend, value } = wrapped();
			backend.stream = () => streamOf(TOKEN, DONE);
			const stream = llm.inferStream([], [], 0);
			vi.advanceTimersByTime(ABANDONED_AFTER_MS - 1);
			expect(value("llm_active_requests")).toBe(1);
			vi.advanceTimersByTime(2);
			expect(value("llm_requests_total", { outcome: "abandoned" })).toBe(1);
			expect(value("llm_latency_ms")).toBe(0);
			expect(value("llm_active_requests")).toBe(0);
			expect(await readAll(stream)).toEqual([TOKEN, DONE]);
			expect(value("llm_requests_total")).toBe(1);
		} finally {
			vi.useRealTimers();
		}
	});

	test("a slow provider is not an abandoned stream", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		try {
			const { llm, backend, value } = wrapped();
			const source = new ScriptedStream();
			backend.stream = () => source;
			const reading = readAll(llm.inferStream([], [], 0));
			vi.advanceTimersByTime(ABANDONED_AFTER_MS * 3);
			expect(value("llm_active_requests")).toBe(1);
			source.send(DONE);
			source.end();
			await reading;
			expect(value("llm_requests_total", { outcome: "success" })).toBe(1);
		} finally {
			vi.useRealTimers();
		}
	});

	test("a stream that is lost is abandoned, and its source released", async () => {
		setFlagsFromString("--expose-gc");
		const gc: () => void = runInNewContext("gc");
		const { llm, backend, value } = wrapped();
		const source = new ScriptedStream();
		backend.stream = () => source;
		(() => {
			llm.inferStream([], [], 0);
		})();
		expect(value("llm_active_requests")).toBe(1);
		for (let i = 0; i < 50 && value("llm_active_requests") === 1; i += 1) {
			gc();
			await sleep(5);
		}
		expect(value("llm_requests_total", { outcome: "abandoned" })).toBe(1);
		expect(value("llm_active_requests")).toBe(0);
		expect(source.closed).toBe(true);
	});
});

describe("the response cache", () => {
	const ASK = [{ role: "user", content: "hello" }] as const;

	test.each(["inside", "outside"])(
		"a hit adds no tokens, cost, attempt or latency: cache %s",
		async (where) => {
			const { route, backend, value, llm } = wrapped();
			backend.stream = () => streamOf(TOKEN, DONE);
			const cached =
				where === "inside"
					? new InstrumentedBackend(new CachedBackend(backend, route), "openai", route)
					: new CachedBackend(llm, route);
			const first = await cached.infer(ASK, [], 0);
			const events = await readAll(cached.inferStream(ASK, [], 0));
			const embedded = await cached.embed("text");
			const state = (): number[] =>
				[
					"llm_tokens_total",
					"llm_cost_usd_total",
					"llm_latency_ms",
					"llm_requests_total",
					"llm_active_requests",
				].map((name) => value(name));
			const counted = state();
			expect(await cached.infer(ASK, [], 0)).toEqual(first);
			expect(await readAll(cached.inferStream(ASK, [], 0))).toEqual(events);
			expect(await cached.embed("text")).toEqual(embedded);
			expect(state()).toEqual(counted);
			expect(backend.asked).toBe(3);
			expect(value("llm_cache_hits_total")).toBe(3);
			expect(value("llm_cache_misses_total")).toBe(3);
		},
	);

	test("whatever changes the answer is another question", async () => {
		const { route, backend } = wrapped();
		const cached = new CachedBackend(backend, route);
		const tool = { name: "f", parameters: { type: "object" } };
		await cached.infer(ASK, [], 0);
		await cached.infer(ASK, [], 0.5);
		await cached.infer(ASK, [tool], 0);
		await cached.infer(ASK, [{ ...tool, description: "d" }], 0);
		await cached.infer([{ role: "system", content: "hello" }], [], 0);
		await cached.infer(ASK, [], 0, { maxTokens: 5 });
		expect(backend.asked).toBe(6);
		await cached.infer(ASK, [], 0, { signal: new AbortController().signal });
		expect(backend.asked).toBe(6);
	});

	test("errors, broken streams and refused answers are not kept; answers grow old", async () => {
		const { route, backend } = wrapped();
		const cached = new CachedBackend(backend, route, { max: 10, ttl: 20 });
		backend.answer = async () => ({ ...ANSWER, finishReason: "content_filter" });
		await cached.infer(ASK, [], 0);
		await cached.infer(ASK, [], 0);
		expect(backend.asked).toBe(2);
		backend.stream = () => streamOf(TOKEN, TOKEN, DONE);
		for await (const _ of cached.inferStream(ASK, [], 0)) break;
		await readAll(cached.inferStream(ASK, [], 0));
		expect(backend.asked).toBe(4);
		await sleep(40);
		await readAll(cached.inferStream(ASK, [], 0));
		expect(backend.asked).toBe(5);
	});

	test("what a caller does to its answer does not reach the next", async () => {
		const { route, backend } = wrapped();
		const cached = new CachedBackend(backend, route);
		backend.answer = async () => structuredClone(ANSWER);
		for (let i = 0; i < 3; i += 1) {
			const answer = await cached.infer(ASK, [], 0);
			expect(answer.content).toBe("hi");
			Object.assign(answer, { content: "changed" });
		}
	});

	test.each([{ max: 0 }, { ttl: -1 }, { max: 1.5 }])("refuses %o", (options) => {
		expect(() => new CachedBackend(new ScriptedBackend(), "chat", options)).toThrow(
			"expected an integer from 1",
		);
	});
});
