import { ChatCompletionsBackend } from "./chat-completions-backend.ts";
import { checkProvider, type ProviderOptions } from "./provider-options.ts";

/**
 * OpenAI, on the official `openai` SDK (an optional peer dependency).
 *
 * @example
 * ```ts
 * import { OpenAIProvider } from "@hyperagent/observe/providers";
 *
 * const openai = new OpenAIProvider("sk-…", "gpt-4o-mini", { timeout: 30_000 });
 * console.log(openai.modelInfo().model); // "gpt-4o-mini"
 * ```
 */
export class OpenAIProvider extends ChatCompletionsBackend {
	/**
	 * @param options `embed` uses `text-embedding-3-small` unless `embeddingModel` says otherwise
	 * @throws HyperAgentError `BAD_OPTION`, or `MISSING_PEER` when the package `openai` is not installed
	 */
	constructor(apiKey: string, model: string, options: ProviderOptions = {}) {
		checkProvider("new OpenAIProvider(apiKey, model, options)", apiKey, model, options);
		super(apiKey, model, options, {
			className: "OpenAIProvider",
			provider: "openai",
			isOpenAI: true,
			embeddingModel: options.embeddingModel ?? "text-embedding-3-small",
			maxTokensField: "max_completion_tokens",
		});
	}
}
