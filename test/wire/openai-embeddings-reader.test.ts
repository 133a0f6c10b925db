import { expect, test } from "vitest";
import { readBody } from "./streams.ts";

const DATA = [{ object: "embedding", index: 0, embedding: [0.1, 0.2] }];

test("reads the usage and the model", () => {
	const body = {
		object: "list",
		data: DATA,
		model: "text-embedding-3-small",
		usage: { prompt_tokens: 8, total_tokens: 8 },
	};
	expect(readBody("openai-embeddings", body)).toEqual({
		usage: { usage: { inputUncached: 8 } },
		model: "text-embedding-3-small",
		firstToken: undefined,
		isComplete: true,
		isEmpty: false,
		isEnded: false,
		error: undefined,
	});
});

test("reads what reports only the total, as Voyage does", () => {
	const body = { data: DATA, model: "voyage-3", usage: { total_tokens: 10 } };
	expect(readBody("openai-embeddings", body).usage).toEqual({ usage: { inputUncached: 10 } });
});

test("knows no usage where none is", () => {
	expect(readBody("openai-embeddings", { data: DATA }).usage).toEqual({ missing: "not_reported" });
});
