import { describe, expect, test, vi } from "vitest";
import {
	decActiveRequests,
	getPrometheus,
	HyperAgentError,
	incActiveRequests,
	incCacheHit,
	incCacheMiss,
	initPrometheus,
	recordLlmCost,
	recordLlmError,
	recordLlmLatency,
	recordLlmTokens,
	recordRateLimit,
	withActiveRequest,
} from "../../src/monitoring/index.ts";

const told: HyperAgentError[] = [];

function caught(fn: () => unknown): HyperAgentError {
	try {
		fn();
	} catch (error) {
		if (error instanceof HyperAgentError) return error;
		throw error;
	}
	throw new Error("nothing was thrown");
}

function line(start: string): string | undefined {
	return getPrometheus()
		.render()
		.split("\n")
		.find((one) => one.startsWith(`${start} `))
		?.slice(start.length + 1);
}

/** Everything but what moves by itself: the age of the prices. */
function state(): string {
	return getPrometheus()
		.render()
		.replace(/^hyperagent_price_book_age_seconds .*$/m, "");
}

describe("the installed recorder", () => {
	const handle = initPrometheus({
		routes: ["chat", "summarize"],
		models: ["gpt-4-turbo", { provider: "anthropic", model: "claude-3-haiku" }],
		bounds: { pairs: 50 },
		onError: (error) => {
			told.push(error);
			throw new Error("an onError that throws harms nobody");
		},
	});

	test("what was declared exists at 0", () => {
		for (const route of ["chat", "summarize"]) {
			for (const model of ["gpt-4-turbo", "claude-3-haiku"]) {
				expect(line(`llm_tokens_total{route="${route}",model="${model}"}`)).toBe("0");
				expect(line(`llm_errors_total{route="${route}",model="${model}",error_type="timeout"}`)).toBe("0");
			}
			expect(line(`llm_cache_hits_total{route="${route}"}`)).toBe("0");
		}
		expect(line('llm_rate_limited_total{provider="anthropic",model="claude-3-haiku"}')).toBe("0");
	});

	test("a second call throws the guide's error and names getPrometheus()", () => {
		const error = caught(() => initPrometheus());
		expect(error.code).toBe("ALREADY_INITIALIZED");
		expect(error.message).toContain("failed to install Prometheus recorder: FailedToSetGlobalRecorder");
		expect(error.message).toContain("getPrometheus()");
		expect(getPrometheus()).toBe(handle);
	});

	test("the guide's manual example", () => {
		const labels = '{route="custom_route",model="gpt-4-turbo"}';
		recordLlmTokens("custom_route", "gpt-4-turbo", 150, 50);
		recordLlmCost("custom_route", "gpt-4-turbo", 0.0025);
		recordLlmLatency("custom_route", "gpt-4-turbo", 1250);
		incCacheHit("custom_route");
		incCacheMiss("custom_route");
		recordRateLimit("openai", "gpt-4-turbo");
		recordLlmError("custom_route", "gpt-4-turbo", "timeout");
		incActiveRequests("custom_route", "gpt-4-turbo");
		expect(line(`llm_active_requests${labels}`)).toBe("1");
		decActiveRequests("custom_route", "gpt-4-turbo");
		expect(line(`llm_active_requests${labels}`)).toBe("0");
		expect(line(`llm_tokens_input_total${labels}`)).toBe("150");
		expect(line(`llm_tokens_output_total${labels}`)).toBe("50");
		expect(line(`llm_tokens_total${labels}`)).toBe("200");
		expect(line(`llm_cost_usd_total${labels}`)).toBe("0.25");
		expect(line(`llm_latency_ms_sum${labels}`)).toBe("1250");
		expect(line(`llm_latency_ms_count${labels}`)).toBe("1");
		expect(line('llm_cache_hits_total{route="custom_route"}')).toBe("1");
		expect(line('llm_cache_misses_total{route="custom_route"}')).toBe("1");
		expect(line('llm_rate_limited_total{provider="openai",model="gpt-4-turbo"}')).toBe("1");
		expect(line('llm_errors_total{route="custom_route",model="gpt-4-turbo",error_type="timeout"}')).toBe("1");
		// By hand nothing implies anything else.
		expect(line('llm_requests_total{route="custom_route",model="gpt-4-turbo",outcome="error"}')).toBe("0");
	});

	test("a rate-limit error by hand is no rate-limit event", () => {
		recordLlmError("custom_route", "gpt-4-turbo", "rate_limit");
		expect(line('llm_rate_limited_total{provider="openai",model="gpt-4-turbo"}')).toBe("1");
	});

	const bad: readonly (readonly [string, () => void])[] = [
		["NaN tokens", () => recordLlmTokens("chat", "m", Number.NaN, 1)],
		["negative tokens", () => recordLlmTokens("chat", "m", 1, -1)],
		["infinite tokens", () => recordLlmTokens("chat", "m", Number.POSITIVE_INFINITY, 1)],
		["a text for tokens", () => recordLlmTokens("chat", "m", "1" as unknown as number, 1)],
		["NaN cost", () => recordLlmCost("chat", "m", Number.NaN)],
		["a negative cost", () => recordLlmCost("chat", "m", -0.01)],
		["an infinite latency", () => recordLlmLatency("chat", "m", Number.POSITIVE_INFINITY)],
		["an empty route", () => recordLlmTokens("", "m", 1, 1)],
		["an empty model", () => recordLlmCost("chat", "", 1)],
		["no route", () => incCacheHit(undefined as unknown as string)],
		["an empty route of a miss", () => incCacheMiss("")],
		["an empty provider", () => recordRateLimit("", "m")],
		["an empty route of an error", () => recordLlmError("", "m", "timeout")],
		["an empty route of a request", () => incActiveRequests("", "m")],
		["an end without a start", () => decActiveRequests("chat", "gpt-4-turbo")],
		["an empty route around a function", () => withActiveRequest("", "m", () => undefined)],
	];

	test.each(bad)("%s: no throw, no series, one internal error", (_name, record) => {
		const before = state();
		const errors = Number(line('hyperagent_internal_errors_total{component="manual"}'));
		const tellings = told.length;
		record();
		expect(line('hyperagent_internal_errors_total{component="manual"}')).toBe(String(errors + 1));
		const count = /^hyperagent_internal_errors_total\{component="manual"\} .*$/m;
		expect(state().replace(count, "")).toBe(before.replace(count, ""));
		expect(told.length).toBe(tellings + 1);
		expect(told.at(-1)?.code).toBe("INVALID_VALUE");
	});

	test("an unknown error type is an api_error and an internal error", () => {
		const errors = Number(line('hyperagent_internal_errors_total{component="manual"}'));
		recordLlmError("chat", "gpt-4-turbo", "weird");
		expect(line('llm_errors_total{route="chat",model="gpt-4-turbo",error_type="api_error"}')).toBe("1");
		expect(line('hyperagent_internal_errors_total{component="manual"}')).toBe(String(errors + 1));
	});

	test("withActiveRequest pairs on every way out and changes no answer", async () => {
		const active = 'llm_active_requests{route="chat",model="gpt-4-turbo"}';
		const run = <T>(fn: () => T): T => withActiveRequest("chat", "gpt-4-turbo", fn);
		expect(run(() => Number(line(active)))).toBe(1);
		expect(line(active)).toBe("0");
		const failure = new Error("own");
		expect(
			caughtAny(() =>
				run(() => {
					throw failure;
				}),
			),
		).toBe(failure);
		expect(line(active)).toBe("0");
		const promise = Promise.resolve(5);
		const same = run(() => promise);
		expect(line(active)).toBe("1");
		expect(await same).toBe(5);
		expect(line(active)).toBe("0");
		await expect(run(async () => Promise.reject(failure))).rejects.toBe(failure);
		expect(line(active)).toBe("0");
	});

	test("a thenable that is no promise runs once", async () => {
		let runs = 0;
		const lazy: PromiseLike<number> = {
			then: (resolve, reject) => {
				runs += 1;
				return Promise.resolve(runs).then(resolve, reject);
			},
		};
		expect(await withActiveRequest("chat", "gpt-4-turbo", () => lazy)).toBe(1);
		expect(runs).toBe(1);
		expect(line('llm_active_requests{route="chat",model="gpt-4-turbo"}')).toBe("0");
	});

	test("ten million costs of $0.0000001 render as 100, and $0.0025 as 0.25", () => {
		for (let i = 0; i < 10_000_000; i += 1) recordLlmCost("chat", "claude-3-haiku", 0.0000001);
		expect(line('llm_cost_usd_total{route="chat",model="claude-3-haiku"}')).toBe("100");
		recordLlmCost("summarize", "claude-3-haiku", 0.0025);
		expect(line('llm_cost_usd_total{route="summarize",model="claude-3-haiku"}')).toBe("0.25");
	});

	test("too many models become other, told once", () => {
		const tellings = told.length;
		for (let i = 0; i < 200; i += 1) recordLlmTokens("chat", `model-${i}`, 1, 0);
		expect(told.length).toBe(tellings + 1);
		expect(told.at(-1)?.message).toContain("bounds");
		expect(Number(line('llm_tokens_total{route="chat",model="other"}'))).toBeGreaterThan(100);
	});

	test("a second copy of the package finds the same recorder", async () => {
		vi.resetModules();
		const copy = await import("../../src/monitoring/index.ts");
		expect(copy.initPrometheus).not.toBe(initPrometheus);
		expect(copy.getPrometheus()).toBe(handle);
		expect(() => copy.initPrometheus()).toThrow("FailedToSetGlobalRecorder");
	});
});

function caughtAny(fn: () => unknown): unknown {
	try {
		fn();
	} catch (error) {
		return error;
	}
	return undefined;
}
