/** Answers that nobody reads: they end their call all the same, and hold no connection. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { ABANDONED_AFTER_MS } from "../../src/monitoring/read-watch.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { CHAT, MAJORS, MESSAGE, openaiOptions } from "./ask.ts";
import { collect, expectCalls } from "./calls.ts";
import type { ApiName } from "./scripted/api-script.ts";
import { REQUESTED_MODEL } from "./scripted/expected.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
let gc: () => void;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
	setFlagsFromString("--expose-gc");
	gc = runInNewContext("gc") as () => void;
});
afterAll(() => provider.close());

const OPTIONS = { route: "lost" };

/** Asks for a stream, which is still open when it comes. */
type Ask = (baseURL: string) => Promise<AsyncIterable<unknown>>;

interface Case {
	readonly api: ApiName;
	readonly ask: Ask;
	/**
	 * What becomes of a stream that is lost after it was begun to be read: Anthropic's client leaves it by itself; of a reader
	 * that a client has taken from it nobody hears that it is gone, so only the deadline is left.
	 */
	readonly begun: "abandoned" | "aborted" | "after 15 minutes";
}

const STREAMS: Readonly<Record<string, Case>> = {
	...Object.fromEntries(
		([5, 6, 7] as const).map((major) => {
			const ask: Ask = (baseURL) =>
				instrument(new MAJORS[major](openaiOptions(baseURL)), OPTIONS).chat.completions.create({
					...CHAT,
					stream: true,
				});
			const begun = major === 7 ? "after 15 minutes" : "abandoned";
			return [`openai ${major}`, { api: "openai-chat", ask, begun } satisfies Case];
		}),
	),
	"openai responses": {
		api: "openai-responses",
		begun: "after 15 minutes",
		ask: (baseURL) =>
			instrument(new MAJORS[7](openaiOptions(baseURL)), OPTIONS).responses.create({
				model: CHAT.model,
				input: "hello",
				stream: true,
			}),
	},
	anthropic: {
		api: "anthropic",
		begun: "aborted",
		ask: (baseURL) =>
			instrument(new Anthropic({ apiKey: "key", baseURL }), OPTIONS).messages.create({
				...MESSAGE,
				stream: true,
			}),
	},
	google: {
		api: "gemini",
		begun: "after 15 minutes",
		ask: (baseUrl) =>
			instrument(
				new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl } }),
				OPTIONS,
			).models.generateContentStream({
				model: REQUESTED_MODEL.gemini,
				contents: "hello",
			}),
	},
	meteredFetch: {
		api: "openai-chat",
		begun: "abandoned",
		ask: async (baseURL) => {
			const body = JSON.stringify({ ...CHAT, stream: true });
			const init = { method: "POST", body };
			const response = await meteredFetch(undefined, OPTIONS)(`${baseURL}/chat/completions`, init);
			if (response.body === null) throw new Error("no body");
			return response.body;
		},
	},
};

async function collectGarbage(recorder: TestRecorder): Promise<void> {
	for (let tries = 0; tries < 100 && recorder.gauge("llm_active_requests") > 0; tries += 1) {
		gc();
		await sleep(5);
	}
}

const ABANDONED = { route: "lost", outcome: "abandoned" } as const;

describe.each(Object.entries(STREAMS))("%s", (_, { api, ask }) => {
	test("a stream that nobody reads and nobody has any more is abandoned, and its connection released", async () => {
		using recorder = installTestRecorder();
		const run = provider.script(api, "hold-stream");
		await (async () => {
			await ask(run.baseURL);
		})();
		expect(recorder.gauge("llm_active_requests")).toBe(1);
		await collectGarbage(recorder);
		await expectCalls(recorder, ABANDONED);
		expect(recorder.histogram("llm_latency_ms").count).toBe(0);
		for (let tries = 0; tries < 20 && (await run.seen.closedWithin(10)) === undefined; tries += 1) gc();
		expect(await run.seen.closedWithin(100)).toBeDefined();
	});

	test("so is one of which nothing was read for 15 minutes since the last read", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		try {
			using recorder = installTestRecorder();
			const iterator = (await ask(provider.script(api, "hold-stream").baseURL))[Symbol.asyncIterator]();
			vi.advanceTimersByTime(ABANDONED_AFTER_MS - 1);
			await iterator.next();
			vi.advanceTimersByTime(ABANDONED_AFTER_MS - 1);
			expect(recorder.gauge("llm_active_requests")).toBe(1);
			vi.advanceTimersByTime(2);
			await expectCalls(recorder, ABANDONED);
			await iterator.return?.();
		} finally {
			vi.useRealTimers();
		}
	});

	test("one that somebody holds and does not read: after 15 minutes, and it can still be read then", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		try {
			using recorder = installTestRecorder();
			const stream = await ask(provider.script(api, "stream").baseURL);
			vi.advanceTimersByTime(ABANDONED_AFTER_MS - 1);
			expect(recorder.gauge("llm_active_requests")).toBe(1);
			vi.advanceTimersByTime(2);
			expect(recorder.gauge("llm_active_requests")).toBe(0);
			expect((await collect(stream)).length).toBeGreaterThan(1);
			await expectCalls(recorder, { ...ABANDONED, usage: undefined });
		} finally {
			vi.useRealTimers();
		}
	});
});

describe("a stream that is lost after it was begun to be read", () => {
	const heard = Object.entries(STREAMS).filter(([, { begun }]) => begun !== "after 15 minutes");

	test.each(heard)("%s", async (_, { api, ask, begun }) => {
		using recorder = installTestRecorder();
		const run = provider.script(api, "hold-stream");
		await (async () => {
			const iterator = (await ask(run.baseURL))[Symbol.asyncIterator]();
			await iterator.next();
		})();
		await collectGarbage(recorder);
		await expectCalls(recorder, { route: "lost", outcome: begun === "aborted" ? "aborted" : "abandoned" });
		for (let tries = 0; tries < 20 && (await run.seen.closedWithin(10)) === undefined; tries += 1) gc();
		expect(await run.seen.closedWithin(100)).toBeDefined();
	});
});

describe("a whole answer that nobody reads", () => {
	test.each([5, 6, 7] as const)("openai %i", async (major) => {
		using recorder = installTestRecorder();
		const run = provider.script("openai-chat", "hold-stream");
		await (async () => {
			const client = instrument(new MAJORS[major](openaiOptions(run.baseURL)), OPTIONS);
			await client.chat.completions.create(CHAT).asResponse();
		})();
		expect(recorder.gauge("llm_active_requests")).toBe(1);
		await collectGarbage(recorder);
		await expectCalls(recorder, ABANDONED);
	});
});

test("a reader that waits is no reader who has left: the provider is slow", async () => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	try {
		using recorder = installTestRecorder();
		const run = provider.script("anthropic", "hold-stream");
		const client = instrument(new Anthropic({ apiKey: "key", baseURL: run.baseURL }), OPTIONS);
		const stream = await client.messages.create({ ...MESSAGE, stream: true });
		const reading = collect(stream);
		for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
		vi.advanceTimersByTime(ABANDONED_AFTER_MS * 3);
		expect(recorder.gauge("llm_active_requests")).toBe(1);
		stream.controller.abort();
		await reading;
		await expectCalls(recorder, { route: "lost", outcome: "aborted" });
	} finally {
		vi.useRealTimers();
	}
});
