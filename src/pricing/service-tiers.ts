import type { ServiceTierFactors } from "./prices.ts";
import { type ListedName, normalName } from "./provider-names.ts";

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
