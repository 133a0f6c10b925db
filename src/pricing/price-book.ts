import { findProvider } from "@pydantic/genai-prices";
import type { UnpricedReason } from "../core/settled-call.ts";
import { type TokenUsage, totalInput } from "../core/token-usage.ts";
import { RateCard } from "./rate-card.ts";

/** What is to be priced. */
export interface PriceQuery {
	/** A provider as people call it: "openai", "azure", "xai", "vertex". */
	readonly provider: string;
	readonly model: string;
	/** The model that answered; it counts where the book knows it. */
	readonly answeredModel?: string | undefined;
	readonly usage: TokenUsage;
	/** When the call started, in milliseconds since the epoch. */
	readonly at: number;
}

/** What it costs, and from which price that follows. */
export interface Price {
	/** In USD, not rounded; `undefined` when nothing of it has a known price. */
	readonly costUsd: number | undefined;
	/** Set when it, or a part of it, has no known price. */
	readonly unpriced: UnpricedReason | undefined;
	/** The model of the price book whose prices were taken. */
	readonly pricedModel: string | undefined;
	readonly match: RateCard["match"] | undefined;
}

const UNKNOWN: Price = {
	costUsd: undefined,
	unpriced: "unknown_model",
	pricedModel: undefined,
	match: undefined,
};

/** What people call a provider that genai-prices knows by another name, and does not recognise. */
const ALIASES: ReadonlyMap<string, string> = new Map([
	["azure-openai", "azure"],
	["azure_openai", "azure"],
	["azure-ai", "azure"],
	["x.ai", "x-ai"],
	["grok", "x-ai"],
	["moonshot", "moonshotai"],
	["fireworks-ai", "fireworks"],
	["fireworks_ai", "fireworks"],
	["together.ai", "together"],
	["deep-seek", "deepseek"],
	["open-router", "openrouter"],
]);

/** Anthropic bills these by their tokens alone. https://docs.claude.com/en/docs/agents-and-tools/tool-use/web-fetch-tool */
const FREE_TOOLS: ReadonlySet<string> = new Set(["web_fetch"]);

/** When the bundled prices were published: genai-prices 0.1.8, which its package does not say of itself. */
export const PRICES_PUBLISHED: number = Date.parse("2026-09-23T10:11:04Z");
/** The version that {@link PRICES_PUBLISHED} speaks of; a test holds it equal to the one installed. */
export const PRICES_VERSION = "0.1.8";

/** More (provider, model) names than this are taken for a flood, and forgotten together. */
const MOST_CARDS = 5000;
/** Cards, and the knowledge that there is none, are made anew after this long: the user may update genai-prices' data. */
const CARD_LIFE_MS = 3_600_000;

interface Entry {
	readonly card: RateCard | undefined;
	readonly compiledAt: number;
}

/**
 * The prices of genai-prices, compiled to a card for each (provider, model) once. A provider that it does not know has
 * no price: a model's name alone does not tell who bills it.
 */
export class PriceBook {
	readonly #cards = new Map<string, Map<string, Entry>>();
	#size = 0;

	/** Never throws; what is unknown is said to be. */
	price(query: PriceQuery): Price {
		const { answeredModel, at, model, provider, usage } = query;
		const card =
			(answeredModel === undefined ? undefined : this.card(provider, answeredModel, at)) ??
			this.card(provider, model, at);
		if (card === undefined) return UNKNOWN;
		const { serverTools, webSearches = 0 } = usage;
		const codeExecutions = card.known.codeExecutions ? (serverTools?.["code_execution"] ?? 0) : 0;
		let costUsd = card.requestCost(webSearches, codeExecutions);
		let unpriced: UnpricedReason | undefined;
		// Price tiers look at one request, so each of several is priced for itself.
		for (const part of usage.iterations ?? [usage]) {
			const other = "model" in part ? part.model : undefined;
			const own = other === undefined ? card : this.card(provider, other, at);
			if (own === undefined) unpriced = "unknown_model";
			else if (!knowsTokens(own, part)) unpriced ??= "unknown_rate";
			costUsd += own?.tokenCost(part) ?? 0;
		}
		const isFree = (tool: string): boolean =>
			FREE_TOOLS.has(tool) || (tool === "code_execution" && card.known.codeExecutions);
		const hasUnknownTool =
			(webSearches > 0 && !card.known.webSearches) ||
			Object.entries(serverTools ?? {}).some(([tool, count]) => count > 0 && !isFree(tool));
		if (hasUnknownTool) unpriced ??= "server_tool";
		return {
			costUsd: unpriced !== undefined && costUsd === 0 ? undefined : costUsd,
			unpriced,
			pricedModel: card.modelId,
			match: card.match,
		};
	}

	/** The card of that model at that time; `undefined` where the book knows no such provider or model. */
	card(provider: string, model: string, at: number): RateCard | undefined {
		const now = Date.now();
		const entry = this.#cards.get(provider)?.get(model);
		if (entry !== undefined && now - entry.compiledAt < CARD_LIFE_MS) {
			const { card } = entry;
			if (card === undefined || (at >= card.from && at < card.until)) return card;
		}
		return this.#compile(provider, model, at, now);
	}

	/** How old the bundled prices are. */
	ageSeconds(now: number): number {
		return Math.max(0, (now - PRICES_PUBLISHED) / 1000);
	}

	#compile(provider: string, model: string, at: number, now: number): RateCard | undefined {
		if (this.#size >= MOST_CARDS) {
			this.#cards.clear();
			this.#size = 0;
		}
		const label = provider.toLowerCase().trim();
		const id = findProvider({ providerId: ALIASES.get(label) ?? label })?.id;
		let card: RateCard | undefined;
		try {
			card = id === undefined ? undefined : RateCard.compile(id, model, at);
		} catch {
			// Data that genai-prices itself cannot read is no price.
		}
		let cards = this.#cards.get(provider);
		if (cards === undefined) {
			cards = new Map();
			this.#cards.set(provider, cards);
		}
		if (!cards.has(model)) this.#size += 1;
		cards.set(model, { card, compiledAt: now });
		return card;
	}
}

function knowsTokens(card: RateCard, usage: TokenUsage): boolean {
	if (!card.known.input && (totalInput(usage) ?? 0) > 0) return false;
	return card.known.output || (usage.output ?? 0) === 0;
}
