import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { anthropicWire } from "./anthropic-wire.ts";
import { composeAnswer, countTokens } from "./answer.ts";
import { drawFault, type Failure, type Fault, FAULTS } from "./fault.ts";
import { type ModelProfile, modelProfile } from "./model-profile.ts";
import { embeddingBody, embeddingTokens, readEmbeddingRequest } from "./openai-embeddings.ts";
import { openaiWire } from "./openai-wire.ts";
import { hash, Random } from "./random.ts";
import { RateLimits } from "./rate-limits.ts";
import { readJson } from "./request-body.ts";
import type { ChatRequest, SimulatedWire } from "./simulated-wire.ts";

/** Everything is optional. */
export interface SimulatedProviderOptions {
	/** The same seed and the same requests, one after the other, give the same answers. Default 1. */
	readonly seed?: number;
	/** How many times faster than a real provider it answers. Default 1. */
	readonly speed?: number;
	/** The share of first attempts that meet a fault, from 0 to 1. Default 0.05. */
	readonly errorRate?: number;
	/** Which faults there are. Default: all, each as often as is believable. */
	readonly faults?: readonly Fault[];
}

/** One request on its way to its answer. */
interface Exchange {
	readonly response: ServerResponse;
	readonly wire: SimulatedWire;
	readonly random: Random;
	readonly requestId: string;
	readonly retryCount: number;
	/** Aborted when the caller is gone. */
	readonly gone: AbortSignal;
	readonly startedAt: number;
}

/** What a simulated provider does with its requests. */
export class Simulation {
	readonly #seed: number;
	readonly #speed: number;
	readonly #errorRate: number;
	readonly #faults: readonly Fault[];
	readonly #limits: RateLimits;
	readonly #promptCache = new Set<number>();
	#requests = 0;

	constructor({ errorRate = 0.05, faults = FAULTS, seed = 1, speed = 1 }: SimulatedProviderOptions) {
		this.#seed = seed;
		this.#speed = speed;
		this.#errorRate = errorRate;
		this.#faults = faults;
		this.#limits = new RateLimits(speed);
	}

	async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { headers, method = "GET", url: path = "/" } = request;
		const anthropic = headers["anthropic-version"] !== undefined || path === "/v1/messages";
		const wire = anthropic ? anthropicWire : openaiWire;
		this.#requests += 1;
		const random = new Random(this.#seed, this.#requests);
		const gone = new AbortController();
		response.once("close", () => gone.abort());
		const exchange: Exchange = {
			response,
			wire,
			random,
			requestId: wire.requestId(random.hex(32)),
			retryCount: Number(headers["x-stainless-retry-count"] ?? 0),
			gone: gone.signal,
			startedAt: performance.now(),
		};
		const body = await readJson(request);
		const endpoint = method === "POST" && !(anthropic && path !== "/v1/messages") ? path : "";
		if (!wire.hasKey(headers)) return this.#fail(exchange, { kind: "bad_key" });
		if (endpoint !== "/v1/chat/completions" && endpoint !== "/v1/messages" && endpoint !== "/v1/embeddings") {
			return this.#fail(exchange, { kind: "unknown_path", method, path });
		}
		if (body === undefined) {
			const message = "We could not parse the JSON body of your request.";
			return this.#fail(exchange, { kind: "invalid_request", message });
		}
		return endpoint === "/v1/embeddings" ? this.#embed(exchange, body) : this.#chat(exchange, body);
	}

