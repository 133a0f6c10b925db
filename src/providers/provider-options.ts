import { HyperAgentError } from "../core/hyperagent-error.ts";
import { isRecord } from "../wire/is-record.ts";

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

const OPTIONS = [
	"baseURL",
	"timeout",
	"maxRetries",
	"fetch",
	"headers",
	"maxTokens",
	"embeddingModel",
] as const;

/**
 * Refuses what cannot work, before the first request. `what` is how the caller wrote it, without the key.
 *
 * @param others names of options that this provider has beside the common ones
 * @throws HyperAgentError `BAD_OPTION`
 */
export function checkProvider(
	what: string,
	apiKey: unknown,
	model: unknown,
	options: unknown,
	others: readonly string[] = [],
): void {
	if (typeof apiKey !== "string" || apiKey.trim() === "") {
		throw bad(`${what}: the API key is empty. Pass the provider's key; for a server without keys, any text.`);
	}
	if (typeof model !== "string" || model.trim() === "") {
		throw bad(`${what}: the model is empty. Pass the provider's name of a model, such as "gpt-4o-mini".`);
	}
	if (!isRecord(options)) throw bad(`${what}: options must be an object.`);
	const known = [...OPTIONS, ...others];
	// A typing error in baseURL would send a key, and what is asked, to another server.
	for (const name of Object.keys(options)) {
		if (!known.includes(name))
			throw bad(`${what}: there is no option \`${name}\`, only ${known.join(", ")}.`);
	}
	const { baseURL, fetch, headers, maxRetries, maxTokens, timeout } = options;
	if (baseURL !== undefined) checkBaseURL(what, baseURL);
	if (timeout !== undefined && !(isNumber(timeout) && timeout > 0 && timeout < 2 ** 31)) {
		throw bad(`${what}: timeout must be a number of milliseconds above 0 and below 2^31.`);
	}
	if (maxRetries !== undefined && !(Number.isInteger(maxRetries) && Number(maxRetries) >= 0)) {
		throw bad(`${what}: maxRetries must be a whole number, 0 or more.`);
	}
	if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && Number(maxTokens) > 0)) {
		throw bad(`${what}: maxTokens must be a whole number above 0.`);
	}
	if (fetch !== undefined && typeof fetch !== "function") throw bad(`${what}: fetch must be a function.`);
	if (headers !== undefined && !(isRecord(headers) && Object.values(headers).every(isText))) {
		throw bad(`${what}: headers must be an object of strings by name.`);
	}
	for (const name of ["embeddingModel", "provider"]) {
		const value = options[name];
		if (value !== undefined && !(isText(value) && value !== ""))
			throw bad(`${what}: ${name} must be a name.`);
	}
}

/**
 * Refuses what is no address of an API.
 *
 * @throws HyperAgentError `BAD_OPTION`; it never shows the address, which may hold a password
 */
export function checkBaseURL(what: string, baseURL: unknown): void {
	const url = isText(baseURL) ? URL.parse(baseURL) : null;
	if (url === null || !/^https?:$/.test(url.protocol)) {
		throw bad(`${what}: the base URL must be an http(s) address, such as "https://openrouter.ai/api/v1".`);
	}
	if (url.username !== "" || url.password !== "") {
		throw bad(`${what}: the base URL must not hold a user name or password: send them as a header.`);
	}
}

function isText(value: unknown): value is string {
	return typeof value === "string";
}

function isNumber(value: unknown): value is number {
	return typeof value === "number";
}

function bad(message: string): HyperAgentError {
	return new HyperAgentError("BAD_OPTION", message);
}
