/** Searches that Gemini has made, where a framework's model and not the wire tells of them. Google bills each query. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { readGenerated } from "../../src/instrument/ai-sdk-answer.ts";
import { ChunkReader, reportGenerations } from "../../src/instrument/langchain-answer.ts";
import { Call } from "../../src/monitoring/call.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";

const groundingMetadata = { webSearchQueries: ["who won", "", "final score"] };
const usage_metadata = { input_tokens: 20, output_tokens: 50, total_tokens: 70 };

let recorder: TestRecorder;
beforeEach(() => {
	recorder = installTestRecorder();
});
afterEach(() => {
	recorder.restore();
});

function asked(): Call {
	return new Call({ operation: "chat", route: "chat", provider: "google", model: "gemini-3-pro-preview" });
}

test.each<[string, (call: Call) => void]>([
	[
		"the AI SDK's provider metadata",
		(call) => {
			const usage = { inputTokens: { total: 20 }, outputTokens: { total: 50 } };
			readGenerated({ content: [], usage, providerMetadata: { google: { groundingMetadata } } }, call, {});
		},
	],
	[
		"a generation of LangChain",
		(call) => {
			const generation = { message: { usage_metadata }, generationInfo: { groundingMetadata } };
			reportGenerations(call, { generations: [generation] });
			call.succeed();
		},
	],
	[
		"chunks of LangChain",
		(call) => {
			const reader = new ChunkReader();
			reader.read({ message: { content: "a", usage_metadata } }, call);
			reader.read({ message: { content: "" }, generationInfo: { groundingMetadata } }, call);
			call.succeed();
		},
	],
])("%s", (_what, answers) => {
	answers(asked());
	expect(recorder.calls).toMatchObject([
		{ outcome: "success", usage: { inputUncached: 20, output: 50, webSearches: 2 }, unpriced: "server_tool" },
	]);
});
