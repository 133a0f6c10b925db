import { CountReader } from "./count-reader.ts";
import { isRecord } from "./is-record.ts";

type Fields = Readonly<Record<string, unknown>>;

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
export function readCacheWrites(usage: Fields, details: Fields, counts: CountReader): CacheWrites {
	const outer = counts.count(usage["cache_creation_input_tokens"]);
	const sum =
		counts.count(details["cache_write_tokens"]) ??
		counts.count(details["cache_creation_input_tokens"]) ??
		counts.count(details["cache_creation_tokens"]) ??
		outer;
	// What cannot be read of the lifetimes spoils no sum.
	const own = new CountReader();
	const { cache_creation: creation, cache_creation_token_details: lifetimes } = details;
	const split = own.record(isRecord(creation) ? creation : lifetimes);
	const hour = own.count(split["ephemeral_1h_input_tokens"]) ?? 0;
	const all = sum ?? hour + (own.count(split["ephemeral_5m_input_tokens"]) ?? 0);
	if (hour > all) counts.bad = true;
	return {
		fiveMinutes: sum === undefined && all === 0 ? undefined : all - hour,
		hour: hour === 0 ? undefined : hour,
		mayStandBeside: outer !== undefined,
	};
}
