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

/** The usage without the fields that nobody reported. */
export function finishUsage(draft: UsageDraft): TokenUsage {
	const usage: { -readonly [K in keyof TokenUsage]?: unknown } = {};
	let name: keyof TokenUsage;
	for (name in draft) if (draft[name] !== undefined) usage[name] = draft[name];
	// The cast: these are the draft's own fields, the undefined ones left out.
	return usage as TokenUsage;
}

/** What a usage object is that has none of the fields that we know. */
export function withoutKnownFields(usage: unknown): ParsedUsage {
	const isEmpty =
		isRecord(usage) && Object.values(usage).every((value) => value === null || value === undefined);
	return isEmpty ? NOT_REPORTED : PARSE_ERROR;
}
