import { badOption } from "../core/bad-option.ts";
import { STANDARD_TIERS } from "../core/service-tiers.ts";
import { datesOf } from "./price-dates.ts";
import { hasPrice, type ModelPrices, type Prices, TOKEN_KINDS } from "./prices.ts";
import { normalName } from "./provider-names.ts";

/** Whose prices they are, for messages. */
export interface PricesOrigin {
	/** The function, or the option of a command, that was given them. */
	readonly who: string;
	/** A path as it is to be read: `prices.models[2].input`, or `models[2].input` in a file. */
	readonly where: (path: string) => string;
}

const MODEL_FIELDS = [
	"provider",
	"model",
	...TOKEN_KINDS,
	"tiers",
	"request",
	"webSearch",
	"tools",
	"from",
	"until",
	"serviceTiers",
];
const LONGEST_NAME = 256;

/** Throws `BAD_OPTION` at the first thing that cannot be meant. */
export function checkPrices(prices: unknown, origin: PricesOrigin): asserts prices is Prices {
	new PricesCheck(origin).all(prices);
}

class PricesCheck {
	readonly #origin: PricesOrigin;

	constructor(origin: PricesOrigin) {
		this.#origin = origin;
	}

	all(prices: unknown): void {
		const {
			discount,
			models = [],
			providers = {},
			serviceTiers,
		} = this.#object("", prices, ["discount", "models", "providers", "serviceTiers"]);
		this.#discount("discount", discount);
		this.#factors("serviceTiers", serviceTiers);
		if (!Array.isArray(models)) throw this.#bad("models", "an array", models);
		// Not by map(), which leaves holes out.
		this.#unlike(Array.from(models, (entry: unknown, i) => this.#model(`models[${i}]`, entry)));
		const names = new Set<string>();
		for (const [name, said] of Object.entries(this.#object("providers", providers))) {
			const path = `providers[${JSON.stringify(name)}]`;
			this.#name(path, name);
			if (names.has(normalName(name))) throw this.#bad(path, "each provider once", name);
			names.add(normalName(name));
			const provider = this.#object(path, said, ["discount", "serviceTiers"]);
			this.#discount(`${path}.discount`, provider["discount"]);
			this.#factors(`${path}.serviceTiers`, provider["serviceTiers"]);
		}
	}

	#model(path: string, said: unknown): ModelPrices {
		const entry = this.#object(path, said, MODEL_FIELDS);
		const { from, model, provider, request, serviceTiers, tiers = [], tools = {}, until, webSearch } = entry;
		this.#name(`${path}.provider`, provider);
		this.#name(`${path}.model`, model);
		if (/\*./.test(String(model))) throw this.#bad(`${path}.model`, "a `*` at its end only", model);
		for (const kind of TOKEN_KINDS) this.#amount(`${path}.${kind}`, entry[kind]);
		this.#amount(`${path}.request`, request);
		this.#amount(`${path}.webSearch`, webSearch);
		for (const [tool, usd] of Object.entries(this.#object(`${path}.tools`, tools)))
			this.#amount(`${path}.tools.${tool}`, usd);
		this.#factors(`${path}.serviceTiers`, serviceTiers);
		this.#tiers(path, entry, tiers);
		this.#dates(path, from, until);
		const priced = Object.keys(entry).filter((key) => !["provider", "model", "from", "until"].includes(key));
		if (priced.length === 0)
			throw this.#bad(path, "a price (`input` and `output`, say) or `serviceTiers`", said);
		// Each of its fields has just been checked.
		return entry as unknown as ModelPrices;
	}

	#tiers(path: string, entry: Readonly<Record<string, unknown>>, tiers: unknown): void {
		if (!Array.isArray(tiers)) throw this.#bad(`${path}.tiers`, "an array", tiers);
		let last = 0;
		for (const [i, said] of tiers.entries()) {
			const at = `${path}.tiers[${i}]`;
			const tier = this.#object(at, said, ["above", ...TOKEN_KINDS]);
			const { above } = tier;
			if (typeof above !== "number" || !Number.isSafeInteger(above) || above <= last)
				throw this.#bad(`${at}.above`, `a whole number above ${last}`, above);
			last = above;
			for (const kind of TOKEN_KINDS) {
				this.#amount(`${at}.${kind}`, tier[kind]);
				if (tier[kind] !== undefined && entry[kind] === undefined)
					throw this.#bad(
						`${path}.${kind}`,
						`the price below that of ${this.#origin.where(`${at}.${kind}`)}`,
						undefined,
					);
			}
			if (Object.keys(tier).length < 2) throw this.#bad(at, "a price (`input`, say)", said);
		}
	}

