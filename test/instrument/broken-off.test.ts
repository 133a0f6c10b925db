import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { afterEach, beforeEach, expect, test } from "vitest";
import { instrument } from "../../src/instrument/index.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";

const BODY = { model: "gpt-4o-mini", messages: [{ role: "user" as const, content: "hello" }] };
const CHUNK = { id: "c", object: "chat.completion.chunk", created: 1, model: "gpt-4o-mini" };

/** Headers and the beginning of an answer, of which no more comes. */
function stallJson(response: ServerResponse): void {
	response.writeHead(200, { "content-type": "application/json" }).write('{"id":"c","choices":[');
}

function stallStream(response: ServerResponse): void {
	const chunk = { ...CHUNK, choices: [{ index: 0, delta: { content: "hi" }, finish_reason: null }] };
	response
		.writeHead(200, { "content-type": "text/event-stream" })
		.write(`data: ${JSON.stringify(chunk)}\n\n`);
}

function refuse(response: ServerResponse): void {
	const error = { message: "no such key", type: "invalid_request_error", code: "invalid_api_key" };
	response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify({ error }));
}

/** What the server does with each request, in turn. */
let answers: ((response: ServerResponse) => void)[] = [];
let server: Server;
let baseURL: string;
let recorder: TestRecorder;

beforeEach(async () => {
	recorder = installTestRecorder();
	server = createServer((request, response) => {
		request.resume().on("end", () => answers.shift()?.(response));
	});
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

function client(options: object): OpenAI {
	return instrument(new OpenAI({ apiKey: "none", baseURL, ...options }), { route: "chat" });
}

test("an answer's body times out, and the retry is refused: one error of the retry's kind", async () => {
	answers = [stallJson, refuse];
	await expect(client({ timeout: 300, maxRetries: 1 }).chat.completions.create(BODY)).rejects.toThrow("401");
	expect(recorder.gauge("llm_active_requests")).toBe(0);
	expect(recorder.counter("llm_errors_total", { error_type: "auth_failed" })).toBe(1);
	expect(recorder.counter("llm_requests_total")).toBe(1);
	expect(recorder.counter("llm_attempts_total")).toBe(2);
	expect(recorder.counter("llm_retries_total")).toBe(1);
});

test("a deadline in the caller's own fetch passes in the middle of a body: a timeout, at once", async () => {
	answers = [stallJson];
	const impatient: typeof fetch = (input, init) => {
		const own = new AbortController();
		setTimeout(() => own.abort(), 100);
		const signals = [init?.signal, own.signal].filter((signal) => signal instanceof AbortSignal);
		return fetch(input, { ...init, signal: AbortSignal.any(signals) });
	};
	await expect(client({ fetch: impatient }).chat.completions.create(BODY)).rejects.toThrow();
	expect(recorder.gauge("llm_active_requests")).toBe(0);
	expect(recorder.counter("llm_errors_total", { error_type: "timeout" })).toBe(1);
});

test("a stream's own controller is aborted between two reads: aborted, at once", async () => {
	answers = [stallStream];
	const stream = await client({}).chat.completions.create({ ...BODY, stream: true });
	const events = stream[Symbol.asyncIterator]();
	await events.next();
	stream.controller.abort();
	expect(recorder.gauge("llm_active_requests")).toBe(0);
	expect(recorder.counter("llm_requests_total", { outcome: "aborted" })).toBe(1);
});
