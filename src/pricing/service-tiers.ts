import type { TokenUsage } from "../core/token-usage.ts";
import type { ServiceTierFactors } from "./prices.ts";
import { type ListedName, normalName } from "./provider-names.ts";
import type { Tier } from "./rates.ts";

/**
 * What a provider takes in a service tier, as a factor of its list prices of tokens: only what it has published as one
 * factor for all its own models. Priority tiers and Anthropic's fast mode have another one for each model.
 * https://developers.openai.com/api/docs/guides/flex-processing and …/guides/batch
 * https://platform.claude.com/docs/en/build-with-claude/batch-processing and …/en/manage-claude/data-residency
 * https://ai.google.dev/gemini-api/docs/optimization
 * https://console.groq.com/docs/flex-processing
 */
const PUBLISHED: readonly (readonly [providerId: string, models: string, factors: ServiceTierFactors])[] = [
	["anthropic", "claude", { batch: 0.5, us: 1.1 }],
	["google", "gemini", { batch: 0.5, flex: 0.5 }],
	["groq", "", { flex: 1 }],
	["openai", "", { batch: 0.5, flex: 0.5 }],
];

/** Those of a model, by the provider's id in genai-prices and what the model's name begins with. */
export function publishedTiers(listed: ListedName | undefined): ServiceTierFactors | undefined {
	return PUBLISHED.find(
		([id, models]) => id === listed?.providerId && normalName(listed.model).startsWith(models),
	)?.[2];
}

/**
 * Whether what is read from the cache costs in that published tier what it does in the standard one, as in Gemini's
 * batches: "cached tokens are priced the same as for non-batch API traffic".
 * https://ai.google.dev/gemini-api/docs/batch-api
 */
export function keepsReadPrice(listed: ListedName | undefined, tier: string): boolean {
	return tier === "batch" && listed?.providerId === "google";
}

/** USD of what one request has read from the cache, by its prices from the lowest input to the highest. */
export function readCost(tiers: readonly Tier[], usage: TokenUsage): number {
	const { cacheReadAudio = 0, cacheWrite1h = 0, cacheWrite5m = 0, inputAudio = 0, inputImage = 0 } = usage;
	const { cacheRead = cacheReadAudio, inputUncached = inputAudio + inputImage } = usage;
	const input = inputUncached + cacheRead + cacheWrite5m + cacheWrite1h;
	const rates = tiers.findLast(({ above }) => input > above)?.rates;
	const audio = Math.min(cacheReadAudio, cacheRead);
	return rates === undefined ? 0 : (cacheRead - audio) * rates.cacheRead + audio * rates.cacheReadAudio;
}

/**
 * The factor of a tier as an answer names it; "fast+us" is both. `undefined` where nobody has said what it costs.
 */
export function tierFactor(tiers: ReadonlyMap<string, number>, said: string): number | undefined {
	const whole = tiers.get(said);
	if (whole !== undefined || !said.includes("+")) return whole;
	return said.split("+").reduce<number | undefined>((product, tier) => {
		const factor = tiers.get(tier);
		return product === undefined || factor === undefined ? undefined : product * factor;
	}, 1);
}
