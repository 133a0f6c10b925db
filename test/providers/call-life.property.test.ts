import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CostTracker, initPrometheus } from "../../src/monitoring/index.ts";
import { ABANDONED_AFTER_MS } from "../../src/monitoring/read-watch.ts";
import { InstrumentedBackend } from "../../src/providers/instrumented-backend.ts";
import type { LLMResponse, StreamEvent } from "../../src/providers/llm-backend.ts";
import { ANSWER, DONE, ScriptedBackend, ScriptedStream, TOKEN } from "./scripted-backend.ts";

const handle = initPrometheus();
const costs = new CostTracker();

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
	vi.useRealTimers();
});

/** One call, and what can be done to it. */
interface Running {
	readonly kind: "infer" | "stream";
	readonly controller: AbortController;
	readonly source: ScriptedStream;
	readonly iterator?: AsyncIterator<StreamEvent>;
	readonly resolve: (answer: LLMResponse) => void;
	readonly reject: (error: unknown) => void;
}

function sumOf(name: string, labels: Record<string, string> = {}): number {
	return (handle.snapshot()[name] ?? [])
		.filter((series) => Object.entries(labels).every(([label, value]) => series.labels[label] === value))
		.reduce((sum, { value }) => sum + value, 0);
}

/** The cost of all series in cents, added up as integers of 10⁻¹⁰ cents: doubles would not add up exactly. */
function costCents(): string {
	const sum = [...handle.render().matchAll(/^llm_cost_usd_total\{.*\} (\d+)(?:\.(\d+))?$/gm)].reduce(
		(all, [, whole = "", fraction = ""]) => all + BigInt(whole + fraction.padEnd(10, "0")),
		0n,
	);
	const digits = String(sum).padStart(11, "0");
	return `${digits.slice(0, -10)}.${digits.slice(-10)}`.replace(/\.?0+$/, "");
}

function outcomes(): number {
	return ["success", "error", "aborted", "abandoned"].reduce(
		(sum, outcome) => sum + sumOf("llm_requests_total", { outcome }),
		0,
	);
}

/** Lets everything that is ready run. */
async function settle(): Promise<void> {
	for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

function start(kind: Running["kind"], route: string): Running {
	const backend = new ScriptedBackend();
	const source = new ScriptedStream();
	const { promise, resolve, reject } = Promise.withResolvers<LLMResponse>();
	backend.stream = () => source;
	backend.answer = () => promise;
	// A stream's call leaves the answer unread.
	promise.catch(() => undefined);
	const controller = new AbortController();
	const llm = new InstrumentedBackend(backend, "openai", route);
	const options = { signal: controller.signal };
	const call = { kind, controller, source, resolve, reject };
	if (kind === "stream") {
		return { ...call, iterator: llm.inferStream([], [], 0, options)[Symbol.asyncIterator]() };
	}
	llm.infer([], [], 0, options).catch(() => undefined);
	return call;
}

const ACTIONS = ["read", "token", "done", "end", "fail", "abort", "break", "throw", "wait", "late"] as const;

async function act(call: Running, action: (typeof ACTIONS)[number]): Promise<void> {
	const { controller, iterator, reject, resolve, source } = call;
	switch (action) {
		case "read":
			iterator?.next().catch(() => undefined);
			break;
		case "token":
			source.send(TOKEN);
			break;
		case "done":
			source.send(DONE);
			resolve(ANSWER);
			break;
		case "end":
			source.end();
			break;
		case "fail":
			source.fail(new Error("boom"));
			reject(new Error("boom"));
			break;
		case "abort":
			controller.abort();
			source.fail(controller.signal.reason);
			reject(controller.signal.reason);
			break;
		case "break":
			await iterator?.return?.();
			break;
		case "throw":
			await iterator?.throw?.(new Error("the caller's")).catch(() => undefined);
			break;
		case "wait":
			vi.advanceTimersByTime(ABANDONED_AFTER_MS / 2);
			break;
		case "late":
			vi.advanceTimersByTime(ABANDONED_AFTER_MS + 1);
			break;
	}
}

test("after any interleaving nothing is active, nothing was negative, and every request has one outcome", async () => {
	const start_ = fc.record({
		kind: fc.constantFrom("infer" as const, "stream" as const),
		route: fc.constantFrom("a", "b"),
	});
	const step = fc.tuple(fc.nat({ max: 7 }), fc.constantFrom(...ACTIONS));
	const seen = { success: 0, error: 0, aborted: 0, abandoned: 0 };
	await fc.assert(
		fc.asyncProperty(
			fc.array(start_, { minLength: 1, maxLength: 8 }),
			fc.array(step, { maxLength: 60 }),
			async (starts, steps) => {
				const before = outcomes();
				const calls = starts.map(({ kind, route }) => start(kind, route));
				expect(sumOf("llm_active_requests")).toBe(calls.length);
				for (const [index, action] of steps) {
					const call = calls[index % calls.length];
					if (call !== undefined) await act(call, action);
					await settle();
					const active = sumOf("llm_active_requests");
					expect(active).toBeGreaterThanOrEqual(0);
					// Whatever is no longer active has its outcome, and nothing has two.
					expect(active + outcomes() - before).toBe(calls.length);
				}
				// What is left: answers come, and streams that nobody reads are given up.
				for (const call of calls) {
					if (call.kind === "infer") call.resolve(ANSWER);
					else await act(call, "end");
				}
				await settle();
				vi.advanceTimersByTime(ABANDONED_AFTER_MS + 1);
				await settle();
				expect(sumOf("llm_active_requests")).toBe(0);
				expect(outcomes() - before).toBe(calls.length);
			},
		),
		{ numRuns: 300 },
	);
	for (const outcome of ["success", "error", "aborted", "abandoned"] as const) {
		seen[outcome] = sumOf("llm_requests_total", { outcome });
		expect(seen[outcome], `the test never reached ${outcome}`).toBeGreaterThan(0);
	}
	// The tracker saw the same calls, and each call that has a latency has one.
	expect(costs.totals().calls).toEqual(seen);
	expect(sumOf("llm_latency_ms")).toBe(seen.success + seen.error + seen.aborted);
	expect(sumOf("llm_errors_total")).toBe(seen.error);
	expect(costs.totals().costCents).toBe(costCents());
});
