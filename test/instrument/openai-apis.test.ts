/** OpenAI's other APIs, Azure's, and those of others who speak it: what is counted, and under which labels. */
import { calcPrice } from "@pydantic/genai-prices";
import { AzureOpenAI } from "openai";
import { AzureOpenAI as AzureOpenAI5 } from "openai5";
import { AzureOpenAI as AzureOpenAI6 } from "openai6";
import { describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { ApiServer, events, json } from "./api-server.ts";
import { CHAT, MAJORS, openaiOptions } from "./ask.ts";
import { collect, expectCalls, whole } from "./calls.ts";
import { openaiChatScript } from "./scripted/openai-chat-script.ts";
import { TEXT_ANSWER } from "./scripted/api-script.ts";

const AZURE = {
	5: AzureOpenAI5 as unknown as typeof AzureOpenAI,
	6: AzureOpenAI6 as unknown as typeof AzureOpenAI,
	7: AzureOpenAI,
};

const ANSWER = json(openaiChatScript.body({ path: "", body: {} }, TEXT_ANSWER));

describe.each([5, 6, 7] as const)("openai %i", (major) => {
	test("embeddings come as numbers, from the base64 that the client asks for", async () => {
		const vector = [0.25, -1.5, 3];
		const base64 = Buffer.from(new Float32Array(vector).buffer).toString("base64");
		await using server = await ApiServer.start({
			"/embeddings": json({
				object: "list",
				data: [{ object: "embedding", index: 0, embedding: base64 }],
				model: "text-embedding-3-small",
				usage: { prompt_tokens: 8, total_tokens: 8 },
			}),
		});
		using recorder = installTestRecorder();
		const client = instrument(new MAJORS[major](openaiOptions(server.url)), { route: "embed" });
		const ask = { model: "text-embedding-3-small", input: "hello" };
		const { data } = await client.embeddings.create(ask);
		expect(Array.from(data[0]?.embedding ?? [])).toEqual(vector);
		expect(JSON.parse(server.requests[0]?.text ?? "")).toMatchObject({ encoding_format: "base64" });
		await expectCalls(recorder, {
			operation: "embeddings",
			route: "embed",
			model: "text-embedding-3-small",
			usage: { inputUncached: 8 },
			// 8 × $0.02 for a million.
			costUsd: 0.000_000_16,
			outcome: "success",
			usageMissing: undefined,
		});
	});

	test("an answer made in the background is one call, whose usage is said to be missing, however often it is fetched", async () => {
		const response = { id: "resp_1", object: "response", created_at: 1, model: "gpt-5-mini", output: [] };
		const usage = { input_tokens: 100_000, output_tokens: 5000, total_tokens: 105_000 };
		await using server = await ApiServer.start({
			"/responses": json({ ...response, status: "queued", background: true, usage: null }),
			"/responses/resp_1": json({ ...response, status: "completed", background: true, usage }),
		});
		using recorder = installTestRecorder();
		const client = instrument(new MAJORS[major](openaiOptions(server.url)), { route: "background" });
		await client.responses.create({ model: "gpt-5-mini", input: "hello", background: true });
		for (let i = 0; i < 2; i += 1) {
			expect(await client.responses.retrieve("resp_1")).toMatchObject({ status: "completed", usage });
		}
		await expectCalls(recorder, {
			route: "background",
			outcome: "success",
			usage: undefined,
			usageMissing: "not_reported",
		});
		expect(recorder.counter("llm_usage_missing_total", { reason: "not_reported" })).toBe(1);
	});

	test("the older completions, whole and as a stream whose usage nobody has asked for", async () => {
		const model = "gpt-3.5-turbo-instruct";
		const head = { id: "cmpl-1", object: "text_completion", created: 1, model };
		const choice = (text: string, end: string | null) => {
			return { text, index: 0, logprobs: null, finish_reason: end };
		};
		const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
		const choices = [choice("Hel", null), choice("lo", "stop")];
		const chunks = choices.map((one) => ({ ...head, choices: [one], usage: null }));
		await using server = await ApiServer.start({
			"/completions": (response, request) => {
				const isStream = (JSON.parse(request.text) as { stream?: boolean }).stream === true;
				const answer = isStream
					? events(...chunks, { ...head, choices: [], usage }, "[DONE]")
					: json({ ...head, choices: [choice("Hello", "stop")], usage });
				answer(response, request);
			},
		});
		using recorder = installTestRecorder();
		const client = instrument(new MAJORS[major](openaiOptions(server.url)), { route: "old" });
		const whole = await client.completions.create({ model, prompt: "hello" });
		expect(whole.choices[0]?.text).toBe("Hello");
		const seen = await collect(await client.completions.create({ model, prompt: "hello", stream: true }));
		expect(seen).toEqual(chunks.map(({ usage: _, ...chunk }) => chunk));
		const call = {
			route: "old",
			model,
			usage: { inputUncached: 10, output: 5 },
			// 10 × $1.50 + 5 × $2 for a million.
			costUsd: 0.000_025,
			usageMissing: undefined,
			outcome: "success",
		} as const;
		const oracle = calcPrice({ input_tokens: 10, output_tokens: 5 }, model, { providerId: "openai" });
		expect(oracle?.total_price).toBeCloseTo(call.costUsd, 12);
		await expectCalls(recorder, call, call);
		expect(recorder.histogram("llm_time_to_first_token_ms").count).toBe(1);
	});

	test("Azure: its deployment is the model, wherever it is said", async () => {
		await using server = await ApiServer.start({ "/chat/completions": ANSWER, "/embeddings": json({}) });
		using recorder = installTestRecorder();
		const more = { apiKey: "key", apiVersion: "2025-01-01-preview", maxRetries: 0 };
		const metered = (options: object) =>
			instrument(new AZURE[major]({ ...more, ...options }), { route: "azure" });
		const fixed = metered({ endpoint: server.url, deployment: "my-mini" });
		expect(fixed).toBeInstanceOf(AZURE[major]);
		await fixed.chat.completions.create(CHAT);
		await metered({ endpoint: server.url }).chat.completions.create({ ...CHAT, model: "another" });
		await metered({ baseURL: `${server.url}/openai/deployments/in-url` }).chat.completions.create(CHAT);
		expect(server.requests.map(({ path }) => path.split("?")[0])).toEqual([
			"/openai/deployments/my-mini/chat/completions",
			"/openai/deployments/another/chat/completions",
			"/openai/deployments/in-url/chat/completions",
		]);
		await expectCalls(
			recorder,
			...["my-mini", "another", "in-url"].map((model) =>
				whole("openai-chat", { route: "azure", provider: "azure", model }),
			),
		);
		// The same as for the bare fetch, which sees only the URL.
		const fetch = meteredFetch(undefined, { route: "azure", provider: "azure" });
		const url = `${server.url}/openai/deployments/my-mini/chat/completions?api-version=1`;
		await (await fetch(url, { method: "POST", body: JSON.stringify(CHAT) })).json();
		expect(recorder.calls.at(-1)).toMatchObject(
			whole("openai-chat", { route: "azure", provider: "azure", model: "my-mini" }),
		);
	});
});

describe("those who speak OpenAI's API", () => {
	const GROQ = "https://api.groq.com";

	test.each([
		[`${GROQ}/openai/v1`, "groq"],
		["https://api.deepseek.com", "deepseek"],
		["https://openrouter.ai/api/v1", "openrouter"],
		["https://example.invalid/v1", "openai"],
	])("%s is %s", async (baseURL, provider) => {
		await using server = await ApiServer.start({ "/chat/completions": ANSWER });
		using recorder = installTestRecorder();
		const fetch = server.insteadOf(new URL(baseURL).origin);
		const client = new MAJORS[7]({ ...openaiOptions(baseURL), fetch });
		await instrument(client, { route: "host" }).chat.completions.create(CHAT);
		expect(recorder.calls).toMatchObject([{ provider, route: "host", outcome: "success" }]);
		expect(recorder.counter("llm_attempts_total", { provider })).toBe(1);
		expect(recorder.gauge("llm_ratelimit_remaining")).toBe(0);
	});

	test("the `provider` option says it instead, also of what is not metered", async () => {
		await using server = await ApiServer.start({ "/chat/completions": ANSWER, "/batches": json({}) });
		using recorder = installTestRecorder();
		const client = new MAJORS[7]({ ...openaiOptions(GROQ), fetch: server.insteadOf(GROQ) });
		const metered = instrument(client, { route: "host", provider: "my-proxy" });
		await metered.chat.completions.create(CHAT);
		await metered.withOptions({}).chat.completions.create(CHAT);
		await metered.batches.create({
			completion_window: "24h",
			endpoint: "/v1/chat/completions",
			input_file_id: "f",
		});
		expect(recorder.calls.map(({ provider }) => provider)).toEqual(["my-proxy", "my-proxy"]);
		expect(recorder.counter("llm_attempts_total", { provider: "my-proxy" })).toBe(3);
		expect(recorder.counter("llm_attempts_total")).toBe(3);
	});
});

test("a token that the client gets anew: one call, and its getting is none", async () => {
	const asking = { path: "", body: { stream_options: { include_usage: true } } };
	const script = openaiChatScript.stream(asking, TEXT_ANSWER);
	const pieces = TEXT_ANSWER.pieces.map((piece) => script.piece(piece));
	const text = [...script.head, ...pieces, ...script.tail()].join("");
	let asked = 0;
	await using server = await ApiServer.start({
		"/oauth/token": json({
			access_token: "token",
			issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
			token_type: "Bearer",
			expires_in: 3600,
		}),
		"/chat/completions": (response, request) => {
			asked += 1;
			if (asked % 2 === 1) json({ error: { message: "expired" } }, 401)(response, request);
			else response.writeHead(200, { "content-type": "text/event-stream" }).end(text);
		},
	});
	using recorder = installTestRecorder();
	const client = new MAJORS[7]({
		workloadIdentity: {
			identityProviderId: "idp",
			serviceAccountId: "account",
			provider: { tokenType: "jwt", getToken: async () => "subject" },
		},
		maxRetries: 0,
		fetch: (input, init) => {
			const url = new URL(input instanceof Request ? input.url : input);
			return fetch(`${server.url}${url.pathname}`, init);
		},
	});
	const metered = instrument(client, { route: "identity" });
	for (const each of [metered, metered.withOptions({})]) {
		const stream = await each.chat.completions.create({ ...CHAT, stream: true });
		expect(await collect(stream)).toHaveLength(10);
	}
	const paths = server.requests.map(({ path }) => path.split("/").at(-1));
	expect(paths).toEqual([1, 2].flatMap(() => ["token", "completions", "token", "completions"]));
	const one = whole("openai-chat", { route: "identity", attempts: 2 });
	await expectCalls(recorder, one, one);
	expect(recorder.counter("llm_unpriced_requests_total")).toBe(0);
});
