import { HyperAgentError } from "../core/hyperagent-error.ts";
import { CATALOG, type MetricDefinition } from "../metrics/catalog.ts";
import type { SeriesSnapshot } from "../metrics/snapshot.ts";
import { RegisteredFamily } from "./registered-family.ts";
import { seriesNames } from "./series-names.ts";
import type { ConstantLabels } from "./source.ts";

/** As far as we use it, a registry of `prom-client` 15 or of `@prometheus-io/client` 0.16. */
export interface MetricRegistry {
	readonly contentType: string;
	registerMetric(metric: object): void;
	getSingleMetric(name: string): object | undefined;
	getMetricsAsArray(): readonly { readonly name: string; readonly type: unknown }[];
	removeSingleMetric(name: string): void;
}

/**
 * Puts all families into a registry, or none; the function that comes back takes out what is still ours.
 *
 * @param read the series of one family, as of now
 * @throws HyperAgentError `BAD_OPTION` where it is no registry, or has a metric of such a name
 */
export function registerFamilies(
	registry: MetricRegistry,
	constantLabels: ConstantLabels,
	read: (definition: MetricDefinition) => readonly SeriesSnapshot[],
): () => void {
	checkRegistry(registry);
	refuseCollisions(registry);
	const families = CATALOG.map(
		(definition) => new RegisteredFamily(definition, registry, constantLabels, () => read(definition)),
	);
	const remove = (): void => {
		for (const family of families) {
			// After a `clear()` there may be another's under that name.
			if (registry.getSingleMetric(family.name) === family) registry.removeSingleMetric(family.name);
		}
	};
	try {
		for (const family of families) registry.registerMetric(family);
	} catch (cause) {
		remove();
		throw new HyperAgentError("BAD_OPTION", `${CALL}: the registry refused one of our metrics.`, { cause });
	}
	return remove;
}

const CALL = "registerInto(registry)";
const METHODS = ["registerMetric", "getSingleMetric", "getMetricsAsArray", "removeSingleMetric"] as const;

function checkRegistry(registry: MetricRegistry): void {
	// A caller without types may pass anything.
	const missing = METHODS.find((name) => typeof registry?.[name] !== "function");
	if (missing === undefined && typeof registry.contentType === "string") return;
	throw new HyperAgentError(
		"BAD_OPTION",
		`${CALL}: expected a Registry of prom-client or @prometheus-io/client, such as its \`register\`; ${missing ?? "contentType"} is missing.`,
	);
}

/** Every name in the registry is looked at before anything changes. */
function refuseCollisions(registry: MetricRegistry): void {
	const taken = new Map<string, { readonly name: string }>();
	for (const metric of registry.getMetricsAsArray()) {
		for (const name of seriesNames(metric.name, String(metric.type))) taken.set(name, metric);
	}
	for (const { name, type } of CATALOG) {
		for (const own of seriesNames(name, type)) {
			const other = taken.get(own);
			if (other === undefined) continue;
			const problem =
				other instanceof RegisteredFamily
					? `this registry has our metrics already (${other.name}, say). Call the function that the first registerInto() returned to take them out.`
					: `this registry has a metric "${other.name}" of somebody else, which collides with our "${name}". Rename it, or take another registry.`;
			throw new HyperAgentError("BAD_OPTION", `${CALL}: ${problem} Nothing was registered.`);
		}
	}
}
