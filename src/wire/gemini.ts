import { billSaid } from "./bill-said.ts";
import { CountReader } from "./count-reader.ts";
import { isRecord } from "./is-record.ts";
import {
	finishUsage,
	NOT_REPORTED,
	PARSE_ERROR,
	type ParsedUsage,
	withoutKnownFields,
} from "./parsed-usage.ts";

/**
 * The `usageMetadata` of Gemini: `promptTokenCount` includes what was read from the cache; what tools put into the prompt
 * (`toolUsePromptTokenCount`) stands beside it; output is candidates and thoughts.
 *
 * @param webSearches what the candidates tell of searches
 */
export function parseGeminiUsage(said: unknown, webSearches?: number): ParsedUsage {
	if (said === undefined || said === null) return NOT_REPORTED;
	const counts = new CountReader();
	const usage = counts.record(said);
	const prompt = counts.count(usage["promptTokenCount"]);
	const tools = counts.count(usage["toolUsePromptTokenCount"]);
	const cacheRead = counts.count(usage["cachedContentTokenCount"]);
	// Vertex embeds under another name.
	const candidates = counts.count(usage["candidatesTokenCount"]) ?? counts.count(usage["responseTokenCount"]);
	const thoughts = counts.count(usage["thoughtsTokenCount"]);
	const promptAudio = modality(counts, usage["promptTokensDetails"], "AUDIO");
	const promptImage = modality(counts, usage["promptTokensDetails"], "IMAGE");
	const cacheAudio = modality(counts, usage["cacheTokensDetails"], "AUDIO");
	const outputAudio = modality(counts, usage["candidatesTokensDetails"], "AUDIO");
	const outputImage = modality(counts, usage["candidatesTokensDetails"], "IMAGE");
	if (counts.bad) return PARSE_ERROR;
	const hasInput = prompt !== undefined || tools !== undefined;
	const hasOutput = candidates !== undefined || thoughts !== undefined;
	if (!hasInput && !hasOutput) return withoutKnownFields(said);
	const uncached = (prompt ?? 0) + (tools ?? 0) - (cacheRead ?? 0);
	const output = (candidates ?? 0) + (thoughts ?? 0);
	if (uncached < 0 || (outputAudio ?? 0) + (outputImage ?? 0) > output) return PARSE_ERROR;
	// The audio of a prompt includes that of its cached part.
	const inputAudio = within((promptAudio ?? 0) - (cacheAudio ?? 0), uncached);
	return {
		...billSaid(usage),
		usage: finishUsage({
			inputUncached: hasInput ? uncached : undefined,
			cacheRead,
			cacheWrite5m: undefined,
			cacheWrite1h: undefined,
			output: hasOutput ? output : undefined,
			reasoning: thoughts,
			inputAudio: promptAudio === undefined ? undefined : inputAudio,
			cacheReadAudio: cacheAudio === undefined ? undefined : within(cacheAudio, cacheRead ?? 0),
			inputImage: promptImage === undefined ? undefined : within(promptImage, uncached - inputAudio),
			outputAudio,
			outputImage,
			webSearches,
			serverTools: undefined,
			iterations: undefined,
		}),
	};
}

/** How many tokens of a list were of that kind. */
function modality(counts: CountReader, list: unknown, kind: string): number | undefined {
	const found = counts.list(list).find((entry) => isRecord(entry) && entry["modality"] === kind);
	return counts.count(counts.record(found)["tokenCount"]);
}

function within(count: number, limit: number): number {
	return Math.max(0, Math.min(count, limit));
}
