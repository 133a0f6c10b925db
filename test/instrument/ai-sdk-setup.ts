/** A model of the AI SDK over a scripted server, with and without us, and a recorder of its own for each test. */
import { createOpenAI, type OpenAIProvider } from "@ai-sdk/openai";
import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { wrapLanguageModel } from "ai";
import { afterEach, beforeEach, expect } from "vitest";
import { meteringMiddleware } from "../../src/instrument/ai-sdk.ts";
import { getPrometheus } from "../../src/monitoring/index.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { type Answer, ReplayServer } from "../providers/replay-server.ts";
import { SECRET } from "./ai-sdk-answers.ts";

/** What has been recorded in the test that runs. */
export let recorder: TestRecorder;
beforeEach(() => {
	recorder = installTestRecorder();
});
afterEach(() => {
	checkSecrets();
	recorder.restore();
});

/** Whatever a test has done, nothing of what was said stands anywhere. */
function checkSecrets(): void {
	expect(getPrometheus()?.render() ?? "").not.toContain(SECRET);
	expect(JSON.stringify(recorder.calls)).not.toContain(SECRET);
}

export const prompt: string = `say ${SECRET}`;

/** The same for a model that is asked directly. */
export const request: LanguageModelV4CallOptions = {
	prompt: [{ role: "user", content: [{ type: "text", text: prompt }] }],
};

/** What the model below sends its requests with: in a test that says so, with an instrumented `fetch`. */
let fetch: typeof globalThis.fetch | undefined;
export function sendWith(own: typeof globalThis.fetch | undefined): void {
	fetch = own;
}

/** A server with these answers, the provider over it, and one that is sure to be none of ours. */
export async function serve(
	...answers: readonly Answer[]
): Promise<{ bare: OpenAIProvider; openai: OpenAIProvider; server: ReplayServer }> {
	const server = await ReplayServer.start(...answers);
	const settings = { apiKey: "sk-test", baseURL: `${server.url}/v1` };
	const bare = createOpenAI(settings);
	return { bare, openai: fetch === undefined ? bare : createOpenAI({ ...settings, fetch }), server };
}

export function metered(model: LanguageModelV4, route = "chat"): LanguageModelV4 {
	return wrapLanguageModel({ model, middleware: meteringMiddleware({ route }) });
}

export async function failure(promise: PromiseLike<unknown>): Promise<unknown> {
	try {
		await promise;
	} catch (error) {
		return error;
	}
	throw new Error("nothing was thrown");
}

/** All parts of a stream. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
	const parts: T[] = [];
	for await (const part of stream) parts.push(part);
	return parts;
}
