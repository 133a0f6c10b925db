/** What OpenAI's two APIs send, as far as the AI SDK's provider reads it; the same words and numbers in all of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { TestRecorder } from "../../src/testing/index.ts";
import { type Answer, finish } from "../providers/replay-server.ts";

/** Planted in prompts and answers: it may stand in no metric. */
export const SECRET = "s3cr3t-in-a-mouth";

/** 60 fresh, 40 cached, 20 written; at gpt-4o's $2.50, $1.25 and $10 a million: 150 + 50 + 200 = 400 millionths of a dollar. */
const CENTS = "0.04";
const CHAT_USAGE = {
	prompt_tokens: 100,
	completion_tokens: 20,
	total_tokens: 120,
	prompt_tokens_details: { cached_tokens: 40 },
	completion_tokens_details: { reasoning_tokens: 5 },
};
const RESPONSES_USAGE = {
	input_tokens: 100,
	input_tokens_details: { cached_tokens: 40 },
	output_tokens: 20,
	output_tokens_details: { reasoning_tokens: 5 },
};

const LIMITS = { "x-ratelimit-remaining-requests": "499", "x-ratelimit-remaining-tokens": "29000" };

export type Api = "chat" | "responses";
export const APIS: readonly Api[] = ["chat", "responses"];

/** A whole answer. */
export function whole(api: Api): Answer {
	return json(200, api === "chat" ? CHAT : RESPONSE, LIMITS);
}

/** A body as JSON, without the date that would differ from one answer to the next. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
	return (response) => {
		response.sendDate = false;
		response.writeHead(status, { "content-type": "application/json", ...headers });
		response.end(typeof body === "string" ? body : JSON.stringify(body));
	};
}

/** An answer in pieces: what comes before it, its words, its end. */
export function streamed(api: Api): Answer {
	return api === "chat"
		? events([...CHAT_START, ...CHAT_END, "[DONE]"])
		: events([...RESPONSES_START, ...RESPONSES_END]);
}

/** Its words, but not its end. */
export function begun(api: Api, end: Answer): Answer {
	return events(api === "chat" ? CHAT_START : RESPONSES_START, end);
}

/** Server-sent events with these data, each after a pause. */
export function events(data: readonly unknown[], end: Answer = finish): Answer {
	return async (response) => {
		response.sendDate = false;
		response.writeHead(200, { "content-type": "text/event-stream", ...LIMITS });
		response.flushHeaders();
		for (const one of data) {
			if (response.destroyed) return;
			response.write(`data: ${typeof one === "string" ? one : JSON.stringify(one)}\n\n`);
			await sleep(2);
		}
		end(response);
	};
}

/** The whole answer of the chat API. */
export const CHAT: object = {
	id: "chatcmpl-1",
	created: 1_760_000_000,
	model: "gpt-4o-2024-08-06",
	choices: [{ index: 0, message: { role: "assistant", content: `one ${SECRET}` }, finish_reason: "stop" }],
	usage: CHAT_USAGE,
};

function chatChunk(delta: object, finishReason: string | null = null): object {
	return {
		id: "chatcmpl-1",
		created: 1_760_000_000,
		model: "gpt-4o-2024-08-06",
		choices: [{ index: 0, delta, finish_reason: finishReason }],
	};
}

const CHAT_START = [
	chatChunk({ role: "assistant", content: "" }),
	chatChunk({ content: "one " }),
	chatChunk({ content: SECRET }),
];
const CHAT_END = [chatChunk({}, "stop"), { ...chatChunk({}), choices: [], usage: CHAT_USAGE }];

/** A chat answer that calls a tool. */
export const TOOL_CALL: Answer = json(200, {
	...CHAT,
	choices: [
		{
			index: 0,
			message: {
				role: "assistant",
				content: null,
				tool_calls: [
					{ id: "call_1", type: "function", function: { name: "look", arguments: `{"at":"${SECRET}"}` } },
				],
			},
			finish_reason: "tool_calls",
		},
	],
});

/** The same in pieces. */
export const TOOL_CALL_STREAM: Answer = events([
	chatChunk({
		role: "assistant",
		tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "look", arguments: "" } }],
	}),
	chatChunk({ tool_calls: [{ index: 0, function: { arguments: `{"at":"${SECRET}"}` } }] }),
	chatChunk({}, "tool_calls"),
	{ ...chatChunk({}), choices: [], usage: CHAT_USAGE },
	"[DONE]",
]);

const MESSAGE = { type: "message", role: "assistant", id: "msg_1" };
const RESPONSE = {
	id: "resp_1",
	created_at: 1_760_000_000,
	model: "gpt-4o-2024-08-06",
	output: [{ ...MESSAGE, content: [{ type: "output_text", text: `one ${SECRET}`, annotations: [] }] }],
	incomplete_details: null,
	usage: RESPONSES_USAGE,
};
const { output: _, usage: __, ...CREATED } = RESPONSE;
const RESPONSES_START = [
	{ type: "response.created", response: { ...CREATED, service_tier: null } },
	{ type: "response.output_item.added", output_index: 0, item: MESSAGE },
	{ type: "response.output_text.delta", item_id: "msg_1", delta: "one ", logprobs: [] },
	{ type: "response.output_text.delta", item_id: "msg_1", delta: SECRET, logprobs: [] },
];
const RESPONSES_END = [
	{ type: "response.output_item.done", output_index: 0, item: MESSAGE },
	{ type: "response.completed", response: RESPONSE },
];

