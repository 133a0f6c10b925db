import { ALWAYS, datesOf } from "./price-dates.ts";
import type { PriceTimes } from "./price-times.ts";
import {
	hasPrice,
	type ModelPrices,
	type Prices,
	type ProviderPrices,
	type ServiceTierFactors,
} from "./prices.ts";
import { type ListedName, normalName, ownProviderId, plainModel } from "./provider-names.ts";
import { RateCard } from "./rate-card.ts";
import { keepsReadPrice, publishedTiers } from "./service-tiers.ts";

/** What a bill of that name is made of besides the list, between two times. */
export interface Terms extends PriceTimes {
	/** Set where the user's price takes the place of the list's. */
	readonly card: RateCard | undefined;
	/** The factors of tokens by service tier. */
	readonly serviceTiers: ReadonlyMap<string, number>;
	/** The tiers whose factor is not for what is read from the cache. */
	readonly readPriceKept: ReadonlySet<string>;
	/** How closely the user's entry fits the name: above that of a looser one, and 0 where there is none. */
	readonly rank: number;
	/** The share of the list's prices that is paid: 1 less the discount. */
	readonly share: number;
}

/** One entry of the user's, ready to be compared. */
interface Entry extends PriceTimes {
	readonly said: ModelPrices;
	readonly provider: string;
	readonly providerId: string | undefined;
	/** The whole name, or what it begins with. */
	readonly model: string;
	readonly isPrefix: boolean;
}

/** What the user says of a provider. */
interface SaidProvider {
	readonly name: string;
	readonly id: string | undefined;
	readonly said: ProviderPrices;
}

/** An entry that is for a name, and how closely. */
interface Fit {
	readonly entry: Entry;
	readonly rank: number;
}

/** Each above all that the smaller ones and a name's length can come to. */
const RANK_OF_NAME = 1000;
const RANK_OF_LABEL = 10_000;
const RANK_OF_PRICE = 100_000;

/** What the user pays where that is not what is listed, and what providers have published of their service tiers. */
export class PriceOverrides {
	readonly #prices: Prices;
	readonly #entries: readonly Entry[];
	readonly #providers: readonly SaidProvider[];
	readonly #names: ReadonlySet<string>;

	/** @param prices checked ones */
	constructor(prices: Prices) {
		this.#prices = prices;
		this.#entries = (prices.models ?? []).map((said) => ({
			said,
			provider: normalName(said.provider),
			providerId: ownProviderId(said.provider),
			model: normalName(said.model).replace(/\*$/, ""),
			isPrefix: said.model.trim().endsWith("*"),
			...(datesOf(said) ?? ALWAYS),
		}));
		this.#providers = Object.entries(prices.providers ?? {}).map(([name, said]) => ({
			name: normalName(name),
			id: ownProviderId(name),
			said,
		}));
		this.#names = new Set([
			...this.#entries.map(({ provider }) => provider),
			...this.#providers.map(({ name }) => name),
		]);
	}

	/** Whether anything is said of that very label. */
	names(label: string): boolean {
		return this.#names.size > 0 && this.#names.has(normalName(label));
	}

	/**
	 * @param provider the label
	 * @param listed what the label and the model stand for in the list, if anything
	 */
	terms(provider: string, model: string, listed: ListedName | undefined, at: number): Terms {
		const label = normalName(provider);
		// By label first: two accounts with one provider may have two contracts.
		const names = [model, plainModel(listed?.providerId, model)].map(normalName);
		const found = [
			...this.#fitting((entry) => entry.provider === label, names, RANK_OF_LABEL),
			...this.#fitting(
				(entry) => entry.provider !== label && entry.providerId === (listed?.providerId ?? ""),
				[...names, normalName(listed?.model ?? "")],
				0,
			),
		];
		const now = found.filter(({ entry: { from, until } }) => at >= from && at < until);
		const priced = now.find(({ entry }) => hasPrice(entry.said));
		const prices = priced?.entry.said;
		const ofLabel = this.#providers.find(({ name }) => name === label)?.said;
		const ofProvider = this.#providers.find(({ id }) => id !== undefined && id === listed?.providerId)?.said;
		const discount = ofLabel?.discount ?? ofProvider?.discount ?? this.#prices.discount ?? 0;
		const published = publishedTiers(listed);
		const own: readonly (ServiceTierFactors | undefined)[] = [
			this.#prices.serviceTiers,
			ofProvider?.serviceTiers,
			ofLabel?.serviceTiers,
			...now.map(({ entry }) => entry.said.serviceTiers).toReversed(),
		];
		const ownTiers = new Map(own.flatMap(factorsByName));
		const kept = Object.keys(published ?? {}).filter(
			(tier) => !ownTiers.has(tier) && keepsReadPrice(listed, tier),
		);
		const changes = found.flatMap(({ entry: { from, until } }) => [from, until]);
		return {
			card: prices && RateCard.ofOverride(prices),
			serviceTiers: new Map([...factorsByName(published), ...ownTiers]),
			readPriceKept: new Set(kept),
			rank: priced === undefined ? (now[0]?.rank ?? 0) : priced.rank + RANK_OF_PRICE,
			share: prices === undefined ? 1 - discount : 1,
			from: Math.max(...changes.filter((change) => change <= at), ALWAYS.from),
			until: Math.min(...changes.filter((change) => change > at), ALWAYS.until),
		};
	}

	/** The entries for any of the names, the one that counts first. */
	#fitting(isOf: (entry: Entry) => boolean, names: readonly string[], rankOfProvider: number): Fit[] {
		const isFor = ({ isPrefix, model: said }: Entry): boolean =>
			names.some((name) => (isPrefix ? name.startsWith(said) : name === said));
		return this.#entries
			.filter((entry) => isOf(entry) && isFor(entry))
			.map((entry) => ({
				entry,
				rank: rankOfProvider + (entry.isPrefix ? 1 : RANK_OF_NAME) + entry.model.length,
			}))
			.toSorted((a, b) => b.rank - a.rank || later(a.entry.from, b.entry.from));
	}
}

/** As answers' own words are compared with them. */
function factorsByName(factors: ServiceTierFactors | undefined): readonly (readonly [string, number])[] {
	return Object.entries(factors ?? {}).map(([tier, factor]) => [normalName(tier), factor]);
}

/** The later first; not by a difference, which is NaN between two that always held. */
function later(a: number, b: number): number {
	if (a === b) return 0;
	return a > b ? -1 : 1;
}
