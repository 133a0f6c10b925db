import { MoneySum } from "../src/core/money.ts";
import { CATALOG, type MetricDefinition, type MetricScope, SCOPE_LABELS } from "../src/metrics/catalog.ts";
import { takeSnapshot } from "../src/metrics/snapshot.ts";
import { Recorder } from "../src/metrics/recorder.ts";

/** docs/metrics.md: the catalog as a table, and what a label set costs a scrape. */
export function metricsPage(): string {
	return `<!-- Generated from src/metrics/catalog.ts by \`npm run generate\`. -->
# Metrics

## The guide's

${table("guide")}

**\`llm_cost_usd_total\` counts US cents** in full precision: divide by 100 for dollars. \`llm_latency_ms\` and the other
histograms are in milliseconds.

## Beside them

${table("ours")}

${vocabularies()}

## How many lines a scrape has

${sizes()}

The guard admits 1,000 label sets of each kind (\`initPrometheus({ bounds })\`); beyond them the model becomes \`other\` and
\`hyperagent_label_overflow_total\` counts. A pair that is known, by declaration, by a wrapped backend or by a first record,
has all of its series from then on, at 0: Prometheus' \`increase()\` cannot see a first event that has no 0 before it.
`;
}

function table(origin: MetricDefinition["origin"]): string {
	const rows = CATALOG.filter((metric) => metric.origin === origin).map((metric) => {
		const labels =
			labelsOf(metric)
				.map((label) => `\`${label}\``)
				.join(", ") || "–";
		return `| \`${metric.name}\` | ${metric.type} | ${labels} | ${metric.help} |`;
	});
	return ["| metric | type | labels | what it is |", "|---|---|---|---|", ...rows].join("\n");
}

function labelsOf({ scope, variants }: MetricDefinition): readonly string[] {
	return variants === undefined ? SCOPE_LABELS[scope] : [...SCOPE_LABELS[scope], variants.label];
}

/** The fixed values of the labels that have such. */
function vocabularies(): string {
	const rows = CATALOG.flatMap(({ name, variants }) =>
		variants === undefined || variants.label === "version"
			? []
			: [
					`- \`${name}\`, \`${variants.label}\`: ${variants.values.map((value) => `\`${value}\``).join(", ")}.`,
				],
	);
	return ["Label values that are a fixed vocabulary:", "", ...rows].join("\n");
}

/** Counted from a recorder with the default buckets and one label set of each kind. */
function sizes(): string {
	const recorder = new Recorder();
	recorder.pair("r", "m");
	recorder.route("r");
	recorder.target("p", "m");
	recorder.budget("b", new MoneySum(), new MoneySum(), 0);
	recorder.priceBookAge(0);
	const snapshot = takeSnapshot(recorder);
	const linesOf = (scope: MetricScope): number =>
		CATALOG.filter((metric) => metric.scope === scope)
			.flatMap(({ name }) => snapshot[name] ?? [])
			// A histogram has a line a bucket, one for +Inf, its sum and its count.
			.reduce(
				(lines, { histogram }) => lines + (histogram === undefined ? 1 : histogram.bounds.length + 3),
				0,
			);
	return [
		"| label set | lines in the text format, with the default buckets |",
		"|---|---|",
		`| each (route, model) pair | ${linesOf("pair")} |`,
		`| each route with a response cache | ${linesOf("route")} |`,
		`| each (provider, model) target | ${linesOf("target")}, and one for each kind of quota that the provider tells |`,
		`| each budget | ${linesOf("budget")} |`,
		`| the process | ${linesOf("process")} |`,
	].join("\n");
}
