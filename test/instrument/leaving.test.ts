/** Every way in which a caller leaves: the call ends as what it was, once, and the connection is released at once. */
import { setTimeout as sleep } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SettledCall } from "../../src/core/settled-call.ts";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { CHAT, MAJORS, MESSAGE, openaiOptions } from "./ask.ts";
import { collect, expectCalls } from "./calls.ts";
import type { ApiName } from "./scripted/api-script.ts";
import { expectedCostUsdMidStream, REQUESTED_MODEL } from "./scripted/expected.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

const OPTIONS = { route: "leave" };
const STREAM = { ...CHAT, stream: true as const };

const openai = (baseURL: string, major: 5 | 6 | 7 = 7) =>
	instrument(new MAJORS[major](openaiOptions(baseURL)), OPTIONS);
const anthropic = (baseURL: string): Anthropic =>
	instrument(new Anthropic({ apiKey: "key", baseURL, maxRetries: 0 }), OPTIONS);
const google = (baseUrl: string): GoogleGenAI =>
	instrument(new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl } }), OPTIONS);

interface Way {
	readonly api: ApiName;
	/** Leaves as soon as something is there; its own errors are looked at by the matrix. */
	readonly leave: (baseURL: string) => Promise<unknown>;
}

const majors = <T>(make: (major: 5 | 6 | 7) => [string, T]): Record<string, T> =>
	Object.fromEntries(([5, 6, 7] as const).map(make));

const LEAVES: Readonly<Record<string, Way>> = {
	...majors((major) => [
		`openai ${major}: stream.controller.abort()`,
		{
			api: "openai-chat",
			leave: async (baseURL) => {
				const stream = await openai(baseURL, major).chat.completions.create(STREAM);
				for await (const chunk of stream) if (chunk.choices[0]?.delta.content) stream.controller.abort();
			},
		} satisfies Way,
	]),
	...majors((major) => [
		`openai ${major}: the runner's abort()`,
		{
			api: "openai-chat",
			leave: async (baseURL) => {
				const runner = openai(baseURL, major).chat.completions.stream(CHAT);
				runner.on("content", () => runner.abort());
				await runner.done();
			},
		} satisfies Way,
	]),
	...majors((major) => [
		`openai ${major}: break`,
		{
			api: "openai-chat",
			leave: async (baseURL) => {
				const stream = await openai(baseURL, major).chat.completions.create(STREAM);
				for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
			},
		} satisfies Way,
	]),
	...majors((major) => [
		`openai ${major}: a throw in the loop`,
		{
			api: "openai-chat",
			leave: async (baseURL) => {
				const stream = await openai(baseURL, major).chat.completions.create(STREAM);
				for await (const chunk of stream) if (chunk.choices[0]?.delta.content) throw new Error("mine");
			},
		} satisfies Way,
	]),
	"openai: a response stream's abort()": {
		api: "openai-responses",
		leave: async (baseURL) => {
			const stream = openai(baseURL).responses.stream({ model: CHAT.model, input: "hello" });
			stream.on("response.output_text.delta", () => stream.abort());
			await stream.done();
		},
	},
	"anthropic: a message stream's abort()": {
		api: "anthropic",
		leave: async (baseURL) => {
			const stream = anthropic(baseURL).messages.stream(MESSAGE);
			stream.on("text", () => stream.abort());
			await stream.finalMessage();
		},
	},
	"anthropic: stream.controller.abort()": {
		api: "anthropic",
		leave: async (baseURL) => {
			const stream = await anthropic(baseURL).messages.create({ ...MESSAGE, stream: true });
			for await (const event of stream) if (event.type === "content_block_delta") stream.controller.abort();
		},
	},
	"google: return() of its iterator": {
		api: "gemini",
		leave: async (baseURL) => {
			const ask = { model: REQUESTED_MODEL.gemini, contents: "hello" };
			const stream = await google(baseURL).models.generateContentStream(ask);
			await stream.next();
			await stream.return(undefined);
		},
	},
	"fetch: the body's cancel()": {
		api: "openai-chat",
		leave: async (baseURL) => {
			const body = JSON.stringify(STREAM);
			const init = { method: "POST", body };
			const response = await meteredFetch(undefined, OPTIONS)(`${baseURL}/chat/completions`, init);
			const reader = response.body?.getReader();
			for (let text = ""; !text.includes("caf"); ) {
				text += Buffer.from((await reader?.read())?.value ?? "").toString();
			}
			await reader?.cancel();
		},
	},
};

