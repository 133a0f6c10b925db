/** What `instrument()` refuses, and how it says so. */
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { HyperAgentError } from "../../src/core/hyperagent-error.ts";
import { instrument, type InstrumentOptions } from "../../src/instrument/index.ts";
import { openaiOptions } from "./ask.ts";

const URL = "http://127.0.0.1:9";
const client = new OpenAI(openaiOptions(URL));

function refusal(make: () => unknown): HyperAgentError {
	try {
		make();
	} catch (error) {
		if (error instanceof HyperAgentError) return error;
		throw error;
	}
	throw new Error("it was not refused");
}

/** From a caller that has no types. */
const options = (value: unknown): InstrumentOptions => value as InstrumentOptions;

describe("options", () => {
	test.each([
		["none", undefined],
		["null", null],
		["no route", {}],
		["a route of another name", { rout: "chat" }],
		["an empty route", { route: "" }],
		["a route that is no text", { route: 7 }],
		["a list", ["chat"]],
		["a text", "chat"],
	])("%s: a route is needed", (_, value) => {
		const error = refusal(() => instrument(client, options(value)));
		expect(error.code).toBe("BAD_OPTION");
		expect(error.message).toContain("instrument(client, { route })");
		expect(error.message).toContain('"chat"');
	});

	test.each([
		["empty", ""],
		["null", null],
		["no text", 7],
	])("a provider that is %s", (_, provider) => {
		const error = refusal(() => instrument(client, options({ route: "chat", provider })));
		expect(error.code).toBe("BAD_OPTION");
		expect(error.message).toContain("instrument(client, { provider })");
	});

	test("a provider that is left out", () => {
		expect(instrument(client, { route: "chat", provider: undefined })).toBeInstanceOf(OpenAI);
	});
});

describe("clients", () => {
	test.each([
		["undefined", undefined],
		["null", null],
		["a text", "openai"],
		["a number", 7],
		["an object of nothing", {}],
		["a list of clients", [client]],
		["the class instead of a client", OpenAI],
		["the class of another library", Anthropic],
		["a promise of one", Promise.resolve(client)],
		["a part of one", client.chat],
		["a fetch", fetch],
		["something alike", { chat: { completions: { create: () => undefined } }, baseURL: URL, fetch }],
	])("%s is none", (_, value) => {
		const error = refusal(() => instrument(value as object, { route: "chat" }));
		expect(error.code).toBe("BAD_OPTION");
		expect(error.message).toContain("no client that we know");
		for (const name of ["openai", "@anthropic-ai/sdk", "@google/genai", "meteredFetch()"]) {
			expect(error.message).toContain(name);
		}
	});

	test("each of ours is one, and comes back of its own class", () => {
		const clients = [
			client,
			new Anthropic({ apiKey: "key", baseURL: URL }),
			new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: URL } }),
		];
		for (const each of clients) {
			const metered = instrument(each, { route: "chat" });
			expect(metered.constructor).toBe(each.constructor);
			expect(metered).not.toBe(each);
		}
	});
});
