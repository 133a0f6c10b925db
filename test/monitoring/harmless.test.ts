/** Observing harms nobody: not by its own errors, not by those of a handler, not by what it is given. */
import OpenAI from "openai";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import type { HyperAgentError } from "../../src/core/hyperagent-error.ts";
import { Call } from "../../src/monitoring/call.ts";
import {
	bindLlmSeries,
	CostTracker,
	incCacheHit,
	initPrometheus,
	recordLlmCost,
	recordLlmError,
	recordLlmTokens,
	withActiveRequest,
} from "../../src/monitoring/index.ts";
import { LlmError } from "../../src/core/llm-error.ts";

const straddling = new Call({ operation: "chat", route: "early", provider: "openai", model: "m" });
let onError: (error: HyperAgentError) => unknown = () => undefined;
const handle = initPrometheus({ onError: (error) => onError(error) });

afterEach(() => {
	onError = () => undefined;
});

function line(series: string): string | undefined {
	return handle
		.render()
		.split("\n")
		.find((one) => one.startsWith(`${series} `))
		?.slice(series.length + 1);
}
const refused = (): number => Number(line('hyperagent_internal_errors_total{component="manual"}'));

test("a handler that rejects, and one that makes the same mistake, end at once", async () => {
	const unhandled: unknown[] = [];
	process.on("unhandledRejection", (reason) => unhandled.push(reason));
	const before = refused();
	onError = async () => Promise.reject(new Error("the log server is down"));
	incCacheHit("");
	onError = () => incCacheHit("");
	incCacheHit("");
	await sleep(10);
	process.removeAllListeners("unhandledRejection");
	expect(unhandled).toEqual([]);
	// The handler's own mistake is counted, too.
	expect(refused() - before).toBe(3);
});

test("amounts that would ruin the sums are refused", () => {
	const before = refused();
	recordLlmCost("large", "m", 1e19);
	recordLlmTokens("large", "m", 1e308, 0);
	expect(refused() - before).toBe(2);
	recordLlmCost("large", "m", Number.MAX_SAFE_INTEGER);
	recordLlmCost("large", "m", 0.0025);
	expect(line('llm_cost_usd_total{route="large",model="m"}')).toBe("900719925474099100.25");
});

test("a call from before the recorder is counted where it ends, rate limit and all", () => {
	straddling.fail(new LlmError("rate_limit", "slow down", { status: 429 }));
	expect(line('llm_errors_total{route="early",model="m",error_type="rate_limit"}')).toBe("1");
	expect(line('llm_rate_limited_total{provider="openai",model="m"}')).toBe("1");
	expect(line('llm_active_requests{route="early",model="m"}')).toBe("0");
});

test("the tracker keeps the route of what is too much, as /metrics does", () => {
	const costs = new CostTracker({ maxPairs: 20 });
	const prompt = "somebody's whole prompt ".repeat(20);
	for (let i = 0; i < 100; i += 1) recordLlmTokens("chat", `model-${i}`, 1, 0);
	recordLlmTokens(prompt, "m", 1, 0);
	expect(costs.byRoute().get("chat")?.inputTokens).toBe(100);
	expect([...costs.byRoute().keys()]).not.toContain(prompt);
	expect(costs.byPair().length).toBeLessThanOrEqual(20);
	expect(() => new CostTracker({ maxPairs: 0 })).toThrow("maxPairs");
});

test("an SDK's promise is handed out as it is: asResponse() finds the body unread", async () => {
	const server = createServer((_request, response) => {
		response.setHeader("content-type", "application/json").end('{"choices":[]}');
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	// A server that listens has an address of this kind.
	const { port } = server.address() as { port: number };
	const client = new OpenAI({ apiKey: "sk-test", baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 });
	const active = 'llm_active_requests{route="sdk",model="m"}';
	const ask = () =>
		withActiveRequest("sdk", "m", () => client.chat.completions.create({ model: "m", messages: [] }));
	const asked = ask();
	expect(line(active)).toBe("1");
	const response = await asked.asResponse();
	expect(await response.json()).toEqual({ choices: [] });
	expect(line(active)).toBe("0");
	expect((await ask().withResponse()).data).toEqual({ choices: [] });
	expect(await ask()).toEqual({ choices: [] });
	expect(line(active)).toBe("0");
	server.close();
});

test("a thenable that is a function, and one whose then throws, leave nothing active", async () => {
	const active = 'llm_active_requests{route="odd",model="m"}';
	const callable = Object.assign(() => undefined, {
		then: (resolve: (value: number) => void) => void setTimeout(resolve, 5, 7),
	});
	const answer = withActiveRequest("odd", "m", () => callable);
	expect(line(active)).toBe("1");
	expect(await answer).toBe(7);
	expect(line(active)).toBe("0");
	const hostile = {
		get then(): never {
			throw new Error("no");
		},
	};
	expect(withActiveRequest("odd", "m", () => hostile)).toBe(hostile);
	expect(line(active)).toBe("0");
});

test("a rejection that nobody handles is one with us as without", async () => {
	const unhandled: unknown[] = [];
	process.on("unhandledRejection", (reason) => unhandled.push(reason));
	const failure = new Error("nobody listens");
	void withActiveRequest("loose", "m", async () => Promise.reject(failure));
	await sleep(20);
	process.removeAllListeners("unhandledRejection");
	expect(unhandled).toEqual([failure]);
	expect(line('llm_active_requests{route="loose",model="m"}')).toBe("0");
});

test("what cannot be watched, a frozen thenable or a proxy that throws, is handed out and not active", () => {
	const frozen = Object.freeze({ then: () => undefined });
	expect(withActiveRequest("frozen", "m", () => frozen)).toBe(frozen);
	expect(line('llm_active_requests{route="frozen",model="m"}')).toBe("0");
	const strict = new Proxy(
		{ then: () => undefined },
		{
			get: (target, name) => {
				if (name === "then") return target.then;
				throw new Error(`no such column ${String(name)}`);
			},
			defineProperty: () => false,
		},
	);
	expect(withActiveRequest("strict", "m", () => strict)).toBe(strict);
	expect(line('llm_active_requests{route="strict",model="m"}')).toBe("0");
});

test("an error type that is empty counts as api_error, and touches no other series", () => {
	recordLlmTokens("first", "m", 1, 1);
	recordLlmError("second", "m", "");
	bindLlmSeries("second", "m").recordError("" as never);
	expect(line('llm_errors_total{route="second",model="m",error_type="api_error"}')).toBe("2");
	expect(line('llm_time_per_output_token_ms_count{route="first",model="m"}')).toBe("0");
});
