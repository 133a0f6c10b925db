/** What is not read yet passes untouched, and is never silently free; what costs nothing counts nothing. */
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI, { toFile } from "openai";
import { describe, expect, test } from "vitest";
import { instrument, meteredFetch, withRoute } from "../../src/instrument/index.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { type ApiAnswer, ApiServer, json } from "./api-server.ts";
import { MESSAGE, openaiOptions } from "./ask.ts";
import { comparable } from "./scripted/outcome.ts";

interface Clients {
	readonly openai: OpenAI;
	readonly anthropic: Anthropic;
	readonly google: GoogleGenAI;
}

function clientsOf(url: string): Clients {
	return {
		openai: new OpenAI(openaiOptions(url)),
		anthropic: new Anthropic({ apiKey: "key", baseURL: url, maxRetries: 0 }),
		google: new GoogleGenAI({ vertexai: true, apiKey: "key", httpOptions: { baseUrl: url } }),
	};
}

function meteredClients({ anthropic, google, openai }: Clients): Clients {
	const options = { route: "other-apis" };
	return {
		openai: instrument(openai, options),
		anthropic: instrument(anthropic, options),
		google: instrument(google, options),
	};
}

interface Case {
	readonly path: string;
	readonly answer: ApiAnswer;
	readonly ask: (clients: Clients) => Promise<unknown>;
	/** The labels of what it counts; none where it costs nothing. */
	readonly labels?: { readonly provider: string; readonly model: string };
}

const MP3: ApiAnswer = (response) => {
	response.writeHead(200, { "content-type": "audio/mpeg" }).end(Buffer.from([0, 255, 128, 10]));
};
const upload = () => toFile(Buffer.from("sound"), "sound.wav");
const UNKNOWN = { provider: "openai", model: "unknown" };

const COSTS: Readonly<Record<string, Case>> = {
	"images.generate": {
		path: "/images/generations",
		answer: json({ created: 1, data: [{ b64_json: "aGVsbG8=" }], usage: { total_tokens: 100 } }),
		ask: ({ openai }) => openai.images.generate({ model: "gpt-image-1", prompt: "a cat" }),
		labels: { provider: "openai", model: "gpt-image-1" },
	},
	"images.edit, a form": {
		path: "/images/edits",
		answer: json({ created: 1, data: [] }),
		ask: async ({ openai }) =>
			openai.images.edit({ model: "gpt-image-1", image: await upload(), prompt: "a dog" }),
		labels: { provider: "openai", model: "gpt-image-1" },
	},
	"audio.transcriptions.create, a form": {
		path: "/audio/transcriptions",
		answer: json({ text: "hello" }),
		ask: async ({ openai }) =>
			openai.audio.transcriptions.create({ model: "whisper-1", file: await upload() }),
		labels: { provider: "openai", model: "whisper-1" },
	},
	"audio.speech.create, bytes": {
		path: "/audio/speech",
		answer: MP3,
		ask: async ({ openai }) => {
			const speech = { model: "tts-1", voice: "alloy", input: "hello" } as const;
			return new Uint8Array(await (await openai.audio.speech.create(speech)).arrayBuffer());
		},
		labels: { provider: "openai", model: "tts-1" },
	},
	"batches.create": {
		path: "/batches",
		answer: json({ id: "batch_1", object: "batch" }),
		ask: ({ openai }) =>
			openai.batches.create({
				completion_window: "24h",
				endpoint: "/v1/chat/completions",
				input_file_id: "file_1",
			}),
		labels: UNKNOWN,
	},
	"files.create, a form": {
		path: "/files",
		answer: json({ id: "file_1", object: "file" }),
		ask: async ({ openai }) => openai.files.create({ file: await upload(), purpose: "batch" }),
		labels: UNKNOWN,
	},
	"Anthropic's batches": {
		path: "/messages/batches",
		answer: json({ id: "msgbatch_1", type: "message_batch" }),
		ask: ({ anthropic }) =>
			anthropic.messages.batches.create({ requests: [{ custom_id: "1", params: MESSAGE }] }),
		labels: { provider: "anthropic", model: "unknown" },
	},
	"Google's images": {
		path: ":predict",
		answer: json({ predictions: [{ mimeType: "image/png", bytesBase64Encoded: "aGVsbG8=" }] }),
		ask: ({ google }) => google.models.generateImages({ model: "imagen-4.0-generate-001", prompt: "a cat" }),
		labels: { provider: "google", model: "imagen-4.0-generate-001" },
	},
};

