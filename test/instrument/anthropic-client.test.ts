/** Every way to ask with Anthropic's client: what a caller gets is what it gets without us, and each request counts once. */
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { instrument } from "../../src/instrument/index.ts";
import { installTestRecorder } from "../../src/testing/index.ts";
import { ReplayServer, status } from "../providers/replay-server.ts";
import { MESSAGE } from "./ask.ts";
import { collect, expectCalls, whole } from "./calls.ts";
import { API_KEY } from "./scripted/client-column.ts";
import { comparable } from "./scripted/outcome.ts";
import type { ScenarioName } from "./scripted/scenarios.ts";
import { type Run, ScriptedProvider } from "./scripted/scripted-provider.ts";

let provider: ScriptedProvider;
beforeAll(async () => {
	provider = await ScriptedProvider.start();
});
afterAll(() => provider.close());

function connect(baseURL: string, more: object = {}): Anthropic {
	return new Anthropic({ apiKey: API_KEY, baseURL, maxRetries: 0, logLevel: "off", ...more });
}

/** Asks in one way, without us and with us: the caller sees the same, and it is one call. */
async function expectSame(
	scenario: ScenarioName,
	ask: (client: Anthropic, run: Run) => Promise<unknown>,
): Promise<void> {
	using recorder = installTestRecorder();
	const [one, other] = [provider.script("anthropic", scenario), provider.script("anthropic", scenario)];
	const seen = comparable(await ask(connect(one.baseURL), one));
	expect(recorder.calls).toEqual([]);
	const metered = instrument(connect(other.baseURL), { route: "way" });
	expect(comparable(await ask(metered, other))).toEqual(seen);
	await expectCalls(recorder, whole("anthropic", { route: "way" }));
}

test("messages.create(), also of the beta, with its response", async () => {
	await expectSame("complete", (client) => client.messages.create(MESSAGE));
	await expectSame("complete", (client) => client.beta.messages.create(MESSAGE));
	await expectSame("complete", async (client) => {
		const { data, request_id: id, response } = await client.messages.create(MESSAGE).withResponse();
		return { data, id, status: response.status };
	});
	await expectSame("stream", async (client) => {
		const { data, response } = await client.messages.create({ ...MESSAGE, stream: true }).withResponse();
		return { events: await collect(data), status: response.status };
	});
});

test("messages.parse()", async () => {
	await expectSame("complete", (client) => client.messages.parse(MESSAGE));
});

test("messages.stream(): events, the final message and the final text", async () => {
	await expectSame("stream", async (client) => {
		const heard: unknown[] = [];
		const stream = client.messages.stream(MESSAGE);
		stream.on("text", (delta, snapshot) => heard.push({ delta, snapshot }));
		stream.on("streamEvent", (event) => heard.push(event.type));
		stream.on("finalMessage", (message) => heard.push(message));
		const message = await stream.finalMessage();
		return { heard, message, text: await stream.finalText(), id: stream.request_id };
	});
	await expectSame("stream", async (client) => {
		const stream = client.beta.messages.stream(MESSAGE);
		return { events: await collect(stream), message: await stream.finalMessage() };
	});
});

test("asResponse() gives the raw bytes", async () => {
	await expectSame("complete", async (client, run) => {
		const response = await client.messages.create(MESSAGE).asResponse();
		const text = await response.text();
		expect(text).toBe(run.seen.requests[0]?.sent().toString());
		return text;
	});
	await expectSame("stream", async (client, run) => {
		const response = await client.messages.create({ ...MESSAGE, stream: true }).asResponse();
		const bytes = Buffer.from(await response.arrayBuffer());
		expect(run.seen.requests[0]?.sent().equals(bytes)).toBe(true);
		return bytes.toString();
	});
});

describe("several requests for one question", () => {
	const answer = (model: string, content: object[], reason: string, output: number, more: object = {}) => ({
		id: "msg_1",
		type: "message",
		role: "assistant",
		model,
		content,
		stop_reason: reason,
		stop_sequence: null,
		usage: { input_tokens: 10, output_tokens: output },
		...more,
	});

	test("the beta's toolRunner(): each is a call of its own", async () => {
		const { model } = MESSAGE;
		const use = [{ type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Oslo" } }];
		const replies = [
			status(200, answer(model, use, "tool_use", 20)),
			status(200, answer(model, [{ type: "text", text: "It rains." }], "end_turn", 5)),
		];
		const server = await ReplayServer.start(...replies, ...replies);
		using recorder = installTestRecorder();
		const run = async (client: Anthropic): Promise<unknown> =>
			client.beta.messages.toolRunner({
				...MESSAGE,
				tools: [
					{
						name: "weather",
						description: "The weather",
						input_schema: { type: "object" },
						run: () => "rain",
						parse: (input: unknown) => input,
					},
				],
			});
		const seen = await run(connect(server.url));
		expect(await run(instrument(connect(server.url), { route: "tools" }))).toEqual(seen);
		const one = { route: "tools", outcome: "success", attempts: 1 } as const;
		await expectCalls(
			recorder,
			{ ...one, usage: { inputUncached: 10, output: 20 } },
			{ ...one, usage: { inputUncached: 10, output: 5 } },
		);
	});
});
