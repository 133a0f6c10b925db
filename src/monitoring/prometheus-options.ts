import { badOption } from "../core/bad-option.ts";
import type { ConstantLabels } from "../exposition/source.ts";
import { CATALOG, SCOPE_LABELS } from "../metrics/catalog.ts";
import type { NativeSchema } from "../metrics/native-histogram.ts";
import type { Bounds } from "../metrics/recorder-options.ts";
import type { Prices } from "../pricing/prices.ts";
import { MAX_LABEL_LENGTH } from "../core/label-guard.ts";
import type { OnError } from "./internal-errors.ts";

/** A model to declare; with its provider its rate-limit series exist from the start, too. */
export type DeclaredModel = string | { readonly provider: string; readonly model: string };

/** Everything is optional. */
export interface PrometheusOptions {
	/** Upper bounds of the histograms in milliseconds, increasing, without +Inf. */
	readonly buckets?: {
		readonly latencyMs?: readonly number[];
		/** Default: as `latencyMs`. */
		readonly timeToFirstTokenMs?: readonly number[];
		readonly timePerOutputTokenMs?: readonly number[];
	};
	/** Labels on every series: `{ service: "api" }`. */
	readonly constantLabels?: ConstantLabels;
	/**
	 * Routes and models to be used: the series of each route with each model exist from the start. Prometheus'
	 * `increase()` cannot see a first event that falls between two scrapes otherwise.
	 */
	readonly routes?: readonly string[];
	readonly models?: readonly DeclaredModel[];
	/** What you pay, where that is not what genai-prices lists: an object, or the path of a JSON file that holds one. */
	readonly prices?: Prices | string;
	/** The most label sets; beyond them labels become `other`. */
	readonly bounds?: Partial<Bounds>;
	/**
	 * Native histograms beside the classic ones, for scrapers that ask for protobuf; off unless given. Prometheus 2 then
	 * keeps the native ones only, so that no query on `_bucket` has an answer. `schema` says how fine they are: each
	 * doubling has 2^schema buckets. Default: 3, so that neighbours are 9.05 % apart.
	 */
	readonly nativeHistograms?: boolean | { readonly schema?: NativeSchema };
	/** Whether OpenMetrics tells since when each series counts (`_created`); Prometheus 2 takes that for a series. */
	readonly createdSeries?: boolean;
	/** Told of faults inside the observation and of values that it refused; without it, each kind warns once. */
	readonly onError?: OnError;
}

const OPTIONS = [
	"bounds",
	"buckets",
	"constantLabels",
	"createdSeries",
	"models",
	"nativeHistograms",
	"onError",
	"prices",
	"routes",
];
const BOUNDS = ["pairs", "routes", "targets"];
const BUCKETS = ["latencyMs", "timePerOutputTokenMs", "timeToFirstTokenMs"];

/** Label names that our series have already, or that Prometheus gives a meaning. */
const TAKEN = new Set([
	"le",
	"quantile",
	...Object.values(SCOPE_LABELS).flat(),
	...CATALOG.flatMap(({ variants }) => variants?.label ?? []),
]);

/** Throws `BAD_OPTION` at the first option that cannot be meant. */
export function checkOptions(options: PrometheusOptions): void {
	expect(isObject(options), "options", "an object", options);
	onlyKnown("options", options, OPTIONS);
	const { bounds = {}, buckets = {}, constantLabels = {}, models = [], onError, routes = [] } = options;
	expect(isObject(buckets), "buckets", "an object", buckets);
	onlyKnown("buckets", buckets, BUCKETS);
	for (const [name, bucket] of Object.entries(buckets)) checkBuckets(`buckets.${name}`, bucket);
	expect(isObject(constantLabels), "constantLabels", "an object", constantLabels);
	for (const [name, value] of Object.entries(constantLabels)) checkConstantLabel(name, value);
	expect(isObject(bounds), "bounds", "an object", bounds);
	onlyKnown("bounds", bounds, BOUNDS);
	for (const [name, bound] of Object.entries(bounds)) {
		expect(Number.isInteger(bound) && bound > 0, `bounds.${name}`, "an integer of at least 1", bound);
	}
	checkFormats(options);
	expect(onError === undefined || typeof onError === "function", "onError", "a function", onError);
	expect(Array.isArray(routes), "routes", "an array", routes);
	expect(Array.isArray(models), "models", "an array", models);
	for (const [i, route] of routes.entries()) checkLabel(`routes[${i}]`, route);
	for (const [i, model] of models.entries()) {
		if (typeof model === "string") {
			checkLabel(`models[${i}]`, model);
			continue;
		}
		expect(isObject(model), `models[${i}]`, "a name, or { provider, model }", model);
		checkLabel(`models[${i}].provider`, model.provider);
		checkLabel(`models[${i}].model`, model.model);
	}
	checkRoom(bounds, routes, models);
}