	#dates(path: string, from: unknown, until: unknown): void {
		for (const [name, said] of Object.entries({ from, until })) {
			if (said === undefined || datesOf({ [name]: said }) !== undefined) continue;
			throw this.#bad(`${path}.${name}`, 'a date ("2026-07-01") or a time ("2026-07-01T12:00:00Z")', said);
		}
		const dates = datesOf({ from, until });
		if (dates !== undefined && dates.from >= dates.until)
			throw this.#bad(`${path}.until`, `a time after ${String(from)}`, until);
	}

	/** Of two prices for the same name, the later one counts; of two from the same time on, nobody knows which is meant. */
	#unlike(entries: readonly ModelPrices[]): void {
		const seen = new Map<string, number>();
		for (const [i, entry] of entries.entries()) {
			const names = [entry.provider, entry.model].map(normalName);
			const key = JSON.stringify([...names, hasPrice(entry), datesOf({ from: entry.from })?.from]);
			const other = seen.get(key);
			seen.set(key, i);
			if (other === undefined) continue;
			const expected = `another model, or another \`from\`, than at ${this.#origin.where(`models[${other}]`)}`;
			throw this.#bad(`models[${i}]`, expected, `${entry.provider} ${entry.model}`);
		}
	}

	#factors(path: string, said: unknown): void {
		if (said === undefined) return;
		const names = new Set<string>();
		for (const [tier, factor] of Object.entries(this.#object(path, said))) {
			const name = normalName(tier);
			if (STANDARD_TIERS.has(name))
				throw this.#bad(path, "tiers that cost more or less than the standard one", tier);
			if (names.has(name)) throw this.#bad(path, "each tier once", tier);
			names.add(name);
			this.#amount(`${path}.${tier}`, factor);
		}
	}

	#discount(path: string, said: unknown): void {
		if (said === undefined || (typeof said === "number" && said >= 0 && said <= 1)) return;
		throw this.#bad(path, "a share from 0 to 1 (0.12 is 12 %)", said);
	}

	#amount(path: string, said: unknown): void {
		if (said === undefined || (typeof said === "number" && said >= 0 && Number.isFinite(said))) return;
		throw this.#bad(path, "a number of at least 0", said);
	}

	#name(path: string, said: unknown): void {
		if (typeof said === "string" && said.trim() !== "" && said.length <= LONGEST_NAME) return;
		throw this.#bad(path, `a name of 1 to ${LONGEST_NAME} characters`, said);
	}

	#object(path: string, said: unknown, known?: readonly string[]): Readonly<Record<string, unknown>> {
		// By its tag, for an object of another realm is one, too; a promise or a URL has no keys, and would say nothing.
		if (
			Object.prototype.toString.call(said) !== "[object Object]" ||
			typeof said !== "object" ||
			said === null
		)
			throw this.#bad(path, "an object", said);
		const unknown = known && Object.keys(said).find((key) => !known.includes(key));
		if (unknown !== undefined) throw this.#bad(path, `one of ${known?.join(", ")}`, unknown);
		// What has keys can be asked for them; each value is checked before it is believed.
		return said as Readonly<Record<string, unknown>>;
	}

	#bad(path: string, expected: string, got: unknown): Error {
		return badOption(this.#origin.who, this.#origin.where(path), expected, got);
	}
}
