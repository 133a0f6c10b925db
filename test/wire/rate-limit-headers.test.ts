import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRateLimitHeaders, parseRemaining } from "../../src/wire/rate-limit-headers.ts";

test("reads OpenAI's headers", () => {
	const headers = new Headers({
		"x-ratelimit-limit-requests": "60",
		"x-ratelimit-remaining-requests": "59",
		"x-ratelimit-remaining-tokens": "149984",
		"x-ratelimit-reset-requests": "1s",
	});
	expect(parseRateLimitHeaders(headers)).toEqual({
		remaining: [
			["requests", 59],
			["tokens", 149_984],
		],
		retryAfterMs: undefined,
	});
});

test("reads Anthropic's headers", () => {
	const headers = new Headers({
		"anthropic-ratelimit-requests-remaining": "999",
		"anthropic-ratelimit-tokens-remaining": "0",
		"anthropic-ratelimit-input-tokens-remaining": "80000",
		"anthropic-ratelimit-output-tokens-remaining": "16000",
		"anthropic-ratelimit-requests-reset": "2026-11-01T10:00:00Z",
		"retry-after": "17",
	});
	expect(parseRateLimitHeaders(headers)).toEqual({
		remaining: [
			["requests", 999],
			["tokens", 0],
			["input_tokens", 80_000],
			["output_tokens", 16_000],
		],
		retryAfterMs: 17_000,
	});
});

const NOW = Date.UTC(2026, 9, 21, 7, 28, 0);

test.each([
	[{ "retry-after": "2" }, 2000],
	[{ "retry-after": "0.5" }, 500],
	[{ "retry-after-ms": "250", "retry-after": "1" }, 250],
	[{ "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT" }, 30_000],
	[{ "retry-after": "Wed, 21 Oct 2026 07:00:00 GMT" }, 0],
	[{ "retry-after": "soon" }, undefined],
	[{ "retry-after": "-1" }, undefined],
	[{}, undefined],
])("%j asks to wait %s ms", (headers, expected) => {
	expect(parseRateLimitHeaders(new Headers(headers), NOW).retryAfterMs).toBe(expected);
});

test("looks for Anthropic's at its own API whichever there are, at another's if there is a general one", () => {
	const input = { "anthropic-ratelimit-input-tokens-remaining": "80000" };
	const tokens = { ...input, "anthropic-ratelimit-tokens-remaining": "7" };
	const all = { ...input, "anthropic-ratelimit-requests-remaining": "999" };
	const both = [
		["requests", 999],
		["input_tokens", 80_000],
	];
	expect(parseRemaining(new Headers(all), "openai-chat")).toEqual(both);
	expect(parseRemaining(new Headers(tokens), "openai-chat")).toEqual([
		["tokens", 7],
		["input_tokens", 80_000],
	]);
	expect(parseRemaining(new Headers(input), "anthropic-messages")).toEqual([["input_tokens", 80_000]]);
	expect(parseRemaining(new Headers(input))).toEqual([["input_tokens", 80_000]]);
	expect(parseRemaining(new Headers(all), "anthropic-messages")).toEqual(both);
	const own = new Headers({ ...input, "x-ratelimit-remaining-tokens": "5" });
	expect(parseRemaining(own, "openai-responses")).toEqual([["tokens", 5]]);
});

test("passes over what is no count, and never throws", () => {
	expect(parseRateLimitHeaders(new Headers({ "x-ratelimit-remaining-requests": "many" })).remaining).toEqual(
		[],
	);
	fc.assert(
		fc.property(fc.option(fc.string()), (value) => {
			const { remaining, retryAfterMs } = parseRateLimitHeaders({ get: () => value });
			for (const [, count] of remaining) expect(count).toBeGreaterThanOrEqual(0);
			expect(retryAfterMs ?? 0).toBeGreaterThanOrEqual(0);
		}),
	);
});
