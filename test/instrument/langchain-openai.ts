/** ChatOpenAI against a loopback server that speaks OpenAI's chat API, twice: as it is, and metered. */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { ChatOpenAI, type ChatOpenAIFields } from "@langchain/openai";
import { expect } from "vitest";
import { instrumentChatModel } from "../../src/instrument/langchain.ts";
import type { TestRecorder } from "../../src/testing/index.ts";
import { type Answer, openAIStream, ReplayServer, status, stream } from "../providers/replay-server.ts";

/** 60 tokens that are not cached, 40 that are, 20 of output with 5 of reasoning in them. */
export const USAGE: object = {
	prompt_tokens: 100,
	completion_tokens: 20,
	total_tokens: 120,
	prompt_tokens_details: { cached_tokens: 40, audio_tokens: 0 },
	completion_tokens_details: { reasoning_tokens: 5, audio_tokens: 0 },
};

/** In cents, at gpt-4o-mini's $0.15, $0.075 and $0.60 for a million: 60 × 0.15 + 40 × 0.075 + 20 × 0.6 = $24 for a million. */
export const CENTS = "0.0024";

const HEAD = { id: "chatcmpl-1", created: 1, model: "gpt-4o-mini-2024-07-18", system_fingerprint: "fp_1" };

/** A complete answer. */
export function completion(message: object, usage: object | undefined = USAGE): Answer {
	return status(
		200,
		{
			...HEAD,
			object: "chat.completion",
			choices: [
				{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop", logprobs: null },
			],
			usage,
		},
		{ "x-ratelimit-remaining-requests": "99", "x-ratelimit-remaining-tokens": "9000" },
	);
}

/** What a tool of the test is called with. */
export const TOOL_CALL: object = {
	content: null,
	tool_calls: [
		{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } },
	],
};

/** One chunk of a stream, as the text of its event. */
export function chunk(delta: object, finish: string | null = null): string {
	return JSON.stringify({
		...HEAD,
		object: "chat.completion.chunk",
		choices: [{ index: 0, delta, finish_reason: finish }],
		usage: null,
	});
}

/** The last chunk of a stream that was asked for its usage. */
const LAST: string = JSON.stringify({
	...HEAD,
	object: "chat.completion.chunk",
	choices: [],
	usage: USAGE,
});

/** The chunks of a whole stream, but for the usage. */
export const WORDS: readonly string[] = [
	chunk({ role: "assistant", content: "" }),
	chunk({ content: "Hello" }),
	chunk({ content: " world" }),
	chunk({}, "stop"),
];

/** A whole stream. */
export const STREAM: Answer = openAIStream([...WORDS, LAST]);

/** A stream without an end, a word each few milliseconds until the caller leaves. */
export const ENDLESS: Answer = async (response: ServerResponse) => {
	response.writeHead(200, { "content-type": "text/event-stream" });
	while (!response.destroyed) {
		response.write(`data: ${chunk({ role: "assistant", content: "la" })}\n\n`);
		await sleep(3);
	}
};

/** A complete answer of the Responses API, with the same usage. */
export const RESPONSE: object = {
	id: "resp_1",
	object: "response",
	created_at: 1,
	model: "gpt-4o-mini-2024-07-18",
	status: "completed",
	output: [
		{
			type: "message",
			id: "msg_1",
			role: "assistant",
			status: "completed",
			content: [{ type: "output_text", text: "Hello", annotations: [] }],
		},
	],
	usage: {
		input_tokens: 100,
		input_tokens_details: { cached_tokens: 40 },
		output_tokens: 20,
		output_tokens_details: { reasoning_tokens: 5 },
		total_tokens: 120,
	},
};
const RESPONSE_EVENTS: readonly { readonly type: string; readonly [field: string]: unknown }[] = [
	{ type: "response.created", response: { ...RESPONSE, status: "in_progress", output: [], usage: null } },
	{
		type: "response.output_text.delta",
		item_id: "msg_1",
		output_index: 0,
		content_index: 0,
		delta: "Hello",
	},
	{ type: "response.completed", response: RESPONSE },
];

/** The same as a stream. */
export const RESPONSE_STREAM: Answer = stream(
	RESPONSE_EVENTS.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""),
);

/** An error as OpenAI words it. */
export function refusal(code: number, error: object, headers: Record<string, string> = {}): Answer {
	return status(code, { error: { param: null, ...error } }, headers);
}

/** A chat model that asks that server, without retries unless it is told otherwise. */
export function chatOpenAI({ url }: ReplayServer, fields: ChatOpenAIFields = {}): ChatOpenAI {
	return new ChatOpenAI({
		model: "gpt-4o-mini",
		apiKey: "sk-test-key",
		maxRetries: 0,
		...fields,
		configuration: { ...fields.configuration, baseURL: `${url}/v1` },
	});
}

let routes = 0;

/** A model twice, each with its server. */
export interface Pair {
	readonly bare: ChatOpenAI;
	readonly bareServer: ReplayServer;
	readonly model: ChatOpenAI;
	readonly server: ReplayServer;
	readonly route: string;
}

/** Two servers that answer alike, the model at the one, and a metered one at the other. */
export async function pair(answers: readonly Answer[], fields?: ChatOpenAIFields): Promise<Pair> {
	const [bareServer, server] = await Promise.all([
		ReplayServer.start(...answers),
		ReplayServer.start(...answers),
	]);
	const route = `langchain-${++routes}`;
	return {
		bare: chatOpenAI(bareServer, fields),
		model: instrumentChatModel(chatOpenAI(server, fields), { route }),
		server,
		bareServer,
		route,
	};
}

/** That every call has ended, and nothing of ours has failed. */
export function expectQuiet(recorder: TestRecorder): void {
	expect(recorder.gauge("llm_active_requests")).toBe(0);
	expect(recorder.counter("hyperagent_internal_errors_total")).toBe(0);
}

/** All that a stream gives. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
	const all: T[] = [];
	for await (const piece of stream) all.push(piece);
	return all;
}

/** What a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
	try {
		await promise;
	} catch (error) {
		if (error instanceof Error) return error;
	}
	throw new Error("It has not failed with an error.");
}

/** What can be compared of an error. */
export function errorFields(error: Error): object {
	return {
		...Object.fromEntries(Object.entries(error)),
		class: error.constructor.name,
		name: error.name,
		message: error.message,
		// Times of answering differ, and the ports of a connection.
		headers: undefined,
		cause: error.cause instanceof Error ? error.cause.name : error.cause,
	};
}
