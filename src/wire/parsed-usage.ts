import type { TokenUsage } from "../core/token-usage.ts";
import type { BillSaid } from "./bill-said.ts";
import { isRecord } from "./is-record.ts";

/**
 * What a provider's usage object says: the usage (with what is said of its price), or why there is none. `not_reported` is no object, or one without
 * anything in it; `parse_error` is one that we cannot read or that contradicts itself where money depends on it.
 */
export type ParsedUsage =
	| ({ readonly usage: TokenUsage } & BillSaid)
	| { readonly missing: "not_reported" | "parse_error" };

export const NOT_REPORTED: ParsedUsage = { missing: "not_reported" };
export const PARSE_ERROR: ParsedUsage = { missing: "parse_error" };

/** A {@link TokenUsage} in the making, in which `undefined` still stands for "not reported". */
export type UsageDraft = { readonly [K in keyof TokenUsage]: TokenUsage[K] | undefined };

/** The usage without the fields that nobody reported; each by its name, for a loop over names takes three times as long. */
export function finishUsage(draft: UsageDraft): TokenUsage {
	const usage: { -readonly [K in keyof TokenUsage]: TokenUsage[K] } = {};
	if (draft.inputUncached !== undefined) usage.inputUncached = draft.inputUncached;
	if (draft.cacheRead !== undefined) usage.cacheRead = draft.cacheRead;
	if (draft.cacheWrite5m !== undefined) usage.cacheWrite5m = draft.cacheWrite5m;
	if (draft.cacheWrite1h !== undefined) usage.cacheWrite1h = draft.cacheWrite1h;
	if (draft.output !== undefined) usage.output = draft.output;
	if (draft.reasoning !== undefined) usage.reasoning = draft.reasoning;
	if (draft.inputAudio !== undefined) usage.inputAudio = draft.inputAudio;
	if (draft.cacheReadAudio !== undefined) usage.cacheReadAudio = draft.cacheReadAudio;
	if (draft.inputImage !== undefined) usage.inputImage = draft.inputImage;
	if (draft.outputAudio !== undefined) usage.outputAudio = draft.outputAudio;
	if (draft.outputImage !== undefined) usage.outputImage = draft.outputImage;
	if (draft.webSearches !== undefined) usage.webSearches = draft.webSearches;
	if (draft.serverTools !== undefined) usage.serverTools = draft.serverTools;
	if (draft.iterations !== undefined) usage.iterations = draft.iterations;
	return usage;
}

/** What a usage object is that has none of the fields that we know. */
export function withoutKnownFields(usage: unknown): ParsedUsage {
	const isEmpty =
		isRecord(usage) && Object.values(usage).every((value) => value === null || value === undefined);
	return isEmpty ? NOT_REPORTED : PARSE_ERROR;
}