const FREE: Readonly<Record<string, Case>> = {
	"models.list": {
		path: "/models",
		answer: json({ object: "list", data: [{ id: "gpt-5-mini", object: "model" }] }),
		ask: async ({ openai }) => (await openai.models.list()).data,
	},
	"chat.completions.list": {
		path: "/chat/completions",
		answer: json({ object: "list", data: [{ id: "chatcmpl-1" }], has_more: false }),
		ask: async ({ openai }) => (await openai.chat.completions.list()).data,
	},
	"responses.retrieve": {
		path: "/responses/resp_1",
		answer: json({ id: "resp_1", object: "response", output: [], usage: { input_tokens: 10 } }),
		ask: ({ openai }) => openai.responses.retrieve("resp_1"),
	},
	"responses.cancel": {
		path: "/cancel",
		answer: json({ id: "resp_1", object: "response", output: [] }),
		ask: ({ openai }) => openai.responses.cancel("resp_1"),
	},
	"files.delete": {
		path: "/files/file_1",
		answer: json({ id: "file_1", deleted: true }),
		ask: ({ openai }) => openai.files.delete("file_1"),
	},
	"moderations.create": {
		path: "/moderations",
		answer: json({ id: "modr-1", model: "omni-moderation-latest", results: [] }),
		ask: ({ openai }) => openai.moderations.create({ input: "hello" }),
	},
	"Anthropic's countTokens": {
		path: "/messages/count_tokens",
		answer: json({ input_tokens: 7 }),
		ask: ({ anthropic }) => anthropic.messages.countTokens(MESSAGE),
	},
	"Google's countTokens": {
		path: ":countTokens",
		answer: json({ totalTokens: 7 }),
		ask: ({ google }) => google.models.countTokens({ model: "gemini-2.5-flash", contents: "hello" }),
	},
};

function counted(recorder: TestRecorder): object {
	expect(recorder.calls).toEqual([]);
	expect(recorder.gauge("llm_active_requests")).toBe(0);
	expect(recorder.counter("hyperagent_internal_errors_total")).toBe(0);
	return {
		attempts: recorder.counter("llm_attempts_total"),
		unpriced: recorder.counter("llm_unpriced_requests_total"),
		requests: recorder.counter("llm_requests_total"),
		cents: recorder.cost(),
	};
}

/** A multipart body has a boundary of its own each time. */
function sent(text: string): string {
	return text.replaceAll(/-{4,}formdata-undici-\d+/g, "boundary");
}

describe.each(Object.entries({ ...COSTS, ...FREE }))("%s", (_, { answer, ask, labels, path }) => {
	test("passes untouched", async () => {
		await using server = await ApiServer.start({ [path]: answer });
		using recorder = installTestRecorder();
		const clients = clientsOf(server.url);
		const seen = await ask(clients);
		expect(counted(recorder)).toEqual({ attempts: 0, unpriced: 0, requests: 0, cents: "0" });
		expect(comparable(await ask(meteredClients(clients)))).toEqual(comparable(seen));
		const [plain, metered] = server.requests;
		expect(sent(metered?.text ?? "")).toBe(sent(plain?.text ?? "-"));
		expect(server.requests).toHaveLength(2);
		const times = labels === undefined ? 0 : 1;
		expect(counted(recorder)).toEqual({ attempts: times, unpriced: times, requests: 0, cents: "0" });
		if (labels === undefined) return;
		expect(recorder.counter("llm_attempts_total", { ...labels, result: "success" })).toBe(1);
		const pair = { route: "other-apis", model: labels.model };
		expect(recorder.counter("llm_unpriced_requests_total", { ...pair, reason: "unmetered_api" })).toBe(1);
	});
});

