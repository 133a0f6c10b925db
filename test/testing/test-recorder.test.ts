import { afterEach, describe, expect, test } from "vitest";
import {
	bindLlmSeries,
	getPrometheus,
	HyperAgentError,
	incActiveRequests,
	initPrometheus,
	recordLlmCost,
	recordLlmError,
	recordLlmLatency,
	recordLlmTokens,
	recordRateLimit,
} from "../../src/monitoring/index.ts";
import { InstrumentedBackend, type LLMBackend } from "../../src/providers/index.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";

const open: TestRecorder[] = [];

/** Restored after the test, whatever becomes of it. */
function installed(): TestRecorder {
	const recorder = installTestRecorder();
	open.push(recorder);
	return recorder;
}

afterEach(() => {
	for (const recorder of open.splice(0)) recorder.restore();
});

function refusal(fn: () => unknown): HyperAgentError {
	try {
		fn();
	} catch (error) {
		if (error instanceof HyperAgentError) return error;
		throw error;
	}
	throw new Error("nothing was thrown");
}

function backend(infer: LLMBackend["infer"]): LLMBackend {
	return {
		infer,
		async *inferStream() {},
		embed: async () => ({ embedding: [1], usage: { inputUncached: 5 } }),
		modelInfo: () => ({ model: "gpt-4-turbo", provider: "openai", embeddingModel: "text-embedding-3-small" }),
	};
}

const answering: LLMBackend = backend(async () => ({
	content: "a secret answer",
	toolCalls: [],
	finishReason: "stop",
	usage: { inputUncached: 100, output: 20 },
}));

