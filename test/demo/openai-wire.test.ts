import { describe, expect, test } from "vitest";
import {
	HAS_RECORDINGS,
	collect,
	dataLines,
	openaiAsk,
	raw,
	recorded,
	recordedChunks,
	shape,
	shapes,
	start,
	weather,
} from "./simulated-clients.ts";

describe("OpenAI's wire", () => {
	test("a plain answer through the official SDK", async () => {
		const { openai } = await start();
		const { data, response } = await openai.chat.completions.create(openaiAsk).withResponse();
		expect(data.id).toMatch(/^chatcmpl-[A-Za-z0-9]{29}$/);
		expect(data.model).toBe("gpt-4o-mini-2024-07-18");
		expect(data.choices[0]?.finish_reason).toBe("stop");
		const words = data.choices[0]?.message.content?.split(" ") ?? [];
		expect(data.usage?.completion_tokens).toBe(words.length);
		// "What is a scrape?" has 17 characters: 5 tokens at 4 each, and 8 for what is around a message.
		expect(data.usage?.prompt_tokens).toBe(13);
		expect(data.usage?.total_tokens).toBe(13 + words.length);
		expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("499");
		expect(response.headers.get("x-ratelimit-remaining-tokens")).toBe(String(200_000 - 13 - words.length));
		expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{32}$/);
	});

	test("usage comes with a stream exactly when it is asked for", async () => {
		const { openai } = await start();
		const plain = await collect(await openai.chat.completions.create({ ...openaiAsk, stream: true }));
		expect(plain.every((chunk) => !("usage" in chunk))).toBe(true);
		expect(plain.every((chunk) => chunk.choices.length === 1)).toBe(true);

		const counted = await collect(
			await openai.chat.completions.create({
				...openaiAsk,
				stream: true,
				stream_options: { include_usage: true },
			}),
		);
		const last = counted.at(-1);
		expect(counted.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
		expect(last?.choices).toEqual([]);
		const text = counted.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
		expect(last?.usage?.completion_tokens).toBe(text.split(" ").length);
	});

	test("a tool call, plain and streamed, has arguments that fit the schema", async () => {
		const { openai } = await start();
		const tools = [
			{ type: "function" as const, function: { name: weather.name, parameters: { ...weather.parameters } } },
		];
		const answers = await Promise.all(
			Array.from({ length: 20 }, async () => openai.chat.completions.create({ ...openaiAsk, tools })),
		);
		const call = answers.find((answer) => answer.choices[0]?.finish_reason === "tool_calls");
		const plain = call?.choices[0]?.message.tool_calls?.[0];
		if (plain?.type !== "function") throw new Error("none of 20 answers called the tool");
		expect(plain.function.name).toBe("weather");
		expect(shape(JSON.parse(plain.function.arguments))).toEqual({ city: "string", days: "number" });

		const streams = await Promise.all(
			Array.from({ length: 20 }, async () => {
				const stream = openai.chat.completions.stream({ ...openaiAsk, tools });
				return stream.finalChatCompletion();
			}),
		);
		const streamed = streams.find((answer) => answer.choices[0]?.finish_reason === "tool_calls");
		const streamedCall = streamed?.choices[0]?.message.tool_calls?.[0];
		if (streamedCall?.type !== "function") throw new Error("none of 20 streams called the tool");
		expect(shape(JSON.parse(streamedCall.function.arguments))).toEqual({ city: "string", days: "number" });
	});

	test("max_completion_tokens ends an answer early", async () => {
		const { openai } = await start();
		const answers = await Promise.all(
			Array.from({ length: 20 }, async () =>
				openai.chat.completions.create({ ...openaiAsk, max_completion_tokens: 20 }),
			),
		);
		expect(answers.every((answer) => (answer.usage?.completion_tokens ?? 99) <= 20)).toBe(true);
		expect(answers.some((answer) => answer.choices[0]?.finish_reason === "length")).toBe(true);
		expect(answers.some((answer) => answer.choices[0]?.finish_reason === "stop")).toBe(true);
	});

	test("a reasoning model reports its reasoning as a part of its output", async () => {
		const { openai } = await start();
		const { choices, usage } = await openai.chat.completions.create({ ...openaiAsk, model: "gpt-5-mini" });
		const reasoning = usage?.completion_tokens_details?.reasoning_tokens ?? 0;
		expect(reasoning).toBeGreaterThan(0);
		expect(usage?.completion_tokens).toBe(reasoning + (choices[0]?.message.content?.split(" ").length ?? 0));
	});

	test("a long beginning that was there before is read from the prompt cache", async () => {
		const { openai } = await start();
		const long = { model: "gpt-4-turbo", messages: [{ role: "system" as const, content: "x".repeat(5000) }] };
		const [first, second] = [
			await openai.chat.completions.create(long),
			await openai.chat.completions.create(long),
		];
		expect(first.usage?.prompt_tokens_details?.cached_tokens).toBe(0);
		expect(second.usage?.prompt_tokens_details?.cached_tokens).toBe(1024);
	});

	test("embeddings are unit vectors, the same for the same text, in both encodings", async () => {
		const { openai } = await start();
		const model = "text-embedding-3-small";
		const first = await openai.embeddings.create({ model, input: ["one text", "another"] });
		const again = await openai.embeddings.create({ model, input: "one text", encoding_format: "float" });
		const vector = first.data[0]?.embedding ?? [];
		expect(vector).toHaveLength(1536);
		expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
		expect(again.data[0]?.embedding).toEqual(vector);
		expect(first.data[1]?.embedding).not.toEqual(vector);
		// 8 and 7 characters are 2 tokens each.
		expect(first.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
	});
});

describe.skipIf(!HAS_RECORDINGS)("against what the real API sent (../shared/recordings)", () => {
	test("a chat completion has the same shape", async () => {
		const { text } = await raw("/v1/chat/completions", openaiAsk);
		expect(shape(JSON.parse(text))).toEqual(shape(recorded("openai-chat/openai-text.json")));
	});

	test("a chat stream has the same sequence of shapes, and ends as it does", async () => {
		const body = { ...openaiAsk, stream: true, stream_options: { include_usage: true } };
		const { headers, text } = await raw("/v1/chat/completions", body);
		expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
		expect(shapes(dataLines(text))).toEqual(shapes(recordedChunks("openai-chat/openai-text.chunks.txt")));
		expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
	});

	test("an OpenAI error has the same shape", async () => {
		const { text } = await raw("/v1/chat/completions", "{");
		// The recorded one has a `param` and a `code`, which are null here: only the names can be the same.
		const names = (body: unknown): string[] => JSON.stringify(body).match(/"\w+"(?=:)/g) ?? [];
		const real = recorded("openai-chat/error-400-legacy-parameter.json");
		expect(names(JSON.parse(text))).toEqual(names(real));
	});

	test("embeddings have the same shape", async () => {
		const { text } = await raw("/v1/embeddings", { model: "text-embedding-3-small", input: ["a", "b"] });
		expect(shape(JSON.parse(text))).toEqual(shape(recorded("openai-embeddings/embedding.json")));
	});
});
