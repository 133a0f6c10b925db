/** Secrets are planted wherever something is said, and searched for in all that comes out of here. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { addSettlementListener } from "../../src/core/settlement-listeners.ts";
import { DashboardServer } from "../../src/dashboard/index.ts";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { CostTracker, initPrometheus } from "../../src/monitoring/index.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { type ApiAnswer, ApiServer, events, json } from "./api-server.ts";
import { collect } from "./calls.ts";

/** What all of them have in common. */
const SECRET = /sekret/i;
const QUESTION = { role: "user" as const, content: "sekret-prompt" };
const HEADERS = { "x-custom": "sekret-header", "x-hyperagent-route": "plain-route" };
const ANSWERED = "sekret-answer 東京";

const USAGE = {
	prompt_tokens: 10,
	completion_tokens: 5,
	input_tokens: 10,
	output_tokens: 5,
	total_tokens: 15,
};
/** Where a count is expected there is a word. */
const BAD_USAGE = { prompt_tokens: "sekret-usage", completion_tokens: -1, input_tokens: "sekret-usage" };
const LIMITS = { "x-ratelimit-remaining-tokens": "sekret-limit", "retry-after-ms": "sekret-limit" };

/** One body in which every API finds an answer of its own. */
function answer(usage: object): object {
	return {
		id: "sekret-id",
		type: "message",
		object: "response",
		role: "assistant",
		status: "completed",
		stop_reason: "end_turn",
		choices: [{ index: 0, message: { role: "assistant", content: ANSWERED }, finish_reason: "stop" }],
		content: [{ type: "text", text: ANSWERED }],
		output: [
			{
				type: "message",
				role: "assistant",
				content: [{ type: "output_text", text: ANSWERED, annotations: [] }],
			},
		],
		candidates: [{ content: { parts: [{ text: ANSWERED }] }, finishReason: "STOP" }],
		usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, ...usage },
		usage,
	};
}

const ERROR = {
	type: "error",
	error: { message: "sekret-error", code: "sekret-code", type: "sekret-type", param: "sekret-param" },
};
const delta = { index: 0, delta: { content: ANSWERED }, text: ANSWERED };

const raw =
	(text: string, type: string): ApiAnswer =>
	(response) =>
		response.writeHead(200, { "content-type": type }).end(text);

const ANSWERS: Readonly<Record<string, ApiAnswer>> = {
	"an answer": json(answer(USAGE), 200, LIMITS),
	"an answer with a usage that is none": json(answer(BAD_USAGE)),
	"a stream": events(
		{ choices: [delta] },
		{ ...answer(USAGE), type: "response.completed", response: answer(USAGE) },
	),
	"a stream with a usage that is none": events({ choices: [delta], usage: BAD_USAGE }, answer(BAD_USAGE)),
	"an error in a stream": events({ choices: [delta] }, ERROR),
	"a refusal": json(ERROR, 400, LIMITS),
	"a bad key": json(ERROR, 401),
	"a rate limit": json(ERROR, 429, LIMITS),
	"a refusal in plain words": (response) => response.writeHead(422).end("sekret-error in plain words"),
	"no JSON": raw('{"choices": sekret-answer', "application/json"),
	"half a JSON": raw('{"choices":[{"message":{"content":"sekret-answer', "application/json"),
	"a page": raw("<html>sekret-answer</html>", "text/html"),
	"events that are none": raw("data: sekret-answer\n\nsekret: x\n\ndata: {sekret\n\n", "text/event-stream"),
	"an answer of another form": json(["sekret-answer", { "sekret-field": 1 }]),
	"a connection that is cut": (response) => {
		response.writeHead(200, { "content-type": "text/event-stream" });
		response.write('data: {"choices":[{"delta":{"content":"sekret-answer"}}]}\n\n');
		setTimeout(() => response.destroy(), 10);
	},
};

