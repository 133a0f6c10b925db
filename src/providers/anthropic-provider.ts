import type Anthropic from "@anthropic-ai/sdk";
import type { TokenUsage } from "../core/token-usage.ts";
import { openExchange } from "../monitoring/exchange.ts";
import { attemptFetch } from "../monitoring/attempt-fetch.ts";
import { parseAnthropicUsage } from "../wire/anthropic-messages.ts";
import { isRecord } from "../wire/is-record.ts";
import { toAnthropicConversation, toAnthropicTools } from "./anthropic-request.ts";
import { parseAnthropicMessage } from "./anthropic-response.ts";
import { AnthropicStreamReader } from "./anthropic-stream.ts";
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
import {
	failed,
	invalidRequest,
	invalidResponse,
	providerError,
	type ProviderIdentity,
	secretsOf,
} from "./provider-error.ts";
import { checkProvider, type ProviderOptions } from "./provider-options.ts";
import { missingPeer, requirePeer } from "./sdk-peer.ts";

/** In the API's next version, which the SDK asks for, no model takes a temperature. */
const VERSION_WITH_TEMPERATURE = "2023-06-01";

/** The API's own. */
const DEFAULT_TEMPERATURE = 1;

/** The API wants a bound; every model that it serves can answer that much. */
const DEFAULT_MAX_TOKENS = 4096;

/**
 * Anthropic, on the official `@anthropic-ai/sdk` (an optional peer dependency). A temperature of 1 is the API's own and
 * is not sent: newer models refuse every other one, older ones take it.
 *
 * @example
 * ```ts
 * import { AnthropicProvider } from "@hyperagent/observe/providers";
 *
 * const anthropic = new AnthropicProvider("sk-ant-…", "claude-haiku-4-5", { maxTokens: 1024 });
 * console.log(anthropic.modelInfo().provider); // "anthropic"
 * ```
 */
export class AnthropicProvider implements LLMBackend {
	readonly #client: Promise<Anthropic>;
	readonly #who: ProviderIdentity;
	readonly #maxTokens: number;
	readonly #headers: Readonly<Record<string, string>>;

	/**
	 * @param options answers have at most 4096 tokens unless `maxTokens`, here or in a call, says otherwise
	 * @throws HyperAgentError `BAD_OPTION`, or `MISSING_PEER` when the package `@anthropic-ai/sdk` is not installed
	 */
	constructor(apiKey: string, model: string, options: ProviderOptions = {}) {
		checkProvider("new AnthropicProvider(apiKey, model, options)", apiKey, model, options);
		requirePeer("@anthropic-ai/sdk", "AnthropicProvider");
		this.#who = { provider: "anthropic", model, secrets: secretsOf(apiKey, options.headers) };
		this.#maxTokens = options.maxTokens ?? DEFAULT_MAX_TOKENS;
		this.#headers = options.headers ?? {};
		this.#client = openClient(apiKey, model, options);
		// The first call hears of a failure.
		this.#client.catch(() => undefined);
	}

	async infer(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options?: CallOptions,
	): Promise<LLMResponse> {
		const exchange = openExchange(this.#who.provider, this.#who.model);
		const signal = options?.signal;
		try {
			signal?.throwIfAborted();
			const request = this.#request(messages, tools, temperature, options);
			const client = await this.#client;
			const body: unknown = await client.messages.create(
				{ ...request, stream: false },
				{ signal, headers: this.#versionFor(temperature) },
			);
			const usage = exchange.reportUsage(parseAnthropicUsage(isRecord(body) ? body["usage"] : undefined));
			const response = parseAnthropicMessage(body);
			if (response === undefined) throw this.#noAnswer(body);
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

	/** Always rejects: Anthropic has no embeddings API. */
	async embed(_text: string, _options?: CallOptions): Promise<EmbeddingResponse> {
		throw invalidRequest("Anthropic has no embeddings API: embed with another provider.", this.#who);
	}

	modelInfo(): ModelInfo {
		return { model: this.#who.model, provider: this.#who.provider };
	}

	/**
	 * A stream that is cut ends as the SDK ends it, silently: the caller sees what it would have seen. One that ends
	 * without a single event is an `invalid_response`.
	 */
	async *#stream(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options: CallOptions | undefined,
		connection: AbortSignal,
	): AsyncGenerator<StreamEvent, undefined> {
		const exchange = openExchange(this.#who.provider, this.#who.model);
		const caller = options?.signal;
		const reader = new AnthropicStreamReader();
		let said: unknown;
		let usage: TokenUsage | undefined;
		try {
			connection.throwIfAborted();
			const request = this.#request(messages, tools, temperature, options);
			const client = await this.#client;
			const events = await client.messages.create(
				{ ...request, stream: true },
				{ signal: connection, headers: this.#versionFor(temperature) },
			);
			for await (const event of events) {
				const ours = reader.read(event);
				exchange.reportModel(reader.model);
				if (reader.firstToken !== undefined) exchange.firstToken(reader.firstToken);
				if (reader.usage !== said) {
					said = reader.usage;
					usage = exchange.reportUsage(parseAnthropicUsage(said));
				}
				yield* ours;
			}
			caller?.throwIfAborted();
			if (connection.aborted) return;
			if (reader.isEmpty) throw invalidResponse("the stream ended before its first event.", this.#who);
			exchange.done(reader.isComplete);
			yield* reader.end(usage);
		} catch (error) {
			if (connection.aborted && caller?.aborted !== true) return;
			throw failed(error, this.#who, caller, exchange);
		}
	}

	#request(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options: CallOptions | undefined,
	): Anthropic.MessageCreateParamsNonStreaming & { temperature?: number } {
		const { system, messages: turns } = toAnthropicConversation(messages, (what) =>
			invalidRequest(what, this.#who),
		);
		return {
			model: this.#who.model,
			max_tokens: options?.maxTokens ?? this.#maxTokens,
			messages: turns,
			...(temperature === DEFAULT_TEMPERATURE ? undefined : { temperature }),
			...(system === "" ? undefined : { system }),
			...(tools.length === 0 ? undefined : { tools: toAnthropicTools(tools) }),
		};
	}

	#versionFor(temperature: number): Record<string, string> {
		const isSet = Object.keys(this.#headers).some((name) => name.toLowerCase() === "anthropic-version");
		return isSet || temperature === DEFAULT_TEMPERATURE
			? {}
			: { "anthropic-version": VERSION_WITH_TEMPERATURE };
	}

	/** An error can come under HTTP 200, from what stands in between. */
	#noAnswer(body: unknown): unknown {
		if (isRecord(body) && isRecord(body["error"])) return providerError(body, this.#who, undefined);
		return invalidResponse("the answer is not of the form that the API promises.", this.#who);
	}
}

async function openClient(apiKey: string, model: string, options: ProviderOptions): Promise<Anthropic> {
	const { default: Client } = await import("@anthropic-ai/sdk").catch((cause: unknown) => {
		throw missingPeer("@anthropic-ai/sdk", "AnthropicProvider", cause);
	});
	return new Client({
		apiKey: apiKey.trim(),
		baseURL: options.baseURL,
		timeout: options.timeout,
		maxRetries: options.maxRetries,
		defaultHeaders: options.headers,
		fetch: attemptFetch(options.fetch ?? globalThis.fetch, { provider: "anthropic", model }),
		// The SDK would log parts of answers that it cannot read.
		logLevel: "off",
	});
}
