import type { PriceSource, UnpricedReason } from "../core/settled-call.ts";
import type { TokenUsage } from "../core/token-usage.ts";
import { LIST_PUBLISHED } from "./list-date.ts";
import { ALWAYS } from "./price-dates.ts";
import { PriceOverrides, type Terms } from "./price-overrides.ts";
import type { Prices } from "./prices.ts";
import { type ListedName, listedName } from "./provider-names.ts";
import { RateCard } from "./rate-card.ts";
import { readCost, tierFactor } from "./service-tiers.ts";

/** What is to be priced. */
export interface PriceQuery {
	/** A provider as people call it: "openai", "azure", "xai", "vertex". */
	readonly provider: string;
	readonly model: string;
	/** The model that answered; it counts where the book knows it. */
	readonly answeredModel?: string | undefined;
	readonly usage: TokenUsage;
	/** The tier in which the answer says that it was made, where that is not the standard one: "flex", "batch", "fast+us". */
	readonly serviceTier?: string | undefined;
	/** USD that the provider itself says it takes. */
	readonly reportedCostUsd?: number | undefined;
	/** When the call started, in milliseconds since the epoch. */
	readonly at: number;
}

/** What it costs, and from which price that follows. */
export interface Price {
	/** In USD, not rounded; `undefined` when nothing of it has a known price. */
	readonly costUsd: number | undefined;
	/** Set when it, or a part of it, has no known price. */
	readonly unpriced: UnpricedReason | undefined;
	/** `undefined` where there is no price. */
	readonly source: PriceSource | undefined;
	/** The model of the list, or the override's `model`, whose prices were taken; none where the provider told the cost. */
	readonly pricedModel: string | undefined;
	readonly match: RateCard["match"] | undefined;
	/** When those prices were published, or the override's `from`, in milliseconds since the epoch. */
	readonly asOf: number | undefined;
}

const UNKNOWN: Price = {
	costUsd: undefined,
	unpriced: "unknown_model",
	source: undefined,
	pricedModel: undefined,
	match: undefined,
	asOf: undefined,
};

/** More (provider, model) names than this are taken for a flood, and forgotten together: a card is made in microseconds. */
const MOST_NAMES = 5000;
/** No provider or model has a longer name: it is neither looked up nor remembered. */
const LONGEST_NAME = 256;
/** More than this is no cost of a call: beyond it dollars are not counted one by one, and sums lose all that is small. */
const MOST_USD = Number.MAX_SAFE_INTEGER;
/** What is known of a name is asked anew after this long: the user may update genai-prices' data. */
const ENTRY_LIFE_MS = 3_600_000;

/** What the book knows of a name between two times: a card and the terms that it is under, or that there is none. */
interface Entry extends Terms {
	/** The model in the list, whoever's prices are taken. */
	readonly listedModel: string | undefined;
	/** When something that the bill depends on begins or ends to hold; it may come to the same. */
	readonly nextChange: number;
}

/**
 * What calls cost: as the provider itself has reported it, else by the user's own prices, else by genai-prices' at that
 * time, each compiled to a card for a (provider, model) once. A provider that nobody has listed has no price: a model's
 * name alone does not tell who bills it.
 */
export class PriceBook {
	readonly #prices: Prices;
	/** The label whose terms hold, where that is not the provider asked for. */
	readonly #label: string | undefined;
	readonly #labelled = new Map<string, PriceBook>();
	readonly #entries = new Map<string, Map<string, Entry>>();
	readonly #overrides: PriceOverrides;
	readonly #hasOverrides: boolean;
	#size = 0;

	/**
	 * @param prices the user's own, checked
	 * @param label see {@link under}
	 */
	constructor(prices: Prices = {}, label?: string) {
		this.#prices = prices;
		this.#label = label;
		this.#overrides = new PriceOverrides(prices);
		this.#hasOverrides = prices.models !== undefined;
	}

	/** How many names it remembers, at most 5,000: those it has a card for and those it has not. */
	get size(): number {
		return this.#size;
	}

