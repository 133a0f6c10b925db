import type OpenAI from "openai";
import type { TokenUsage } from "../core/token-usage.ts";
import { openExchange } from "../monitoring/exchange.ts";
import { attemptFetch } from "../monitoring/attempt-fetch.ts";
import { isRecord } from "../wire/is-record.ts";
import { streamOptionsRefusal, UsageAsking } from "../wire/usage-asking.ts";
import { openAIChunkUsage, parseOpenAIChatUsage, parseOpenAIEmbeddingsUsage } from "../wire/openai-chat.ts";
import { EagerStream } from "./eager-stream.ts";
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
import { toOpenAIMessages, toOpenAITools } from "./openai-request.ts";
import { parseChatCompletion, parseEmbedding } from "./openai-response.ts";
import { OpenAIStreamReader } from "./openai-stream.ts";
import {
	failed,
	invalidRequest,
	invalidResponse,
	providerError,
	type ProviderIdentity,
	secretsOf,
} from "./provider-error.ts";
import type { ProviderOptions } from "./provider-options.ts";
import { missingPeer, requirePeer } from "./sdk-peer.ts";

/** In what the servers that speak OpenAI's chat API differ. */
export interface ChatDialect {
	/** The class that the user wrote, for messages. */
	readonly className: string;
	readonly provider: string;
	/** Whether the server is OpenAI's, so that the organization and project of the environment concern it. */
	readonly isOpenAI: boolean;
	readonly embeddingModel: string | undefined;
	/** OpenAI's newer models refuse `max_tokens`; most other servers know nothing else. */
	readonly maxTokensField: "max_tokens" | "max_completion_tokens";
}

/** A backend on the official `openai` SDK, for every server that speaks the chat completions API. */
export class ChatCompletionsBackend implements LLMBackend {
	readonly #client: Promise<OpenAI>;
	readonly #dialect: ChatDialect;
	readonly #who: ProviderIdentity;
	readonly #maxTokens: number | undefined;
	readonly #usageAsking = new UsageAsking();

	constructor(apiKey: string, model: string, options: ProviderOptions, dialect: ChatDialect) {
		requirePeer("openai", dialect.className);
		this.#dialect = dialect;
		this.#who = { provider: dialect.provider, model, secrets: secretsOf(apiKey, options.headers) };
		this.#maxTokens = options.maxTokens;
		this.#client = openClient(apiKey, model, options, dialect);
		// The first call hears of a failure.
		this.#client.catch(() => undefined);
	}

