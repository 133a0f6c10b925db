import { type DataSourceRef, ReduceDataOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import {
	DashboardBuilder,
	type Dashboard,
	DatasourceVariableBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as Gauge } from "@grafana/grafana-foundation-sdk/gauge";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import { PANELS, type Panel } from "./queries.ts";

/** The data source is a variable: whoever imports the dashboard picks their own Prometheus. */
const PROMETHEUS: DataSourceRef = { type: "prometheus", uid: "${datasource}" };
/** Three panels side by side on Grafana's grid of 24 columns. */
const WIDTH = 8;
const HEIGHT = 9;

const BUILDERS = { stat: Stat, timeseries: TimeSeries, gauge: Gauge };

/** deploy/grafana/hyperagent.json: the guide's six panels, ready to import. */
export function dashboardFile(): string {
	return `${JSON.stringify(buildDashboard(), null, "\t")}\n`;
}

function buildDashboard(): Dashboard {
	const dashboard = new DashboardBuilder("HyperAgent: LLM calls")
		.uid("hyperagent")
		.description("Cost, tokens, latency, cache, errors and active requests of LLM calls.")
		.tags(["llm", "hyperagent"])
		.timezone("browser")
		.time({ from: "now-6h", to: "now" })
		.refresh("30s")
		.withVariable(new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"));
	for (const [i, panel] of PANELS.entries()) dashboard.withPanel(buildPanel(panel, i));
	return dashboard.build();
}

function buildPanel(panel: Panel, index: number): Stat | TimeSeries | Gauge {
	const builder = new BUILDERS[panel.kind]()
		.id(index + 1)
		.title(panel.title)
		.description(panel.description)
		.datasource(PROMETHEUS)
		.gridPos({ x: (index % 3) * WIDTH, y: Math.floor(index / 3) * HEIGHT, w: WIDTH, h: HEIGHT })
		.unit(panel.unit)
		.min(0)
		.noValue("–");
	if (panel.kind === "gauge") builder.max(1);
	if (!(builder instanceof TimeSeries)) {
		builder.reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
	}
	for (const [i, { expr, legend }] of panel.queries.entries()) {
		const query = new DataqueryBuilder()
			.refId(String.fromCharCode(65 + i)) // A, B, C
			.datasource(PROMETHEUS)
			.expr(expr)
			.legendFormat(legend);
		builder.withTarget(builder instanceof TimeSeries ? query.range() : query.instant());
	}
	return builder;
}
