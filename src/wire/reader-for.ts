import { AnthropicReader } from "./anthropic-reader.ts";
import { GeminiReader } from "./gemini-reader.ts";
import { OpenAIChatReader } from "./openai-chat-reader.ts";
import { OpenAIEmbeddingsReader } from "./openai-embeddings-reader.ts";
import { OpenAIResponsesReader } from "./openai-responses-reader.ts";
import type { WireFormat } from "./wire-format.ts";
import type { WireReader } from "./wire-reader.ts";

/** A new reader for one answer of that API. */
export function readerFor(format: WireFormat): WireReader {
	switch (format) {
		case "openai-chat":
		case "openai-completions":
			return new OpenAIChatReader();
		case "openai-responses":
			return new OpenAIResponsesReader();
		case "openai-embeddings":
			return new OpenAIEmbeddingsReader();
		case "anthropic-messages":
			return new AnthropicReader();
		case "gemini-generate":
		case "gemini-embed":
			return new GeminiReader(format === "gemini-embed");
	}
}
