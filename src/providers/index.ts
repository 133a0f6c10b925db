/** providers/: the guide's LLM backends, on the official SDKs, and what can be wrapped around them. */
import "../core/require-node.ts";

export { ERROR_TYPES, type ErrorType, LlmError, type LlmErrorOptions } from "../core/llm-error.ts";
export type { IterationUsage, TokenUsage } from "../core/token-usage.ts";
export { AnthropicProvider } from "./anthropic-provider.ts";
export { CachedBackend, type CacheOptions } from "./cached-backend.ts";
export { InstrumentedBackend } from "./instrumented-backend.ts";
export type {
	CallOptions,
	EmbeddingResponse,
	FinishReason,
	ImagePart,
	LLMBackend,
	LLMResponse,
	Message,
	ModelInfo,
	StreamEvent,
	TextPart,
	ToolCall,
	ToolDefinition,
} from "./llm-backend.ts";
export { OpenAICompatibleProvider } from "./openai-compatible-provider.ts";
export { OpenAIProvider } from "./openai-provider.ts";
