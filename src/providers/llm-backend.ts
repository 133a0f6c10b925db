import type { TokenUsage } from "../core/token-usage.ts";

/** A part of a message that is not text. */
export interface ImagePart {
	readonly type: "image";
	/** An `https:` or `data:` URL. */
	readonly url: string;
}

/** A part of a message that is text. */
export interface TextPart {
	readonly type: "text";
	readonly text: string;
}

/** A request of the model to run one of the caller's tools. */
export interface ToolCall {
	readonly id: string;
	readonly name: string;
	/** The arguments as the model wrote them: JSON text, which may be invalid. */
	readonly arguments: string;
}

/** One turn of a conversation. */
export type Message =
	| { readonly role: "system"; readonly content: string }
	| { readonly role: "user"; readonly content: string | readonly (TextPart | ImagePart)[] }
	| { readonly role: "assistant"; readonly content: string; readonly toolCalls?: readonly ToolCall[] }
	| { readonly role: "tool"; readonly toolCallId: string; readonly content: string };

/** A tool that the model may ask the caller to run. */
export interface ToolDefinition {
	readonly name: string;
	readonly description?: string;
	/** JSON Schema of the arguments: an object schema. */
	readonly parameters: Readonly<Record<string, unknown>>;
}

/** What a single call may set beside the guide's three arguments. */
export interface CallOptions {
	/** Cancels the call. What is thrown then is the signal's reason. */
	readonly signal?: AbortSignal;
	/** The most tokens that the model may answer with. */
	readonly maxTokens?: number;
}

/** Why the model stopped. */
export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "other";

/** A whole answer. */
export interface LLMResponse {
	readonly content: string;
	readonly toolCalls: readonly ToolCall[];
	readonly finishReason: FinishReason;
	/** The model that answered, in the provider's words. */
	readonly model?: string;
	/** Absent when the provider did not report it. */
	readonly usage?: TokenUsage;
}

/** One event of a streamed answer; `done` comes exactly once, last. */
export type StreamEvent =
	| { readonly type: "text-delta"; readonly text: string }
	| { readonly type: "tool-call-start"; readonly id: string; readonly name: string }
	| { readonly type: "tool-call-delta"; readonly id: string; readonly argumentsDelta: string }
	| { readonly type: "tool-call-end"; readonly id: string }
	| {
			readonly type: "done";
			readonly finishReason: FinishReason;
			readonly model?: string;
			readonly usage?: TokenUsage;
	  };

/** An embedding of one text. */
export interface EmbeddingResponse {
	readonly embedding: readonly number[];
	readonly model?: string;
	readonly usage?: TokenUsage;
}

/** What a backend says of itself. */
export interface ModelInfo {
	readonly model: string;
	/** The provider family that its prices are found under ("openai", "anthropic", "groq"). */
	readonly provider: string;
	/** Which model `embed` uses, where the backend can embed. */
	readonly embeddingModel?: string;
}

/**
 * One model behind one API: the guide's contract. `infer` and `embed` reject with an `LlmError`, or with the
 * signal's reason when the caller aborted; `inferStream` starts its request at once and its iterator throws the
 * same. Leaving the stream early (`break`) closes the connection.
 *
 * @example
 * ```ts
 * import type { LLMBackend } from "@hyperagent/observe/providers";
 *
 * const echo: LLMBackend = {
 *   infer: async (messages) => ({
 *     content: String(messages.at(-1)?.content),
 *     toolCalls: [],
 *     finishReason: "stop",
 *     usage: { inputUncached: 3, output: 3 },
 *   }),
 *   async *inferStream() {
 *     yield { type: "text-delta", text: "hello" };
 *     yield { type: "done", finishReason: "stop", usage: { inputUncached: 3, output: 1 } };
 *   },
 *   embed: async () => ({ embedding: [0, 1], usage: { inputUncached: 2 } }),
 *   modelInfo: () => ({ model: "echo-1", provider: "echo" }),
 * };
 * console.log((await echo.infer([{ role: "user", content: "hi" }], [], 0)).content); // "hi"
 * ```
 */
export interface LLMBackend {
	infer(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options?: CallOptions,
	): Promise<LLMResponse>;
	inferStream(
		messages: readonly Message[],
		tools: readonly ToolDefinition[],
		temperature: number,
		options?: CallOptions,
	): AsyncIterable<StreamEvent>;
	embed(text: string, options?: CallOptions): Promise<EmbeddingResponse>;
	modelInfo(): ModelInfo;
}
