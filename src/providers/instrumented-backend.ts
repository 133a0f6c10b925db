import { HyperAgentError } from "../core/hyperagent-error.ts";
import { LlmError } from "../core/llm-error.ts";
import type { Operation } from "../core/settled-call.ts";
import { isCached } from "../monitoring/cached-answers.ts";
import { Call } from "../monitoring/call.ts";
import { currentCall, runInCall } from "../monitoring/current-call.ts";
import { declareSeries } from "../monitoring/declare-series.ts";
import { reportInternalError } from "../monitoring/internal-errors.ts";
import { MeteredStream, type StreamMeter } from "../monitoring/metered-stream.ts";
import type {
	CallOptions,
	EmbeddingResponse,
	LLMBackend,
	LLMResponse,
	Message,
	ModelInfo,
	StreamEvent,
	ToolDefinition,
} from "./llm-backend.ts";

/**
 * Meters every call of a backend, exactly once: active requests, latency, tokens, cost, errors, rate limits. The
 * answers, the errors and the events are the backend's own, untouched. Where two of them wrap the same call, the
 * outer one meters.
 *
 * @example
 * ```ts
 * import { initPrometheus } from "@hyperagent/observe/monitoring";
 * import { InstrumentedBackend, type LLMBackend } from "@hyperagent/observe/providers";
 *
 * const backend: LLMBackend = {
 *   infer: async () => ({
 *     content: "hi",
 *     toolCalls: [],
 *     finishReason: "stop",
 *     usage: { inputUncached: 100, output: 20 },
 *   }),
 *   async *inferStream() {},
 *   embed: async () => ({ embedding: [] }),
 *   modelInfo: () => ({ model: "gpt-4-turbo", provider: "openai" }),
 * };
 * const prometheus = initPrometheus();
 * const llm = new InstrumentedBackend(backend, "openai", "chat");
 * await llm.infer([{ role: "user", content: "hello" }], [], 0.7);
 * // 100 × $0.01/1K + 20 × $0.03/1K = $0.0016
 * console.log(prometheus.render().includes('llm_cost_usd_total{route="chat",model="gpt-4-turbo"} 0.16')); // true
 * ```
 */
export class InstrumentedBackend implements LLMBackend {
	readonly #backend: LLMBackend;
	readonly #provider: string;
	readonly #route: string;
	/** What the backend last said of itself: it may change its model, and it may fail to say. */
	#info: ModelInfo;

