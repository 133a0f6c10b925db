import { formatStretch } from "../format.ts";
import type { Stretch, View } from "./view.ts";

/**
 * Which time numbers are of, in words: "last 1 h", "14:02:05 to 14:03:05". They may cover more than the view asks for, where
 * that is not kept so finely: then it is what they cover.
 */
export function windowOf({ range, zoom }: View, { since, until }: Stretch): string {
	if (zoom === undefined && until - since === range.ms) return `last ${range.label}`;
	return formatStretch(since, until, Date.now());
}
