import { CountReader } from "../wire/count-reader.ts";
import { isRecord } from "../wire/is-record.ts";
import { finishUsage, NOT_REPORTED, PARSE_ERROR, type ParsedUsage } from "../wire/parsed-usage.ts";

/**
 * LangChain's `usage_metadata` of a message. `input_tokens` counts all input, what was read from the cache and written
 * to it included, and `output_tokens` all output with its reasoning: so `UsageMetadata` defines them, and so the OpenAI
 * and Anthropic packages fill them. Others leave something out that only `total_tokens` has: Google's the thoughts, those
 * for xAI the reasoning, older ones of Anthropic and AWS the cache (which may then be more than the input, too). A usage of
 * zeros is what the OpenAI package makes of none.
 */
export function parseUsageMetadata(said: unknown): ParsedUsage {
	const counts = new CountReader();
	const metadata = counts.record(said);
	const input = counts.count(metadata["input_tokens"]);
	const written = counts.count(metadata["output_tokens"]);
	const inputDetails = counts.record(metadata["input_token_details"]);
	const outputDetails = counts.record(metadata["output_token_details"]);
	const cacheRead = counts.count(inputDetails["cache_read"]);
	const cacheWrite5m = counts.count(inputDetails["cache_creation"]);
	const audio = counts.count(inputDetails["audio"]);
	const image = counts.count(inputDetails["image"]);
	const thought = counts.count(outputDetails["reasoning"]);
	const outputAudio = counts.count(outputDetails["audio"]);
	const outputImage = counts.count(outputDetails["image"]);
	if (counts.bad) return PARSE_ERROR;
	if ((input ?? 0) === 0 && (written ?? 0) === 0) return NOT_REPORTED;
	const cached = (cacheRead ?? 0) + (cacheWrite5m ?? 0);
	// LangChain adds it up: one that is no count spoils nothing.
	const total = new CountReader().count(metadata["total_tokens"]) ?? 0;
	const rest = input === undefined ? 0 : total - input - (written ?? 0);
	const isCacheOutside = input !== undefined && cached > 0 && (input < cached || rest === cached);
	const uncached = input === undefined || isCacheOutside ? input : input - cached;
	const isThought = rest > 0 && !isCacheOutside && (thought === undefined || thought === rest);
	const output = isThought ? (written ?? 0) + rest : written;
	const reasoning = isThought ? rest : thought;
	const inputAudio = atMost(audio, uncached);
	return {
		usage: finishUsage({
			inputUncached: uncached,
			cacheRead,
			cacheWrite5m,
			output,
			reasoning: atMost(reasoning, output),
			inputAudio,
			inputImage: atMost(image, (uncached ?? 0) - (inputAudio ?? 0)),
			outputAudio: atMost(outputAudio, output),
			outputImage: atMost(outputImage, (output ?? 0) - (outputAudio ?? 0)),
		}),
	};
}

/** Two of them added up, details included. What is no number is the later one's. */
export function addUsageMetadata(sum: unknown, more: unknown): unknown {
	if (!isRecord(sum) || !isRecord(more)) {
		if (typeof sum === "number" && typeof more === "number") return sum + more;
		return more ?? sum;
	}
	const added: Record<string, unknown> = { ...sum };
	for (const [key, value] of Object.entries(more)) added[key] = addUsageMetadata(sum[key], value);
	return added;
}

/** A part is never more than its whole. */
function atMost(part: number | undefined, whole: number | undefined): number | undefined {
	return part === undefined ? undefined : Math.min(part, Math.max(whole ?? 0, 0));
}
