import { existsSync, readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterEach } from "vitest";
import { type SimulatedProvider, startSimulatedProvider } from "../../src/demo/simulated-provider.ts";
import type { SimulatedProviderOptions } from "../../src/demo/simulation.ts";

const RECORDINGS = new URL("../../../shared/recordings/", import.meta.url);
/** Whether ../shared/recordings is there. */
export const HAS_RECORDINGS: boolean = existsSync(RECORDINGS);
const open: SimulatedProvider[] = [];

afterEach(async () => {
	await Promise.all(open.splice(0).map((provider) => provider.close()));
});

/** A provider that answers at once, without faults where none are asked for; it is closed after the test. */
export async function startProvider(options: SimulatedProviderOptions = {}): Promise<SimulatedProvider> {
	const provider = await startSimulatedProvider({ speed: 1000, errorRate: 0, ...options });
	open.push(provider);
	return provider;
}

/** The official SDKs, without retries, on a provider of their own. */
export async function start(
	options: SimulatedProviderOptions = {},
): Promise<{ openai: OpenAI; anthropic: Anthropic }> {
	const provider = await startProvider(options);
	const common = { apiKey: "any", maxRetries: 0 };
	return {
		openai: new OpenAI({ ...common, baseURL: provider.openaiBaseURL }),
		anthropic: new Anthropic({ ...common, baseURL: provider.anthropicBaseURL }),
	};
}

interface Ask {
	messages: { role: "user"; content: string }[];
	model: string;
}

const messages: Ask["messages"] = [{ role: "user", content: "What is a scrape?" }];

export const openaiAsk: Ask = { messages, model: "gpt-4o-mini" };
export const anthropicAsk: Ask & { max_tokens: number } = {
	messages,
	model: "claude-3-5-sonnet-latest",
	max_tokens: 500,
};

/** A tool's name and the schema of its arguments. */
export const weather: { name: string; parameters: { type: "object"; properties: object } } = {
	name: "weather",
	parameters: { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } },
};

/** The keys of a JSON value, all the way down, and of a list those of its first item; leaves by their type. */
export function shape(value: unknown): unknown {
	if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])];
	if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
	return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item)]));
}

/** The shapes of a stream's events, repetitions in a row taken together. */
export function shapes(events: readonly unknown[]): string[] {
	const all = events.map((event) => JSON.stringify(shape(event)));
	return all.filter((text, i) => text !== all[i - 1]);
}

export function recorded(path: string): unknown {
	return JSON.parse(readFileSync(new URL(path, RECORDINGS), "utf8"));
}

export function recordedChunks(path: string): unknown[] {
	const lines = readFileSync(new URL(path, RECORDINGS), "utf8").split("\n");
	return lines.filter((line) => line !== "").map((line): unknown => JSON.parse(line));
}

export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
	const events: T[] = [];
	for await (const event of stream) events.push(event);
	return events;
}

/** What the server sent, before any SDK has touched it. */
export async function raw(
	path: "/v1/chat/completions" | "/v1/messages" | "/v1/embeddings",
	body: unknown,
	options: SimulatedProviderOptions & { key?: string } = {},
): Promise<{ status: number; headers: Headers; text: string }> {
	const { key = "any", ...provider } = options;
	const { url } = await startProvider(provider);
	const response = await fetch(url + path, {
		method: "POST",
		headers: path === "/v1/messages" ? { "x-api-key": key } : { authorization: `Bearer ${key}` },
		body: typeof body === "string" ? body : JSON.stringify(body),
	});
	return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The JSON of a stream's events. */
export function dataLines(text: string): unknown[] {
	const lines = text.split("\n").filter((line) => line.startsWith("data: {"));
	return lines.map((line): unknown => JSON.parse(line.slice(6)));
}
