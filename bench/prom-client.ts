import type { Contender, Format } from "./contender.ts";
import { type BenchFamily, changingSeriesOf, FAMILIES, labelSetsOf, PLAIN_COUNTER } from "./families.ts";
import { type Counter, type Gauge, type Histogram, type Labels, operationOf } from "./prom-operations.ts";

interface Registry {
	metrics(): Promise<string>;
	setContentType(type: never): void;
}
interface Config {
	readonly name: string;
	readonly help: string;
	readonly labelNames: string[];
	/** The two clients' own registries, which have no type in common. */
	readonly registers: never[];
}

/** What prom-client and its successor @prometheus-io/client have in common, and that is all that is measured. */
export interface PromClient {
	readonly Registry: { new (): Registry; OPENMETRICS_CONTENT_TYPE: unknown };
	readonly Counter: new (config: Config) => Counter;
	readonly Gauge: new (config: Config) => Gauge;
	readonly Histogram: new (config: Config & { buckets: number[] }) => Histogram;
}

/** A registry of one of the two, with all families. */
export function createPromClient(client: PromClient): Contender {
	const registry = new client.Registry();
	const counters = new Map<string, Counter>();
	const gauges = new Map<string, Gauge>();
	const histograms = new Map<string, Histogram>();
	for (const { buckets, help, name, type, variants } of FAMILIES) {
		const labelNames = ["route", "model", ...(variants === undefined ? [] : [variants.label])];
		const config = { name, help, labelNames, registers: [registry as never] }; // the same client made both
		if (type === "counter") counters.set(name, new client.Counter(config));
		else if (type === "gauge") gauges.set(name, new client.Gauge(config));
		else histograms.set(name, new client.Histogram({ ...config, buckets: [...buckets] }));
	}
	const plain = { name: PLAIN_COUNTER, help: PLAIN_COUNTER, labelNames: ["route", "model"] };
	counters.set(PLAIN_COUNTER, new client.Counter({ ...plain, registers: [registry as never] })); // as above
	const bear = ({ name }: BenchFamily, labels: Labels): void => {
		counters.get(name)?.inc(labels, 0);
		gauges.get(name)?.set(labels, 0);
		histograms.get(name)?.zero(labels);
	};
	return {
		operation: (name) => operationOf(name, { counters, gauges, histograms }),
		fill(pairs) {
			for (const pair of pairs) {
				for (const family of FAMILIES) for (const labels of labelSetsOf(family, pair)) bear(family, labels);
			}
		},
		change(pair) {
			for (const { family, labels } of changingSeriesOf(pair)) {
				counters.get(family.name)?.inc(labels);
				gauges.get(family.name)?.inc(labels);
				// The lowest bucket, so that all lines of the histogram change.
				histograms.get(family.name)?.observe(labels, 0.5);
			}
		},
		scrape: (format) => scrape(client, registry, format),
	};
}

function scrape(client: PromClient, registry: Registry, format: Format): Promise<string> | undefined {
	if (format === "protobuf") return undefined;
	if (format === "openmetrics") {
		// Each client names its own content type in its types, so that no common one fits.
		registry.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never);
	}
	return registry.metrics();
}
