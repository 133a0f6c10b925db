import { useMemo, useRef } from "preact/hooks";
import type { SeriesAnswer } from "../series-answer.ts";
import type { DashboardStats } from "../stats.ts";
import { formatSince } from "./format.ts";
import { Panels } from "./panels/panels.tsx";
import { useHasCalls } from "./state/use-has-calls.ts";
import { useLive } from "./state/use-live.ts";
import { useSeries } from "./state/use-series.ts";
import { useView } from "./state/use-view.ts";
import { isFiltered, parseView, type View, viewSearch, zoomed } from "./state/view.ts";
import { windowOf } from "./state/window-of.ts";
import { CallsTable } from "./tables/calls-table.tsx";
import { GroupsTable } from "./tables/groups-table.tsx";
import { Missing } from "./tables/missing.tsx";
import { Controls } from "./top/controls.tsx";
import { EmptyView } from "./top/empty-view.tsx";
import { FirstCall } from "./top/first-call.tsx";
import { Header } from "./top/header.tsx";
import { Outdated } from "./top/outdated.tsx";

const NO_CHOICES: SeriesAnswer["choices"] = { routes: [], models: [], providers: [] };

/** The whole page: numbers of now are pushed, those of the view are asked for. */
export function App() {
	const [view, go] = useView();
	const live = useLive();
	const fed = useSeries(view, live);
	const latest = useRef(view);
	latest.current = view;
	// The same for as long as the page is there: what is memoised stays so.
	const actions = useMemo(
		() => ({
			zoom: (since: number, until: number) => go(zoomed(latest.current, since, until)),
			zoomOut: () => go({ range: latest.current.range, filters: latest.current.filters }),
			filter: (name: string, value: string) =>
				go({ ...latest.current, filters: { ...latest.current.filters, [name]: value } }),
		}),
		[],
	);
	const { stats } = live;
	const series = fed.answer;
	const isBehind = series !== undefined && fed.question !== viewSearch(view);
	// What is shown is named by what was asked for it, until there is an answer to what is asked now.
	const answered = useMemo(() => parseView(fed.question), [fed.question]);
	const shown = series === undefined || !isBehind ? view : answered;
	const window = series === undefined ? "" : windowOf(shown, series);
	const seemsFirst = stats !== undefined && series !== undefined && isFirst(stats, series, view);
	// A month's first day with nothing yet is no first start: somebody may have called before.
	const hasCalls = useHasCalls(seemsFirst, live.callsVersion);
	const problem = live.problem || fed.problem;
	return (
		<div class={`page${problem === "" ? "" : " is-stale"}${isBehind ? " is-behind" : ""}`}>
			<Header
				shownAt={live.problem === "" && fed.problem !== "" ? fed.answeredAt : live.shownAt}
				problem={problem}
				since={series?.since}
				until={series?.until}
			/>
			<main aria-busy={isBehind}>
				{stats !== undefined && <Outdated version={stats.version} />}
				{seemsFirst && hasCalls !== true ? (
					hasCalls === false && <FirstCall />
				) : (
					<>
						<Controls view={view} choices={series?.choices ?? NO_CHOICES} go={go} />
						{stats !== undefined && series !== undefined && (
							<>
								{series.groups.length === 0 && !isBehind && <EmptyView view={view} go={go} />}
								<Panels stats={stats} series={series} view={shown} window={window} handlers={actions} />
								<GroupsTable groups={series.groups} window={window} onFilter={actions.filter} />
								<CallsTable view={view} callsVersion={live.callsVersion} paceMs={live.paceMs} />
								<Missing
									stats={stats}
									groups={series.groups}
									filters={shown.filters}
									window={window}
									since={formatSince(stats.since, stats.now)}
								/>
							</>
						)}
					</>
				)}
			</main>
			<footer>
				<p>
					<span id="version">HyperAgent {stats?.version}</span> · <a href="metrics">/metrics</a> ·{" "}
					<a href="api/stats">/api/stats</a>
				</p>
				<p id="source">{series !== undefined && sourceOf(series)}</p>
				<p>No prompt, answer or key is ever stored here.</p>
			</footer>
		</div>
	);
}

/** Nothing has ever been called, as far as anyone here knows. */
function isFirst(stats: DashboardStats, series: SeriesAnswer, view: View): boolean {
	const { active, cache, latency, month, pairs } = stats;
	if (pairs.length > 0 || latency.total.count > 0 || active.total > 0 || cache.total.rate !== null)
		return false;
	const { models, routes } = series.choices;
	if (series.groups.length + models.length + routes.length > 0) return false;
	return !isFiltered(view.filters) && (month === null || Number(month.costUsd) === 0);
}

function sourceOf({ source }: SeriesAnswer): string {
	return source === "ledger"
		? "History: the ledger, of all processes that write to it"
		: "History: this process's memory, gone when it ends; openLedger({ path }) keeps it";
}