	/**
	 * @param provider the `provider` label
	 * @param route the `route` label: a fixed name for this use ("chat"), never anything of a user's
	 * @throws HyperAgentError `BAD_OPTION` when a label is empty, or the backend does not say its model
	 */
	constructor(backend: LLMBackend, provider: string, route: string) {
		for (const [name, value] of [
			["provider", provider],
			["route", route],
		] as const) {
			if (typeof value === "string" && value !== "") continue;
			throw new HyperAgentError(
				"BAD_OPTION",
				`new InstrumentedBackend(backend, provider, route): ${name} is the value of a label and must be a name such as "${name === "route" ? "chat" : "openai"}".`,
			);
		}
		this.#backend = backend;
		this.#provider = provider;
		this.#route = route;
		if (typeof backend?.infer !== "function") {
			throw new HyperAgentError(
				"BAD_OPTION",
				"new InstrumentedBackend(backend, provider, route): backend must be an LLMBackend, with infer, inferStream, embed and modelInfo.",
			);
		}
		this.#info = askModelInfo(backend);
		declareSeries({ route, provider, model: this.#info.model });
		const { embeddingModel } = this.#info;
		if (embeddingModel !== undefined) declareSeries({ route, provider, model: embeddingModel });
	}

	async infer(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options?: CallOptions,
	): Promise<LLMResponse> {
		return this.#meter("chat", options, () => this.#backend.infer(messages, tools, temperature, options));
	}

	inferStream(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options?: CallOptions,
	): AsyncIterable<StreamEvent> {
		const open = (): AsyncIterable<StreamEvent> =>
			this.#backend.inferStream(messages, tools, temperature, options);
		if (currentCall() !== undefined) return open();
		let call: Call;
		try {
			call = this.#start("chat", options, true);
		} catch (refusal) {
			return refused(refusal);
		}
		try {
			const stream = runInCall(call, open);
			if (isCached(stream)) call.serveFromCache();
			return new MeteredStream(stream, call, streamMeter(options?.signal));
		} catch (error) {
			call.fail(error);
			throw error;
		}
	}

	async embed(text: string, options?: CallOptions): Promise<EmbeddingResponse> {
		return this.#meter("embeddings", options, () => this.#backend.embed(text, options));
	}

	modelInfo(): ModelInfo {
		return this.#backend.modelInfo();
	}

	async #meter<T extends LLMResponse | EmbeddingResponse>(
		operation: Operation,
		options: CallOptions | undefined,
		fn: () => Promise<T>,
	): Promise<T> {
		if (currentCall() !== undefined) return fn();
		const call = this.#start(operation, options);
		try {
			const response = await runInCall(call, fn);
			reportAnswer(call, response);
			call.succeed();
			return response;
		} catch (error) {
			call.fail(error);
			throw error;
		}
	}

	#start(operation: Operation, options: CallOptions | undefined, isStream = false): Call {
		try {
			this.#info = askModelInfo(this.#backend);
		} catch (cause) {
			reportInternalError("call", "A backend's modelInfo() has failed; its last answer counts.", cause);
		}
		const { embeddingModel, model, provider: priceProvider } = this.#info;
		return new Call({
			operation,
			route: this.#route,
			provider: this.#provider,
			priceProvider,
			model: operation === "embeddings" ? (embeddingModel ?? model) : model,
			isStream,
			signal: options?.signal,
		});
	}
}

/** A stream fails where it is read. */
function refused(refusal: unknown): AsyncIterable<never> {
	const next = async (): Promise<never> => {
		throw refusal;
	};
	return { [Symbol.asyncIterator]: () => ({ next }) };
}

/** How the events of the backend contract are read. */
function streamMeter(signal: AbortSignal | undefined): StreamMeter<StreamEvent> {
	let empty = true;
	return {
		event: (event, call) => {
			empty = false;
			if (event.type === "done") {
				reportAnswer(call, event);
				call.succeed();
			} else {
				const cached = isCached(event);
				call.serveFromCache(cached);
				if (!cached) call.firstToken();
			}
		},
		ended: (call) => {
			// Some streams end silently when they are aborted.
			if (signal?.aborted === true) call.fail(signal.reason);
			else if (empty) call.fail(new LlmError("invalid_response", "The stream ended before its first event."));
			else call.succeed();
		},
	};
}

/** Backends come from anywhere: what they answer may not be what their types say. */
function reportAnswer(call: Call, answer: LLMResponse | EmbeddingResponse | StreamEvent): void {
	try {
		call.serveFromCache(isCached(answer));
		if (isCached(answer)) {
			if ("usage" in answer) call.reportServed(answer.usage);
			return;
		}
		if ("model" in answer) call.reportModel(answer.model);
		if ("usage" in answer && answer.usage !== undefined) call.reportUsage(answer.usage);
	} catch (cause) {
		reportInternalError("usage", "The usage of an answer could not be read.", cause);
	}
}

/** What a backend says of itself, if it is something that a call can be counted by. */
function askModelInfo(backend: LLMBackend): ModelInfo {
	const info: unknown = backend.modelInfo();
	const { embeddingModel, model, provider } = (info ?? {}) as Partial<ModelInfo>; // checked right below
	if (typeof model !== "string" || model === "" || typeof provider !== "string" || provider === "") {
		throw new HyperAgentError(
			"BAD_OPTION",
			'InstrumentedBackend: backend.modelInfo() must answer { model, provider }, two names such as { model: "gpt-4-turbo", provider: "openai" }.',
		);
	}
	return { model, provider, ...(typeof embeddingModel === "string" ? { embeddingModel } : undefined) };
}
