import type { ApiName } from "./api-script.ts";

/**
 * What the scripted answers amount to, worked out by hand from the numbers on the wire. Prices in dollars for a
 * million tokens, as @pydantic/genai-prices 0.1.8 lists them; a million tokens at $1 each million is $1, so tokens
 * times price is millionths of a dollar.
 */

/** The model that a client asks for. */
export const REQUESTED_MODEL: Readonly<Record<ApiName, string>> = {
	"openai-chat": "gpt-5-mini",
	"openai-responses": "gpt-5-mini",
	anthropic: "claude-haiku-4-5",
	gemini: "gemini-2.5-flash",
};

/** The model that the answer names. */
export const ANSWERED_MODEL: Readonly<Record<ApiName, string>> = {
	"openai-chat": "gpt-5-mini-2025-08-07",
	"openai-responses": "gpt-5-mini-2025-08-07",
	anthropic: "claude-haiku-4-5-20251001",
	gemini: "gemini-2.5-flash",
};

/** The price list, and the label of a client that its maker's SDK made. */
export const PROVIDER: Readonly<Record<ApiName, "openai" | "anthropic" | "google">> = {
	"openai-chat": "openai",
	"openai-responses": "openai",
	anthropic: "anthropic",
	gemini: "google",
};

/** Counts of tokens; what an API does not report is `undefined`. */
export interface ExpectedUsage {
	/** All of it: uncached, read from the cache and written to it. */
	readonly input: number;
	/** Reasoning included. */
	readonly output: number;
	readonly cacheRead: number;
	/** The sum of the next two. */
	readonly cacheWrite: number | undefined;
	readonly cacheWrite5m: number | undefined;
	readonly cacheWrite1h: number | undefined;
	readonly reasoning: number | undefined;
	/** `input` without what the cache read or wrote. */
	readonly inputUncached: number;
}

const NO_CACHE_WRITES = { cacheWrite: undefined, cacheWrite5m: undefined, cacheWrite1h: undefined };

/** Of a whole answer, streamed or not. */
export const expectedUsage: Readonly<Record<ApiName, ExpectedUsage>> = {
	// 1200 - 1024 = 176
	"openai-chat": {
		input: 1200,
		output: 350,
		cacheRead: 1024,
		...NO_CACHE_WRITES,
		reasoning: 192,
		inputUncached: 176,
	},
	// 2300 - 2048 = 252
	"openai-responses": {
		input: 2300,
		output: 410,
		cacheRead: 2048,
		...NO_CACHE_WRITES,
		reasoning: 256,
		inputUncached: 252,
	},
	// 37 + 1500 + 400 = 1937; 240 + 160 = 400
	anthropic: {
		input: 1937,
		output: 290,
		cacheRead: 1500,
		cacheWrite: 400,
		cacheWrite5m: 240,
		cacheWrite1h: 160,
		reasoning: 110,
		inputUncached: 37,
	},
	// 85 + 130 = 215; 900 - 640 = 260
	gemini: {
		input: 900,
		output: 215,
		cacheRead: 640,
		...NO_CACHE_WRITES,
		reasoning: 130,
		inputUncached: 260,
	},
};

/** In dollars, of a whole answer. */
export const expectedCostUsd: Readonly<Record<ApiName, number>> = {
	// gpt-5-mini: input 0.25, from the cache 0.025, output 2.
	// 176 * 0.25 + 1024 * 0.025 + 350 * 2 = 44 + 25.6 + 700 = 769.6
	"openai-chat": 0.000_769_6,
	// 252 * 0.25 + 2048 * 0.025 + 410 * 2 = 63 + 51.2 + 820 = 934.2
	"openai-responses": 0.000_934_2,
	// claude-haiku-4-5: input 1, from the cache 0.1, written for 5 minutes 1.25, for an hour 2, output 5.
	// 37 * 1 + 1500 * 0.1 + 240 * 1.25 + 160 * 2 + 290 * 5 = 37 + 150 + 300 + 320 + 1450 = 2257
	anthropic: 0.002_257,
	// gemini-2.5-flash: input 0.3, from the cache 0.03, output 2.5.
	// 260 * 0.3 + 640 * 0.03 + 215 * 2.5 = 78 + 19.2 + 537.5 = 634.7
	gemini: 0.000_634_7,
};

/**
 * What a stream has told by its first piece of text, and tells again unchanged until its tail: OpenAI nothing,
 * Anthropic its input and the beginning of its output, Gemini a running count.
 */
export const expectedUsageMidStream: Readonly<Record<ApiName, ExpectedUsage | undefined>> = {
	"openai-chat": undefined,
	"openai-responses": undefined,
	anthropic: { ...expectedUsage.anthropic, output: 3, reasoning: undefined },
	// 21 + 130 = 151
	gemini: { ...expectedUsage.gemini, output: 151 },
};

/** In dollars, of what a stream has told by its first piece of text. */
export const expectedCostUsdMidStream: Readonly<Record<ApiName, number>> = {
	"openai-chat": 0,
	"openai-responses": 0,
	// 37 + 150 + 300 + 320 + 3 * 5 = 822
	anthropic: 0.000_822,
	// 78 + 19.2 + 151 * 2.5 = 474.7
	gemini: 0.000_474_7,
};

/** `llm_ratelimit_remaining` by resource: after an answer, and after a refusal for the rate. */
export const expectedRemaining: Readonly<
	Record<
		ApiName,
		{
			readonly answered: Readonly<Record<string, number>>;
			readonly refused: Readonly<Record<string, number>>;
		}
	>
> = {
	"openai-chat": {
		answered: { requests: 4998, tokens: 148_000 },
		refused: { requests: 0, tokens: 120_000 },
	},
	"openai-responses": {
		answered: { requests: 4998, tokens: 148_000 },
		refused: { requests: 0, tokens: 120_000 },
	},
	anthropic: {
		answered: { requests: 998, tokens: 536_000, input_tokens: 447_000, output_tokens: 89_000 },
		refused: { requests: 0, tokens: 536_000, input_tokens: 447_000, output_tokens: 89_000 },
	},
	gemini: { answered: {}, refused: {} },
};