describe("a request that is not read", () => {
	const ask = (client: OpenAI, options = {}) =>
		client.images.generate({ model: "gpt-image-1", prompt: "a cat" }, options);

	test("has a route as any other, which no server sees", async () => {
		await using server = await ApiServer.start({ "/images/generations": json({ created: 1, data: [] }) });
		using recorder = installTestRecorder();
		const client = instrument(new OpenAI(openaiOptions(server.url)), { route: "own" });
		await ask(client);
		await withRoute("around", () => ask(client));
		await withRoute("around", () => ask(client, { headers: { "x-hyperagent-route": "request" } }));
		for (const route of ["own", "around", "request"]) {
			expect(recorder.counter("llm_unpriced_requests_total", { route })).toBe(1);
		}
		expect(server.requests.map(({ headers }) => headers["x-hyperagent-route"])).toEqual([
			undefined,
			undefined,
			undefined,
		]);
	});

	test("has a route as any other, where its client names one in each request, too", async () => {
		await using server = await ApiServer.start({ "/images/generations": json({ created: 1, data: [] }) });
		using recorder = installTestRecorder();
		const defaultHeaders = { "x-hyperagent-route": "client" };
		const client = instrument(new OpenAI({ ...openaiOptions(server.url), defaultHeaders }), { route: "own" });
		await ask(client);
		await withRoute("around", () => ask(client));
		await withRoute("around", () => ask(client, { headers: { "x-hyperagent-route": "request" } }));
		for (const route of ["client", "around", "request"]) {
			expect(recorder.counter("llm_unpriced_requests_total", { route })).toBe(1);
		}
	});

	test("counts once below two meters", async () => {
		await using server = await ApiServer.start({ "/images/generations": json({ created: 1, data: [] }) });
		using recorder = installTestRecorder();
		const own = meteredFetch(fetch, { route: "below" });
		const client = new OpenAI({ ...openaiOptions(server.url), fetch: own });
		await ask(instrument(instrument(client, { route: "inner" }), { route: "outer" }).withOptions({}));
		expect(counted(recorder)).toMatchObject({ attempts: 1, unpriced: 1 });
		expect(recorder.counter("llm_unpriced_requests_total", { route: "outer" })).toBe(1);
	});

	test("that fails is an attempt, and nothing that has no price", async () => {
		await using server = await ApiServer.start({
			"/images/generations": json({ error: { message: "slow down" } }, 429, { "retry-after-ms": "1" }),
		});
		using recorder = installTestRecorder();
		const client = instrument(new OpenAI({ ...openaiOptions(server.url), maxRetries: 1 }), { route: "own" });
		await expect(ask(client)).rejects.toBeInstanceOf(OpenAI.RateLimitError);
		expect(counted(recorder)).toMatchObject({ attempts: 2, unpriced: 0 });
		expect(recorder.counter("llm_attempts_total", { result: "rate_limited" })).toBe(2);
		expect(recorder.counter("llm_retries_total")).toBe(1);
	});

	test("that its caller leaves is an aborted attempt", async () => {
		await using server = await ApiServer.start({ "/images/generations": () => undefined });
		using recorder = installTestRecorder();
		const client = instrument(new OpenAI(openaiOptions(server.url)), { route: "own" });
		const controller = new AbortController();
		const asking = ask(client, { signal: controller.signal });
		setTimeout(() => controller.abort(), 40);
		await expect(asking).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
		expect(recorder.counter("llm_attempts_total", { result: "aborted" })).toBe(1);
		expect(counted(recorder)).toMatchObject({ attempts: 1, unpriced: 0 });
	});
});
