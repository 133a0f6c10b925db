import type { SeriesAnswer } from "../../series-answer.ts";
import { type Fed, useFeed } from "./use-feed.ts";
import { serverNow } from "./server-clock.ts";
import type { Live } from "./use-live.ts";
import { seriesQuery, type View, viewSearch } from "./view.ts";

/** A stretch that is over changes seldom: calls count where they started. */
const OVER_MS = 30_000;

/** The view's numbers by step, asked for anew when calls have settled and when the next step begins. */
export function useSeries(view: View, { callsVersion, paceMs, stats }: Live): Fed<SeriesAnswer> {
	return useFeed<SeriesAnswer>(() =>
		// With its first stats the server says what time it is.
		stats === undefined
			? undefined
			: {
					path: `api/series?${seriesQuery(view, serverNow())}`,
					version: callsVersion,
					question: viewSearch(view),
					everyMs: Math.max(everyMs(view), paceMs),
				},
	);
}

/** How often a view's numbers are asked for at most. */
export function everyMs({ range, zoom }: View): number {
	if (zoom === undefined) return range.everyMs;
	return zoom.until < serverNow() ? OVER_MS : 5000;
}
