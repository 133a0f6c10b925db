/** wire/: what providers say (usage, errors, rate limits), read from plain values; no I/O, and nothing throws. */
import { billSaid } from "./bill-said.ts";
import { readCacheWrites } from "./cache-writes.ts";
import { CountReader } from "./count-reader.ts";
import { isRecord } from "./is-record.ts";
import {
	finishUsage,
	NOT_REPORTED,
	PARSE_ERROR,
	type ParsedUsage,
	withoutKnownFields,
} from "./parsed-usage.ts";
import { readServerTools } from "./server-tools.ts";

/**
 * The `usage` of a chat completion, from OpenAI or from a server that is compatible with it.
 *
 * `prompt_tokens` includes what was read from the cache (`prompt_tokens_details.cached_tokens`; DeepSeek's
 * `prompt_cache_hit_tokens`; Moonshot's `cached_tokens`) and what was written to it. A usage in which these are more than
 * the prompt is a `parse_error`, for it has no price; so are audio or image tokens that are more than their whole. Reasoning costs what output costs, so a `reasoning_tokens` that contradicts the rest is left
 * out and the rest stands. Google reports no thoughts here but in the total, so what is more in it than prompt and
 * completion is reasoning, unless a field that we do not know may say otherwise.
 *
 * @param answer the completion or the chunk that it stands in, which names the service tier
 */
export function parseOpenAIChatUsage(said: unknown, answer?: unknown): ParsedUsage {
	if (said === undefined || said === null) return NOT_REPORTED;
	const counts = new CountReader();
	const usage = counts.record(said);
	const prompt = counts.count(usage["prompt_tokens"]);
	const completion = counts.count(usage["completion_tokens"]);
	const total = counts.count(usage["total_tokens"]);
	const promptDetails = counts.record(usage["prompt_tokens_details"]);
	const completionDetails = counts.record(usage["completion_tokens_details"]);
	const cacheRead =
		counts.count(promptDetails["cached_tokens"]) ??
		counts.count(usage["prompt_cache_hit_tokens"]) ??
		counts.count(usage["cached_tokens"]);
	const writes = readCacheWrites(usage, promptDetails, counts);
	const audio = counts.count(promptDetails["audio_tokens"]);
	const image = counts.count(promptDetails["image_tokens"]);
	const reportedReasoning = counts.count(completionDetails["reasoning_tokens"]);
	const outputAudio = counts.count(completionDetails["audio_tokens"]);
	const outputImage = counts.count(completionDetails["image_tokens"]);
	const tools = readServerTools(usage, counts);
	const searches = tools.webSearches ?? counts.count(usage["num_search_queries"]);
	const sources = counts.count(usage["num_sources_used"]) ?? 0;
	if (counts.bad) return PARSE_ERROR;
	if (prompt === undefined && completion === undefined) return withoutKnownFields(said);

	const unread = (prompt ?? 0) - (cacheRead ?? 0);
	const written = (writes.fiveMinutes ?? 0) + (writes.hour ?? 0);
	const uncached = written > unread && writes.mayStandBeside ? unread : unread - written;
	const reported =
		reportedReasoning ??
		hiddenReasoning(usage, { prompt, completion, total, cached: (cacheRead ?? 0) + written });
	const { output, reasoning } = withReasoning(prompt ?? 0, completion, total, reported);
	if (uncached < 0 || (audio ?? 0) + (image ?? 0) > (prompt ?? 0)) return PARSE_ERROR;
	if ((outputAudio ?? 0) + (outputImage ?? 0) > (output ?? 0)) return PARSE_ERROR;

	// The audio of a prompt is not told apart by cached and uncached: what does not fit in the one was in the other.
	const inputAudio = atMost(audio, uncached);
	const cachedAudio = (audio ?? 0) - (inputAudio ?? 0);
	return {
		...billSaid(usage, answer),
		usage: finishUsage({
			inputUncached: prompt === undefined ? undefined : uncached,
			cacheRead,
			cacheWrite5m: writes.fiveMinutes,
			cacheWrite1h: writes.hour,
			output,
			reasoning,
			inputAudio,
			cacheReadAudio: cachedAudio > 0 ? atMost(cachedAudio, cacheRead ?? 0) : undefined,
			inputImage: atMost(image, uncached - (inputAudio ?? 0)),
			outputAudio,
			outputImage,
			webSearches: searches,
			// xAI bills a live search by the sources that it used, Perplexity by the query.
			serverTools: sources > 0 ? { ...tools.serverTools, live_search_sources: sources } : tools.serverTools,
		}),
	};
}

/** The `usage` of an embeddings response: input only. Some servers report nothing but the total. */
export function parseOpenAIEmbeddingsUsage(said: unknown): ParsedUsage {
	if (said === undefined || said === null) return NOT_REPORTED;
	const counts = new CountReader();
	const usage = counts.record(said);
	const input = counts.count(usage["prompt_tokens"]) ?? counts.count(usage["total_tokens"]);
	if (counts.bad) return PARSE_ERROR;
	if (input === undefined) return withoutKnownFields(said);
	return { ...billSaid(usage), usage: { inputUncached: input } };
}

/**
 * The usage object that a chunk of a stream carries, if any; the last one of a stream holds. Groq puts it into
 * `x_groq` where nobody asked for it.
 */
export function openAIChunkUsage(chunk: unknown): unknown {
	if (!isRecord(chunk)) return undefined;
	const groq = chunk["x_groq"];
	return chunk["usage"] ?? (isRecord(groq) ? groq["usage"] : undefined) ?? undefined;
}

/**
 * Output with its reasoning in it. Most count reasoning in `completion_tokens`; xAI counts it outside, and then
 * total = prompt + completion + reasoning, or, where there is no total, it may be more than the completion.
 */
function withReasoning(
	prompt: number,
	completion: number | undefined,
	total: number | undefined,
	reasoning: number | undefined,
): { output: number | undefined; reasoning: number | undefined } {
	if (reasoning === undefined) return { output: completion, reasoning: undefined };
	const written = completion ?? 0;
	const isOutside =
		total === undefined ? reasoning > written : total === prompt + written + reasoning && reasoning > 0;
	if (isOutside) return { output: written + reasoning, reasoning };
	return { output: completion, reasoning: reasoning > written ? undefined : reasoning };
}

/** Of these a total is made. */
const TOTALLED: ReadonlySet<string> = new Set(["prompt_tokens", "completion_tokens", "total_tokens"]);

/**
 * What only the total tells of; `undefined` where it is none. Any other number may be what the total has more: the
 * seconds of Mistral's audio input, the cache of gateways that count it beside the prompt.
 */
function hiddenReasoning(
	usage: unknown,
	{
		cached,
		completion = 0,
		prompt,
		total = 0,
	}: { readonly [part in "cached" | "completion" | "prompt" | "total"]: number | undefined },
): number | undefined {
	if (prompt === undefined || total <= prompt + completion || !isRecord(usage)) return undefined;
	const isExplained = Object.entries(usage).some(
		([key, value]) => typeof value === "number" && value > 0 && !TOTALLED.has(key),
	);
	const rest = total - prompt - completion;
	return isExplained || rest === cached ? undefined : rest;
}

function atMost(count: number | undefined, limit: number): number | undefined {
	return count === undefined ? undefined : Math.min(count, limit);
}
