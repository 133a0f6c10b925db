import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import { isValidUsage } from "../core/token-usage.ts";
import { markCached } from "../monitoring/cached-answers.ts";
import { currentCall } from "../monitoring/current-call.ts";
import { declareCacheRoute } from "../monitoring/declare-series.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import { incCacheHit, incCacheMiss } from "../monitoring/manual.ts";
import { observeCacheHit } from "../monitoring/observer.ts";
import type {
	CallOptions,
	EmbeddingResponse,
	FinishReason,
	LLMBackend,
	LLMResponse,
	Message,
	ModelInfo,
	StreamEvent,
	ToolDefinition,
} from "./llm-backend.ts";

/** How much is kept, and for how long. */
export interface CacheOptions {
	/** The most answers; the least recently used one goes first. 1,000. */
	readonly max?: number;
	/** Milliseconds until an answer is too old. Ten minutes. */
	readonly ttl?: number;
}

type Answer = LLMResponse | EmbeddingResponse | readonly StreamEvent[];

/** Answers that another try could better are not kept. */
const KEPT: ReadonlySet<FinishReason> = new Set(["stop", "length", "tool_calls"]);

/**
 * Answers from memory what was asked before, word for word: the same messages, tools, temperature, options and model.
 * Feeds `llm_cache_hits_total` and `llm_cache_misses_total` of its route. A hit adds no tokens, cost, attempt or
 * latency, whether this wraps an `InstrumentedBackend` or is wrapped by one. Keys are hashes: no prompt is kept.
 *
 * @example
 * ```ts
 * import { CachedBackend, type LLMBackend } from "@hyperagent/observe/providers";
 *
 * let asked = 0;
 * const backend: LLMBackend = {
 *   infer: async () => ({ content: `answer ${++asked}`, toolCalls: [], finishReason: "stop" }),
 *   async *inferStream() {},
 *   embed: async () => ({ embedding: [] }),
 *   modelInfo: () => ({ model: "gpt-4-turbo", provider: "openai" }),
 * };
 * const cached = new CachedBackend(backend, "chat", { max: 100, ttl: 60_000 });
 * await cached.infer([{ role: "user", content: "hello" }], [], 0);
 * console.log((await cached.infer([{ role: "user", content: "hello" }], [], 0)).content); // "answer 1"
 * ```
 */
export class CachedBackend implements LLMBackend {
	readonly #backend: LLMBackend;
	readonly #route: string;
	readonly #cache: LRUCache<string, Answer>;

	/**
	 * @param route the `route` label of the cache counters
	 * @throws HyperAgentError `BAD_OPTION` when `max` or `ttl` is not a positive integer
	 */
	constructor(backend: LLMBackend, route: string, options: CacheOptions = {}) {
		if (typeof backend?.infer !== "function" || typeof options !== "object" || options === null) {
			throw new HyperAgentError(
				"BAD_OPTION",
				"new CachedBackend(backend, route, options): backend must be an LLMBackend, and options an object.",
			);
		}
		for (const name of Object.keys(options)) {
			if (name === "max" || name === "ttl") continue;
			throw new HyperAgentError(
				"BAD_OPTION",
				`new CachedBackend(): there is no option \`${name}\`, only max and ttl.`,
			);
		}
		const { max = 1000, ttl = 600_000 } = options;
		for (const [name, value] of Object.entries({ max, ttl })) {
			// The cache takes room for all at once.
			const most = name === "max" ? 10_000_000 : Number.MAX_SAFE_INTEGER;
			if (Number.isSafeInteger(value) && value > 0 && value <= most) continue;
			throw new HyperAgentError(
				"BAD_OPTION",
				`new CachedBackend(): expected an integer from 1 to ${most} at \`${name}\`.`,
			);
		}
		if (typeof route !== "string" || route === "") {
			throw new HyperAgentError(
				"BAD_OPTION",
				'new CachedBackend(backend, route): route is the value of a label and must be a name such as "chat".',
			);
		}
		this.#backend = backend;
		this.#route = route;
		declareCacheRoute(route);
		this.#cache = new LRUCache({ max, ttl });
	}

	async infer(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options?: CallOptions,
	): Promise<LLMResponse> {
		options?.signal?.throwIfAborted();
		const key = this.#key("infer", [messages, tools, temperature], options);
		const hit = this.#lookUp<LLMResponse>(key);
		if (hit !== undefined) return markCached(hit);
		const response = await this.#backend.infer(messages, tools, temperature, options);
		if (KEPT.has(response.finishReason)) this.#keep(key, response);
		return response;
	}

