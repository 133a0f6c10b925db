/** What the clients send again by themselves: one call, its attempts and retries, and no error where it got over them. */
import type { ServerResponse } from "node:http";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument } from "../../src/instrument/index.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { ApiServer, json } from "./api-server.ts";
import { CHAT, MAJORS, MESSAGE, openaiOptions } from "./ask.ts";
import { collect, expectCalls, settled, whole } from "./calls.ts";
import { type ApiName, TEXT_ANSWER } from "./scripted/api-script.ts";
import { REQUESTED_MODEL } from "./scripted/expected.ts";
import { openaiChatScript } from "./scripted/openai-chat-script.ts";
import { ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

type Ask = (baseURL: string, maxRetries: number) => Promise<unknown>;
const ROUTE = { route: "again" };

const CLIENTS: Readonly<Record<string, { api: ApiName; ask: Ask }>> = {
	...Object.fromEntries(
		([5, 6, 7] as const).flatMap((major) => {
			const client = (baseURL: string, maxRetries: number) =>
				instrument(new MAJORS[major]({ ...openaiOptions(baseURL), maxRetries }), ROUTE);
			const whole: Ask = (...args) => client(...args).chat.completions.create(CHAT);
			const stream: Ask = async (...args) =>
				collect(await client(...args).chat.completions.create({ ...CHAT, stream: true }));
			const perRequest: Ask = (baseURL, maxRetries) =>
				client(baseURL, 0).chat.completions.create(CHAT, { maxRetries });
			return [
				[`openai ${major}`, { api: "openai-chat" as const, ask: whole }],
				[`openai ${major}, a stream`, { api: "openai-chat" as const, ask: stream }],
				[`openai ${major}, by the request`, { api: "openai-chat" as const, ask: perRequest }],
			];
		}),
	),
	anthropic: {
		api: "anthropic",
		ask: (baseURL, maxRetries) =>
			instrument(new Anthropic({ apiKey: "key", baseURL, maxRetries }), ROUTE).messages.create(MESSAGE),
	},
	google: {
		api: "gemini",
		ask: (baseUrl, maxRetries) => {
			const retryOptions = { attempts: maxRetries + 1, initialDelay: 0.001, jitter: 0 };
			const client = new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl, retryOptions } });
			const ask = { model: REQUESTED_MODEL.gemini, contents: "hello" };
			return instrument(client, ROUTE).models.generateContent(ask);
		},
	},
};

function counts(recorder: TestRecorder): object {
	const attempts = (result: string): number => recorder.counter("llm_attempts_total", { result });
	return {
		success: attempts("success"),
		limited: attempts("rate_limited"),
		error: attempts("error"),
		aborted: attempts("aborted"),
		retries: recorder.counter("llm_retries_total"),
		rateLimits: recorder.counter("llm_rate_limited_total"),
		errors: recorder.counter("llm_errors_total"),
	};
}

describe.each(Object.entries(CLIENTS))("%s", (_, { api, ask }) => {
	test("two 429s that it got over are two rate limits, two retries and no error", async () => {
		using recorder = installTestRecorder();
		await ask(provider.script(api, "429-then-success", { refusals: 2 }).baseURL, 2);
		await expectCalls(recorder, whole(api, { route: "again", attempts: 3 }));
		expect(counts(recorder)).toEqual({
			success: 1,
			limited: 2,
			error: 0,
			aborted: 0,
			retries: 2,
			rateLimits: 2,
			errors: 0,
		});
	});

	test("a 429 to the end is one error, and a rate limit for each request", async () => {
		using recorder = installTestRecorder();
		await expect(ask(provider.script(api, "429-exhausted").baseURL, 1)).rejects.toThrow(Error);
		await expectCalls(recorder, { outcome: "error", errorType: "rate_limit", attempts: 2 });
		expect(counts(recorder)).toMatchObject({ limited: 2, retries: 1, rateLimits: 2, errors: 1 });
	});
});

