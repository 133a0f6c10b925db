import type OpenAI from "openai";
import { currentCall } from "../monitoring/current-call.ts";
import { meteredFetch } from "../monitoring/metered-fetch.ts";
import { isRecord } from "../wire/is-record.ts";
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
import { invalidRequest, invalidResponse, providerError, type ProviderIdentity } from "./provider-error.ts";
import type { ProviderOptions } from "./provider-options.ts";
import { reportUsage } from "./report-usage.ts";
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
	/** Until the server has refused to be asked for its usage. */
	#asksForUsage = true;

	constructor(apiKey: string, model: string, options: ProviderOptions, dialect: ChatDialect) {
		requirePeer("openai", dialect.className);
		this.#dialect = dialect;
		this.#who = { provider: dialect.provider, model, apiKey };
		this.#maxTokens = options.maxTokens;
		this.#client = openClient(apiKey, options, dialect);
		// The first call hears of a failure.
		this.#client.catch(() => undefined);
	}

	async infer(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options?: CallOptions,
	): Promise<LLMResponse> {
		const call = currentCall();
		const signal = options?.signal;
		try {
			signal?.throwIfAborted();
			const request = this.#request(messages, tools, temperature, options);
			const client = await this.#client;
			const body: unknown = await client.chat.completions.create(request, { signal });
			const usage = reportUsage(call, parseOpenAIChatUsage(isRecord(body) ? body["usage"] : undefined));
			const response = parseChatCompletion(body);
			if (response === undefined) throw noAnswer(body, this.#who);
			if (response.model !== undefined) call?.reportModel(response.model);
			return usage === undefined ? response : { ...response, usage };
		} catch (error) {
			throw providerError(error, this.#who, signal);
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
		const call = currentCall();
		const signal = options?.signal;
		const model = this.#dialect.embeddingModel;
		const who = { ...this.#who, model: model ?? this.#who.model };
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
			const usage = reportUsage(call, parseOpenAIEmbeddingsUsage(isRecord(body) ? body["usage"] : undefined));
			const embedding = parseEmbedding(body);
			if (embedding === undefined) throw noAnswer(body, who);
			const answered = isRecord(body) && typeof body["model"] === "string" ? body["model"] : model;
			call?.reportModel(answered);
			return { embedding, model: answered, ...(usage === undefined ? undefined : { usage }) };
		} catch (error) {
			throw providerError(error, who, signal);
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
		const call = currentCall();
		const caller = options?.signal;
		const reader = new OpenAIStreamReader();
		let usage: ReturnType<typeof reportUsage>;
		try {
			connection.throwIfAborted();
			const chunks = await this.#open(this.#request(messages, tools, temperature, options), connection);
			for await (const chunk of chunks) {
				const said = openAIChunkUsage(chunk);
				if (said !== undefined) usage = reportUsage(call, parseOpenAIChatUsage(said));
				const events = reader.read(chunk);
				if (reader.model !== undefined) call?.reportModel(reader.model);
				yield* events;
			}
			caller?.throwIfAborted();
			if (connection.aborted) return;
			if (reader.isEmpty) throw invalidResponse("the stream ended before its first chunk.", this.#who);
			yield* reader.end(usage);
		} catch (error) {
			if (connection.aborted && caller?.aborted !== true) return;
			throw providerError(error, this.#who, caller);
		}
	}

	async #open(request: ChatRequest, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
		const client = await this.#client;
		const ask = (include: boolean): Promise<AsyncIterable<unknown>> =>
			client.chat.completions.create(
				{ ...request, stream: true, ...(include ? { stream_options: { include_usage: true } } : undefined) },
				{ signal },
			);
		if (!this.#asksForUsage) return ask(false);
		try {
			return await ask(true);
		} catch (error) {
			if (!mayRefuseStreamOptions(error)) throw error;
			const chunks = await ask(false);
			this.#asksForUsage = false;
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

async function openClient(apiKey: string, options: ProviderOptions, dialect: ChatDialect): Promise<OpenAI> {
	const { default: Client } = await import("openai").catch((cause: unknown) => {
		throw missingPeer("openai", dialect.className, cause);
	});
	return new Client({
		apiKey,
		baseURL: options.baseURL,
		timeout: options.timeout,
		maxRetries: options.maxRetries,
		defaultHeaders: options.headers,
		fetch: meteredFetch(options.fetch ?? globalThis.fetch),
		// The SDK would log parts of answers that it cannot read.
		logLevel: "off",
		// What the environment says of OpenAI's organization is nobody else's business.
		...(dialect.isOpenAI ? undefined : { organization: null, project: null }),
	});
}

/** A 400 or 422 that names the field, or that has no message the SDK could read (Mistral's 422 has not). */
function mayRefuseStreamOptions(error: unknown): boolean {
	if (!(error instanceof Error) || !("status" in error)) return false;
	if (error.status !== 400 && error.status !== 422) return false;
	const param = "param" in error ? String(error.param) : "";
	return /stream_options|include_usage|status code \(no body\)/.test(`${error.message} ${param}`);
}

/** Some servers send an error under HTTP 200. */
function noAnswer(body: unknown, who: ProviderIdentity): unknown {
	if (isRecord(body) && isRecord(body["error"])) return providerError(body, who, undefined);
	return invalidResponse("the answer is not of the form that the API promises.", who);
}
