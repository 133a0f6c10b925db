/** What a model says of itself counts where no HTTP request of it is seen. */
import type { BaseLanguageModelCallOptions } from "@langchain/core/language_models/base";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { ChatModelStreamEvent } from "@langchain/core/language_models/event";
import { AIMessage, AIMessageChunk, type BaseMessage, type UsageMetadata } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { AzureChatOpenAI } from "@langchain/openai";
import { afterEach, beforeEach, expect, test } from "vitest";
import { instrumentChatModel } from "../../src/instrument/langchain.ts";
import { Call } from "../../src/monitoring/call.ts";
import { currentCall } from "../../src/monitoring/current-call.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { ReplayServer } from "../providers/replay-server.ts";
import { collect, completion, expectQuiet, failure, USAGE } from "./langchain-openai.ts";

let recorder: TestRecorder;
beforeEach(() => {
	recorder = installTestRecorder();
});
afterEach(() => {
	expectQuiet(recorder);
	recorder.restore();
});

/** $3 for a million tokens of input, $0.30 read from the cache, $3.75 written to it, $15 of output. */
const MODEL = "claude-sonnet-4-5";
const USED: UsageMetadata = {
	input_tokens: 1000,
	output_tokens: 50,
	total_tokens: 1050,
	input_token_details: { cache_read: 600, cache_creation: 300 },
};
/** 100 × 3 + 600 × 0.3 + 300 × 3.75 + 50 × 15 = $2355 for a million. */
const CENTS = "0.2355";

/** Says what it is told to say, in the manner of a package for Anthropic. */
class Scripted extends BaseChatModel<BaseLanguageModelCallOptions & { model?: string }> {
	model: string = MODEL;
	seen: unknown;
	readonly chunks: readonly AIMessageChunk[];
	readonly result: ChatResult;

	constructor(chunks: readonly AIMessageChunk[], result: ChatResult = { generations: [] }) {
		super({});
		this.chunks = chunks;
		this.result = result;
	}

	override get callKeys(): string[] {
		return [...super.callKeys, "model"];
	}

	override _llmType(): string {
		return "scripted";
	}

	override getLsParams(): ReturnType<BaseChatModel["getLsParams"]> {
		return { ls_provider: "Anthropic", ls_model_type: "chat" };
	}

	override async _generate(
		_messages: BaseMessage[],
		_options: this["ParsedCallOptions"],
		run?: CallbackManagerForLLMRun,
	): Promise<ChatResult> {
		this.seen = currentCall();
		await run?.handleLLMNewToken("a");
		return this.result;
	}

	override async *_streamResponseChunks(
		_messages: BaseMessage[],
		_options: this["ParsedCallOptions"],
		run?: CallbackManagerForLLMRun,
	): AsyncGenerator<ChatGenerationChunk> {
		for (const message of this.chunks) {
			this.seen = currentCall();
			yield new ChatGenerationChunk({ message, text: message.text });
			await run?.handleLLMNewToken(message.text);
		}
	}
}

/** A message with that usage. */
function withUsage<M extends AIMessage | AIMessageChunk>(message: M, usage: UsageMetadata | undefined): M {
	return usage === undefined ? message : Object.assign(message, { usage_metadata: usage });
}

const ANSWERED = `${MODEL}-20250929`;

function answer(usage?: UsageMetadata): { text: string; message: AIMessage } {
	const message = new AIMessage({ content: "a", response_metadata: { model: ANSWERED } });
	return { text: "a", message: withUsage(message, usage) };
}

const PIECES: readonly AIMessageChunk[] = [
	withUsage(new AIMessageChunk({ content: [] }), { ...USED, output_tokens: 1, total_tokens: 1001 }),
	new AIMessageChunk({ content: [{ type: "thinking", thinking: "hm", index: 0 }] }),
	new AIMessageChunk({ content: [{ type: "text", text: "a", index: 1 }] }),
	withUsage(new AIMessageChunk({ content: [], response_metadata: { model_name: ANSWERED } }), {
		input_tokens: 0,
		output_tokens: 49,
		total_tokens: 49,
	}),
];

test("the usage and the model of a message, once for all answers to a prompt", async () => {
	const bare = new Scripted([], { generations: [answer(USED), answer(USED)] });
	const model = instrumentChatModel(bare, { route: "chat" });
	await model.invoke("hi");
	expect(recorder.calls).toMatchObject([
		{
			provider: "anthropic",
			model: MODEL,
			answeredModel: ANSWERED,
			attempts: 0,
			usage: { inputUncached: 100, cacheRead: 600, cacheWrite5m: 300, output: 50 },
			usageMissing: undefined,
		},
	]);
	expect(recorder.cost()).toBe(CENTS);
	expect(recorder.counter("llm_attempts_total")).toBe(0);
});