describe("connections that break", () => {
	test.each([5, 6, 7] as const)(
		"openai %i sends again, and it is a retry",
		async (major) => {
			let broken = 0;
			const answer = json(openaiChatScript.body({ path: "", body: {} }, TEXT_ANSWER));
			await using server = await ApiServer.start({
				"/chat/completions": (response, request) => {
					broken += 1;
					if (broken === 1) response.destroy();
					else answer(response, request);
				},
			});
			using recorder = installTestRecorder();
			const client = new MAJORS[major]({ ...openaiOptions(server.url), maxRetries: 1 });
			await instrument(client, ROUTE).chat.completions.create(CHAT);
			await expectCalls(recorder, whole("openai-chat", { attempts: 2 }));
			expect(counts(recorder)).toMatchObject({ success: 1, error: 1, retries: 1, errors: 0 });
		},
		15_000,
	);
});

describe("a body that stalls", () => {
	const body = JSON.stringify(openaiChatScript.body({ path: "", body: {} }, TEXT_ANSWER));
	/** The headers and half of the body; the second time all of it. */
	const stallOnce = () => {
		let asked = 0;
		const closed: boolean[] = [];
		const answer = (response: ServerResponse): void => {
			asked += 1;
			response.writeHead(200, { "content-type": "application/json" });
			if (asked > 1) {
				response.end(body);
				return;
			}
			response.write(body.slice(0, 100));
			response.on("close", () => closed.push(!response.writableFinished));
		};
		return { answer, closed };
	};

	test("openai 7 sends again: one success with two attempts", async () => {
		const { answer, closed } = stallOnce();
		await using server = await ApiServer.start({ "/chat/completions": answer });
		using recorder = installTestRecorder();
		const client = new MAJORS[7]({ ...openaiOptions(server.url), maxRetries: 1, timeout: 100 });
		const { choices } = await instrument(client, ROUTE).chat.completions.create(CHAT);
		expect(choices[0]?.message.content).toBe(TEXT_ANSWER.pieces.join(""));
		await expectCalls(recorder, whole("openai-chat", { attempts: 2 }));
		expect(counts(recorder)).toMatchObject({ success: 2, retries: 1, errors: 0 });
		expect(closed).toEqual([true]);
	}, 15_000);

	test("openai 7 without retries: one timeout", async () => {
		await using server = await ApiServer.start({ "/chat/completions": stallOnce().answer });
		using recorder = installTestRecorder();
		const client = new MAJORS[7]({ ...openaiOptions(server.url), timeout: 100 });
		const asking = instrument(client, ROUTE).chat.completions.create(CHAT);
		await expect(asking).rejects.toBeInstanceOf(MAJORS[7].APIConnectionTimeoutError);
		await expectCalls(recorder, {
			outcome: "error",
			errorType: "timeout",
			attempts: 1,
			usageMissing: "not_reported",
		});
	});

	test("openai 7, with retries that stall as well: one timeout", async () => {
		await using server = await ApiServer.start({
			"/chat/completions": (response) => {
				response.writeHead(200, { "content-type": "application/json" });
				response.write(body.slice(0, 100));
			},
		});
		using recorder = installTestRecorder();
		const client = new MAJORS[7]({ ...openaiOptions(server.url), maxRetries: 1, timeout: 100 });
		const asking = instrument(client, ROUTE).chat.completions.create(CHAT);
		await expect(asking).rejects.toBeInstanceOf(MAJORS[7].APIConnectionTimeoutError);
		await expectCalls(recorder, { outcome: "error", errorType: "timeout", attempts: 2 });
		expect(recorder.counter("llm_retries_total")).toBe(1);
	}, 15_000);

	test.each([5, 6] as const)(
		"openai %i waits on: the call is under way until its caller leaves",
		async (major) => {
			await using server = await ApiServer.start({ "/chat/completions": stallOnce().answer });
			using recorder = installTestRecorder();
			const client = new MAJORS[major]({ ...openaiOptions(server.url), timeout: 50 });
			const { signal } = { signal: AbortSignal.timeout(200) };
			const asking = instrument(client, ROUTE).chat.completions.create(CHAT, { signal });
			await expect(asking).rejects.toThrow(Error);
			await settled(recorder);
			await expectCalls(recorder, { outcome: "error", errorType: "timeout", attempts: 1 });
			expect(recorder.calls[0]?.latencyMs).toBeGreaterThan(190);
		},
	);
});
