import { formatStretch } from "../format.ts";
import { RANGES, type View } from "./view.ts";

/** Which time a view is about, in words: "last 1 h", "14:02:05 to 14:03:05". */
export function windowOf({ range, zoom }: View): string {
	if (zoom !== undefined) return formatStretch(zoom.since, zoom.until, Date.now());
	return `last ${RANGES.find(({ name }) => name === range.name)?.label ?? range.name}`;
}
