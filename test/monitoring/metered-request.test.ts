/** Whatever form a request has, it is sent as it was given, and what it asks is known as far as its body may be read. */
import { once } from "node:events";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { meteredFetch } from "../../src/monitoring/metered-fetch.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { expectCalls } from "../instrument/calls.ts";

const URL_OF_CHAT = "https://llm.example/v1/chat/completions";
const ANSWER = { model: "m-1", choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } };
type Sent = Parameters<typeof fetch>;

/** A `fetch` that sends nothing, and what it was given. */
function recording(): { sent: Sent[]; send: typeof fetch } {
	const sent: Sent[] = [];
	return {
		sent,
		send: async (...args) => {
			sent.push(args);
			return Response.json(ANSWER);
		},
	};
}

/** A server that answers with the bytes that it was sent, and as an API would. */
let origin = "";
const server = createServer((request, response) => {
	const parts: Buffer[] = [];
	request.on("data", (part: Buffer) => parts.push(part));
	request.on("end", () =>
		response.end(JSON.stringify({ ...ANSWER, heard: Buffer.concat(parts).toString() })),
	);
});
beforeAll(async () => {
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	origin = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
});
afterAll(() => {
	server.closeAllConnections();
	server.close();
});

const JSON_BODY = JSON.stringify({ model: "m-1", stream: false, text: "東京" });
const inside = (text: string): Uint8Array => {
	const bytes = Buffer.from(text);
	const larger = new Uint8Array(bytes.length + 8);
	larger.set(bytes, 5);
	return larger.subarray(5, 5 + bytes.length);
};
const form = (Kind: typeof FormData | typeof URLSearchParams): FormData | URLSearchParams => {
	const fields = new Kind();
	fields.append("model", "m-1");
	return fields;
};

describe("the model is read from", () => {
	const view = inside(JSON_BODY);
	test.each<readonly [string, RequestInit["body"]]>([
		["a string", JSON_BODY],
		["a Buffer", Buffer.from(JSON_BODY)],
		["a part of a buffer", view],
		["a DataView", new DataView(view.buffer, view.byteOffset, view.byteLength)],
		["an ArrayBuffer", new Uint8Array(Buffer.from(JSON_BODY)).buffer],
		["a form", form(FormData)],
		["URLSearchParams", form(URLSearchParams)],
		["a body of 20 MB", JSON.stringify({ image: "A".repeat(20_000_000), model: "m-1" })],
	])("%s, which is passed on as it is", async (_, body = null) => {
		using recorder = installTestRecorder();
		const { send, sent } = recording();
		const init = Object.freeze({ method: "post", body });
		await (await meteredFetch(send)(URL_OF_CHAT, init)).json();
		expect(sent[0]?.[1]).toBe(init);
		await expectCalls(recorder, { model: "m-1", route: "default", outcome: "success" });
	});

	test("a URL object's request, and a Request, its own body or another one", async () => {
		using recorder = installTestRecorder();
		const { send, sent } = recording();
		const url = new URL(URL_OF_CHAT);
		const request = new Request(url, { method: "POST", body: '{"model":"m-2"}' });
		const init = { method: "POST", body: JSON_BODY };
		const all: Sent[] = [[url, init], [request, init], [request]];
		for (const args of all) {
			const answer = meteredFetch(send)(...args);
			// It is sent before anybody could wait.
			expect(sent.at(-1)?.[0]).toBe(args[0]);
			await (await answer).json();
		}
		await expectCalls(recorder, { model: "m-1" }, { model: "m-1" }, { model: "m-2" });
	});
});

describe("no model is known", () => {
	const stream = (): ReadableStream => new Blob([JSON_BODY]).stream();
	test.each<readonly [string, () => RequestInit["body"]]>([
		["no JSON", () => "model: m-1"],
		["no object", () => "[1]"],
		["no model", () => "{}"],
		["another form of it", () => '{"model":{"name":"m-1"}}'],
		["a stream", stream],
		["a Blob", () => new Blob([JSON_BODY])],
		["nothing", () => null],
	])("%s", async (_, body) => {
		using recorder = installTestRecorder();
		const init = { method: "POST", body: body() ?? null, duplex: "half" } as RequestInit;
		const fetchOf = meteredFetch(fetch, { provider: "openai" });
		const answer = await fetchOf(`${origin}/v1/chat/completions`, init);
		const sent = await new Response(body() ?? null).text();
		expect(await answer.json()).toEqual({ ...ANSWER, heard: sent });
		await expectCalls(recorder, { model: "unknown", outcome: "success" });
	});
});

describe("a Request arrives whole", () => {
	const from = (body: RequestInit["body"], headers: Record<string, string> = {}): Request =>
		new Request(`${origin}/v1/chat/completions`, {
			method: "POST",
			body: body ?? null,
			headers,
			duplex: "half",
		});

	test.each<readonly [string, () => RequestInit["body"], string]>([
		["made of text", () => JSON_BODY, "m-1"],
		["made of bytes", () => Buffer.from(JSON_BODY), "m-1"],
		["made of a stream that is slow", () => slow(JSON_BODY), "unknown"],
	])("%s", async (_, body, model) => {
		using recorder = installTestRecorder();
		const answer = await meteredFetch(fetch, { provider: "openai" })(from(body()));
		expect(await answer.json()).toEqual({ ...ANSWER, heard: JSON_BODY });
		await expectCalls(recorder, { model, outcome: "success" });
	});

	test("but for one whose body is none to read: then it is not copied", async () => {
		const { send } = recording();
		const binary = from(JSON_BODY, { "content-type": "application/octet-stream" });
		const { body } = binary;
		await meteredFetch(send)(binary);
		expect(binary.body).toBe(body);
	});

	test("unless it was used: that is for fetch to say", async () => {
		using recorder = installTestRecorder();
		const request = from(JSON_BODY);
		await request.text();
		await expect(meteredFetch(fetch, { provider: "openai" })(request)).rejects.toThrow(TypeError);
		await expectCalls(recorder, { model: "unknown", outcome: "error" });
	});

	/** Each byte in a turn of its own. */
	function slow(text: string): ReadableStream {
		const bytes = Buffer.from(text);
		let at = 0;
		return new ReadableStream({
			async pull(controller) {
				await new Promise((resolve) => setTimeout(resolve, 1));
				if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += 10)));
				else controller.close();
			},
		});
	}
});

test("what fetch would refuse it refuses, and that is no fault of ours", async () => {
	using recorder = installTestRecorder();
	for (const args of [
		[undefined],
		[{}],
		[Symbol("x")],
		["//"],
		[URL_OF_CHAT, { method: 5 }],
		[URL_OF_CHAT, 5],
	]) {
		const plain: unknown = await fetch(...(args as unknown as Sent)).catch((error: unknown) => error);
		const ours: unknown = await meteredFetch(fetch)(...(args as unknown as Sent)).catch(
			(error: unknown) => error,
		);
		expect(ours).toEqual(plain);
	}
	expect(recorder.counter("hyperagent_internal_errors_total")).toBe(0);
	expect(recorder.gauge("llm_active_requests")).toBe(0);
});
