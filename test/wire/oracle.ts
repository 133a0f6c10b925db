/** genai-prices reads usage too, and we did not write it. */
import { extractUsage, findProvider } from "@pydantic/genai-prices";
import { type TokenUsage, totalInput } from "../../src/core/token-usage.ts";
import type { ParsedUsage } from "../../src/wire/parsed-usage.ts";

/** What genai-prices extracts from a response body, without the classes that it does not report. */
export function oracleUsage(provider: string, body: unknown, flavor?: string): Record<string, number> {
	const found = findProvider({ providerId: provider });
	if (found === undefined) throw new Error(`genai-prices knows no provider ${provider}`);
	const { usage } = extractUsage(found, body, flavor);
	return Object.fromEntries(
		Object.entries(usage).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
	);
}

/** Our usage in the classes of genai-prices. */
export function inOracleClasses(parsed: ParsedUsage): Record<string, number> {
	if ("missing" in parsed) throw new Error(`no usage: ${parsed.missing}`);
	const { usage } = parsed;
	const classes: Record<string, number | undefined> = {
		input_tokens: totalInput(usage),
		output_tokens: usage.output,
		output_reasoning_tokens: usage.reasoning,
		cache_read_tokens: usage.cacheRead,
		cache_write_tokens: cacheWrites(usage),
		cache_write_5m_tokens: usage.cacheWrite5m,
		cache_write_1h_tokens: usage.cacheWrite1h,
		input_audio_tokens: usage.inputAudio,
		output_audio_tokens: usage.outputAudio,
		web_searches: usage.webSearches,
	};
	return Object.fromEntries(
		Object.entries(classes).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
	);
}

function cacheWrites(usage: TokenUsage): number | undefined {
	if (usage.cacheWrite5m === undefined && usage.cacheWrite1h === undefined) return undefined;
	return (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0);
}
