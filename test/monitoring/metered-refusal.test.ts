/** Why a request was refused stands in the body, which is the caller's to read, or not. */
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { ErrorType } from "../../src/core/llm-error.ts";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { UNREAD_REFUSAL_MS } from "../../src/monitoring/refusal-meter.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { expectCalls } from "../instrument/calls.ts";
import { expectedRemaining } from "../instrument/scripted/expected.ts";
import type { ScenarioName } from "../instrument/scripted/scenarios.ts";
import { ScriptedProvider } from "../instrument/scripted/scripted-provider.ts";
import { asking } from "./asking.ts";
import { bodyOf, bytesOf, joined } from "./read-body.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
	return () => provider.close();
});
afterEach(() => {
	vi.useRealTimers();
});

const fetchOf = meteredFetch(fetch, { route: "fetch" });
const APIS = ["openai-chat", "openai-responses", "anthropic", "gemini"] as const;
const READ: readonly ((response: Response) => Promise<unknown>)[] = [
	(response) => response.json(),
	(response) => response.text(),
	bytesOf,
	(response) => joined(bodyOf(response)),
	(response) => response.clone().json(),
	(response) => new Response(response.body).text(),
];

describe.each(APIS)("%s", (api) => {
	test.each<readonly [ScenarioName, ErrorType, result: "rate_limited" | "error"]>([
		["429-exhausted", "rate_limit", "rate_limited"],
		["429-quota", "quota", "error"],
		["401", "auth_failed", "error"],
		["400-context-length", "token_limit", "error"],
		["404-model", "model_unavailable", "error"],
		["529-or-503", "model_unavailable", "error"],
	])("%s is a %s, however its body is read", async (scenario, errorType, result) => {
		using recorder = installTestRecorder();
		for (const read of READ) {
			const { init, url } = asking(provider, api, scenario);
			await read(await fetchOf(url, init));
		}
		await expectCalls(recorder, ...READ.map(() => ({ outcome: "error", errorType }) as const));
		expect(recorder.counter("llm_attempts_total", { result })).toBe(READ.length);
		const limited = result === "rate_limited" ? READ.length : 0;
		expect(recorder.counter("llm_rate_limited_total")).toBe(limited);
		expect(recorder.counter("llm_usage_missing_total")).toBe(0);
	});
});

describe("whose body is not read", () => {
	const QUOTA = { outcome: "error", errorType: "rate_limit" } as const;

	test("to its end: what was read counts", async () => {
		using recorder = installTestRecorder();
		const { init, url } = asking(provider, "openai-chat", "429-quota");
		for await (const _ of bodyOf(await fetchOf(url, init))) break;
		await expectCalls(recorder, { outcome: "error", errorType: "quota" });
	});

	test("on for 5 seconds: what was read counts, and the time until then", async () => {
		using recorder = installTestRecorder();
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
		const source = {
			pull(controller: ReadableStreamDefaultController<Uint8Array>): void {
				vi.advanceTimersByTime(30);
				controller.enqueue(Buffer.from('{"error":{"code":"insufficient_quota"}}'));
			},
		};
		const body = new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
		const send = meteredFetch(async () => new Response(body, { status: 429 }));
		const url = "https://llm.example/v1/chat/completions";
		await bodyOf(await send(url, { method: "POST", body: '{"model":"m"}' }))
			.getReader()
			.read();
		vi.advanceTimersByTime(UNREAD_REFUSAL_MS);
		vi.useRealTimers();
		await expectCalls(recorder, { outcome: "error", errorType: "quota", latencyMs: 30 });
	});

	test("at all, and is cancelled: the status counts, and it says no more than that", async () => {
		using recorder = installTestRecorder();
		const { init, url } = asking(provider, "openai-chat", "429-quota");
		await (await fetchOf(url, init)).body?.cancel();
		await expectCalls(recorder, QUOTA);
	});

	test("at all, and whose caller aborts to be done with it, before or after", async () => {
		using recorder = installTestRecorder();
		for (const when of ["before", "after"]) {
			const { init, url } = asking(provider, "openai-chat", "401");
			const controller = new AbortController();
			const send: typeof fetch = async (...args) => {
				const answer = await fetch(...args);
				if (when === "before") controller.abort();
				return answer;
			};
			await meteredFetch(send)(url, { ...init, signal: controller.signal });
			controller.abort();
		}
		const refused = { outcome: "error", errorType: "auth_failed" } as const;
		await expectCalls(recorder, refused, refused);
	});

	test("for 5 seconds: it was as long as its headers took", async () => {
		using recorder = installTestRecorder();
		const { init, url } = asking(provider, "openai-chat", "401");
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
		const send: typeof fetch = async (...args) => {
			const answer = await fetch(...args);
			vi.advanceTimersByTime(20);
			return answer;
		};
		const response = await meteredFetch(send)(url, init);
		vi.advanceTimersByTime(UNREAD_REFUSAL_MS - 1);
		expect(recorder.calls).toEqual([]);
		expect(recorder.gauge("llm_active_requests")).toBe(1);
		vi.advanceTimersByTime(1);
		vi.useRealTimers();
		const refused = { outcome: "error", errorType: "auth_failed", latencyMs: 20 } as const;
		await expectCalls(recorder, refused);
		await response.text();
		await expectCalls(recorder, refused);
	});
});

test("a body that is cut, and one that there is none of", async () => {
	using recorder = installTestRecorder();
	const url = "https://llm.example/v1/chat/completions";
	const cut = new ReadableStream({
		pull(controller) {
			controller.error(new TypeError("terminated"));
		},
	});
	for (const body of [cut, null]) {
		const send = meteredFetch(async () => new Response(body, { status: 404 }));
		await (await send(url, { method: "POST", body: '{"model":"m"}' })).text().catch(() => undefined);
	}
	const refused = { outcome: "error", errorType: "model_unavailable" } as const;
	await expectCalls(recorder, refused, refused);
});

test("what the headers say of limits and of retries", async () => {
	using recorder = installTestRecorder();
	const { init, url } = asking(provider, "openai-chat", "429-then-success");
	await (await fetchOf(url, init)).text();
	const target = { provider: "openai", model: "gpt-5-mini" };
	expect(recorder.gauge("llm_ratelimit_remaining", { ...target, resource: "requests" })).toBe(0);
	const headers = { "x-stainless-retry-count": "1" };
	await (await fetchOf(url, { ...init, headers })).text();
	expect(recorder.gauge("llm_ratelimit_remaining", { ...target, resource: "requests" })).toBe(
		expectedRemaining["openai-chat"].answered["requests"],
	);
	expect(recorder.counter("llm_retries_total", target)).toBe(1);
	await expectCalls(recorder, { outcome: "error" }, { outcome: "success" });
});
