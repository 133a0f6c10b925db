/** Answers in other forms than usual: what their bytes say counts, whatever their headers say. */
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { SettledCall } from "../../src/core/settled-call.ts";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { expectCalls } from "../instrument/calls.ts";
import { type Answer, ReplayServer } from "../providers/replay-server.ts";

const fetchOf = meteredFetch(fetch, { route: "fetch" });
const failed = (errorType: SettledCall["errorType"]): Partial<SettledCall> => ({
	outcome: "error",
	errorType,
});

const JSON_ANSWER = JSON.stringify({
	model: "gpt-5-mini-2025-08-07",
	choices: [],
	usage: { prompt_tokens: 3, completion_tokens: 4 },
});
const EVENTS = `data: ${JSON_ANSWER}\n\ndata: [DONE]\n\n`;
const answer =
	(status: number, headers: Record<string, string>, body: string | Buffer): Answer =>
	(response) =>
		response.writeHead(status, headers).end(body);
const SEVEN = { outcome: "success", usage: { inputUncached: 3, output: 4 } } as const;

test.each<readonly [string, boolean, Answer, Partial<SettledCall>]>([
	["204", false, answer(204, {}, ""), failed("invalid_response")],
	[
		"no length, no bytes",
		false,
		answer(200, { "transfer-encoding": "chunked" }, ""),
		failed("invalid_response"),
	],
	["gzip", false, answer(200, { "content-encoding": "gzip" }, gzipSync(JSON_ANSWER)), SEVEN],
	["events that are called text", true, answer(200, { "content-type": "text/plain" }, EVENTS), SEVEN],
	[
		"events that nobody has asked for",
		false,
		answer(200, { "content-type": "text/event-stream" }, EVENTS),
		SEVEN,
	],
	[
		"JSON for a stream",
		true,
		answer(200, { "content-type": "application/json" }, ` \n${JSON_ANSWER}`),
		SEVEN,
	],
	["a page", false, answer(200, { "content-type": "text/html" }, "<html>"), failed("invalid_response")],
	[
		"a page for a stream",
		true,
		answer(200, { "content-type": "text/html" }, "<html>"),
		failed("invalid_response"),
	],
])("%s", async (_, isStream, give, expected) => {
	using recorder = installTestRecorder();
	const server = await ReplayServer.start(give);
	const body = JSON.stringify({ model: "gpt-5-mini", stream: isStream });
	await (await fetchOf(`${server.url}/v1/chat/completions`, { method: "POST", body })).text();
	await expectCalls(recorder, expected);
});

test("a redirect is followed, and counts once", async () => {
	using recorder = installTestRecorder();
	const server = await ReplayServer.start(
		answer(307, { location: "/v2/chat/completions" }, ""),
		answer(200, {}, JSON_ANSWER),
	);
	const url = `${server.url}/v1/chat/completions`;
	const response = await fetchOf(url, { method: "POST", body: '{"model":"gpt-5-mini"}' });
	expect(response).toMatchObject({
		redirected: true,
		type: "basic",
		url: `${server.url}/v2/chat/completions`,
	});
	await response.json();
	await expectCalls(recorder, SEVEN);
});
