import { useMemo } from "preact/hooks";
import type { DashboardStats } from "../../stats.ts";
import { Chart, type ZoomHandlers } from "../charts/chart.tsx";
import type { Plot } from "../charts/plot.ts";
import { formatAxisCount, formatExact } from "../format.ts";
import { type Filters, isFiltered, matches } from "../state/view.ts";
import { Card, Value } from "./card.tsx";

interface ActivePanelProps {
	readonly stats: DashboardStats;
	readonly filters: Filters;
	readonly handlers: ZoomHandlers;
}

/** What is under way now. A call under way has a route and a model, and no provider yet. */
export function ActivePanel({ filters, handlers, stats }: ActivePanelProps) {
	const { history, now } = stats;
	const { model, route } = filters;
	const labels = { ...(route !== undefined && { route }), ...(model !== undefined && { model }) };
	const counts = activeCounts(stats, labels);
	const total = isFiltered(labels) ? counts.reduce((sum, [, n]) => sum + n, 0) : stats.active.total;
	const step = history.stepSeconds * 1000;
	// Each number is that of a step's end, the last one of now.
	const plot = useMemo((): Plot => {
		const { active } = history;
		const at = active.map((_, i) => now - (active.length - 1 - i) * step);
		const lines = [{ label: "active", hue: 1, values: active }] as const;
		return {
			at,
			since: now - 300_000,
			until: now,
			lines,
			style: "lines",
			isOfMoments: true,
			format: formatExact,
			axis: formatAxisCount,
		};
	}, [history]);
	const about = filters.provider === undefined ? "now" : "now · of all providers";
	return (
		<Card id="active" title="Active requests" window={about}>
			<Value id="active-value" unit="requests">
				{formatExact(total)}
			</Value>
			<p id="active-detail" class="detail one-line">
				{detailOf(counts)}
			</p>
			<Chart
				id="active-chart"
				title="Active requests of the last 5 minutes, all routes and models"
				plot={plot}
				handlers={handlers}
				legend={false}
			/>
			<p class="detail">last 5 min{isFiltered(labels) && ", all routes and models"}</p>
		</Card>
	);
}

const MOST_NAMES = 4;

function detailOf(counts: readonly (readonly [string, number])[]): string {
	const names = counts.slice(0, MOST_NAMES).map(([name, n]) => `${name} ${formatExact(n)}`);
	const more = counts.length > MOST_NAMES ? [`${counts.length - MOST_NAMES} more`] : [];
	return [...names, ...more].join(" · ") || "none under way";
}

function activeCounts({ active, pairs }: DashboardStats, labels: Filters): (readonly [string, number])[] {
	if (!isFiltered(labels)) return active.byModel.map((entry) => [entry.model, entry.count]);
	return pairs
		.filter((pair) => pair.active > 0 && matches(labels, pair))
		.map((pair) => [`${pair.route} · ${pair.model}`, pair.active] as const)
		.toSorted(([, a], [, b]) => b - a);
}
