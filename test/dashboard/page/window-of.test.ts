import { expect, test } from "vitest";
import { parseView } from "../../../src/dashboard/page/state/view.ts";
import { windowOf } from "../../../src/dashboard/page/state/window-of.ts";

/** Of a year that is over, so that the words hold whenever they are asked for. */
const at = (hour: number, minute = 0): number => new Date(2025, 10, 15, hour, minute).getTime();
const iso = (ms: number): string => new Date(ms).toISOString();

test("a range is named by its length", () => {
	expect(windowOf(parseView(""), { since: at(13), until: at(14) })).toBe("last 1 h");
	expect(windowOf(parseView("?range=15m"), { since: at(13), until: at(13, 15) })).toBe("last 15 min");
});

test("what covers more than was asked is named by what it covers", () => {
	const zoomed = parseView(`?since=${iso(at(14, 30))}&until=${iso(at(16, 15))}`);
	expect(windowOf(zoomed, { since: at(14), until: at(17) })).toBe("15 Nov 2025 14:00:00 to 17:00:00");
	expect(windowOf(zoomed, { since: at(14, 30), until: at(16, 15) })).toBe("15 Nov 2025 14:30:00 to 16:15:00");
	// An hour of which only whole hours are kept.
	expect(windowOf(parseView(""), { since: at(13), until: at(15) })).toBe("15 Nov 2025 13:00:00 to 15:00:00");
});
