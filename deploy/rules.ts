import { stringify } from "yaml";
import { ALERTS } from "./queries.ts";

/** What stands above a generated YAML file. */
const HEADER = "# Generated from deploy/queries.ts by `npm run generate`.\n";

/** deploy/prometheus/rules.yml: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
export function rulesFile(): string {
	const rules = ALERTS.map(({ above, description, expr, name, severity, summary, ...alert }) => ({
		alert: name,
		expr: `${expr} > ${above}`,
		for: alert.for,
		labels: { severity },
		annotations: { summary, description },
	}));
	const file = { groups: [{ name: "llm_alerts", interval: "30s", rules }] };
	return HEADER + stringify(file, { lineWidth: 0 });
}
