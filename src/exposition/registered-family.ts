import type { MetricDefinition } from "../metrics/catalog.ts";
import type { SeriesSnapshot } from "../metrics/snapshot.ts";
import type { ConstantLabels } from "./source.ts";

/** One line as prom-client and @prometheus-io/client keep it. */
interface RegistryValue {
	readonly value: number;
	readonly labels: Readonly<Record<string, string | number>>;
	/** Where it is not the family's: `_bucket`, `_sum`, `_count`. */
	readonly metricName?: string;
}

/** What a metric of theirs answers when it is asked for its numbers. */
interface RegistryReading {
	readonly name: string;
	readonly help: string;
	readonly type: MetricDefinition["type"];
	readonly aggregator: string;
	readonly values: readonly RegistryValue[];
}

/** How the gauges of several processes become one, where a sum would say nothing. Everything else is summed. */
const AGGREGATORS: ReadonlyMap<string, "first" | "max" | "min"> = new Map([
	["llm_ratelimit_remaining", "min"],
	// With a ledger each process tells what all of them have spent; without one, the fullest is what matters.
	["llm_budget_limit_cents", "max"],
	["llm_budget_spent_cents", "max"],
	["hyperagent_price_book_age_seconds", "max"],
	["hyperagent_build_info", "first"],
]);

/** The readings that we gave out: who reads a whole registry knows ours again by them. */
const ours = new WeakSet<object>();

/** Whether a registry has this reading from us. */
export function isOwnReading(reading: object): boolean {
	return ours.has(reading);
}

/** One of our families as an object that a registry of prom-client or @prometheus-io/client takes for a metric. */
export class RegisteredFamily {
	readonly help: string;
	readonly type: MetricDefinition["type"];
	readonly aggregator: string;
	readonly #name: string;
	readonly #registry: { readonly contentType: string };
	readonly #constantLabels: ConstantLabels;
	readonly #read: () => readonly SeriesSnapshot[];
	#isShortened = false;

	constructor(
		{ help, name, type }: MetricDefinition,
		registry: { readonly contentType: string },
		constantLabels: ConstantLabels,
		read: () => readonly SeriesSnapshot[],
	) {
		this.help = help;
		this.type = type;
		this.aggregator = AGGREGATORS.get(name) ?? "sum";
		this.#name = name;
		this.#registry = registry;
		this.#constantLabels = constantLabels;
		this.#read = read;
	}

	get name(): string {
		return this.#name;
	}

	/**
	 * A registry set to OpenMetrics takes `_total` off the name of a counter right before it asks for its text, and puts
	 * it back on every line. Their own counters have lost it for good then; ours is short for that one answer only.
	 */
	set name(name: string) {
		this.#isShortened = name !== this.#name;
	}

	/** The numbers as of now, for `getMetricsAsJSON()` and for adding up the workers of a cluster. */
	async get(): Promise<RegistryReading> {
		return this.#reading(this.#name);
	}

	/** The same, for the text: of a counter in OpenMetrics with the family's name, which has no `_total`. */
	async getForPromString(): Promise<RegistryReading> {
		const isOpenMetrics = this.#isShortened || this.#registry.contentType.includes("openmetrics");
		this.#isShortened = false;
		const isShort = isOpenMetrics && this.type === "counter";
		return this.#reading(isShort ? this.#name.replace(/_total$/, "") : this.#name);
	}

	/** Does nothing: the numbers are the recorder's, and `resetMetrics()` of one registry is not to take them from all. */
	reset(): void {}

	#reading(name: string): RegistryReading {
		const { aggregator, help, type } = this;
		const values = this.#read().flatMap((series) => this.#valuesOf(series));
		const reading = { name, help, type, aggregator, values };
		ours.add(reading);
		return reading;
	}

	#valuesOf({ histogram, labels: own, value }: SeriesSnapshot): readonly RegistryValue[] {
		const labels = { ...this.#constantLabels, ...own };
		if (histogram === undefined) return [{ value, labels }];
		const { bounds, counts, sum } = histogram;
		let count = 0;
		const values: RegistryValue[] = counts.map((more, i) => {
			count += more;
			const le = bounds[i] ?? "+Inf";
			return { value: count, labels: { ...labels, le }, metricName: `${this.#name}_bucket` };
		});
		values.push({ value: sum, labels, metricName: `${this.#name}_sum` });
		values.push({ value: count, labels, metricName: `${this.#name}_count` });
		return values;
	}
}
