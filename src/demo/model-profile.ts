/** How a simulated model behaves. Times are medians in milliseconds at speed 1. */
export interface ModelProfile {
	readonly family: "openai" | "anthropic";
	readonly kind: "chat" | "embeddings";
	/** The name under which it answers, as the providers answer with a dated one. */
	readonly answersAs: string;
	/** Until the first token of the answer, or the whole of an embedding. */
	readonly firstTokenMs: number;
	readonly perTokenMs: number;
	/** Median length of an answer in tokens. */
	readonly outputTokens: number;
	/** Median of the tokens spent on reasoning before the answer; 0 for a model that does not reason. */
	readonly reasoningTokens: number;
	/** In tokens, input and output together. */
	readonly contextWindow: number;
}

const openai = { family: "openai", kind: "chat", reasoningTokens: 0 } as const;
const anthropic = { family: "anthropic", kind: "chat", reasoningTokens: 0, contextWindow: 200_000 } as const;

/* Orders of magnitude, not measurements: what the providers' own pages and public comparisons show. */
const PROFILES: Readonly<Record<string, ModelProfile>> = {
	"gpt-4-turbo": {
		...openai,
		answersAs: "gpt-4-turbo-2024-04-09",
		firstTokenMs: 620,
		perTokenMs: 26,
		outputTokens: 120,
		contextWindow: 128_000,
	},
	"gpt-4o-mini": {
		...openai,
		answersAs: "gpt-4o-mini-2024-07-18",
		firstTokenMs: 340,
		perTokenMs: 11,
		outputTokens: 140,
		contextWindow: 128_000,
	},
	"gpt-5-mini": {
		...openai,
		answersAs: "gpt-5-mini-2025-08-07",
		firstTokenMs: 480,
		perTokenMs: 8,
		outputTokens: 150,
		reasoningTokens: 190,
		contextWindow: 400_000,
	},
	"claude-3-5-sonnet-latest": {
		...anthropic,
		answersAs: "claude-3-5-sonnet-20241022",
		firstTokenMs: 760,
		perTokenMs: 15,
		outputTokens: 160,
	},
	"claude-haiku-4-5": {
		...anthropic,
		answersAs: "claude-haiku-4-5-20251001",
		firstTokenMs: 520,
		perTokenMs: 8,
		outputTokens: 150,
	},
	"text-embedding-3-small": {
		family: "openai",
		kind: "embeddings",
		answersAs: "text-embedding-3-small",
		firstTokenMs: 130,
		perTokenMs: 0,
		outputTokens: 0,
		reasoningTokens: 0,
		contextWindow: 8_192,
	},
};

const BY_ANSWER = new Map(Object.values(PROFILES).map((profile) => [profile.answersAs, profile]));

/** The profile of a model by its short or its dated name; `undefined` for one that is not simulated. */
export function modelProfile(model: string): ModelProfile | undefined {
	return Object.hasOwn(PROFILES, model) ? PROFILES[model] : BY_ANSWER.get(model);
}
