/** What the tests of instrumented clients look for in the calls that were counted. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { SettledCall } from "../../src/core/settled-call.ts";
import type { TestRecorder } from "../../src/testing/index.ts";
import type { ApiName } from "./scripted/api-script.ts";
import {
	ANSWERED_MODEL,
	expectedCostUsd,
	expectedUsage,
	PROVIDER,
	REQUESTED_MODEL,
} from "./scripted/expected.ts";

/** A call that was answered whole, as it was worked out by hand; what a test expects otherwise, in `fields`. */
export function whole(api: ApiName, fields: Partial<SettledCall> = {}): Partial<SettledCall> {
	const { cacheRead, cacheWrite1h, cacheWrite5m, inputUncached, output, reasoning } = expectedUsage[api];
	return {
		operation: "chat",
		provider: PROVIDER[api],
		model: REQUESTED_MODEL[api],
		answeredModel: ANSWERED_MODEL[api],
		outcome: "success",
		errorType: undefined,
		usage: expect.objectContaining({
			inputUncached,
			cacheRead,
			output,
			reasoning,
			...(cacheWrite5m === undefined ? undefined : { cacheWrite5m }),
			...(cacheWrite1h === undefined ? undefined : { cacheWrite1h }),
		}),
		usageMissing: undefined,
		costUsd: expectedCostUsd[api],
		unpriced: undefined,
		attempts: 1,
		...fields,
	};
}

/** Exactly these calls have ended, none is under way, and nothing of ours has failed. */
export async function expectCalls(
	recorder: TestRecorder,
	...expected: readonly Partial<SettledCall>[]
): Promise<void> {
	await settled(recorder);
	expect(recorder.calls).toMatchObject(expected);
	expect(recorder.counter("llm_requests_total")).toBe(expected.length);
	const attempts = expected.reduce((sum, call) => sum + (call.attempts ?? 1), 0);
	expect(recorder.counter("llm_attempts_total")).toBe(attempts);
	expect(recorder.gauge("llm_active_requests")).toBe(0);
	expect(recorder.counter("hyperagent_internal_errors_total")).toBe(0);
}

/** An end reaches what is below a caller a little later than the caller. */
export async function settled(recorder: TestRecorder): Promise<void> {
	for (let tries = 0; tries < 100 && recorder.gauge("llm_active_requests") > 0; tries += 1) await sleep(5);
}

/** All that a stream gives. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
	const events: T[] = [];
	for await (const event of stream) events.push(event);
	return events;
}
