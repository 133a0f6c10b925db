import type { IterationUsage, TokenUsage } from "../core/token-usage.ts";
import { billSaid } from "./bill-said.ts";
import { CountReader } from "./count-reader.ts";
import { isRecord } from "./is-record.ts";
import {
	finishUsage,
	NOT_REPORTED,
	PARSE_ERROR,
	type ParsedUsage,
	type UsageDraft,
	withoutKnownFields,
} from "./parsed-usage.ts";
import { readServerTools } from "./server-tools.ts";

/**
 * The `usage` of a message. `input_tokens` excludes the cache. With `iterations` the bill is their sum: the
 * top-level numbers hold neither a `compaction` (so its type in the SDK says) nor an `advisor_message`, which another
 * model answers and which is priced as that model's. What writes to the cache without saying for how long counts as
 * five minutes, the API's default. Thinking that would be more than the output is left out: it has no price of its own.
 */
export function parseAnthropicUsage(said: unknown): ParsedUsage {
	if (said === undefined || said === null) return NOT_REPORTED;
	const counts = new CountReader();
	const usage = counts.record(said);
	const top = readTokens(usage, counts);
	const iterations = counts.list(usage["iterations"]).map((entry) => readIteration(entry, counts));
	const tools = readServerTools(usage, counts);
	if (counts.bad) return PARSE_ERROR;
	const whole = iterations.length === 0 ? top : sumOf(iterations);
	if (whole.inputUncached === undefined && whole.output === undefined) return withoutKnownFields(said);
	const reasoning = top.reasoning ?? whole.reasoning;
	// A single iteration of the model that was asked for says nothing that the whole does not say.
	const isSplit = iterations.length > 1 || iterations.some((iteration) => iteration.model !== undefined);
	return {
		...billSaid(usage),
		usage: finishUsage({
			...whole,
			reasoning: (reasoning ?? 0) > (whole.output ?? 0) ? undefined : reasoning,
			webSearches: tools.webSearches,
			serverTools: tools.serverTools,
			iterations: isSplit ? iterations : undefined,
		}),
	};
}

/**
 * What a stream has said of its usage so far: `message_start.message.usage`, then each `message_delta.usage`.
 * These are cumulative and nullable, so they replace and never add. A new number of cache writes that comes without
 * its split replaces that as well: writes of the same lifetime, as far as one is known.
 */
export function mergeAnthropicUsage(previous: unknown, delta: unknown): unknown {
	if (!isRecord(delta)) return previous;
	if (!isRecord(previous)) return delta;
	const said = Object.entries(delta).filter(([, value]) => value !== null && value !== undefined);
	const merged: Record<string, unknown> = Object.fromEntries([...Object.entries(previous), ...said]);
	const written = merged["cache_creation_input_tokens"];
	const hasSplit = (delta["cache_creation"] ?? undefined) !== undefined;
	if (!hasSplit && typeof written === "number" && written !== previous["cache_creation_input_tokens"]) {
		merged["cache_creation"] = splitAgain(previous["cache_creation"], written);
	}
	return merged;
}

/** A split of the new total in the likeness of the old one; none where the old one says nothing of it. */
function splitAgain(old: unknown, written: number): unknown {
	if (!isRecord(old)) return undefined;
	const hour = old["ephemeral_1h_input_tokens"];
	if (typeof hour !== "number") return undefined;
	if (hour > 0 && old["ephemeral_5m_input_tokens"] === 0) {
		return { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: written };
	}
	if (hour > written) return undefined;
	return { ephemeral_5m_input_tokens: written - hour, ephemeral_1h_input_tokens: hour };
}

function readTokens(usage: Readonly<Record<string, unknown>>, counts: CountReader): UsageDraft {
	const split = counts.record(usage["cache_creation"]);
	const fiveMinutes = counts.count(split["ephemeral_5m_input_tokens"]);
	const hour = counts.count(split["ephemeral_1h_input_tokens"]);
	const written = counts.count(usage["cache_creation_input_tokens"]);
	const splitSum =
		fiveMinutes === undefined && hour === undefined ? undefined : (fiveMinutes ?? 0) + (hour ?? 0);
	const all = written ?? splitSum;
	if (all !== undefined && (splitSum ?? 0) > all) counts.bad = true;
	return {
		inputUncached: counts.count(usage["input_tokens"]),
		cacheRead: counts.count(usage["cache_read_input_tokens"]),
		cacheWrite5m: all === undefined ? undefined : all - (hour ?? 0),
		cacheWrite1h: hour,
		output: counts.count(usage["output_tokens"]),
		reasoning: counts.count(counts.record(usage["output_tokens_details"])["thinking_tokens"]),
	};
}

function readIteration(entry: unknown, counts: CountReader): IterationUsage {
	if (!isRecord(entry)) counts.bad = true;
	const fields = counts.record(entry);
	const usage = finishUsage(readTokens(fields, counts));
	const { model } = fields;
	return typeof model === "string" ? { ...usage, model } : usage;
}

function sumOf(iterations: readonly IterationUsage[]): UsageDraft {
	const total = (
		key: "inputUncached" | "cacheRead" | "cacheWrite5m" | "cacheWrite1h" | "output" | "reasoning",
	) =>
		iterations.reduce<TokenUsage[typeof key] | undefined>(
			(sum, iteration) => (iteration[key] === undefined ? sum : (sum ?? 0) + iteration[key]),
			undefined,
		);
	return {
		inputUncached: total("inputUncached"),
		cacheRead: total("cacheRead"),
		cacheWrite5m: total("cacheWrite5m"),
		cacheWrite1h: total("cacheWrite1h"),
		output: total("output"),
		reasoning: total("reasoning"),
	};
}
