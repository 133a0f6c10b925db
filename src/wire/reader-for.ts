import { AnthropicReader } from "./anthropic-reader.ts";
import { GeminiReader } from "./gemini-reader.ts";
import { OpenAIChatReader } from "./openai-chat-reader.ts";
import { OpenAIEmbeddingsReader } from "./openai-embeddings-reader.ts";
import { OpenAIResponsesReader } from "./openai-responses-reader.ts";
import type { WireFormat } from "./wire-format.ts";
import type { WireReader } from "./wire-reader.ts";

/**
 * A new reader for one answer of that API.
 *
 * @param askedModel the model that was asked, where the answer may not name the one that gave it
 */
export function readerFor(format: WireFormat, askedModel?: string): WireReader {
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
			return new GeminiReader(format === "gemini-embed", askedModel);
	}
}
