import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const CHUNK = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };
const END = { ...CHUNK, choices: [{ index: 0, delta: { content: "hi" }, finish_reason: "stop" }] };
const REFUSAL = {
	error: { message: "no stream_options", type: "invalid_request_error", param: "stream_options" },
};

/** One base URL with several models behind it, of which "old" refuses to be asked for its usage. */
function gateway(): Server {
	return createServer((request, response) => {
		let body = "";
		request.setEncoding("utf8").on("data", (text: string) => (body += text));
		request.on("end", () => {
			const asks = body.includes("include_usage");
			if (body.includes('"old"') && asks) {
				response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify(REFUSAL));
				return;
			}
			response.setHeader("content-type", "text/event-stream");
			const usage = asks ? [{ ...CHUNK, choices: [], usage: USAGE }] : [];
			const events = [END, ...usage].map((event) => `data: ${JSON.stringify(event)}\n\n`);
			response.end(`${events.join("")}data: [DONE]\n\n`);
		});
	});
}

let server: Server;
let baseURL: string;
let recorder: TestRecorder;

beforeEach(async () => {
	recorder = installTestRecorder();
	server = gateway();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	// A server that listens on a port has an address of this kind.
	const { port } = server.address() as AddressInfo;
	baseURL = `http://127.0.0.1:${port}/v1`;
});

afterEach(() => {
	recorder.restore();
	server.close();
	server.closeAllConnections();
});

async function ask(client: OpenAI, model: string): Promise<number> {
	const messages = [{ role: "user" as const, content: "hello" }];
	let chunks = 0;
	for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
		chunks += chunk.choices.length;
	}
	return chunks;
}

describe("many models behind one base URL", () => {
	test("one that refuses to be asked for its usage is asked no more, and the others are", async () => {
		const client = instrument(new OpenAI({ apiKey: "none", baseURL }), { route: "chat" });
		for (const model of ["new", "old", "new", "old"]) expect(await ask(client, model)).toBe(1);
		expect(recorder.counter("llm_tokens_output_total", { model: "new" })).toBe(10);
		expect(recorder.counter("llm_usage_missing_total", { model: "old" })).toBe(2);
		// Two for "new"; one refused and one answered, then one, for "old".
		expect(recorder.counter("llm_attempts_total", { model: "new" })).toBe(2);
		expect(recorder.counter("llm_attempts_total", { model: "old" })).toBe(3);
	});

	test("a route among a client's own headers is the route of its calls", async () => {
		const defaultHeaders = { "x-hyperagent-route": "summarize" };
		const client = instrument(new OpenAI({ apiKey: "none", baseURL, defaultHeaders }), { route: "chat" });
		await ask(client, "new");
		expect(recorder.counter("llm_requests_total", { route: "summarize" })).toBe(1);
		expect(recorder.counter("llm_requests_total", { route: "chat" })).toBe(0);
	});
});

describe("a fetch whose bodies are streams of Node's, as node-fetch's are", () => {
	/** As much of its response as a client of `openai` asks for. */
	const nodeFetch: typeof fetch = async (input, init) => {
		const { body, headers, ok, status, url } = await fetch(input, init);
		// Its type says otherwise; so does that of node-fetch.
		return { body: Readable.from(body ?? []), headers, ok, status, url } as unknown as Response;
	};

	test("the chunk that we have asked for is not shown, and its usage is counted", async () => {
		const plain = new OpenAI({ apiKey: "none", baseURL, fetch: nodeFetch });
		const request = {
			model: "new",
			messages: [{ role: "user" as const, content: "hello" }],
			stream: true as const,
		};
		const seen = async (client: OpenAI): Promise<unknown[]> => {
			const chunks: unknown[] = [];
			for await (const chunk of await client.chat.completions.create(request)) chunks.push(chunk);
			return chunks;
		};
		expect(await seen(instrument(plain, { route: "chat" }))).toEqual(await seen(plain));
		expect(recorder.counter("llm_tokens_output_total")).toBe(5);
	});
});

describe("requests that are no LLM's", () => {
	test("a message to a channel, at a host that nobody knows, is not counted", async () => {
		const url = `${baseURL}/channels/123/messages`;
		const answer = await meteredFetch()(url, { method: "POST", body: '{"content":"hello"}' });
		await answer.text();
		expect(recorder.counter("llm_requests_total")).toBe(0);
		expect(recorder.counter("llm_attempts_total")).toBe(0);
	});

	test("what is no function is refused at once", () => {
		// What a program without types may pass.
		expect(() => meteredFetch(5 as unknown as typeof fetch)).toThrow(
			expect.objectContaining({ code: "BAD_OPTION" }),
		);
	});
});
