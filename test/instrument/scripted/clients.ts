import type { ClientColumn } from "./client-column.ts";
import { bareFetch } from "./fetch-client.ts";
import { aiSdkChat, aiSdkResponses, langchainChat } from "./framework-clients.ts";
import { anthropicMessages, geminiGenerate } from "./maker-clients.ts";
import { azureChat, openaiChat, openaiResponses } from "./openai-clients.ts";

export type ColumnName =
	| "openai-chat"
	| "openai-responses"
	| "anthropic"
	| "gemini"
	| "ai-sdk"
	| "langchain"
	| "fetch";

/** The matrix' columns, each with the newest major of its library. */
export const COLUMNS: Readonly<Record<ColumnName, ClientColumn>> = {
	"openai-chat": openaiChat(7),
	"openai-responses": openaiResponses(7),
	anthropic: anthropicMessages,
	gemini: geminiGenerate,
	"ai-sdk": aiSdkChat,
	langchain: langchainChat,
	fetch: bareFetch,
};

/** The older majors and the other ways in, which are to do as the column of that name does. */
export const VARIANTS: Readonly<
	Record<string, { readonly like: ColumnName; readonly column: ClientColumn }>
> = {
	"openai 5 chat": { like: "openai-chat", column: openaiChat(5) },
	"openai 6 chat": { like: "openai-chat", column: openaiChat(6) },
	"azure chat": { like: "openai-chat", column: azureChat },
	"openai 5 responses": { like: "openai-responses", column: openaiResponses(5) },
	"openai 6 responses": { like: "openai-responses", column: openaiResponses(6) },
	"ai-sdk responses": { like: "ai-sdk", column: aiSdkResponses },
};
