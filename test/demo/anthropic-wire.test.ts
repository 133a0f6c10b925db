import { describe, expect, test } from "vitest";
import {
	HAS_RECORDINGS,
	anthropicAsk,
	collect,
	dataLines,
	raw,
	recorded,
	recordedChunks,
	shape,
	shapes,
	start,
	weather,
} from "./simulated-clients.ts";

describe("Anthropic's wire", () => {
	test("a plain answer through the official SDK", async () => {
		const { anthropic } = await start();
		const { data, response } = await anthropic.messages.create(anthropicAsk).withResponse();
		expect(data.id).toMatch(/^msg_01[A-Za-z0-9]{22}$/);
		expect(data.model).toBe("claude-3-5-sonnet-20241022");
		expect(data.stop_reason).toBe("end_turn");
		const [block] = data.content;
		expect(block?.type === "text" && block.text.split(" ").length).toBe(data.usage.output_tokens);
		expect(response.headers.get("anthropic-ratelimit-requests-remaining")).toBe("499");
		expect(response.headers.get("anthropic-ratelimit-requests-reset")).toMatch(
			/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
		);
	});

	test("a stream's usage is cumulative, and the SDK puts it together", async () => {
		const { anthropic } = await start();
		const events = await collect(await anthropic.messages.create({ ...anthropicAsk, stream: true }));
		const types = events.map((event) => event.type).filter((type, i, all) => type !== all[i - 1]);
		// The SDK keeps ping to itself.
		expect(types).toEqual([
			"message_start",
			"content_block_start",
			"content_block_delta",
			"content_block_stop",
			"message_delta",
			"message_stop",
		]);
		const message = await anthropic.messages.stream(anthropicAsk).finalMessage();
		const [block] = message.content;
		expect(block?.type === "text" && block.text.split(" ").length).toBe(message.usage.output_tokens);
	});

	test("a tool call, plain and streamed, has input that fits the schema", async () => {
		const { anthropic } = await start();
		const tools = [{ name: weather.name, input_schema: weather.parameters }];
		const plain = await Promise.all(
			Array.from({ length: 20 }, async () => anthropic.messages.create({ ...anthropicAsk, tools })),
		);
		const streamed = await Promise.all(
			Array.from({ length: 20 }, async () =>
				anthropic.messages.stream({ ...anthropicAsk, tools }).finalMessage(),
			),
		);
		for (const answers of [plain, streamed]) {
			const answer = answers.find(({ stop_reason }) => stop_reason === "tool_use");
			const [block] = answer?.content ?? [];
			if (block?.type !== "tool_use") throw new Error("none of 20 answers called the tool");
			expect(block.name).toBe("weather");
			expect(shape(block.input)).toEqual({ city: "string", days: "number" });
		}
	});

	test("a marked system prompt is written to the cache once, then read; input_tokens leaves both out", async () => {
		const { anthropic } = await start();
		const text = "x".repeat(8000);
		const long = {
			...anthropicAsk,
			system: [{ type: "text" as const, text, cache_control: { type: "ephemeral" as const } }],
		};
		const [first, second] = [await anthropic.messages.create(long), await anthropic.messages.create(long)];
		// 8,000 characters are 2,000 tokens; of 8,018 in all, 2,005 and 8 around them, 13 are left.
		expect(first.usage).toMatchObject({
			input_tokens: 13,
			cache_creation_input_tokens: 2000,
			cache_read_input_tokens: 0,
		});
		expect(second.usage).toMatchObject({
			input_tokens: 13,
			cache_creation_input_tokens: 0,
			cache_read_input_tokens: 2000,
		});
	});
});

describe.skipIf(!HAS_RECORDINGS)("against what the real API sent (../shared/recordings)", () => {
	test("a message has the same shape", async () => {
		const { text } = await raw("/v1/messages", anthropicAsk);
		expect(shape(JSON.parse(text))).toEqual(shape(recorded("anthropic-messages/text.json")));
	});

	test("a message stream has the same sequence of shapes, each under its event's name", async () => {
		const { text } = await raw("/v1/messages", { ...anthropicAsk, stream: true });
		expect(shapes(dataLines(text))).toEqual(shapes(recordedChunks("anthropic-messages/text.chunks.txt")));
		const names = [...text.matchAll(/^event: (.*)\ndata: \{"type":"(.*?)"/gm)];
		expect(names.length).toBe(dataLines(text).length);
		expect(names.every(([, name, type]) => name === type)).toBe(true);
	});

	test("a streamed tool call has the same sequence of shapes", async () => {
		const tools = [{ name: weather.name, input_schema: weather.parameters }];
		const real = recordedChunks("anthropic-messages/json-tool.1.chunks.txt");
		for (let seed = 0; seed < 30; seed += 1) {
			const { text } = await raw("/v1/messages", { ...anthropicAsk, tools, stream: true }, { seed });
			const events = dataLines(text);
			if (!JSON.stringify(events).includes("tool_use")) continue;
			const withoutPing = (all: string[]): string[] =>
				all.filter((text, i, list) => text !== '{"type":"string"}' && text !== list[i - 1]);
			// A ping may come anywhere; which usage fields message_start has depends on the model.
			const sent = withoutPing(shapes(events)).slice(1);
			expect([...new Set(sent)]).toEqual([...new Set(withoutPing(shapes(real)).slice(1))]);
			return;
		}
		throw new Error("none of 30 seeds called the tool");
	});
});
