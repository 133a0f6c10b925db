/** What goes wrong in us is counted, and the caller's request and answer are what they would be without us. */
import { catchUp } from "../../src/core/afterwards.ts";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AnswerContent } from "../../src/monitoring/answer-content.ts";
import { attemptFetch } from "../../src/monitoring/attempt-fetch.ts";
import { Call } from "../../src/monitoring/call.ts";
import { runInCall } from "../../src/monitoring/current-call.ts";
import { Exchange } from "../../src/monitoring/exchange.ts";
import { JsonDigest } from "../../src/monitoring/json-digest.ts";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { Recorder } from "../../src/metrics/recorder.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { OpenAIChatReader } from "../../src/wire/openai-chat-reader.ts";
import { SseParser } from "../../src/wire/sse-parser.ts";

afterEach(() => {
	vi.restoreAllMocks();
});

const USAGE = { prompt_tokens: 3, completion_tokens: 4 };
const ANSWER = JSON.stringify({ model: "m-1", choices: [], usage: USAGE });
const EVENTS = `data: ${ANSWER}\n\ndata: [DONE]\n\n`;
const URL_OF_CHAT = "https://api.openai.com/v1/chat/completions";

async function ask(isStream: boolean, send: typeof fetch, init: RequestInit = {}): Promise<string> {
	const body = JSON.stringify({ model: "m-1", stream: isStream });
	const response = await meteredFetch(send)(URL_OF_CHAT, { method: "POST", body, ...init });
	return Buffer.from(await response.arrayBuffer()).toString();
}

const boom = (): never => {
	throw new Error("planted");
};

/** Where something of ours throws. */
const PLANTS: Readonly<Record<string, () => unknown>> = {
	"a reader's event": () => vi.spyOn(OpenAIChatReader.prototype, "event").mockImplementation(boom),
	"a reader's body": () => vi.spyOn(OpenAIChatReader.prototype, "body").mockImplementation(boom),
	"the parser of events": () => vi.spyOn(SseParser.prototype, "push").mockImplementation(boom),
	"the end of the events": () => vi.spyOn(SseParser.prototype, "end").mockImplementation(boom),
	"the digest": () => vi.spyOn(JsonDigest.prototype, "push").mockImplementation(boom),
	"the end of the content": () => vi.spyOn(AnswerContent.prototype, "end").mockImplementation(boom),
	"an exchange's usage": () => vi.spyOn(Exchange.prototype, "reportUsage").mockImplementation(boom),
	"an exchange's end": () => vi.spyOn(Exchange.prototype, "done").mockImplementation(boom),
	"a recorder's target": () => vi.spyOn(Recorder.prototype, "target").mockImplementation(boom),
	"a recorder's attempt": () => vi.spyOn(Recorder.prototype, "attempt").mockImplementation(boom),
	"a recorder's retry": () => vi.spyOn(Recorder.prototype, "retry").mockImplementation(boom),
	"a recorder's settlement": () => vi.spyOn(Recorder.prototype, "settle").mockImplementation(boom),
	"a recorder's pairs": () => vi.spyOn(Recorder.prototype, "pair").mockImplementation(boom),
	"the start of an attempt": () => vi.spyOn(Call.prototype, "startAttempt").mockImplementation(boom),
};

describe.each(Object.entries(PLANTS))("%s throws", (_, plant) => {
	test("and nobody notices but hyperagent_internal_errors_total", async () => {
		using recorder = installTestRecorder();
		plant();
		const headers = { "x-stainless-retry-count": "1" };
		const failure = new TypeError("fetch failed");
		expect(await ask(false, async () => new Response(ANSWER), { headers })).toBe(ANSWER);
		expect(await ask(true, async () => new Response(EVENTS), { headers })).toBe(EVENTS);
		const untold = `data: ${ANSWER}\n\n`;
		expect(await ask(true, async () => new Response(untold), { headers })).toBe(untold);
		expect(await ask(false, async () => new Response(ANSWER, { status: 429 }), { headers })).toBe(ANSWER);
		await expect(ask(false, () => Promise.reject(failure), { headers })).rejects.toBe(failure);
		catchUp();
		vi.restoreAllMocks();
		expect(recorder.counter("hyperagent_internal_errors_total")).toBeGreaterThan(0);
		expect(recorder.gauge("llm_active_requests")).toBe(0);
		// A call that could not be begun cannot be counted; what began has ended.
		expect(recorder.calls.length).toBeLessThanOrEqual(5);
	});
});

