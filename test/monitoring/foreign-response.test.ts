/** Other implementations of `fetch` give other responses, and tests give whatever comes to their mind. */
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { SettledCall } from "../../src/core/settled-call.ts";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { collect, expectCalls } from "../instrument/calls.ts";

const ANSWER = { model: "m-1", choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } };
const JSON_ANSWER = JSON.stringify(ANSWER);
const EVENTS = `data: ${JSON_ANSWER}\n\ndata: [DONE]\n\n`;
const SEVEN: Partial<SettledCall> = { outcome: "success", usage: { inputUncached: 3, output: 4 } };

/** Sends nothing: what comes back is this, and it is what the caller gets. */
async function given(response: unknown, isStream = false): Promise<Response> {
	const fetchOf = meteredFetch(async () => response as Response);
	const body = JSON.stringify({ model: "m-1", stream: isStream });
	const answer = await fetchOf("https://llm.example/v1/chat/completions", { method: "POST", body });
	expect(answer).toBe(response);
	return answer;
}

/** As node-fetch has them: its methods read the stream that is the body. */
function nodeResponse(body: Readable | null, status = 200): unknown {
	const whole = async (): Promise<string> => (body === null ? "" : text(body));
	return {
		status,
		ok: status < 300,
		headers: new Headers({ "content-type": "application/json" }),
		body,
		text: whole,
		json: async (): Promise<unknown> => JSON.parse(await whole()),
	};
}

const READ: Readonly<Record<string, (response: Response, body: Readable) => Promise<unknown>>> = {
	"text()": (response) => response.text(),
	"for await": async (_, body) => Buffer.concat(await collect(body)).toString(),
	"data events": async (_, body) => {
		let heard = "";
		body.on("data", (part: Buffer) => (heard += part.toString()));
		await once(body, "end");
		return heard;
	},
	"read()": async (_, body) => {
		let heard = "";
		body.on("readable", () => {
			for (let part: Buffer | null = body.read(); part !== null; part = body.read()) heard += part.toString();
		});
		await once(body, "end");
		return heard;
	},
	"pipe()": async (_, body) => (await buffer(body.pipe(new PassThrough()))).toString(),
	"setEncoding()": async (_, body) => (await collect(body.setEncoding("utf8"))).join(""),
};

describe.each(Object.entries(READ))("a body that is a stream of Node's: %s", (_, read) => {
	test.each([false, true])("a stream was asked for: %s", async (isStream) => {
		using recorder = installTestRecorder();
		const sent = isStream ? EVENTS : JSON_ANSWER;
		const body = Readable.from([Buffer.from(sent.slice(0, 9)), Buffer.from(sent.slice(9))], {
			objectMode: false,
		});
		expect(await read(await given(nodeResponse(body), isStream), body)).toBe(sent);
		await expectCalls(recorder, SEVEN);
	});
});

describe("a body that is a stream of Node's", () => {
	test("and is left, fails, is refused, or is none", async () => {
		using recorder = installTestRecorder();
		const left = new PassThrough();
		left.write("data: {}\n\n");
		await given(nodeResponse(left), true);
		for await (const _ of left) break;
		const failing = new Readable({
			read: () => failing.destroy(Object.assign(new Error("x"), { code: "ECONNRESET" })),
		});
		await (await given(nodeResponse(failing))).text().catch(() => undefined);
		const refused = Readable.from([Buffer.from('{"error":{"code":"insufficient_quota"}}')]);
		await (await given(nodeResponse(refused, 429))).json();
		await (await given(nodeResponse(null))).text();
		await expectCalls(
			recorder,
			{ outcome: "aborted" },
			{ outcome: "error", errorType: "network" },
			{ outcome: "error", errorType: "quota" },
			{ outcome: "error", errorType: "invalid_response" },
		);
	});

	test("is not set flowing", async () => {
		const body = new PassThrough();
		await given(nodeResponse(body), true);
		body.write("x");
		await new Promise((resolve) => setImmediate(resolve));
		expect(body.readableFlowing).toBeNull();
		expect(body.readableLength).toBe(1);
	});
});

describe("what stands in for a response", () => {
	const json = async (): Promise<unknown> => ANSWER;
	test.each<readonly [string, object, boolean, Partial<SettledCall>]>([
		["has json() and ok", { ok: true, json }, false, SEVEN],
		["has json() and a status", { status: 200, json }, false, SEVEN],
		["has json() for a stream", { ok: true, json }, true, SEVEN],
		["has headers as an object", { ok: true, headers: { "content-type": "text/plain" }, json }, false, SEVEN],
		[
			"is refused",
			{ ok: false, json: async () => ({ error: { code: "context_length_exceeded" } }) },
			false,
			{ outcome: "error", errorType: "token_limit" },
		],
		[
			"cannot be read in a way that is seen",
			{ ok: true },
			false,
			{ outcome: "success", usageMissing: "not_reported" },
		],
		[
			"is frozen",
			Object.freeze({ ok: true, json }),
			false,
			{ outcome: "success", usageMissing: "not_reported" },
		],
		[
			"is refused, and frozen",
			Object.freeze({ ok: false, status: 401, json }),
			false,
			{ outcome: "error", errorType: "auth_failed" },
		],
	])("%s", async (_, response, isStream, expected) => {
		using recorder = installTestRecorder();
		const answer = await given(response, isStream);
		expect("text" in answer).toBe(false);
		if ("json" in response) await answer.json();
		await expectCalls(recorder, expected);
	});

	test.each([undefined, null, "text"])("is %s", async (response) => {
		using recorder = installTestRecorder();
		await given(response);
		await expectCalls(recorder, { outcome: "error", errorType: "invalid_response" });
	});
});

describe("a fetch that gives none", () => {
	const ask = (send: typeof fetch): Promise<Response> =>
		meteredFetch(send)("https://llm.example/v1/chat/completions", {
			method: "POST",
			body: '{"model":"m-1"}',
		});

	test("rejects, or throws", async () => {
		using recorder = installTestRecorder();
		const error = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
		await expect(ask(() => Promise.reject(error))).rejects.toBe(error);
		await expect(
			ask(() => {
				throw error;
			}),
		).rejects.toBe(error);
		const refused = { outcome: "error", errorType: "network" } as const;
		await expectCalls(recorder, refused, refused);
	});

	test("has a body whose stream is of anything", async () => {
		using recorder = installTestRecorder();
		const stream = new ReadableStream({
			start(controller) {
				for (const part of ["data: {", 5, new Uint8Array(0), Buffer.from(EVENTS)]) controller.enqueue(part);
				controller.close();
			},
		});
		const response = await ask(
			async () => new Response(stream, { headers: { "content-type": "text/event-stream" } }),
		);
		const parts: unknown[] = [];
		for await (const part of response.body ?? []) parts.push(part);
		expect(parts.slice(0, 2)).toEqual(["data: {", 5]);
		await expectCalls(recorder, SEVEN);
	});
});
