/** What an answer says of its price reaches the bill, whichever way the call goes. */
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, streamText, wrapLanguageModel } from "ai";
import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { instrument, meteredFetch } from "../../src/instrument/index.ts";
import { meteringMiddleware } from "../../src/instrument/ai-sdk.ts";
import { initPrometheus, type SettledCall, usePrices } from "../../src/monitoring/index.ts";
import { InstrumentedBackend, OpenAIProvider } from "../../src/providers/index.ts";
import { installTestRecorder, type TestRecorder } from "../../src/testing/index.ts";
import { openAIStream, ReplayServer, status, stream } from "../providers/replay-server.ts";

let recorder: TestRecorder;
beforeEach(() => {
	recorder = installTestRecorder();
});
afterEach(() => {
	usePrices({});
	recorder.restore();
});

const MODEL = "gpt-4o-2024-08-06";
/** GPT-4o: $2.50 in and $10 out a million. 1000 × 2.5 + 250 × 10 = 5000 → $0.005, in flex half of it. */
const USAGE = { prompt_tokens: 1000, completion_tokens: 250, total_tokens: 1250 };
const CHOICE = { index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" };
const HEAD = { id: "chatcmpl-1", object: "chat.completion", created: 1, model: MODEL };

const whole = (said: object = {}, usage: object = {}) =>
	status(200, { ...HEAD, ...said, choices: [CHOICE], usage: { ...USAGE, ...usage } });
const chunks = (said: object = {}, usage: object = {}) => {
	const head = { ...HEAD, object: "chat.completion.chunk", ...said };
	return openAIStream([
		JSON.stringify({ ...head, choices: [{ index: 0, delta: { role: "assistant", content: "hello" } }] }),
		JSON.stringify({ ...head, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
		JSON.stringify({ ...head, choices: [], usage: { ...USAGE, ...usage } }),
	]);
};
const RESPONSE = {
	id: "resp_1",
	object: "response",
	created_at: 1,
	status: "completed",
	model: MODEL,
	service_tier: "flex",
	output: [
		{
			type: "message",
			id: "msg_1",
			role: "assistant",
			content: [{ type: "output_text", text: "hello", annotations: [] }],
		},
	],
	usage: { input_tokens: 1000, output_tokens: 250, total_tokens: 1250 },
};

async function text(parts: AsyncIterable<unknown>): Promise<void> {
	for await (const part of parts) void part;
}

/** The one call that there was. */
function only(): SettledCall {
	const [call, ...more] = recorder.calls;
	if (call === undefined || more.length > 0) throw new Error(`${recorder.calls.length} calls`);
	return call;
}

const FLEX = { service_tier: "flex" };
const MESSAGES = [{ role: "user", content: "hi" }] as const;

describe("the tier in which it was answered", () => {
	const HALF = {
		costUsd: 0.0025,
		priceSource: "genai-prices",
		pricedModel: "gpt-4o",
		unpriced: undefined,
	};

	test.each([false, true])("an instrumented client, stream: %s", async (isStream) => {
		const server = await ReplayServer.start(isStream ? chunks(FLEX) : whole(FLEX));
		const openai = instrument(new OpenAI({ apiKey: "k", baseURL: server.url }), { route: "chat" });
		const ask = { model: "gpt-4o", messages: [...MESSAGES] };
		if (isStream) await text(await openai.chat.completions.create({ ...ask, stream: true }));
		else await openai.chat.completions.create(ask);
		expect(only()).toMatchObject(HALF);
	});

	test.each([false, true])("a backend of ours, stream: %s", async (isStream) => {
		const server = await ReplayServer.start(isStream ? chunks(FLEX) : whole(FLEX));
		const provider = new OpenAIProvider("sk-test-0123456789abcdef", "gpt-4o", { baseURL: server.url });
		const backend = new InstrumentedBackend(provider, "openai", "chat");
		if (isStream) await text(backend.inferStream([...MESSAGES], [], 0.7));
		else await backend.infer([...MESSAGES], [], 0.7);
		expect(only()).toMatchObject(HALF);
	});

	test.each([false, true])("a model of the AI SDK, stream: %s", async (isStream) => {
		const events = [
			{ type: "response.created", response: { ...RESPONSE, status: "in_progress", output: [], usage: null } },
			{ type: "response.completed", response: RESPONSE },
		].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
		const answer = isStream ? stream(events.join("")) : status(200, RESPONSE);
		const server = await ReplayServer.start(answer);
		const openai = createOpenAI({ apiKey: "k", baseURL: server.url });
		const model = wrapLanguageModel({
			model: openai("gpt-4o"),
			middleware: meteringMiddleware({ route: "chat" }),
		});
		if (isStream) await text(streamText({ model, prompt: "hi" }).fullStream);
		else await generateText({ model, prompt: "hi" });
		expect(only()).toMatchObject(HALF);
	});

	test("a stream of LangChain's", async () => {
		const server = await ReplayServer.start(chunks(FLEX));
		const model = instrument(
			new ChatOpenAI({ apiKey: "k", model: "gpt-4o", configuration: { baseURL: server.url } }),
			{ route: "chat" },
		);
		await text(await model.stream("hi"));
		expect(only()).toMatchObject(HALF);
	});
});

describe("the cost that the provider reports", () => {
	test("comes before every price, by fetch", async () => {
		usePrices({ models: [{ provider: "openai", model: "*", input: 100, output: 100 }] });
		const server = await ReplayServer.start(whole({}, { cost: 0.0125 }));
		const fetch = meteredFetch(globalThis.fetch, { route: "chat", provider: "openrouter" });
		const body = JSON.stringify({ model: "openai/gpt-4o", messages: MESSAGES });
		await (await fetch(`${server.url}/chat/completions`, { method: "POST", body })).json();
		expect(only()).toMatchObject({ costUsd: 0.0125, priceSource: "reported", pricedModel: undefined });
		expect(recorder.cost({ route: "chat" })).toBe("1.25");
	});

	test("and where only LangChain's own word of the usage is heard", async () => {
		const server = await ReplayServer.start(whole({}, { cost: 0.0125 }));
		const model = instrument(
			new ChatOpenAI({ apiKey: "k", model: "gpt-4o", configuration: { baseURL: server.url } }),
			{ route: "chat" },
		);
		await model.invoke("hi");
		expect(only()).toMatchObject({ costUsd: 0.0125, priceSource: "reported" });
	});
});

describe("the user's own prices", () => {
	const ask = async (): Promise<SettledCall | undefined> => {
		const server = await ReplayServer.start(whole());
		const provider = new OpenAIProvider("sk-test-0123456789abcdef", "gpt-4o", { baseURL: server.url });
		await new InstrumentedBackend(provider, "openai", "chat").infer([...MESSAGES], [], 0.7);
		return recorder.calls.at(-1);
	};

	test("hold from usePrices() on, until the next one", async () => {
		expect(await ask()).toMatchObject({ costUsd: 0.005, priceSource: "genai-prices", pricedModel: "gpt-4o" });
		// 1000 × 1 + 250 × 2 = 1500
		usePrices({ models: [{ provider: "openai", model: "gpt-4*", input: 1, output: 2 }] });
		expect(await ask()).toMatchObject({ costUsd: 0.0015, priceSource: "override", pricedModel: "gpt-4*" });
		usePrices({ discount: 0.2 });
		expect(await ask()).toMatchObject({ costUsd: 0.004, priceSource: "genai-prices" });
		usePrices({});
		expect(await ask()).toMatchObject({ costUsd: 0.005, priceSource: "genai-prices" });
	});

	test("a mistake in them changes nothing", async () => {
		usePrices({ discount: 0.2 });
		expect(() => usePrices({ discount: 20 })).toThrow(
			"usePrices(): expected a share from 0 to 1 (0.12 is 12 %) at `prices.discount`, got 20.",
		);
		expect(await ask()).toMatchObject({ costUsd: 0.004 });
	});

	test("are an option of initPrometheus(), which installs nothing where they are wrong", async () => {
		expect(() => initPrometheus({ prices: "nowhere.json" })).toThrow(
			"initPrometheus(): expected the path of a JSON file at `prices` (ENOENT), got 'nowhere.json'.",
		);
		expect(() => initPrometheus({ prices: { discount: 20 } })).toThrow("initPrometheus(): expected a share");
		const test = installTestRecorder();
		initPrometheus({ prices: { discount: 0.2 } });
		await ask();
		expect(test.calls).toMatchObject([{ costUsd: 0.004 }]);
		// What a test of the user's has installed goes with it.
		test.restore();
		expect(await ask()).toMatchObject({ costUsd: 0.005 });
	});

	test("an answer without a price says so", async () => {
		const server = await ReplayServer.start(whole({ model: "model-of-nobody-1" }));
		const provider = new OpenAIProvider("sk-test-0123456789abcdef", "model-of-nobody-1", {
			baseURL: server.url,
		});
		await new InstrumentedBackend(provider, "openai", "chat").infer([...MESSAGES], [], 0.7);
		expect(only()).toMatchObject({
			costUsd: undefined,
			priceSource: undefined,
			pricedModel: undefined,
			unpriced: "unknown_model",
		});
	});
});