test("an API that is not metered, and a fetch that only counts attempts", async () => {
	using recorder = installTestRecorder();
	vi.spyOn(Recorder.prototype, "target").mockImplementation(boom);
	const failure = new TypeError("fetch failed");
	const images = "https://api.openai.com/v1/images/generations";
	const init = { method: "POST", body: "{}", headers: { "x-stainless-retry-count": "1" } };
	expect(await (await meteredFetch(async () => new Response("x"))(images, init)).text()).toBe("x");
	await expect(meteredFetch(() => Promise.reject(failure))(images, init)).rejects.toBe(failure);
	const call = new Call({ operation: "chat", route: "r", provider: "openai", model: "m" });
	await runInCall(call, async () => {
		const sender = { provider: "openai", model: "m" };
		const attempts = (send: typeof fetch): typeof fetch => attemptFetch(send, sender);
		expect(await (await attempts(async () => new Response("x"))(URL_OF_CHAT, init)).text()).toBe("x");
		await expect(attempts(() => Promise.reject(failure))(URL_OF_CHAT, init)).rejects.toBe(failure);
	});
	expect(recorder.counter("hyperagent_internal_errors_total")).toBeGreaterThan(3);
});

describe("a usage that could not be read", () => {
	const lost = { outcome: "success", usage: undefined, usageMissing: "parse_error" };
	const wide = `data: {"pad":"${"x".repeat(17 * 1024 * 1024)}"}\n\n`;

	test.each<readonly [string, string]>([
		["an event that is too large", `${wide}data: {"choices":[]}\n\ndata: [DONE]\n\n`],
		["numbers that are none", `data: {"choices":[],"usage":{"prompt_tokens":"many"}}\n\ndata: [DONE]\n\n`],
	])("%s is a parse_error", async (_, events) => {
		using recorder = installTestRecorder();
		await ask(true, async () => new Response(events));
		expect(recorder.calls).toMatchObject([lost]);
	});

	test.each<readonly [string, string]>([
		["at its end", 'data: {"choices":[]}\n\ndata: {"usage":{"prompt_tok'],
		["in its middle", 'data: {"choices":[]}\n\ndata: {"choices":[{"del\n\ndata: [DONE]\n\n'],
	])("a stream that is torn %s is no answer", async (_, events) => {
		using recorder = installTestRecorder();
		await ask(true, async () => new Response(events));
		expect(recorder.calls).toMatchObject([{ outcome: "error", errorType: "invalid_response" }]);
	});

	test("what a torn stream says of its usage counts all the same, for a reader that goes on", async () => {
		using recorder = installTestRecorder();
		const end = '{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}';
		const torn = 'data: {"choices":[]}\n\ndata: {"choices":[{"del\n\n';
		await ask(true, async () => new Response(`${torn}data: ${end}\n\n`));
		expect(recorder.calls).toMatchObject([
			{ outcome: "error", errorType: "invalid_response", usage: { inputUncached: 9, output: 4 } },
		]);
	});

	test("because of a fault of ours, too; but where the usage was read all the same, it counts", async () => {
		using recorder = installTestRecorder();
		vi.spyOn(OpenAIChatReader.prototype, "event").mockImplementationOnce(boom);
		await ask(true, async () => new Response(`data: ${ANSWER}\n\n`));
		vi.spyOn(OpenAIChatReader.prototype, "event").mockImplementationOnce(boom);
		const end = '{"choices":[{"finish_reason":"stop"}]}';
		await ask(true, async () => new Response(`data: {"choices":[]}\n\ndata: ${end}\n\n${EVENTS}`));
		expect(recorder.calls).toMatchObject([lost, { outcome: "success", usage: { output: 4 } }]);
	});

	test("an answer that says nothing of it has not reported it", async () => {
		using recorder = installTestRecorder();
		await ask(true, async () => new Response('data: {"choices":[]}\n\ndata: [DONE]\n\n'));
		expect(recorder.calls).toMatchObject([{ ...lost, usageMissing: "not_reported" }]);
	});
});
