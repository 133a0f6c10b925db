import type { SeriesAnswer } from "../../series-answer.ts";
import { type Fed, useFeed } from "./use-feed.ts";
import { seriesQuery, type View, viewSearch } from "./view.ts";

/** A stretch that is over changes seldom: calls count where they started. */
const OVER_MS = 30_000;

/** The view's numbers by step, asked for anew when calls have settled and when the next step begins. */
export function useSeries(view: View, callsVersion: string, paceMs: number): Fed<SeriesAnswer> {
	return useFeed<SeriesAnswer>(() => ({
		path: `api/series?${seriesQuery(view, Date.now())}`,
		version: callsVersion,
		question: viewSearch(view),
		everyMs: Math.max(everyMs(view), paceMs),
	}));
}

/** How often a view's numbers are asked for at most. */
export function everyMs({ range, zoom }: View): number {
	if (zoom === undefined) return range.everyMs;
	return zoom.until < Date.now() ? OVER_MS : 5000;
}
