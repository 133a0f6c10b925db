import type { SeriesAnswer } from "../../series-answer.ts";
import type { ZoomHandlers } from "../charts/chart.tsx";

/** What each panel of a time gets. */
export interface PanelProps {
	readonly series: SeriesAnswer;
	/** "last 1 h" */
	readonly window: string;
	/** What the process says since its start; "" where it does not fit the filters. */
	readonly process: string;
	readonly handlers: ZoomHandlers;
}