	async infer(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options?: CallOptions,
	): Promise<LLMResponse> {
		const exchange = openExchange(this.#dialect.provider, this.#who.model);
		const signal = options?.signal;
		try {
			signal?.throwIfAborted();
			const request = this.#request(messages, tools, temperature, options);
			const client = await this.#client;
			const body: unknown = await client.chat.completions.create(request, { signal });
			const usage = exchange.reportUsage(
				parseOpenAIChatUsage(isRecord(body) ? body["usage"] : undefined, body),
			);
			const response = parseChatCompletion(body);
			if (response === undefined) throw noAnswer(body, this.#who);
			exchange.reportModel(response.model);
			exchange.done();
			return usage === undefined ? response : { ...response, usage };
		} catch (error) {
			throw failed(error, this.#who, signal, exchange);
		}
	}

	inferStream(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options?: CallOptions,
	): AsyncIterable<StreamEvent> {
		return new EagerStream(
			(connection) => this.#stream(messages, tools, temperature, options, connection),
			options?.signal,
		);
	}

	async embed(text: string, options?: CallOptions): Promise<EmbeddingResponse> {
		const signal = options?.signal;
		const model = this.#dialect.embeddingModel;
		const who = { ...this.#who, model: model ?? this.#who.model };
		const exchange = openExchange(this.#dialect.provider, who.model);
		try {
			signal?.throwIfAborted();
			if (model === undefined) {
				const cure = `new ${this.#dialect.className}(…, { embeddingModel: "…" })`;
				throw invalidRequest(`embed() needs to know an embedding model: ${cure}.`, who);
			}
			const client = await this.#client;
			const body: unknown = await client.embeddings.create(
				{ model, input: text, encoding_format: "float" },
				{ signal },
			);
			const usage = exchange.reportUsage(
				parseOpenAIEmbeddingsUsage(isRecord(body) ? body["usage"] : undefined),
			);
			const embedding = parseEmbedding(body);
			if (embedding === undefined) throw noAnswer(body, who);
			const answered = isRecord(body) && typeof body["model"] === "string" ? body["model"] : model;
			exchange.reportModel(answered);
			exchange.done();
			return { embedding, model: answered, ...(usage === undefined ? undefined : { usage }) };
		} catch (error) {
			throw failed(error, who, signal, exchange);
		}
	}

	modelInfo(): ModelInfo {
		const { provider, embeddingModel } = this.#dialect;
		return {
			model: this.#who.model,
			provider,
			...(embeddingModel === undefined ? undefined : { embeddingModel }),
		};
	}

	/**
	 * A stream that is cut ends as the SDK ends it, silently: the caller sees what it would have seen. One that ends
	 * without a single chunk is an `invalid_response`.
	 */
	async *#stream(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options: CallOptions | undefined,
		connection: AbortSignal,
	): AsyncGenerator<StreamEvent, undefined> {
		const exchange = openExchange(this.#dialect.provider, this.#who.model);
		const caller = options?.signal;
		const reader = new OpenAIStreamReader();
		let usage: TokenUsage | undefined;
		try {
			connection.throwIfAborted();
			const chunks = await this.#open(this.#request(messages, tools, temperature, options), connection);
			for await (const chunk of chunks) {
				const said = openAIChunkUsage(chunk);
				if (said !== undefined) usage = exchange.reportUsage(parseOpenAIChatUsage(said, chunk));
				const events = reader.read(chunk);
				exchange.reportModel(reader.model);
				if (reader.firstToken !== undefined) exchange.firstToken(reader.firstToken);
				yield* events;
			}
			caller?.throwIfAborted();
			if (connection.aborted) return;
			if (reader.isEmpty) throw invalidResponse("the stream ended before its first chunk.", this.#who);
			exchange.done(reader.isComplete);
			yield* reader.end(usage);
		} catch (error) {
			if (connection.aborted && caller?.aborted !== true) return;
			throw failed(error, this.#who, caller, exchange);
		}
	}

	async #open(request: ChatRequest, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
		const client = await this.#client;
		const ask = (include: boolean): Promise<AsyncIterable<unknown>> =>
			client.chat.completions.create(
				{ ...request, stream: true, ...(include ? { stream_options: { include_usage: true } } : undefined) },
				{ signal },
			);
		if (!this.#usageAsking.isOn) return ask(false);
		try {
			const chunks = await ask(true);
			this.#usageAsking.accepted();
			return chunks;
		} catch (error) {
			const refusal = streamOptionsRefusal(error);
			if (refusal === undefined) throw error;
			const chunks = await ask(false);
			this.#usageAsking.refused(refusal);
			return chunks;
		}
	}

	#request(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options: CallOptions | undefined,
	): ChatRequest {
		const maxTokens = options?.maxTokens ?? this.#maxTokens;
		return {
			model: this.#who.model,
			messages: toOpenAIMessages(messages),
			temperature,
			...(tools.length === 0 ? undefined : { tools: toOpenAITools(tools) }),
			...(maxTokens === undefined ? undefined : { [this.#dialect.maxTokensField]: maxTokens }),
		};
	}
}

type ChatRequest = Pick<
	OpenAI.ChatCompletionCreateParamsNonStreaming,
	"model" | "messages" | "temperature" | "tools" | "max_tokens" | "max_completion_tokens"
>;

async function openClient(
	apiKey: string,
	model: string,
	options: ProviderOptions,
	dialect: ChatDialect,
): Promise<OpenAI> {
	const { default: Client } = await import("openai").catch((cause: unknown) => {
		throw missingPeer("openai", dialect.className, cause);
	});
	return new Client({
		apiKey: apiKey.trim(),
		baseURL: options.baseURL,
		timeout: options.timeout,
		maxRetries: options.maxRetries,
		defaultHeaders: { ...(dialect.isOpenAI ? undefined : withoutEnvironmentHeaders()), ...options.headers },
		fetch: attemptFetch(options.fetch ?? globalThis.fetch, { provider: dialect.provider, model }),
		// The SDK would log parts of answers that it cannot read.
		logLevel: "off",
		// What the environment says to OpenAI is nobody else's business.
		...(dialect.isOpenAI ? undefined : { organization: null, project: null }),
	});
}

/** The SDK adds the headers of OPENAI_CUSTOM_HEADERS ("name: value", a line each) unless they are set to nothing. */
function withoutEnvironmentHeaders(): Record<string, null> {
	const lines = (process.env["OPENAI_CUSTOM_HEADERS"] ?? "").split("\n");
	const names = lines.flatMap((line) =>
		line.includes(":") ? [line.slice(0, line.indexOf(":")).trim()] : [],
	);
	return Object.fromEntries(names.filter((name) => name !== "").map((name) => [name, null]));
}

/** Some servers send an error under HTTP 200. */
function noAnswer(body: unknown, who: ProviderIdentity): unknown {
	if (isRecord(body) && isRecord(body["error"])) return providerError(body, who, undefined);
	return invalidResponse("the answer is not of the form that the API promises.", who);
}
