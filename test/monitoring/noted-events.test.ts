import { afterEach, beforeEach, expect, test } from "vitest";
import { LlmError } from "../../src/core/llm-error.ts";
import { addSettlementListener, type NotedEvent } from "../../src/core/settlement-listeners.ts";
import { Call } from "../../src/monitoring/call.ts";
import {
	bindLlmSeries,
	getPrometheus,
	incCacheHit,
	incCacheMiss,
	initPrometheus,
	recordLlmCost,
	recordLlmError,
	recordLlmLatency,
	recordLlmTokens,
	recordRateLimit,
} from "../../src/monitoring/index.ts";

initPrometheus();
const noted: NotedEvent[] = [];
let stop: () => void;
beforeEach(() => {
	noted.length = 0;
	stop = addSettlementListener({
		settled: () => undefined,
		recorded: () => undefined,
		noted: (event) => noted.push(event),
	});
});
afterEach(() => stop());

const NONE = {
	route: undefined,
	model: undefined,
	provider: undefined,
	latencyMs: undefined,
	errorType: undefined,
};

test("what is recorded by hand is told as what it is; tokens and costs are told elsewhere", () => {
	const series = bindLlmSeries("chat", "m");
	recordLlmLatency("chat", "m", 5);
	series.recordLatency(6);
	recordLlmError("chat", "m", "quota");
	series.recordError("timeout");
	incCacheHit("chat");
	series.incCacheHit();
	incCacheMiss("chat");
	series.incCacheMiss();
	recordRateLimit("openai", "m");
	recordLlmTokens("chat", "m", 1, 1);
	recordLlmCost("chat", "m", 1);
	const pair = { ...NONE, route: "chat", model: "m" };
	expect(noted).toEqual([
		{ ...pair, event: "latency", latencyMs: 5 },
		{ ...pair, event: "latency", latencyMs: 6 },
		{ ...pair, event: "error", errorType: "quota" },
		{ ...pair, event: "error", errorType: "timeout" },
		{ ...NONE, event: "cache_hit", route: "chat" },
		{ ...NONE, event: "cache_hit", route: "chat" },
		{ ...NONE, event: "cache_miss", route: "chat" },
		{ ...NONE, event: "cache_miss", route: "chat" },
		{ ...NONE, event: "rate_limited", provider: "openai", model: "m" },
	]);
});

test("what is refused is not told", () => {
	recordLlmLatency("chat", "m", -1);
	recordLlmError("", "m", "quota");
	incCacheHit("");
	incCacheMiss("");
	recordRateLimit("", "m");
	bindLlmSeries("chat", "m").recordLatency(Number.NaN);
	expect(noted).toEqual([]);
});

test("each attempt that counts as rate-limited is told, with its route, and no other is", () => {
	const headers = new Headers();
	const limited = new LlmError("rate_limit", "slow down", { status: 429 });
	const ask = (statuses: readonly number[], error: LlmError | undefined, sender = "openai"): void => {
		const call = new Call({ operation: "chat", route: "limits", provider: "openai", model: "m-limits" });
		for (const status of statuses) {
			call.startAttempt({ provider: sender, model: "asked" }, false).answered(status, headers);
		}
		if (error === undefined) call.succeed();
		else call.fail(error);
	};
	ask([429, 429], limited);
	ask([429, 200], undefined);
	ask([503], new LlmError("rate_limit", "slow down", { status: 503 }));
	ask([], new LlmError("rate_limit", "in a stream"));
	ask([429], limited, "anthropic");
	ask([429], new LlmError("quota", "no money", { status: 429 }));
	ask([503], new LlmError("model_unavailable", "overloaded", { status: 503 }));
	ask([200, 500], undefined);
	const of = (provider: string, model: string): number =>
		noted.filter((one) => one.provider === provider && one.model === model).length;
	expect([of("openai", "m-limits"), of("anthropic", "asked")]).toEqual([5, 1]);
	expect(noted.length).toBe(6);
	expect(noted.every(({ event, route }) => event === "rate_limited" && route === "limits")).toBe(true);
	const text = getPrometheus().render();
	expect(text).toContain('llm_rate_limited_total{provider="openai",model="m-limits"} 5\n');
	expect(text).toContain('llm_rate_limited_total{provider="anthropic",model="asked"} 1\n');
});

test("a listener that throws, or does not listen to events, harms nothing", () => {
	const others = [
		addSettlementListener({
			settled: () => undefined,
			recorded: () => undefined,
			noted: () => {
				throw new Error("The listener's own fault.");
			},
		}),
		addSettlementListener({ settled: () => undefined, recorded: () => undefined }),
	];
	incCacheHit("chat");
	for (const other of others) other();
	expect(noted.length).toBe(1);
});