/** Everything that a client can be asked for. Errors are the caller's to keep. */
async function askAll(url: string): Promise<void> {
	const options = { route: "plain-route" };
	const common = {
		apiKey: "sekret-key",
		baseURL: `${url}/sekret-path`,
		maxRetries: 0,
		logLevel: "off" as const,
	};
	const openai = instrument(new OpenAI({ ...common, organization: "sekret-organization" }), options);
	const anthropic = instrument(new Anthropic(common), options);
	const httpOptions = { baseUrl: `${url}/sekret-path`, headers: { "x-custom": "sekret-header" } };
	const google = instrument(new GoogleGenAI({ apiKey: "sekret-key", httpOptions }), options);
	const fetch = meteredFetch(undefined, options);
	const chat = { model: "plain-model", messages: [QUESTION], user: "sekret-user" };
	const message = { model: "plain-model", max_tokens: 10, system: "sekret-system", messages: [QUESTION] };
	const generate = { model: "plain-model", contents: "sekret-prompt" };
	const request = { headers: HEADERS };
	const asks: readonly (() => Promise<unknown>)[] = [
		() => openai.chat.completions.create(chat, request),
		async () => collect(await openai.chat.completions.create({ ...chat, stream: true }, request)),
		() => openai.chat.completions.stream(chat, request).finalChatCompletion(),
		() => openai.responses.create({ model: "plain-model", input: "sekret-prompt" }, request),
		async () =>
			collect(await openai.responses.create({ model: "plain-model", input: "sekret-prompt", stream: true })),
		() => openai.embeddings.create({ model: "plain-model", input: "sekret-prompt" }, request),
		() => openai.images.generate({ model: "plain-model", prompt: "sekret-prompt" }, request),
		() => anthropic.messages.create(message, request),
		async () => collect(await anthropic.messages.create({ ...message, stream: true }, request)),
		() => google.models.generateContent(generate),
		async () => collect(await google.models.generateContentStream(generate)),
		async () => {
			const init = { method: "POST", body: JSON.stringify(chat), ...request };
			return (await fetch(`${url}/sekret-path/chat/completions?key=sekret-query`, init)).json();
		},
	];
	for (const ask of asks) await ask().catch(() => undefined);
}

/** All that is told to anybody while tests run. */
const told: string[] = [];
const tell = (...values: unknown[]): void => {
	told.push(values.map((value) => inspect(value, { depth: 12, maxStringLength: null })).join(" "));
};
const METHODS = ["debug", "dir", "error", "info", "log", "trace", "warn"] as const;
const stopListening = addSettlementListener({
	settled: (call) => {
		// An error of somebody's, as the listener has it.
		if (call.outcome === "error") throw new Error("a listener throws");
	},
	recorded: () => undefined,
});
let recorder: TestRecorder;
let handle: ReturnType<typeof initPrometheus>;

beforeAll(() => {
	recorder = installTestRecorder();
	handle = initPrometheus({ onError: (error) => tell("onError", error, error.message, error.cause) });
	process.on("warning", tell);
	subscribe("hyperagent:call", tell);
	for (const method of METHODS) vi.spyOn(console, method).mockImplementation(tell);
});
afterAll(() => {
	vi.restoreAllMocks();
	unsubscribe("hyperagent:call", tell);
	process.off("warning", tell);
	recorder.restore();
	stopListening();
});

async function outputs(): Promise<Readonly<Record<string, string>>> {
	const costs = new CostTracker();
	const logger = { info: tell, warn: tell, error: tell };
	const server = new DashboardServer(costs, { logger });
	const url = await server.run("127.0.0.1:0");
	const read = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();
	const scrape = async (accept: string): Promise<string> =>
		Buffer.from((await handle.scrape({ accept })).body).toString("latin1");
	try {
		return {
			text: handle.render(),
			openmetrics: await scrape("application/openmetrics-text"),
			protobuf: await scrape(
				"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
			),
			snapshot: JSON.stringify(handle.snapshot()),
			calls: inspect(recorder.calls, { depth: 12 }),
			told: told.join("\n"),
			stats: await read("/api/stats"),
			metrics: await read("/metrics"),
			page: await read("/"),
		};
	} finally {
		await server.close();
	}
}

describe("nothing that anybody said, sent or refused comes out", () => {
	test.each(Object.entries(ANSWERS))("%s", async (_, answer) => {
		await using server = await ApiServer.start({ "": answer });
		await askAll(server.url);
		expect(server.requests.length).toBeGreaterThanOrEqual(12);
		// It was all there to be found.
		expect(JSON.stringify(server.requests)).toMatch(SECRET);
		for (const [name, text] of Object.entries(await outputs())) {
			expect(text.length, name).toBeGreaterThan(0);
			expect(SECRET.exec(text)?.input.slice(0, 2000), name).toBeUndefined();
			expect(text.includes("東京"), name).toBe(false);
		}
	});

	test("while calls were counted, and faults were told", async () => {
		const { calls, openmetrics, protobuf, stats, text, told: all } = await outputs();
		for (const [name, output] of Object.entries({ calls, openmetrics, protobuf, stats, text, all })) {
			expect(output?.includes("plain-route"), name).toBe(true);
			expect(output?.includes("plain-model"), name).toBe(true);
		}
		expect(all?.includes("onError")).toBe(true);
		expect(recorder.counter("hyperagent_internal_errors_total")).toBeGreaterThan(0);
		expect(recorder.counter("llm_usage_missing_total", { reason: "parse_error" })).toBeGreaterThan(0);
		expect(recorder.counter("llm_requests_total", { route: "plain-route" })).toBeGreaterThan(100);
		expect(recorder.gauge("llm_active_requests")).toBe(0);
	});
});
