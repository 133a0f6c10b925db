import { useEffect, useState } from "preact/hooks";
import type { DashboardStats } from "../../stats.ts";
import { LiveEvents } from "./live-events.ts";
import { hearServerTime } from "./server-clock.ts";

/** What the server pushes. */
export interface Live {
	readonly stats: DashboardStats | undefined;
	/** When the server last said what is so, by this machine's clock. */
	readonly shownAt: number | undefined;
	/** Changes when calls have settled. */
	readonly callsVersion: string;
	/** How often the server wants to be asked at most, in milliseconds. */
	readonly paceMs: number;
	/** Why nothing comes any more; "" while it does. */
	readonly problem: string;
}

const NOTHING_YET: Live = { stats: undefined, shownAt: undefined, callsVersion: "", paceMs: 0, problem: "" };

/** Listens to the server for as long as the page is there. */
export function useLive(): Live {
	const [live, setLive] = useState(NOTHING_YET);
	useEffect(() => {
		const events = new LiveEvents({
			stats: (stats) => {
				hearServerTime(stats.now);
				setLive((last) => ({ ...last, stats, shownAt: Date.now(), problem: "" }));
			},
			calls: (callsVersion) =>
				setLive((last) => ({ ...last, callsVersion, shownAt: Date.now(), problem: "" })),
			pace: (paceMs) => setLive((last) => (last.paceMs === paceMs ? last : { ...last, paceMs })),
			lost: (problem) => setLive((last) => ({ ...last, problem })),
		});
		return events.start();
	}, []);
	return live;
}