	async #chat(exchange: Exchange, body: Readonly<Record<string, unknown>>): Promise<void> {
		const { random, wire } = exchange;
		const request = wire.read(body);
		if (typeof request === "string")
			return this.#fail(exchange, { kind: "invalid_request", message: request });
		const profile = modelProfile(request.model);
		if (profile?.family !== wire.family || profile.kind !== "chat") {
			return this.#fail(exchange, { kind: "unknown_model", model: request.model });
		}
		const fault = await this.#refuse(
			exchange,
			profile,
			request.model,
			countTokens(request.prompt),
			request.stream,
		);
		if (fault === "answered") return;
		const answer = composeAnswer(request, profile, random, this.#lookUp(request, wire));
		const firstTokenMs = random.logNormal(profile.firstTokenMs, 0.35);
		const perTokenMs = profile.perTokenMs * random.logNormal(1, 0.2);
		const headers = this.#headers(exchange, request.model, answer.inputTokens + answer.outputTokens);
		// A faulty stream fails somewhere between its first token and its last; a plain answer is cut before it begins.
		const failsAt =
			fault === undefined
				? Number.POSITIVE_INFINITY
				: random.integer(answer.reasoningTokens, answer.outputTokens - 1);
		const until = async (token: number): Promise<void> =>
			this.#until(exchange, firstTokenMs + perTokenMs * token);

		if (!request.stream) {
			await until(Math.min(answer.outputTokens, failsAt));
			if (fault === "cut") exchange.response.destroy();
			else sendJson(exchange.response, 200, headers, wire.body(answer));
			return;
		}
		for (const frame of wire.frames(answer, request.includeUsage)) {
			if (frame.atToken > failsAt) break;
			await until(frame.atToken);
			if (exchange.response.destroyed) return;
			if (!exchange.response.headersSent) {
				const type = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
				exchange.response.writeHead(200, { ...headers, ...type });
			}
			exchange.response.write(frame.text);
		}
		// What was written goes out at the end of the turn, and would be cut off as well.
		if (fault === "cut") {
			await new Promise(setImmediate);
			exchange.response.destroy();
		} else exchange.response.end(fault === "stream_error" ? wire.errorFrame(exchange.requestId) : undefined);
	}

	async #embed(exchange: Exchange, body: Readonly<Record<string, unknown>>): Promise<void> {
		const request = readEmbeddingRequest(body);
		if (typeof request === "string")
			return this.#fail(exchange, { kind: "invalid_request", message: request });
		const profile = modelProfile(request.model);
		if (profile?.kind !== "embeddings") {
			return this.#fail(exchange, { kind: "unknown_model", model: request.model });
		}
		const tokens = embeddingTokens(request);
		const fault = await this.#refuse(exchange, profile, request.model, tokens, false);
		if (fault === "answered") return;
		const headers = this.#headers(exchange, request.model, tokens);
		await this.#until(exchange, exchange.random.logNormal(profile.firstTokenMs, 0.35));
		if (fault === "cut") exchange.response.destroy();
		else sendJson(exchange.response, 200, headers, embeddingBody(request, profile.answersAs));
	}

	/** Meets the faults that come instead of an answer; those that spoil the answer are returned. */
	async #refuse(
		exchange: Exchange,
		profile: ModelProfile,
		model: string,
		tokens: number,
		stream: boolean,
	): Promise<"answered" | "cut" | "stream_error" | undefined> {
		const { random, retryCount } = exchange;
		const limit = profile.contextWindow;
		const odds = { errorRate: this.#errorRate, among: this.#faults, stream, retryCount };
		const fault = tokens > limit ? "context_length" : drawFault(random, odds);
		if (fault === undefined || fault === "cut" || fault === "stream_error") return fault;
		if (fault === "hang") {
			await gone(exchange.gone);
		} else if (fault === "context_length") {
			const meant = tokens > limit ? tokens : limit + random.integer(1, 9000);
			await this.#fail(exchange, { kind: fault, limit, tokens: meant });
		} else if (fault === "rate_limit") {
			const retryAfterMs = Math.ceil((random.integer(1, 3) * 1000) / this.#speed);
			await this.#fail(exchange, { kind: fault, model, retryAfterMs }, model);
		} else {
			await this.#fail(exchange, { kind: fault });
		}
		return "answered";
	}

	/** What the provider's own prompt cache has of a request, which is in it from now on. */
	#lookUp({ cacheable, model }: ChatRequest, wire: SimulatedWire): { read: number; write: number } {
		if (cacheable === "") return { read: 0, write: 0 };
		const key = hash(`${model} ${cacheable}`);
		const tokens = countTokens(cacheable);
		if (this.#promptCache.has(key)) return { read: tokens, write: 0 };
		this.#promptCache.add(key);
		// OpenAI neither charges nor reports what it puts into its cache.
		return { read: 0, write: wire.family === "anthropic" ? tokens : 0 };
	}

	#headers({ requestId, wire }: Exchange, model: string, tokens: number): Record<string, string> {
		const now = Date.now();
		return wire.headers(requestId, this.#limits.take(model, tokens, now), now);
	}

	async #fail(exchange: Exchange, failure: Failure, limited?: string): Promise<void> {
		const { requestId, response, wire } = exchange;
		const { body, headers, status } = wire.error(failure, requestId);
		const limits = limited === undefined ? {} : this.#headers(exchange, limited, Number.POSITIVE_INFINITY);
		await this.#until(exchange, exchange.random.logNormal(90, 0.4));
		sendJson(response, status, { ...limits, ...headers }, body);
	}

	/** Waits until so many milliseconds of a real provider's time have passed since the request came. */
	async #until({ gone: signal, startedAt }: Exchange, ms: number): Promise<void> {
		const wait = startedAt + ms / this.#speed - performance.now();
		// Timers count whole milliseconds: what is due within one is due now.
		if (wait >= 1 && !signal.aborted) await sleep(wait, undefined, { signal }).catch(() => undefined);
	}
}

async function gone(signal: AbortSignal): Promise<void> {
	if (signal.aborted) return;
	await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

function sendJson(
	response: ServerResponse,
	status: number,
	headers: Readonly<Record<string, string>>,
	body: unknown,
): void {
	if (response.destroyed) return;
	response.writeHead(status, { ...headers, "content-type": "application/json" });
	response.end(JSON.stringify(body));
}