/** What is declared must not become `other`: the guard keeps a place for the `other` of each route, and one for all. */
function checkRoom(
	bounds: Partial<Bounds>,
	routes: readonly string[],
	models: readonly DeclaredModel[],
): void {
	const names = new Set(models.map((model) => (typeof model === "string" ? model : model.model)));
	const targets = new Set(
		models.flatMap((model) => (typeof model === "string" ? [] : [JSON.stringify(model)])),
	);
	const [firsts, providers] = [
		new Set(routes),
		new Set(models.flatMap((model) => (typeof model === "string" ? [] : [model.provider]))),
	];
	const pairs = names.size === 0 || firsts.size === 0 ? 0 : firsts.size * names.size + firsts.size + 1;
	for (const [name, needed, what] of [
		[
			"pairs",
			pairs,
			"the declared routes with the declared models, and an `other` for each route and for all",
		],
		["routes", firsts.size === 0 ? 0 : firsts.size + 2, "the declared routes, and an `other`"],
		[
			"targets",
			targets.size === 0 ? 0 : targets.size + providers.size + 1,
			"the declared models, and an `other` for each provider and for all",
		],
	] as const) {
		const most = bounds[name] ?? 1000;
		expect(needed <= most, `bounds.${name}`, `room for ${needed} label sets: ${what}`, most);
	}
}

function checkFormats({ createdSeries, nativeHistograms }: PrometheusOptions): void {
	const isFlag = createdSeries === undefined || typeof createdSeries === "boolean";
	expect(isFlag, "createdSeries", "true or false", createdSeries);
	if (nativeHistograms === undefined || typeof nativeHistograms === "boolean") return;
	expect(isObject(nativeHistograms), "nativeHistograms", "true, false or { schema }", nativeHistograms);
	onlyKnown("nativeHistograms", nativeHistograms, ["schema"]);
	const { schema = 3 } = nativeHistograms;
	const fits = Number.isInteger(schema) && schema >= 0 && schema <= 5;
	expect(fits, "nativeHistograms.schema", "an integer from 0 to 5", schema);
}

function checkBuckets(path: string, bounds: unknown): void {
	expect(Array.isArray(bounds) && bounds.length > 0, path, "a list of at least one number", bounds);
	if (!Array.isArray(bounds)) return;
	let last = Number.NEGATIVE_INFINITY;
	for (const bound of bounds) {
		const fits = typeof bound === "number" && Number.isFinite(bound) && bound > last;
		expect(fits, path, "finite numbers that increase (+Inf is added)", bounds);
		last = Number(bound);
	}
}

function checkConstantLabel(name: string, value: unknown): void {
	const path = `constantLabels.${name}`;
	// https://prometheus.io/docs/concepts/data_model: names that begin with __ are Prometheus' own.
	expect(
		/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && !name.startsWith("__"),
		path,
		"a Prometheus label name",
		name,
	);
	expect(!TAKEN.has(name), path, "a name that no series of ours uses as a label", name);
	expect(typeof value === "string", path, "a string", value);
}

function checkLabel(path: string, value: unknown): void {
	const fits = typeof value === "string" && value !== "" && value.length <= MAX_LABEL_LENGTH;
	expect(fits, path, `a string of 1 to ${MAX_LABEL_LENGTH} characters`, value);
}

function onlyKnown(path: string, value: object, known: readonly string[]): void {
	for (const key of Object.keys(value)) expect(known.includes(key), path, `one of ${known.join(", ")}`, key);
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function expect(fits: boolean, path: string, expected: string, got: unknown): void {
	if (!fits) throw badOption("initPrometheus()", `\`${path}\``, expected, got);
}