describe("a caller that leaves a stream", () => {
	test.each(Object.entries(LEAVES))("%s", async (_, { api, leave }) => {
		using recorder = installTestRecorder();
		const run = provider.script(api, "hold-stream");
		await leave(run.baseURL).catch(() => undefined);
		const closed = await run.seen.closedWithin(300);
		expect(closed).toBeDefined();
		const cost = expectedCostUsdMidStream[api];
		await expectCalls(recorder, {
			route: "leave",
			outcome: "aborted",
			errorType: undefined,
			usageMissing: "aborted",
			costUsd: cost === 0 ? undefined : cost,
			attempts: 1,
		});
		expect(recorder.calls[0]?.timeToFirstTokenMs).toBeGreaterThan(0);
		expect(recorder.histogram("llm_latency_ms").count).toBe(1);
	});

	test("of a server that sends without an end: it stops", async () => {
		using recorder = installTestRecorder();
		const run = provider.script("openai-chat", "big-stream", { megabytes: 1000 });
		for await (const chunk of await openai(run.baseURL).chat.completions.create(STREAM)) {
			if (chunk.choices[0]?.delta.content) break;
		}
		const closed = await run.seen.closedWithin(500);
		expect(closed?.bytesSent).toBeLessThan(20_000_000);
		await sleep(50);
		expect(run.seen.requests[0]?.bytesSent).toBe(closed?.bytesSent);
		await expectCalls(recorder, { route: "leave", outcome: "aborted" });
	});
});

type Ask = (baseURL: string, signal: AbortSignal) => Promise<unknown>;

const ASKS: Readonly<Record<string, { api: ApiName; ask: Ask; stream: Ask }>> = {
	...majors((major) => [
		`openai ${major}`,
		{
			api: "openai-chat",
			ask: (baseURL, signal) => openai(baseURL, major).chat.completions.create(CHAT, { signal }),
			stream: async (baseURL, signal) =>
				collect(await openai(baseURL, major).chat.completions.create(STREAM, { signal })),
		} satisfies { api: ApiName; ask: Ask; stream: Ask },
	]),
	anthropic: {
		api: "anthropic",
		ask: (baseURL, signal) => anthropic(baseURL).messages.create(MESSAGE, { signal }),
		stream: async (baseURL, signal) =>
			collect(await anthropic(baseURL).messages.create({ ...MESSAGE, stream: true }, { signal })),
	},
	google: {
		api: "gemini",
		ask: (baseURL, abortSignal) =>
			google(baseURL).models.generateContent({
				model: REQUESTED_MODEL.gemini,
				contents: "hello",
				config: { abortSignal },
			}),
		stream: async (baseURL, abortSignal) =>
			collect(
				await google(baseURL).models.generateContentStream({
					model: REQUESTED_MODEL.gemini,
					contents: "hello",
					config: { abortSignal },
				}),
			),
	},
};

describe.each(Object.entries(ASKS))("%s", (_, { api, ask, stream }) => {
	const TIMEOUT = { route: "leave", outcome: "error", errorType: "timeout", attempts: 1 } as const;
	const ABORTED = { route: "leave", outcome: "aborted", errorType: undefined, attempts: 1 } as const;
	const cases: readonly [string, Ask, "hold-headers" | "hold-stream"][] = [
		["before the headers", ask, "hold-headers"],
		["before the headers of a stream", stream, "hold-headers"],
		["in the middle of a body", ask, "hold-stream"],
		["in the middle of a stream", stream, "hold-stream"],
	];

	test.each(cases)("AbortSignal.timeout() is a timeout, %s", async (_, run, scenario) => {
		using recorder = installTestRecorder();
		const { baseURL, seen } = provider.script(api, scenario);
		await run(baseURL, AbortSignal.timeout(80)).catch(() => undefined);
		await expectCalls(recorder, TIMEOUT);
		expect(recorder.calls[0]?.latencyMs).toBeGreaterThan(30);
		expect(await seen.closedWithin(300)).toBeDefined();
	});

	test.each(cases)("an abort is none, whatever its reason, %s", async (_, run, scenario) => {
		for (const reason of [undefined, new Error("mine"), "a text", { status: 500 }]) {
			using recorder = installTestRecorder();
			const { baseURL, seen } = provider.script(api, scenario);
			const controller = new AbortController();
			const asking = run(baseURL, controller.signal).catch(() => undefined);
			await seen.arrived(1);
			await sleep(30);
			controller.abort(reason);
			await asking;
			await expectCalls(recorder, ABORTED);
			expect(await seen.closedWithin(300)).toBeDefined();
		}
	});

	test("a signal that is aborted already sends nothing", async () => {
		using recorder = installTestRecorder();
		const { baseURL, seen } = provider.script(api, "complete");
		await ask(baseURL, AbortSignal.abort()).catch(() => undefined);
		await sleep(20);
		expect(seen.requests).toHaveLength(0);
		const [call, ...more]: readonly SettledCall[] = recorder.calls;
		expect(more).toEqual([]);
		expect(call).toMatchObject({ outcome: "aborted" });
		expect(recorder.gauge("llm_active_requests")).toBe(0);
	});
});
