import { expect, test } from "vitest";
import { RateLimits } from "../../src/demo/rate-limits.ts";

test("what is taken is missing, and comes back within a minute", () => {
	const limits = new RateLimits(1);
	expect(limits.take("a", 50_000, 0)).toMatchObject({ requestsLeft: 499, tokensLeft: 150_000 });
	expect(limits.take("a", 50_000, 0)).toMatchObject({ requestsLeft: 498, tokensLeft: 100_000 });
	// 6 seconds are a tenth of a minute: 50 requests (no more than 500 in all) and 20,000 tokens.
	expect(limits.take("a", 0, 6000)).toMatchObject({ requestsLeft: 499, tokensLeft: 120_000 });
	expect(limits.take("a", 1e9, 6000)).toMatchObject({ requestsLeft: 498, tokensLeft: 0 });
	expect(limits.take("b", 0, 6000)).toMatchObject({
		requestsLeft: 499,
		tokensLeft: 200_000,
		resetMs: 60_000,
	});
});

test("at ten times the speed a minute's allowance is back after six seconds", () => {
	const limits = new RateLimits(10);
	limits.take("a", 200_000, 0);
	expect(limits.take("a", 0, 6000)).toMatchObject({ tokensLeft: 200_000, resetMs: 6000 });
});
