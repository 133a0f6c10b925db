import type { WireFormat } from "./wire-format.ts";

/** The headers of a response, of whatever implementation. */
interface Headers {
	get(name: string): string | null;
}

/** What a provider limits, in the words of our `resource` label. */
export type RateLimitedResource = "requests" | "tokens" | "input_tokens" | "output_tokens";

/** What the headers of a response say of rate limits. */
export interface RateLimits {
	/** How much of each resource is left in the current window. */
	readonly remaining: readonly (readonly [RateLimitedResource, number])[];
	/** How long the provider asks to wait, in milliseconds. */
	readonly retryAfterMs: number | undefined;
}

type Names = readonly { readonly resource: RateLimitedResource; readonly name: string }[];

/** Header names as OpenAI, and most that are compatible with it, document them. */
const REMAINING: Names = [
	{ resource: "requests", name: "x-ratelimit-remaining-requests" },
	{ resource: "tokens", name: "x-ratelimit-remaining-tokens" },
];
/** As Anthropic does: https://platform.claude.com/docs/en/api/rate-limits#response-headers */
const ANTHROPICS: Names = [
	{ resource: "requests", name: "anthropic-ratelimit-requests-remaining" },
	{ resource: "tokens", name: "anthropic-ratelimit-tokens-remaining" },
];
/** Which stand beside those. */
const ANTHROPICS_MORE: Names = [
	{ resource: "input_tokens", name: "anthropic-ratelimit-input-tokens-remaining" },
	{ resource: "output_tokens", name: "anthropic-ratelimit-output-tokens-remaining" },
];

/** Reads the rate-limit headers of a response; `now` in milliseconds since the epoch. */
export function parseRateLimitHeaders(headers: Headers, now: number = Date.now()): RateLimits {
	const retryAfterMs = decimal(headers.get("retry-after-ms")) ?? retryAfter(headers.get("retry-after"), now);
	return { remaining: parseRemaining(headers), retryAfterMs };
}

/**
 * How much is left, and nothing else.
 *
 * @param format of the API that has answered, where it is known: where another passes none of Anthropic's general headers on, it is
 * not asked for the particular ones. To look for one takes longer than to price an answer.
 */
export function parseRemaining(headers: Headers, format?: WireFormat): RateLimits["remaining"] {
	const remaining: [RateLimitedResource, number][] = [];
	readInto(remaining, headers, REMAINING);
	const others = remaining.length;
	readInto(remaining, headers, ANTHROPICS);
	const isAnthropics = format === undefined || format === "anthropic-messages";
	if (isAnthropics || remaining.length > others) readInto(remaining, headers, ANTHROPICS_MORE);
	return remaining;
}

function readInto(remaining: [RateLimitedResource, number][], headers: Headers, names: Names): void {
	for (const { name, resource } of names) {
		const value = headers.get(name);
		const count = value === null ? undefined : decimal(value);
		if (count !== undefined) remaining.push([resource, count]);
	}
}

/** RFC 9110, 10.2.3: seconds, or a date; a date that has passed means now. */
function retryAfter(value: string | null, now: number): number | undefined {
	const seconds = decimal(value);
	if (seconds !== undefined) return seconds * 1000;
	// Date.parse reads much that is no date; an HTTP date begins with the name of a day.
	if (value === null || !/^[A-Z][a-z]{2}/.test(value)) return undefined;
	const date = Date.parse(value);
	return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function decimal(value: string | null): number | undefined {
	return value !== null && /^\d{1,15}(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined;
}
