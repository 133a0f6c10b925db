import type { CountReader } from "./count-reader.ts";

/** What a prompt of OpenAI's chat API wrote to the cache. */
export interface CacheWrites {
	/** For five minutes, or nobody knows for how long. */
	readonly fiveMinutes: number | undefined;
	readonly hour: number | undefined;
	/** Where there is no room for them in the prompt, they stand beside it. */
	readonly mayStandBeside: boolean;
}

/**
 * Reads `prompt_tokens_details.cache_write_tokens` of OpenAI and OpenRouter; `cache_creation_input_tokens` there of DashScope,
 * `cache_creation_tokens` of LiteLLM, each with the lifetimes in an object beside it. LiteLLM has the number in the usage as
 * well, where its older versions did not count it in the prompt.
 * https://docs.litellm.ai/docs/completion/prompt_caching
 */
export function readCacheWrites(usage: unknown, details: unknown, counts: CountReader): CacheWrites {
	const outer = counts.count(usage, "cache_creation_input_tokens");
	const all =
		counts.count(details, "cache_write_tokens") ??
		counts.count(details, "cache_creation_input_tokens") ??
		counts.count(details, "cache_creation_tokens") ??
		outer;
	const split =
		counts.record(details, "cache_creation") ?? counts.record(details, "cache_creation_token_details");
	const hour = counts.count(split, "ephemeral_1h_input_tokens");
	if ((hour ?? 0) > (all ?? 0)) counts.bad = true;
	return {
		fiveMinutes: all === undefined ? undefined : all - (hour ?? 0),
		hour: hour === 0 ? undefined : hour,
		mayStandBeside: outer !== undefined,
	};
}
