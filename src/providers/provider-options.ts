import { HyperAgentError } from "../core/hyperagent-error.ts";

/** How a provider reaches its API; the first four are named as the official SDKs name them. */
export interface ProviderOptions {
	/** Where the API is, with its version where it has one ("http://127.0.0.1:11434/v1"). */
	readonly baseURL?: string | undefined;
	/** How long one request may take until the answer begins, in milliseconds; the SDK's own default is 10 minutes. */
	readonly timeout?: number | undefined;
	/** How often the SDK tries again after a failure that may pass; 2 unless set. */
	readonly maxRetries?: number | undefined;
	/** What makes the HTTP requests, in place of the global `fetch`. */
	readonly fetch?: typeof globalThis.fetch | undefined;
	/** Headers for every request. */
	readonly headers?: Readonly<Record<string, string>> | undefined;
	/** The most tokens of an answer, where a call does not say. */
	readonly maxTokens?: number | undefined;
	/** The model of `embed`. */
	readonly embeddingModel?: string | undefined;
}

/**
 * Refuses what cannot work, before the first request. `what` is how the caller wrote it, without the key.
 *
 * @throws HyperAgentError `BAD_OPTION`
 */
export function checkProvider(what: string, apiKey: unknown, model: unknown, options: ProviderOptions): void {
	if (typeof apiKey !== "string" || apiKey.trim() === "") {
		throw bad(`${what}: the API key is empty. Pass the provider's key; for a server without keys, any text.`);
	}
	if (typeof model !== "string" || model.trim() === "") {
		throw bad(`${what}: the model is empty. Pass the provider's name of a model, such as "gpt-4o-mini".`);
	}
	const { baseURL, timeout, maxRetries, maxTokens } = options;
	if (baseURL !== undefined && !/^https?:$/.test(URL.parse(baseURL)?.protocol ?? "")) {
		throw bad(`${what}: the base URL must be an http(s) address, such as "https://openrouter.ai/api/v1".`);
	}
	if (timeout !== undefined && !(timeout > 0 && timeout < 2 ** 31)) {
		throw bad(`${what}: timeout is ${timeout}, and must be milliseconds above 0 and below 2^31.`);
	}
	if (maxRetries !== undefined && !(Number.isInteger(maxRetries) && maxRetries >= 0)) {
		throw bad(`${what}: maxRetries is ${maxRetries}, and must be a whole number, 0 or more.`);
	}
	if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && maxTokens > 0)) {
		throw bad(`${what}: maxTokens is ${maxTokens}, and must be a whole number above 0.`);
	}
}

function bad(message: string): HyperAgentError {
	return new HyperAgentError("BAD_OPTION", message);
}
