/** However an answer is read, or left, its call settles once, with what the provider had said. */
import { setTimeout as sleep } from "node:timers/promises";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { SettledCall } from "../../src/core/settled-call.ts";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { ABANDONED_AFTER_MS } from "../../src/monitoring/read-watch.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { collect, expectCalls, settled, whole } from "../instrument/calls.ts";
import type { ScenarioName } from "../instrument/scripted/scenarios.ts";
import { ScriptedProvider } from "../instrument/scripted/scripted-provider.ts";
import { asking } from "./asking.ts";
import { bodyOf, bytesOf, joined } from "./read-body.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
	return () => provider.close();
});
afterAll(() => vi.useRealTimers());

const fetchOf = meteredFetch(fetch, { route: "fetch" });
const APIS = ["openai-chat", "openai-responses", "anthropic", "gemini"] as const;

const READ: Readonly<Record<string, (response: Response) => Promise<unknown>>> = {
	"text()": (response) => response.text(),
	"arrayBuffer()": async (response) => Buffer.from(await response.arrayBuffer()).toString(),
	"bytes()": async (response) => Buffer.from(await bytesOf(response)).toString(),
	"blob()": async (response) => (await response.blob()).text(),
	"for await": async (response) => (await joined(bodyOf(response))).toString(),
	"clone()": async (response) => (await Promise.all([response.clone().text(), response.text()]))[1],
	"tee()": async (response) => {
		const [one] = await Promise.all(
			bodyOf(response)
				.tee()
				.map((branch) => new Response(branch).text()),
		);
		return one;
	},
	"new Response()": (response) => new Response(response.body, response).text(),
	pipeThrough: async (response) =>
		(await collect(bodyOf(response).pipeThrough(new TextDecoderStream()))).join(""),
	"Readable.fromWeb": async (response) =>
		(await joined(Readable.fromWeb(bodyOf(response) as never))).toString(),
};

describe.each(APIS)("%s", (api) => {
	test.each(Object.entries(READ))("%s of an answer and of a stream", async (_, read) => {
		using recorder = installTestRecorder();
		for (const scenario of ["complete", "stream"] as const) {
			const { init, run, url } = asking(provider, api, scenario, { chunkBytes: 7 });
			const response = await fetchOf(url, init);
			expect(await read(response)).toBe(run.seen.requests[0]?.sent().toString());
			expect(response.bodyUsed).toBe(true);
		}
		const call = whole(api, { route: "fetch" });
		await expectCalls(recorder, call, call);
		expect(recorder.histogram("llm_time_to_first_token_ms").count).toBe(1);
	});

	test("json()", async () => {
		using recorder = installTestRecorder();
		const { init, run, url } = asking(provider, api, "complete");
		const value = await (await fetchOf(url, init)).json();
		expect(value).toEqual(JSON.parse(run.seen.requests[0]?.sent().toString() ?? ""));
		await expectCalls(recorder, whole(api, { route: "fetch" }));
	});
});

const LEFT: Partial<SettledCall> = { outcome: "aborted", usageMissing: "aborted" };
const failed = (errorType: SettledCall["errorType"]): Partial<SettledCall> => ({
	outcome: "error",
	errorType,
});

