import type { UnpricedReason } from "../core/settled-call.ts";
import type { TokenUsage } from "../core/token-usage.ts";
import { listedName } from "./provider-names.ts";
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

/** When the bundled prices were published: genai-prices 0.1.8, which its package does not say of itself. */
const PRICES_PUBLISHED: number = Date.parse("2026-09-23T10:11:04Z");
/** The version that {@link PRICES_PUBLISHED} speaks of; a test holds it equal to the one installed. */
export const PRICES_VERSION = "0.1.8";

/** More (provider, model) names than this are taken for a flood, and forgotten together: a card is made in microseconds. */
const MOST_NAMES = 5000;
/** No provider or model has a longer name: it is neither looked up nor remembered. */
const LONGEST_NAME = 256;
/** What is known of a name is asked anew after this long: the user may update genai-prices' data. */
const ENTRY_LIFE_MS = 3_600_000;

/** What the book knows of a name between two times: a card, or that there is none. */
interface Entry {
	readonly card: RateCard | undefined;
	readonly from: number;
	readonly until: number;
}

/**
 * The prices of genai-prices, compiled to a card for each (provider, model) once. A provider that it does not know has
 * no price: a model's name alone does not tell who bills it.
 */
export class PriceBook {
	readonly #entries = new Map<string, Map<string, Entry>>();
	#size = 0;

	/** How many names it remembers, at most 5,000: those it has a card for and those it has not. */
	get size(): number {
		return this.#size;
	}

	/** Never throws; what is unknown is said to be. */
	price({ answeredModel, at, model, provider, usage }: PriceQuery): Price {
		const card = this.#cardOf(provider, answeredModel, at) ?? this.card(provider, model, at);
		if (card === undefined) return UNKNOWN;
		let costUsd = card.requestCost(usage);
		let unpriced: UnpricedReason | undefined = card.hasToolRates(usage) ? undefined : "server_tool";
		const { iterations } = usage;
		if (iterations === undefined || iterations.length === 0) {
			costUsd += card.tokenCost(usage);
			if (!card.hasRates(usage)) unpriced = "unknown_rate";
		} else {
			// Price tiers look at one request, so each of several is priced for itself.
			for (const part of iterations) {
				const isOwn = part.model === undefined || part.model === answeredModel || part.model === model;
				const own = this.#cardOf(provider, part.model, at) ?? (isOwn ? card : undefined);
				costUsd += own?.tokenCost(part) ?? 0;
				if (own === undefined) unpriced = "unknown_model";
				else if (!own.hasRates(part)) unpriced ??= "unknown_rate";
			}
		}
		// Counts are checked where they come in; a bad one must still not become a bad price.
		const isCost = costUsd >= 0 && costUsd < Number.POSITIVE_INFINITY;
		if (!isCost) unpriced = "unknown_rate";
		return {
			costUsd: isCost && (costUsd > 0 || unpriced === undefined) ? costUsd : undefined,
			unpriced,
			pricedModel: card.modelId,
			match: card.match,
		};
	}

	/** The card of that model at that time; `undefined` where the book knows no such provider or model. */
	card(provider: string, model: string, at: number): RateCard | undefined {
		const entry = this.#entries.get(provider)?.get(model);
		if (entry !== undefined && at >= entry.from && at < entry.until) return entry.card;
		return this.#learn(provider, model, at);
	}

	/** How old the bundled prices are. */
	ageSeconds(now: number): number {
		return Math.max(0, (now - PRICES_PUBLISHED) / 1000);
	}

	#cardOf(provider: string, model: string | undefined, at: number): RateCard | undefined {
		return model === undefined ? undefined : this.card(provider, model, at);
	}

	#learn(provider: string, model: string, at: number): RateCard | undefined {
		if (provider.length > LONGEST_NAME || model.length > LONGEST_NAME) return undefined;
		let card: RateCard | undefined;
		try {
			const name = listedName(provider, model);
			if (name !== undefined) card = RateCard.compile(name.providerId, name.model, at);
		} catch {
			// Data that genai-prices itself cannot read is no price.
		}
		this.#remember(provider, model, {
			card,
			from: Math.max(at - ENTRY_LIFE_MS, card?.from ?? Number.NEGATIVE_INFINITY),
			until: Math.min(at + ENTRY_LIFE_MS, card?.until ?? Number.POSITIVE_INFINITY),
		});
		return card;
	}

	#remember(provider: string, model: string, entry: Entry): void {
		const isNew = this.#entries.get(provider)?.has(model) !== true;
		if (isNew && this.#size >= MOST_NAMES) {
			this.#entries.clear();
			this.#size = 0;
		}
		if (isNew) this.#size += 1;
		const known = this.#entries.get(provider);
		if (known === undefined) this.#entries.set(provider, new Map([[model, entry]]));
		else known.set(model, entry);
	}
}
