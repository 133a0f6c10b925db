import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { LlmError } from "../core/llm-error.ts";
import {
	AnthropicProvider,
	CachedBackend,
	InstrumentedBackend,
	type LLMBackend,
	OpenAIProvider,
} from "../providers/index.ts";
import { CHAT_TOOLS, chatPrompt, classifyPrompt, summarizePrompt, ticket } from "./prompts.ts";
import { Random } from "./random.ts";
import type { SimulatedProvider } from "./simulated-provider.ts";

/** The routes that the workload uses. */
export const WORKLOAD_ROUTES = ["chat", "summarize", "classify", "embeddings"] as const;

type Route = (typeof WORKLOAD_ROUTES)[number];

/** What drives the demo. */
export interface WorkloadOptions {
	/** How many times faster than life. */
	readonly speed: number;
	readonly seed: number;
	/** Calls a second on average, at speed 1. Default 3. */
	readonly callsPerSecond?: number;
}

/** How many calls may be under way at once; a busy moment waits. */
const CONCURRENCY = 32;
const TIMEOUT_MS = 30_000;
const CACHE_TTL_MS = 60_000;
/** The tide of a day, in ten minutes. */
const TIDE_MS = 600_000;
/** The share of streams that the reader leaves early. */
const LEAVES_EARLY = 0.06;

/** Which models each route asks, and how often. */
const MODELS: { readonly [R in Route]: readonly (readonly [model: string, weight: number])[] } = {
	chat: [
		["gpt-4-turbo", 3],
		["claude-3-5-sonnet-latest", 4],
		["gpt-5-mini", 3],
	],
	summarize: [
		["claude-3-5-sonnet-latest", 2],
		["gpt-4o-mini", 3],
	],
	classify: [
		["gpt-4o-mini", 5],
		["claude-haiku-4-5", 2],
	],
	embeddings: [["text-embedding-3-small", 1]],
};

const ROUTE_WEIGHTS = [
	["chat", 40],
	["summarize", 15],
	["classify", 30],
	["embeddings", 15],
] as const;

/** A made-up day of a program that asks language models for four purposes, through the official SDKs. */
export class Workload {
	readonly #backends = new Map<string, LLMBackend>();
	readonly #random: Random;
	readonly #gapMs: number;
	readonly #speed: number;

	/** Makes the metered backends, so that their series exist from now on. */
	constructor(provider: SimulatedProvider, { callsPerSecond = 3, seed, speed }: WorkloadOptions) {
		this.#random = new Random(seed, 0);
		this.#speed = speed;
		this.#gapMs = 1000 / callsPerSecond;
		for (const route of WORKLOAD_ROUTES) {
			for (const [model] of MODELS[route]) {
				this.#backends.set(`${route} ${model}`, backend(provider, route, model, speed));
			}
		}
	}

	/**
	 * Works until the signal is aborted; then everything under way is given up, and settled.
	 *
	 * @throws whatever a call throws that is no `LlmError`
	 */
	async run(signal: AbortSignal): Promise<void> {
		setMaxListeners(0, signal);
		const startedAt = performance.now();
		const underWay = new Set<Promise<void>>();
		const unexpected: unknown[] = [];
		while (!signal.aborted && unexpected.length === 0) {
			const tide = Math.sin((2 * Math.PI * (performance.now() - startedAt) * this.#speed) / TIDE_MS);
			// Calls come by chance: exponential gaps, shorter when the tide is high.
			const gapMs = (-Math.log(1 - this.#random.next()) * this.#gapMs) / (1 + 0.5 * tide);
			await sleep(gapMs / this.#speed, undefined, { signal }).catch(() => undefined);
			if (signal.aborted) break;
			const call = this.#call(signal)
				.catch((error: unknown) => unexpected.push(error))
				.then(() => void underWay.delete(call));
			underWay.add(call);
			if (underWay.size >= CONCURRENCY) await Promise.race(underWay);
		}
		await Promise.all(underWay);
		if (unexpected.length > 0) throw unexpected[0];
	}

	async #call(signal: AbortSignal): Promise<void> {
		const route = this.#random.weighted(ROUTE_WEIGHTS);
		const [first, ...rest] = MODELS[route];
		if (first === undefined) return;
		const llm = this.#backends.get(`${route} ${this.#random.weighted([first, ...rest])}`);
		if (llm === undefined) return;
		try {
			await this.#ask(llm, route, signal);
		} catch (error) {
			// The provider fails now and then on purpose; the metrics tell.
			if (!signal.aborted && !(error instanceof LlmError)) throw error;
		}
	}

	async #ask(llm: LLMBackend, route: Route, signal: AbortSignal): Promise<void> {
		const random = this.#random;
		switch (route) {
			case "chat":
				return this.#chat(llm, signal);
			case "summarize":
				await llm.infer(summarizePrompt(random), [], 0.3, { maxTokens: 300, signal });
				return;
			case "classify":
				await llm.infer(classifyPrompt(random), [], 0, { maxTokens: 8, signal });
				return;
			case "embeddings":
				await llm.embed(ticket(random), { signal });
				return;
		}
	}

	async #chat(llm: LLMBackend, signal: AbortSignal): Promise<void> {
		const leavesAfter = this.#random.chance(LEAVES_EARLY)
			? this.#random.integer(1, 60)
			: Number.POSITIVE_INFINITY;
		let events = 0;
		for await (const event of llm.inferStream(chatPrompt(this.#random), CHAT_TOOLS, 0.7, { signal })) {
			events += event.type === "done" ? 0 : 1;
			if (events >= leavesAfter) break;
		}
	}
}

/** A provider behind the official SDK, metered; for all routes but chat with a cache of answers before it. */
function backend(provider: SimulatedProvider, route: Route, model: string, speed: number): LLMBackend {
	const anthropic = model.startsWith("claude");
	const Provider = anthropic ? AnthropicProvider : OpenAIProvider;
	const llm = new Provider("simulated", model, {
		baseURL: anthropic ? provider.anthropicBaseURL : provider.openaiBaseURL,
		maxRetries: 1,
		timeout: Math.max(1000, TIMEOUT_MS / speed),
	});
	const metered = new InstrumentedBackend(llm, anthropic ? "anthropic" : "openai", route);
	return route === "chat"
		? metered
		: new CachedBackend(metered, route, { ttl: Math.ceil(CACHE_TTL_MS / speed) });
}