/** Before and after the process's own initPrometheus(), which comes in between. */
const suite = (): void => {
	test("a counter is the sum of the series that have all the labels", () => {
		const recorder = installed();
		recordLlmError("chat", "gpt-4-turbo", "timeout");
		recordLlmError("summarize", "gpt-4-turbo", "timeout");
		recordLlmError("chat", "claude", "network");
		expect(recorder.counter("llm_errors_total")).toBe(3);
		expect(recorder.counter("llm_errors_total", { error_type: "timeout" })).toBe(2);
		expect(recorder.counter("llm_errors_total", { route: "chat", error_type: undefined })).toBe(2);
		expect(recorder.counter("llm_errors_total", { route: "nobody's" })).toBe(0);
	});

	test("gauges, histograms and exact costs", () => {
		const recorder = installed();
		incActiveRequests("chat", "m");
		recordLlmLatency("chat", "m", 100);
		recordLlmLatency("chat", "other-model", 250.5);
		for (let i = 0; i < 10; i += 1) recordLlmCost("chat", "m", 0.1);
		recordLlmCost("summarize", "m", 1e-12);
		expect(recorder.gauge("llm_active_requests", { route: "chat" })).toBe(1);
		expect(recorder.histogram("llm_latency_ms")).toEqual({ count: 2, sum: 350.5 });
		expect(recorder.histogram("llm_latency_ms", { model: "m" })).toEqual({ count: 1, sum: 100 });
		expect(recorder.cost({ route: "chat" })).toBe("100");
		expect(recorder.cost()).toBe("100.0000000001");
		expect(recorder.cost({ route: "nobody's" })).toBe("0");
	});

	test("whole calls, without what was said", async () => {
		const recorder = installed();
		const llm = new InstrumentedBackend(answering, "openai", "chat");
		await llm.infer([{ role: "user", content: "a secret question" }], [], 0);
		const failing = new InstrumentedBackend(
			backend(() => Promise.reject(Object.assign(new Error("slow down"), { status: 429 }))),
			"openai",
			"chat",
		);
		await expect(failing.infer([], [], 0)).rejects.toThrow("slow down");
		expect(recorder.calls).toMatchObject([
			{ route: "chat", model: "gpt-4-turbo", outcome: "success", costUsd: 0.0016 },
			{ outcome: "error", errorType: "rate_limit", usage: undefined },
		]);
		expect(Object.getPrototypeOf(recorder.calls[0])).toBe(Object.prototype);
		expect(JSON.stringify(recorder.calls)).not.toContain("secret");
		expect(recorder.counter("llm_requests_total", { outcome: "success" })).toBe(1);
		expect(recorder.cost({ route: "chat" })).toBe("0.16");
	});

	test("what a bound series records is seen, and goes where it was afterwards", () => {
		const chat = bindLlmSeries("chat", "bound");
		const recorder = installed();
		chat.recordTokens(1, 2);
		expect(recorder.counter("llm_tokens_total", { model: "bound" })).toBe(3);
		recorder.restore();
		chat.recordTokens(1, 2);
		expect(recorder.counter("llm_tokens_total", { model: "bound" })).toBe(3);
	});

	test("reset() begins again, and knows the calls under way", async () => {
		const recorder = installed();
		const { gate, llm } = gatedLlm();
		const call = llm.infer([], [], 0);
		recordLlmTokens("chat", "gpt-4-turbo", 1, 2);
		recordLlmCost("chat", "gpt-4-turbo", 1.5);
		recordLlmLatency("chat", "gpt-4-turbo", 5);
		recorder.reset();
		expect(recorder.counter("llm_tokens_total")).toBe(0);
		expect(recorder.cost()).toBe("0");
		expect(recorder.histogram("llm_latency_ms")).toEqual({ count: 0, sum: 0 });
		expect(recorder.gauge("llm_active_requests")).toBe(1);
		expect(recorder.gauge("hyperagent_build_info")).toBe(1);
		gate.resolve();
		await call;
		expect(recorder.gauge("llm_active_requests")).toBe(0);
		expect(recorder.calls).toHaveLength(1);
		recorder.reset();
		expect(recorder.calls).toEqual([]);
	});

	test("getPrometheus() gives its handle", () => {
		installed();
		recordRateLimit("openai", "m");
		expect(getPrometheus().render()).toContain('llm_rate_limited_total{provider="openai",model="m"} 1');
	});

	test("initPrometheus() is as in a new process, and what it counts is seen", () => {
		const recorder = installed();
		recordLlmTokens("chat", "m", 1, 0);
		const handle = initPrometheus({ routes: ["chat"], models: ["m"], constantLabels: { service: "api" } });
		expect(getPrometheus()).toBe(handle);
		expect(() => initPrometheus()).toThrow("FailedToSetGlobalRecorder");
		recordLlmTokens("chat", "m", 2, 0);
		recordLlmCost("chat", "m", 0.25);
		expect(handle.render()).toContain('llm_tokens_total{service="api",route="chat",model="m"} 2');
		expect(recorder.counter("llm_tokens_total")).toBe(3);
		expect(recorder.cost()).toBe("25");
		recorder.restore();
		expect(recorder.counter("llm_tokens_total")).toBe(3);
	});

	test("`using` restores, and a recorder inside another hides it", () => {
		const outer = installed();
		{
			using inner = installTestRecorder();
			recordLlmTokens("chat", "m", 1, 0);
			expect(inner.counter("llm_tokens_total")).toBe(1);
		}
		recordLlmTokens("chat", "m", 5, 0);
		expect(outer.counter("llm_tokens_total")).toBe(5);
	});

	test("restored in the wrong order, the process still gets back what it had", () => {
		const before = handleOrNone();
		const [one, two, three] = [installed(), installed(), installed()];
		two.restore();
		two.restore();
		one.restore();
		recordLlmTokens("chat", "m", 1, 0);
		expect(three.counter("llm_tokens_total")).toBe(1);
		three.restore();
		expect(handleOrNone()).toBe(before);
	});

	test("a call that began before is none of its calls", async () => {
		const first = installed();
		const { gate, llm } = gatedLlm();
		const call = llm.infer([], [], 0);
		const second = installed();
		gate.resolve();
		await call;
		expect([first.calls.length, second.calls.length]).toEqual([1, 0]);
		expect(first.counter("llm_requests_total")).toBe(1);
	});

	test("OpenTelemetry gets the provider and operation that the calls say", async () => {
		installed();
		const llm = new InstrumentedBackend(answering, "openai", "chat");
		await llm.infer([], [], 0);
		await llm.embed("text");
		const { resourceMetrics } = await getPrometheus().metricProducer().collect();
		const tokens = resourceMetrics.scopeMetrics
			.flatMap(({ metrics }) => metrics)
			.find(({ descriptor }) => descriptor.name === "gen_ai.client.inference.usage.input_tokens");
		const points = tokens?.dataPoints.map(({ attributes, value }) => ({ ...attributes, value }));
		expect(points).toMatchObject([
			{ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", value: 100 },
			{ "gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "openai", value: 5 },
		]);
	});
};

function handleOrNone(): unknown {
	try {
		return getPrometheus();
	} catch {
		return undefined;
	}
}

/** A backend that answers once its gate is opened. */
function gatedLlm(): { gate: PromiseWithResolvers<void>; llm: InstrumentedBackend } {
	const gate = Promise.withResolvers<void>();
	const held = backend(async () => {
		await gate.promise;
		return { content: "", toolCalls: [], finishReason: "stop" };
	});
	return { gate, llm: new InstrumentedBackend(held, "openai", "chat") };
}

describe("before initPrometheus()", () => {
	suite();

	test("and afterwards there is none, as before", () => {
		expect(() => getPrometheus()).toThrow("no recorder is installed");
	});
});

describe("after initPrometheus()", () => {
	const own = () => getPrometheus();

	test("the process has its own", () => {
		initPrometheus();
		recordLlmTokens("chat", "own", 7, 0);
		expect(() => initPrometheus()).toThrow("FailedToSetGlobalRecorder");
	});

	suite();

	test("and afterwards it has its own again, which nothing has touched", () => {
		expect(own().render()).toContain('llm_tokens_total{route="chat",model="own"} 7');
		expect(own().render()).not.toContain('model="m"');
	});
});

describe("a name that does not exist", () => {
	test.each<[(recorder: TestRecorder) => unknown, readonly string[]]>([
		[
			(r) => r.counter("llm_error_total"),
			['recorder.counter("llm_error_total")', "Did you mean llm_errors_total?"],
		],
		[(r) => r.counter("nonsense"), ["There are: llm_tokens_input_total,"]],
		[(r) => r.counter("llm_latency_ms"), ["is a histogram: ask recorder.histogram()"]],
		[(r) => r.gauge("llm_tokens_total"), ["is a counter: ask recorder.counter()"]],
		[(r) => r.histogram("llm_latency"), ["Did you mean llm_latency_ms?"]],
		[(r) => r.counter("llm_errors_total", { errorType: "timeout" }), ['no label "errorType"', "error_type"]],
		[
			(r) => r.counter("llm_errors_total", { error_type: "time_out" }),
			['no error_type "time_out"', "Did you mean timeout?", "rate_limit, "],
		],
		[(r) => r.gauge("hyperagent_price_book_age_seconds", { route: "chat" }), ["It has none."]],
		[(r) => r.cost({ rout: "chat" }), ["Did you mean route?", "There are: route, model."]],
	])("throws and says which there are: %s", (ask, said) => {
		const error = refusal(() => ask(installed()));
		expect(error.code).toBe("BAD_OPTION");
		for (const words of said) expect(error.message).toContain(words);
	});
});
