import { HyperAgentError } from "../core/hyperagent-error.ts";
import { instrumentLanguageModel, isEmbeddingModel, isLanguageModel } from "./ai-sdk.ts";
import { instrumentGoogle, isGoogleClient } from "./google.ts";
import type { InstrumentOptions } from "./instrument-options.ts";
import { instrumentChatModel, isChatModel } from "./langchain.ts";
import { instrumentStainless, isStainlessClient } from "./stainless.ts";

/**
 * The client that you have, metered: every method works as it did and gives what it gave, and each call counts exactly
 * once, with its retries, its stream's end and its usage. Takes the clients of `openai` (5 to 7, AzureOpenAI too),
 * `@anthropic-ai/sdk` and `@google/genai`, the models of the Vercel AI SDK and the chat models of LangChain. The client
 * that was given stays as it is; calls that go on using it are not metered. The clients of `openai` and Anthropic are made a
 * second time, by their own `withOptions()`; what a class of yours has put on them is carried over.
 *
 * @throws HyperAgentError `BAD_OPTION` for anything else, where there is no route, and for a client that cannot be made again
 *
 * @example
 * ```ts
 * import { instrument } from "@hyperagent/observe/instrument";
 * import OpenAI from "openai";
 *
 * const openai = instrument(new OpenAI({ apiKey: "sk-…" }), { route: "chat" });
 * console.log(typeof openai.chat.completions.create); // "function"
 * ```
 */
export function instrument<T extends object>(client: T, options: InstrumentOptions): T {
	const { provider, route }: Partial<InstrumentOptions> = options ?? {};
	if (typeof route !== "string" || route === "") {
		throw new HyperAgentError(
			"BAD_OPTION",
			'instrument(client, { route }): route is the value of a label and must be a name such as "chat".',
		);
	}
	if (provider !== undefined && (typeof provider !== "string" || provider === "")) {
		throw new HyperAgentError(
			"BAD_OPTION",
			'instrument(client, { provider }): provider is the value of a label: a name such as "openai", or leave it out.',
		);
	}
	const metered = meter(client, { route, provider });
	if (metered === undefined) {
		throw new HyperAgentError(
			"BAD_OPTION",
			"instrument(client, …): this is no client that we know: give it one of openai (5 to 7), @anthropic-ai/sdk or @google/genai, a model of the AI SDK or a chat model of LangChain. For anything that takes a fetch there is meteredFetch().",
		);
	}
	// Each of them gives back what it was given, of the same class.
	return metered as T;
}

function meter(client: unknown, options: InstrumentOptions): object | undefined {
	if ((typeof client !== "object" && typeof client !== "function") || client === null) return undefined;
	if (isStainlessClient(client)) return instrumentStainless(client, options);
	if (isGoogleClient(client)) return instrumentGoogle(client, options);
	if (isLanguageModel(client) || isEmbeddingModel(client)) return instrumentLanguageModel(client, options);
	return isChatModel(client) ? instrumentChatModel(client, options) : undefined;
}