describe("a caller that leaves", () => {
	test.each<readonly [string, (response: Response) => unknown]>([
		["cancels at once", ({ body }) => body?.cancel()],
		["cancels its reader at once", ({ body }) => body?.getReader().cancel()],
		[
			"breaks",
			async ({ body }) => {
				for await (const _ of body ?? []) break;
			},
		],
		["cancels both branches", ({ body }) => Promise.all(body?.tee().map((branch) => branch.cancel()) ?? [])],
		[
			"pipes into what fails",
			({ body }) =>
				body?.pipeTo(new WritableStream({ write: () => Promise.reject(new Error("full")) })).catch(() => 0),
		],
	])("%s", async (_, leave) => {
		using recorder = installTestRecorder();
		const { init, run, url } = asking(provider, "anthropic", "hold-stream");
		await leave(await fetchOf(url, init));
		await expectCalls(recorder, LEFT);
		expect(await run.seen.closedWithin(500)).toBeDefined();
	});

	test("aborts before the headers, and in the middle, whether or not anybody reads", async () => {
		using recorder = installTestRecorder();
		for (const scenario of ["hold-headers", "hold-stream"] as const) {
			for (const isRequest of [false, true]) {
				const { init, run, url } = asking(provider, "openai-chat", scenario);
				const controller = new AbortController();
				const request = { ...init, signal: controller.signal };
				const answer = isRequest ? fetchOf(new Request(url, request)) : fetchOf(url, request);
				answer.catch(() => undefined);
				await (scenario === "hold-headers" ? run.seen.arrived(1) : answer);
				controller.abort();
				await run.seen.closedWithin(500);
				await settled(recorder);
			}
		}
		const [before, middle] = [{ ...LEFT, timeToFirstTokenMs: undefined }, LEFT];
		await expectCalls(recorder, before, before, middle, middle);
	});

	test("has set itself a time: that is a timeout", async () => {
		using recorder = installTestRecorder();
		for (const scenario of ["hold-headers", "hold-stream"] as const) {
			const { init, url } = asking(provider, "openai-chat", scenario);
			const signal = AbortSignal.timeout(50);
			await expect(fetchOf(url, { ...init, signal }).then((response) => response.text())).rejects.toThrow(
				"timeout",
			);
		}
		await expectCalls(recorder, failed("timeout"), failed("timeout"));
	});

	test("aborts when it has everything: that changes nothing", async () => {
		using recorder = installTestRecorder();
		const { init, url } = asking(provider, "openai-chat", "complete");
		const controller = new AbortController();
		await (await fetchOf(url, { ...init, signal: controller.signal })).text();
		controller.abort();
		await expectCalls(recorder, whole("openai-chat", { route: "fetch" }));
	});
});

describe("an answer that breaks", () => {
	test.each<readonly [ScenarioName, Partial<SettledCall>]>([
		["cut-stream", { ...failed("network"), usageMissing: "not_reported" }],
		["connection-reset", failed("network")],
		["error-in-stream", failed("api_error")],
		["malformed-json", failed("invalid_response")],
		["empty-body", failed("invalid_response")],
		["empty-body-chunked", failed("invalid_response")],
		["ends-without-any-event", failed("invalid_response")],
	])("%s", async (scenario, expected) => {
		using recorder = installTestRecorder();
		const { init, url } = asking(provider, "openai-chat", scenario);
		await fetchOf(url, init)
			.then((response) => response.text())
			.catch(() => undefined);
		await expectCalls(recorder, expected);
	});
});

describe("nobody reads it", () => {
	test("for 15 minutes after the last read, while nobody waits: it is abandoned", async () => {
		using recorder = installTestRecorder();
		const { init, url } = asking(provider, "openai-chat", "hold-stream");
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		const response = await fetchOf(url, init);
		const reader = response.body?.getReader();
		vi.advanceTimersByTime(ABANDONED_AFTER_MS - 1);
		await reader?.read();
		vi.advanceTimersByTime(ABANDONED_AFTER_MS - 1);
		expect(recorder.calls).toEqual([]);
		vi.advanceTimersByTime(1);
		vi.useRealTimers();
		await expectCalls(recorder, { outcome: "abandoned" });
		await reader?.cancel();
		await expectCalls(recorder, { outcome: "abandoned" });
	});

	test("the server waits, and nothing is read ahead", async () => {
		using recorder = installTestRecorder();
		const { init, run, url } = asking(provider, "openai-chat", "big-stream", { megabytes: 50 });
		const response = await fetchOf(url, init);
		const copy = response.clone();
		await sleep(300);
		expect(run.seen.requests[0]?.bytesSent).toBeLessThan(10_000_000);
		await Promise.all([response.body?.cancel(), copy.body?.cancel()]);
		await expectCalls(recorder, { outcome: "aborted" });
	});
});