test("the usages of a stream's chunks add up; the first token is a thought", async () => {
	const model = instrumentChatModel(new Scripted(PIECES), { route: "chat" });
	expect(await collect(await model.stream("hi"))).toHaveLength(PIECES.length);
	expect(recorder.calls).toMatchObject([
		{
			answeredModel: ANSWERED,
			usage: { inputUncached: 100, cacheRead: 600, cacheWrite5m: 300, output: 50 },
		},
	]);
	expect(recorder.cost()).toBe(CENTS);
	expect(recorder.histogram("llm_time_to_first_token_ms").count).toBe(1);
});

test("who leaves a stream leaves what was said by then", async () => {
	const model = instrumentChatModel(new Scripted(PIECES), { route: "chat" });
	for await (const { text } of await model.stream("hi")) if (text === "") break;
	expect(recorder.calls).toMatchObject([
		{
			outcome: "aborted",
			usageMissing: "aborted",
			usage: { inputUncached: 100, cacheRead: 600, cacheWrite5m: 300, output: 1 },
		},
	]);
});

test("the events of content blocks: those that LangChain makes of chunks, and a model's own", async () => {
	class Native extends Scripted {
		override async *_streamChatModelEvents(): AsyncGenerator<ChatModelStreamEvent> {
			yield { event: "message-start", id: "1", usage: { input_tokens: 1000 } };
			yield { event: "content-block-start", index: 0, content: { type: "text", text: "" } };
			yield { event: "content-block-delta", index: 0, delta: { type: "text-delta", text: "a" } };
			yield { event: "content-block-finish", index: 0, content: { type: "text", text: "a" } };
			yield { event: "message-finish", reason: "stop", usage: USED };
		}
	}
	for (const bare of [new Scripted(PIECES), new Native([])]) {
		recorder.reset();
		const model = instrumentChatModel(bare, { route: "chat" });
		expect((await model.streamEvents("hi").output).text).toBe("a");
		expect(recorder.counter("llm_requests_total", { route: "chat", outcome: "success" })).toBe(1);
		expect(recorder.counter("llm_requests_total")).toBe(1);
		expect(recorder.cost()).toBe(CENTS);
		expect(recorder.histogram("llm_time_to_first_token_ms").count).toBe(1);
	}
});

test("no usage, zeros for none, and what is no usage", async () => {
	const zeros: UsageMetadata = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
	for (const none of [undefined, zeros]) {
		await instrumentChatModel(new Scripted([], { generations: [answer(none)] }), {
			route: "chat",
		}).invoke("hi");
	}
	expect(recorder.counter("llm_usage_missing_total", { reason: "not_reported" })).toBe(2);
	expect(recorder.counter("llm_tokens_total")).toBe(0);
	expect(recorder.calls.map(({ usage }) => usage)).toStrictEqual([undefined, undefined]);
});

test("a result without an answer is an error, of which LangChain makes its own", async () => {
	const bare = new Scripted([]);
	const error = await failure(instrumentChatModel(bare, { route: "chat" }).invoke("hi"));
	expect(error.message).toBe((await failure(bare.invoke("hi"))).message);
	expect(recorder.counter("llm_errors_total", { error_type: "invalid_response" })).toBe(1);
});

test("a call may name another model where the class lets it", async () => {
	const model = instrumentChatModel(new Scripted([], { generations: [answer(USED)] }), {
		route: "chat",
		provider: "mine",
	});
	await model.invoke("hi", { model: "claude-haiku-4-5" });
	expect(recorder.calls).toMatchObject([{ model: "claude-haiku-4-5", provider: "mine" }]);
});

test("handlers of tokens run outside of the call, the model inside", async () => {
	const bare = new Scripted(PIECES, { generations: [answer(USED)] });
	const model = instrumentChatModel(bare, { route: "chat" });
	const seen: unknown[] = [];
	const callbacks = [{ handleLLMNewToken: () => void seen.push(currentCall()) }];
	await model.invoke("hi", { callbacks });
	expect(bare.seen).toBeInstanceOf(Call);
	expect(recorder.calls).toHaveLength(1);
	expect(seen).toStrictEqual([undefined]);
	await collect(await model.stream("hi", { callbacks }));
	expect(bare.seen).toBeInstanceOf(Call);
	expect(seen).toStrictEqual([undefined, ...PIECES.map(() => undefined)]);
});

test("AzureChatOpenAI, as provider azure", async () => {
	const server = await ReplayServer.start(completion({ content: "Hello" }, USAGE));
	const bare = new AzureChatOpenAI({
		model: "gpt-4o-mini",
		azureOpenAIApiKey: "key",
		azureOpenAIApiVersion: "2024-10-21",
		azureOpenAIApiDeploymentName: "mini",
		azureOpenAIBasePath: `${server.url}/openai/deployments`,
		maxRetries: 0,
	});
	const answered = await instrumentChatModel(bare, { route: "chat" }).invoke("hi");
	expect(answered.text).toBe("Hello");
	expect(server.requests[0]?.path).toBe("/openai/deployments/mini/chat/completions?api-version=2024-10-21");
	expect(recorder.counter("llm_attempts_total", { provider: "azure", result: "success" })).toBe(1);
	expect(recorder.counter("llm_requests_total", { route: "chat", outcome: "success" })).toBe(1);
	expect(recorder.counter("llm_tokens_input_total")).toBe(100);
});
