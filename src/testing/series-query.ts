import { HyperAgentError } from "../core/hyperagent-error.ts";
import { CATALOG, type MetricDefinition, SCOPE_LABELS } from "../metrics/catalog.ts";
import { nearNames } from "./near-names.ts";

/** Which series are meant: each label that is given must be the series' own; one that is undefined may be anything. */
export type LabelQuery = Readonly<Record<string, string | undefined>>;

/**
 * The metric of that name and type.
 *
 * @throws HyperAgentError `BAD_OPTION` with the near names, where it or one of the labels does not exist
 */
export function findMetric(
	type: MetricDefinition["type"],
	name: string,
	labels: LabelQuery,
): MetricDefinition {
	const call = `recorder.${type}(${JSON.stringify(name)})`;
	const definition = CATALOG.find((one) => one.name === name);
	const names = CATALOG.filter((one) => one.type === type).map((one) => one.name);
	if (definition === undefined) fail(`${call}: there is no such metric`, name, names);
	if (definition.type !== type) {
		throw new HyperAgentError(
			"BAD_OPTION",
			`${call}: ${name} is a ${definition.type}: ask recorder.${definition.type}().`,
		);
	}
	checkLabels(call, definition, labels);
	return definition;
}

/** Whether a series has each of the labels. */
export function matches(series: Readonly<Record<string, string>>, labels: LabelQuery): boolean {
	return Object.entries(labels).every(([label, value]) => value === undefined || series[label] === value);
}

/** A value outside a fixed vocabulary would be 0 for ever, and the test that asserts it green. */
function checkLabels(call: string, { scope, variants }: MetricDefinition, labels: LabelQuery): void {
	const known = variants === undefined ? SCOPE_LABELS[scope] : [...SCOPE_LABELS[scope], variants.label];
	for (const [label, value] of Object.entries(labels)) {
		if (!known.includes(label)) fail(`${call} has no label "${label}"`, label, known);
		if (label !== variants?.label || value === undefined || variants.values.includes(value)) continue;
		fail(`${call} has no ${label} "${value}"`, value, variants.values);
	}
}

function fail(problem: string, written: string, names: readonly string[]): never {
	const near = nearNames(written, names);
	const hint = near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : "";
	const known = names.length > 0 ? `There are: ${names.join(", ")}.` : "It has none.";
	throw new HyperAgentError("BAD_OPTION", `${problem}.${hint} ${known}`);
}
