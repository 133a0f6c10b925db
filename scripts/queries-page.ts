import { ALERTS, METRIC_QUERIES, PANELS } from "../deploy/queries.ts";

/** docs/queries.md: every PromQL query of the guide, the dashboard and the alerts. */
export function queriesPage(): string {
	return `<!-- Generated from deploy/queries.ts by \`npm run generate\`. -->
# Queries

Each of these is asked of a real Prometheus in the tests, over calls whose every total is known. \`llm_cost_usd_total\` counts
cents, so that all queries on it divide by 100.

## By metric

${METRIC_QUERIES.map(({ expr, title }) => `${title}:\n\n${promql(expr)}`).join("\n\n")}

## The Grafana dashboard

[deploy/grafana/hyperagent.json](../deploy/grafana/hyperagent.json), ready to import; it asks for your Prometheus data source.

${PANELS.map(panel).join("\n\n")}

## The alerts

[deploy/prometheus/rules.yml](../deploy/prometheus/rules.yml). They compare sums: a single series may stay below a limit that all
of them together have passed.

| alert | when | for | severity |
|---|---|---|---|
${ALERTS.map((alert) => `| ${alert.name} | \`${alert.expr} > ${alert.above}\` | ${alert.for} | ${alert.severity} |`).join("\n")}
`;
}

function panel({ description, kind, queries, title, unitName }: (typeof PANELS)[number]): string {
	const shown = queries.map(({ expr, legend }) =>
		queries.length === 1 ? promql(expr) : `${legend}:\n\n${promql(expr)}`,
	);
	return `### ${title}\n\n${description} (${kind}, ${unitName})\n\n${shown.join("\n\n")}`;
}

function promql(expr: string): string {
	return `\`\`\`promql\n${expr}\n\`\`\``;
}
