import { isRecord } from "../wire/is-record.ts";
import { isOwnReading } from "./registered-family.ts";
import type { ForeignFamily, ForeignSample } from "./source.ts";

/** As far as we read it, a registry of `prom-client` 15 or of `@prometheus-io/client` 0.16. */
export interface ReadableRegistry {
	readonly contentType: string;
	getMetricsAsJSON(): Promise<readonly unknown[]>;
}

const TYPES = ["counter", "gauge", "histogram", "summary"] as const;

/**
 * The families of another registry, ours in it left out. It asks the registry once, so that `collect` functions run.
 *
 * @param onProblem told of each family that cannot be written, by name; the others come all the same
 * @throws what the registry throws
 */
export async function readForeignFamilies(
	registry: ReadableRegistry,
	onProblem: (family: string, problem: string) => void,
): Promise<readonly ForeignFamily[]> {
	const readings: unknown = await registry.getMetricsAsJSON();
	if (!Array.isArray(readings)) throw new TypeError("getMetricsAsJSON() gave no list.");
	const isOpenMetrics = registry.contentType.includes("openmetrics");
	const families: ForeignFamily[] = [];
	for (const reading of readings) {
		if (!isRecord(reading) || isOwnReading(reading)) continue;
		const family = toFamily(reading, isOpenMetrics);
		if (family !== undefined) families.push(family);
		else onProblem(String(reading["name"]), "has a name, a label or a value that Prometheus would not read");
	}
	return families;
}

function toFamily(
	reading: Readonly<Record<string, unknown>>,
	isOpenMetrics: boolean,
): ForeignFamily | undefined {
	const { help, name: given, values = [] } = reading;
	if (!isName(given, NAME) || !Array.isArray(values)) return undefined;
	const told = TYPES.find((type) => type === reading["type"]) ?? "untyped";
	// A registry set to OpenMetrics has taken `_total` off its counters, and writes it on each of their lines.
	const name = told === "counter" && isOpenMetrics && !given.endsWith("_total") ? `${given}_total` : given;
	// A counter of any other name would have to be renamed for OpenMetrics: without a type it keeps it in each format.
	const type = told === "counter" && !name.endsWith("_total") ? "untyped" : told;
	const samples: ForeignSample[] = [];
	for (const value of values) {
		const sample = toSample(value, name);
		if (sample === undefined) return undefined;
		samples.push(sample);
	}
	return { name, help: typeof help === "string" ? help : "", type, samples };
}

function toSample(value: unknown, family: string): ForeignSample | undefined {
	if (!isRecord(value)) return undefined;
	const { labels = {}, metricName: name = family, value: number } = value;
	if (!isName(name, NAME) || !isRecord(labels) || typeof number !== "number") return undefined;
	const entries = Object.entries(labels).filter(([, text]) => text !== undefined);
	if (entries.some(([label]) => !isName(label, LABEL))) return undefined;
	return {
		name,
		labels: Object.fromEntries(entries.map(([label, text]) => [label, String(text)])),
		value: number,
	};
}

/* https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels: what every version of Prometheus reads. */
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function isName(value: unknown, form: RegExp): value is string {
	return typeof value === "string" && form.test(value);
}
