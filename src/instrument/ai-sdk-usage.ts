import { totalInput, type TokenUsage } from "../core/token-usage.ts";
import { parseAnthropicUsage } from "../wire/anthropic-messages.ts";
import { CountReader } from "../wire/count-reader.ts";
import { parseGeminiUsage } from "../wire/gemini.ts";
import { isRecord } from "../wire/is-record.ts";
import { parseOpenAIChatUsage } from "../wire/openai-chat.ts";
import { parseOpenAIResponsesUsage } from "../wire/openai-responses.ts";
import { finishUsage, NOT_REPORTED, PARSE_ERROR, type ParsedUsage } from "../wire/parsed-usage.ts";

/**
 * The `usage` of an AI SDK answer: `{ inputTokens: { total, noCache, cacheRead, cacheWrite }, outputTokens: { total,
 * text, reasoning }, raw }`. Its `raw` is what the provider said, in the provider's shape; where we know that shape, and
 * it counts no less, it tells more (what it costs, cache writes for an hour, audio, searches). Cache writes without a
 * lifetime count as five minutes, as the providers' default is.
 */
export function parseAiSdkUsage(usage: unknown): ParsedUsage {
	if (!isRecord(usage)) return NOT_REPORTED;
	const parsed = parseNormalised(usage);
	const raw = parseRaw(usage["raw"]);
	if (raw === undefined || !("usage" in raw)) return parsed;
	// Adapters miss some of what is billed: xAI's reasoning, all of Anthropic's iterations but one.
	return "usage" in parsed && !covers(raw.usage, parsed.usage) ? parsed : raw;
}

/** The `usage` of an AI SDK embedding: `{ tokens }`. */
export function parseAiSdkEmbeddingUsage(usage: unknown): ParsedUsage {
	if (!isRecord(usage)) return NOT_REPORTED;
	const counts = new CountReader();
	const tokens = counts.count(usage["tokens"]);
	if (counts.bad) return PARSE_ERROR;
	return tokens === undefined ? NOT_REPORTED : { usage: { inputUncached: tokens } };
}

/** Whether a usage has no less input and output than another: then it tells of the same answer, or of more than that. */
export function covers(one: TokenUsage, other: TokenUsage): boolean {
	return (totalInput(one) ?? 0) >= (totalInput(other) ?? 0) && (one.output ?? 0) >= (other.output ?? 0);
}

function parseNormalised(usage: Readonly<Record<string, unknown>>): ParsedUsage {
	const counts = new CountReader();
	const input = counts.record(usage["inputTokens"]);
	const output = counts.record(usage["outputTokens"]);
	const total = counts.count(input["total"]);
	const noCache = counts.count(input["noCache"]);
	const cacheRead = counts.count(input["cacheRead"]);
	const cacheWrite5m = counts.count(input["cacheWrite"]);
	const text = counts.count(output["text"]);
	const thought = counts.count(output["reasoning"]);
	const written = counts.count(output["total"]) ?? (text === undefined ? undefined : text + (thought ?? 0));
	if (counts.bad) return PARSE_ERROR;

	const rest = total === undefined ? undefined : total - (cacheRead ?? 0) - (cacheWrite5m ?? 0);
	// A total that is less than its parts does not contain them, so it is not what "total" means.
	const inputUncached = rest !== undefined && rest >= 0 ? rest : noCache;
	if (rest !== undefined && inputUncached === undefined) return PARSE_ERROR;
	const reasoning = written === undefined || (thought ?? 0) > written ? undefined : thought;
	const parsed = finishUsage({ inputUncached, cacheRead, cacheWrite5m, output: written, reasoning });
	return totalInput(parsed) === undefined && written === undefined ? NOT_REPORTED : { usage: parsed };
}

const ANTHROPIC_FIELDS = [
	"cache_creation_input_tokens",
	"cache_read_input_tokens",
	"cache_creation",
	"iterations",
	"server_tool_use",
] as const;

/** What the provider said; `undefined` where its shape is none that can only be one provider's. */
function parseRaw(raw: unknown): ParsedUsage | undefined {
	if (!isRecord(raw)) return undefined;
	if ("prompt_tokens" in raw || "completion_tokens" in raw) return parseOpenAIChatUsage(raw);
	if ("promptTokenCount" in raw) return parseGeminiUsage(raw);
	if (!("input_tokens" in raw)) return undefined;
	if (ANTHROPIC_FIELDS.some((field) => field in raw)) return parseAnthropicUsage(raw);
	return "input_tokens_details" in raw ? parseOpenAIResponsesUsage({ usage: raw }) : undefined;
}