/** A search and the opening of a page come before the words. */
const SEARCHES = [
	{ type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: SECRET } },
	{
		type: "web_search_call",
		id: "ws_2",
		status: "completed",
		action: { type: "open_page", url: "https://a.b" },
	},
];
export const SEARCHED: Answer = json(200, { ...RESPONSE, output: [...SEARCHES, ...RESPONSE.output] });
export const SEARCHED_STREAM: Answer = events([
	...SEARCHES.flatMap((item, index) => [
		{ type: "response.output_item.added", output_index: index, item: { ...item, status: "in_progress" } },
		{ type: "response.output_item.done", output_index: index, item },
	]),
	...RESPONSES_START,
	...RESPONSES_END,
]);

/** The usage of a failed answer comes with its failure. */
export const FAILED_RESPONSE: Answer = events([
	...RESPONSES_START,
	{
		type: "response.failed",
		sequence_number: 9,
		response: {
			...RESPONSE,
			status: "failed",
			error: { code: "server_error", message: `no ${SECRET}` },
		},
	},
]);

/** What must have been counted of a route, beside nothing at all. */
export interface Counts {
	readonly requests: Readonly<Partial<Record<"success" | "error" | "aborted" | "abandoned", number>>>;
	readonly attempts?: Readonly<Partial<Record<"success" | "error" | "rate_limited" | "aborted", number>>>;
	readonly errors?: Readonly<Record<string, number>>;
	readonly missing?: Readonly<Record<string, number>>;
	/** How many answers of {@link CENTS} have been billed. */
	readonly answers?: number;
	readonly firstTokens?: number;
	readonly model?: string;
}

/** Checks every metric of DESIGN 4 that a call can touch. */
export function expectCounts(recorder: TestRecorder, route: string, counts: Counts): void {
	const {
		answers = 0,
		attempts = {},
		errors = {},
		firstTokens = 0,
		missing = {},
		model = "gpt-4o",
		requests,
	} = counts;
	const pair = { route, model };
	const target = { provider: "openai", model };
	const sum = (of: Readonly<Record<string, number | undefined>>): number =>
		Object.values(of).reduce<number>((total, count) => total + (count ?? 0), 0);
	const each = (
		name: string,
		label: string,
		labels: Record<string, string>,
		of: Readonly<Record<string, number | undefined>>,
	): void => {
		for (const [value, count] of Object.entries(of)) {
			expect(recorder.counter(name, { ...labels, [label]: value }), `${name} ${value}`).toBe(count);
		}
		expect(recorder.counter(name, labels), name).toBe(sum(of));
	};
	each("llm_requests_total", "outcome", pair, requests);
	each("llm_attempts_total", "result", target, attempts);
	each("llm_errors_total", "error_type", pair, errors);
	each("llm_usage_missing_total", "reason", pair, missing);
	const counter = (name: string, labels: Record<string, string>): [string, number] => [
		name,
		recorder.counter(name, labels),
	];
	expect([
		counter("llm_tokens_input_total", pair),
		counter("llm_tokens_output_total", pair),
		counter("llm_tokens_total", pair),
		counter("llm_tokens_cache_read_total", pair),
		counter("llm_tokens_cache_write_total", pair),
		counter("llm_tokens_reasoning_total", pair),
		counter("llm_tokens_estimated_total", pair),
		counter("llm_unpriced_requests_total", pair),
		counter("llm_retries_total", target),
		counter("hyperagent_internal_errors_total", {}),
	]).toEqual([
		["llm_tokens_input_total", 100 * answers],
		["llm_tokens_output_total", 20 * answers],
		["llm_tokens_total", 120 * answers],
		["llm_tokens_cache_read_total", 40 * answers],
		["llm_tokens_cache_write_total", 0],
		["llm_tokens_reasoning_total", 5 * answers],
		["llm_tokens_estimated_total", 0],
		["llm_unpriced_requests_total", 0],
		["llm_retries_total", 0],
		["hyperagent_internal_errors_total", 0],
	]);
	expect(Number(recorder.cost(pair))).toBeCloseTo(Number(CENTS) * answers, 10);
	expect(recorder.gauge("llm_active_requests", pair), "active").toBe(0);
	expect(recorder.histogram("llm_latency_ms", pair).count, "latency").toBe(
		sum(requests) - (requests.abandoned ?? 0),
	);
	expect(recorder.histogram("llm_time_to_first_token_ms", pair).count, "first token").toBe(firstTokens);
}
