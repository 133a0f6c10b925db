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

type Names = readonly (readonly [RateLimitedResource, string])[];

/** Header names as OpenAI, and most that are compatible with it, document them. */
const REMAINING: Names = [
	["requests", "x-ratelimit-remaining-requests"],
	["tokens", "x-ratelimit-remaining-tokens"],
];
/** As Anthropic does: https://platform.claude.com/docs/en/api/rate-limits#response-headers */
const ANTHROPICS: Names = [
	["requests", "anthropic-ratelimit-requests-remaining"],
	["tokens", "anthropic-ratelimit-tokens-remaining"],
];
/** Which stand beside those. */
const ANTHROPICS_MORE: Names = [
	["input_tokens", "anthropic-ratelimit-input-tokens-remaining"],
	["output_tokens", "anthropic-ratelimit-output-tokens-remaining"],
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
	const read = (names: Names): void => {
		for (const [resource, name] of names) {
			const count = decimal(headers.get(name));
			if (count !== undefined) remaining.push([resource, count]);
		}
	};
	read(REMAINING);
	const others = remaining.length;
	read(ANTHROPICS);
	const isAnthropics = format === undefined || format === "anthropic-messages";
	if (isAnthropics || remaining.length > others) read(ANTHROPICS_MORE);
	return remaining;
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