	/**
	 * The same for calls that go by a label which no list has ("acme-eu"), where the provider behind it is known: what the
	 * user says of the label is for them.
	 */
	under(label: string): PriceBook {
		if (!this.#overrides.names(label)) return this;
		let book = this.#labelled.get(label);
		if (book === undefined) {
			// No more than the user has named, unless somebody plays with upper and lower case.
			if (this.#labelled.size >= MOST_NAMES) this.#labelled.clear();
			book = new PriceBook(this.#prices, label);
			this.#labelled.set(label, book);
		}
		return book;
	}

	/** Never throws; what is unknown is said to be. */
	price(query: PriceQuery): Price {
		const { answeredModel, at, model, provider, reportedCostUsd = 0, serviceTier, usage } = query;
		if (reportedCostUsd > 0 && reportedCostUsd <= MOST_USD)
			return { ...UNKNOWN, costUsd: reportedCostUsd, unpriced: undefined, source: "reported" };
		const entry = this.#entryFor(provider, model, answeredModel, at);
		const card = entry?.card;
		if (entry === undefined || card === undefined) return UNKNOWN;
		let costUsd = card.requestCost(usage) * entry.share;
		let unpriced: UnpricedReason | undefined = card.hasToolRates(usage) ? undefined : "server_tool";
		const { iterations } = usage;
		if (iterations === undefined || iterations.length === 0) {
			const factor = serviceTier === undefined ? 1 : tierFactor(entry.serviceTiers, serviceTier);
			costUsd += tokensUsd(entry, card, usage, serviceTier, factor);
			if (factor === undefined || !card.hasRates(usage)) unpriced = "unknown_rate";
		} else {
			// Price tiers look at one request, so each of several is priced for itself.
			for (const part of iterations) {
				const isOwn = part.model === undefined || part.model === answeredModel;
				const other = isOwn ? entry : this.#entry(provider, part.model, at);
				const own = other?.card === undefined && part.model === model ? entry : other;
				if (own?.card === undefined) {
					unpriced = "unknown_model";
					continue;
				}
				const factor = serviceTier === undefined ? 1 : tierFactor(own.serviceTiers, serviceTier);
				costUsd += tokensUsd(own, own.card, part, serviceTier, factor);
				if (factor === undefined || !own.card.hasRates(part)) unpriced ??= "unknown_rate";
			}
		}
		// Counts are checked where they come in; a bad one must still not become a bad price.
		const isCost = costUsd >= 0 && costUsd <= MOST_USD;
		if (!isCost) unpriced = "unknown_rate";
		return {
			costUsd: isCost && (costUsd > 0 || unpriced === undefined) ? costUsd : undefined,
			unpriced,
			source: card.source,
			pricedModel: card.modelId,
			match: card.match,
			asOf: card.asOf,
		};
	}

	/** The card of that model at that time; `undefined` where the book knows no such provider or model. */
	card(provider: string, model: string, at: number): RateCard | undefined {
		return this.#entry(provider, model, at)?.card;
	}

	/** The same with what else the bill depends on: service tiers and discounts. */
	terms(provider: string, model: string, at: number): (Terms & { readonly nextChange: number }) | undefined {
		return this.#entry(provider, model, at);
	}

	/** How old the bundled prices are. */
	ageSeconds(now: number): number {
		return Math.max(0, (now - LIST_PUBLISHED) / 1000);
	}

	/**
	 * What the answering model costs, where the book knows it, else the model that was asked. Providers answer with longer
	 * names than one asks by, so of the user's entries for either the closer one counts, unless the list knows the two as
	 * different models.
	 */
	#entryFor(provider: string, model: string, answered: string | undefined, at: number): Entry | undefined {
		if (answered === undefined || answered === model) return this.#entry(provider, model, at);
		const own = this.#entry(provider, answered, at);
		if (own?.card !== undefined && !this.#hasOverrides) return own;
		const asked = this.#entry(provider, model, at);
		if (own?.card === undefined) return asked;
		if (asked?.card === undefined || asked.rank <= own.rank) return own;
		const isOther = asked.listedModel !== own.listedModel;
		return isOther && asked.listedModel !== undefined && own.listedModel !== undefined ? own : asked;
	}

	#entry(provider: string, model: string, at: number): Entry | undefined {
		const entry = this.#entries.get(provider)?.get(model);
		if (entry !== undefined && at >= entry.from && at < entry.until) return entry;
		return this.#learn(provider, model, at);
	}

	#learn(provider: string, model: string, at: number): Entry | undefined {
		if (provider.length > LONGEST_NAME || model.length > LONGEST_NAME) return undefined;
		let name: ListedName | undefined;
		let card: RateCard | undefined;
		try {
			name = listedName(provider, model);
			if (name !== undefined) card = RateCard.compile(name.providerId, name.model, at);
		} catch {
			// Data that genai-prices itself cannot read is no price.
		}
		const terms = this.#overrides.terms(this.#label ?? provider, model, name, at);
		const entry: Entry = {
			card: terms.card ?? card,
			listedModel: card?.modelId,
			serviceTiers: terms.serviceTiers,
			readPriceKept: terms.readPriceKept,
			rank: terms.rank,
			share: terms.share,
			nextChange: Math.min(
				terms.until,
				terms.card === undefined ? (card?.until ?? ALWAYS.until) : ALWAYS.until,
			),
			from: Math.max(at - ENTRY_LIFE_MS, terms.from, card?.from ?? Number.NEGATIVE_INFINITY),
			until: Math.min(at + ENTRY_LIFE_MS, terms.until, card?.until ?? Number.POSITIVE_INFINITY),
		};
		this.#remember(provider, model, entry);
		return entry;
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

/** What the tokens of one request cost; by the list, where the factor of its tier is not known. */
function tokensUsd(
	{ readPriceKept, share }: Entry,
	card: RateCard,
	usage: TokenUsage,
	tier: string | undefined,
	factor = 1,
): number {
	const usd = card.tokenCost(usage) * factor;
	if (tier === undefined || !readPriceKept.has(tier)) return usd * share;
	return (usd + readCost(card.tiers, usage) * (1 - factor)) * share;
}
