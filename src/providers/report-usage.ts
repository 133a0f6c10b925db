import type { TokenUsage } from "../core/token-usage.ts";
import type { Call } from "../monitoring/call.ts";
import type { ParsedUsage } from "../wire/parsed-usage.ts";

/** Tells the call under way what its provider has said of the usage, and returns it where it is readable. */
export function reportUsage(call: Call | undefined, parsed: ParsedUsage): TokenUsage | undefined {
	if ("usage" in parsed) {
		call?.reportUsage(parsed.usage);
		return parsed.usage;
	}
	if (parsed.missing === "parse_error") call?.reportUsage("parse_error");
	return undefined;
}