	inferStream(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options?: CallOptions,
	): AsyncIterable<StreamEvent> {
		// A call that is aborted already is the backend's to refuse, in its own way.
		if (options?.signal?.aborted === true) {
			return this.#backend.inferStream(messages, tools, temperature, options);
		}
		const key = this.#key("stream", [messages, tools, temperature], options);
		const hit = this.#lookUp<readonly StreamEvent[]>(key);
		if (hit !== undefined) return markCached(replay(hit));
		const stream = this.#backend.inferStream(messages, tools, temperature, options);
		return key === undefined ? stream : new Recording(stream, (events) => this.#keep(key, events));
	}

	async embed(text: string, options?: CallOptions): Promise<EmbeddingResponse> {
		options?.signal?.throwIfAborted();
		const key = this.#key("embed", [text], options);
		const hit = this.#lookUp<EmbeddingResponse>(key);
		if (hit !== undefined) return markCached(hit);
		const response = await this.#backend.embed(text, options);
		this.#keep(key, response);
		return response;
	}

	modelInfo(): ModelInfo {
		return this.#backend.modelInfo();
	}

	/** `undefined` where what was asked cannot be told apart from something else: it is not cached then. */
	#key(kind: string, asked: readonly unknown[], options: CallOptions | undefined): string | undefined {
		try {
			// Everything but the signal changes the answer, options that are yet to be invented included.
			const { signal: _signal, ...rest } = options ?? {};
			const text = JSON.stringify([kind, this.#backend.modelInfo(), asked, rest], refuseLossy);
			return createHash("sha256").update(text).digest("base64");
		} catch {
			return undefined;
		}
	}

	/** `T` is what answers of the key's kind are: the kind is part of the key. */
	#lookUp<T extends Answer>(key: string | undefined): T | undefined {
		const answer = key === undefined ? undefined : this.#cache.get(key);
		if (answer === undefined) {
			incCacheMiss(this.#route);
			return undefined;
		}
		incCacheHit(this.#route);
		// Within a call that is metered, its meter tells.
		if (currentCall() === undefined) this.#tellSaved(answer);
		// A copy: what a caller does to its answer must not reach the next one. The key tells that it is a T.
		return structuredClone(answer) as T;
	}

	#tellSaved(answer: Answer): void {
		try {
			const last = isEvents(answer) ? answer.at(-1) : answer;
			if (last === undefined || !("usage" in last) || !isValidUsage(last.usage)) return;
			const { embeddingModel, model, provider } = this.#backend.modelInfo();
			observeCacheHit({
				route: this.#route,
				provider,
				model: "embedding" in last ? (embeddingModel ?? model) : model,
				answeredModel: last.model,
				usage: last.usage,
			});
		} catch (cause) {
			reportInternalError("usage", "What a cached answer has saved could not be told.", cause);
		}
	}

	#keep(key: string | undefined, answer: Answer): void {
		if (key === undefined) return;
		try {
			this.#cache.set(key, structuredClone(answer));
		} catch {
			// What cannot be copied (an answer with a function in it) is not kept; the caller has it all the same.
		}
	}
}

function isEvents(answer: Answer): answer is readonly StreamEvent[] {
	return Array.isArray(answer);
}

/** JSON makes {} of a RegExp or a Map and null of NaN: two questions would have one key. */
function refuseLossy(_key: string, value: unknown): unknown {
	const isLossy =
		(typeof value === "number" && !Number.isFinite(value)) ||
		typeof value === "function" ||
		typeof value === "symbol" ||
		(typeof value === "object" && value !== null && !Array.isArray(value) && !isPlain(value));
	if (isLossy) throw new TypeError("This has no JSON of its own.");
	return value;
}

function isPlain(value: object): boolean {
	const prototype: unknown = Object.getPrototypeOf(value);
	return prototype === Object.prototype || prototype === null;
}

async function* replay(events: readonly StreamEvent[]): AsyncGenerator<StreamEvent, undefined> {
	for (const event of events) yield markCached(event);
	return undefined;
}

/** Passes a stream on and gives its events to `keep` once it is complete. */
class Recording implements AsyncIterableIterator<StreamEvent, undefined> {
	readonly #source: AsyncIterator<StreamEvent>;
	readonly #keep: (events: readonly StreamEvent[]) => void;
	readonly #events: StreamEvent[] = [];

	constructor(stream: AsyncIterable<StreamEvent>, keep: (events: readonly StreamEvent[]) => void) {
		this.#source = stream[Symbol.asyncIterator]();
		this.#keep = keep;
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<StreamEvent, undefined>> {
		const result = await this.#source.next();
		if (result.done === true) return { done: true, value: undefined };
		this.#events.push(result.value);
		if (result.value.type === "done" && KEPT.has(result.value.finishReason)) this.#keep(this.#events);
		return result;
	}

	async return(): Promise<IteratorResult<StreamEvent, undefined>> {
		await this.#source.return?.();
		return { done: true, value: undefined };
	}
}
