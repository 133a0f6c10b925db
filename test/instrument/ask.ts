/** What the tests of instrumented clients ask, and the clients of OpenAI's that they ask. */
import OpenAI from "openai";
import OpenAI5 from "openai5";
import OpenAI6 from "openai6";
import { API_KEY, PROMPT } from "./scripted/client-column.ts";
import { REQUESTED_MODEL } from "./scripted/expected.ts";

/** The majors of `openai` that are supported; what tests use of them is the same in all. */
export const MAJORS: Readonly<Record<5 | 6 | 7, typeof OpenAI>> = {
	5: OpenAI5 as unknown as typeof OpenAI,
	6: OpenAI6 as unknown as typeof OpenAI,
	7: OpenAI,
};

/** What a client of OpenAI's is made with. */
export function openaiOptions(baseURL: string): { apiKey: string; baseURL: string; maxRetries: number } {
	return { apiKey: API_KEY, baseURL, maxRetries: 0 };
}

/** A question to OpenAI's chat API. */
export const CHAT: {
	model: string;
	messages: { role: "user"; content: string }[];
} = { model: REQUESTED_MODEL["openai-chat"], messages: [{ role: "user", content: PROMPT }] };

/** A question to Anthropic's messages API. */
export const MESSAGE: {
	model: string;
	max_tokens: number;
	messages: { role: "user"; content: string }[];
} = {
	model: REQUESTED_MODEL.anthropic,
	max_tokens: 1024,
	messages: [{ role: "user", content: PROMPT }],
};
