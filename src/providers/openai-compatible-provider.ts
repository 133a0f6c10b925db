import { ChatCompletionsBackend } from "./chat-completions-backend.ts";
import { checkBaseURL, checkProvider, type ProviderOptions } from "./provider-options.ts";

/** What an {@link OpenAICompatibleProvider} can be told beside what every provider can. */
export interface OpenAICompatibleOptions extends ProviderOptions {
	/** The provider's name in the price book, where the address does not tell it: "groq", "mistral". */
	readonly provider?: string | undefined;
}

/** Hosts, or ends of hosts, by the provider's name in genai-prices. */
const WELL_KNOWN_HOSTS: readonly (readonly [string, string])[] = [
	["openrouter.ai", "openrouter"],
	["api.groq.com", "groq"],
	["api.deepseek.com", "deepseek"],
	["api.x.ai", "x-ai"],
	["api.mistral.ai", "mistral"],
	["api.together.xyz", "together"],
	["api.fireworks.ai", "fireworks"],
	["api.perplexity.ai", "perplexity"],
	["api.cerebras.ai", "cerebras"],
	["api.moonshot.ai", "moonshotai"],
	["api.moonshot.cn", "moonshotai"],
	["api.novita.ai", "novita"],
	["api.cohere.ai", "cohere"],
	["api.cohere.com", "cohere"],
	["api.minimax.io", "minimax"],
	["api.z.ai", "zai"],
	["openai.azure.com", "azure"],
	["generativelanguage.googleapis.com", "google"],
	["api.openai.com", "openai"],
	["api.anthropic.com", "anthropic"],
];

/**
 * Any server that speaks OpenAI's chat completions API: OpenRouter, Groq, DeepSeek, vLLM, Ollama. Runs on the official
 * `openai` SDK (an optional peer dependency).
 *
 * @example
 * ```ts
 * import { OpenAICompatibleProvider } from "@hyperagent/observe/providers";
 *
 * const groq = new OpenAICompatibleProvider("https://api.groq.com/openai/v1", "gsk_…", "llama-3.3-70b-versatile");
 * console.log(groq.modelInfo().provider); // "groq"
 * const ollama = new OpenAICompatibleProvider("http://127.0.0.1:11434/v1", "none", "llama3.2");
 * console.log(ollama.modelInfo().provider); // "openai-compatible"
 * ```
 */
export class OpenAICompatibleProvider extends ChatCompletionsBackend {
	/**
	 * @param baseURL where the API is, version included; the one in `options` is not looked at
	 * @param apiKey any text for a server without keys
	 * @param options `embed` needs `embeddingModel`
	 * @throws HyperAgentError `BAD_OPTION`, or `MISSING_PEER` when the package `openai` is not installed
	 */
	constructor(baseURL: string, apiKey: string, model: string, options: OpenAICompatibleOptions = {}) {
		const what = "new OpenAICompatibleProvider(baseURL, apiKey, model, options)";
		const settings = { ...options, baseURL };
		checkProvider(what, apiKey, model, settings, ["provider"]);
		// Left out, it would be OpenAI's: a key and a prompt of somebody else's would go there.
		checkBaseURL(what, baseURL);
		super(apiKey, model, settings, {
			className: "OpenAICompatibleProvider",
			provider: options.provider ?? providerAt(baseURL),
			isOpenAI: false,
			embeddingModel: options.embeddingModel,
			maxTokensField: "max_tokens",
		});
	}
}

function providerAt(baseURL: string): string {
	const { hostname } = new URL(baseURL);
	const known = WELL_KNOWN_HOSTS.find(([host]) => hostname === host || hostname.endsWith(`.${host}`));
	return known?.[1] ?? "openai-compatible";
}
