import type { SeriesAnswer } from "../../series-answer.ts";
import type { DashboardStats } from "../../stats.ts";
import type { ZoomHandlers } from "../charts/chart.tsx";
import { isFiltered, type View } from "../state/view.ts";
import { ActivePanel } from "./active-panel.tsx";
import { CachePanel } from "./cache-panel.tsx";
import { CostPanel } from "./cost-panel.tsx";
import { ErrorsPanel } from "./errors-panel.tsx";
import { LatencyPanel } from "./latency-panel.tsx";
import { LimitsPanel } from "./limits-panel.tsx";
import { OutcomesPanel } from "./outcomes-panel.tsx";
import { NO_LINES, processLines } from "./process-lines.ts";
import { SpendPanel } from "./spend-panel.tsx";
import { TokensPanel } from "./tokens-panel.tsx";

interface PanelsProps {
	readonly stats: DashboardStats;
	readonly series: SeriesAnswer;
	readonly view: View;
	readonly window: string;
	readonly handlers: ZoomHandlers;
}

/** The guide's six panels, and what one asks next. */
export function Panels({ handlers, series, stats, view, window }: PanelsProps) {
	const { filters } = view;
	const lines = isFiltered(filters) ? NO_LINES : processLines(stats);
	const shared = { series, window, handlers };
	return (
		<div class="panels">
			<CostPanel {...shared} process={lines.cost} />
			<SpendPanel stats={stats} groups={series.groups} window={window} isFiltered={isFiltered(filters)} />
			<TokensPanel {...shared} process={lines.tokens} />
			<OutcomesPanel {...shared} process={lines.outcomes} />
			<ErrorsPanel {...shared} process={lines.errors} />
			<LatencyPanel {...shared} process={lines.latency} />
			<CachePanel {...shared} process={lines.cache} />
			<LimitsPanel {...shared} process={lines.rateLimits} remaining={stats.remaining} filters={filters} />
			<ActivePanel stats={stats} filters={filters} handlers={handlers} />
		</div>
	);
}
