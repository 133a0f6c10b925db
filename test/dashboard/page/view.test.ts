import { expect, test } from "vitest";
import {
	callsQuery,
	matches,
	parseView,
	RANGES,
	seriesQuery,
	stretchOf,
	viewSearch,
	zoomed,
} from "../../../src/dashboard/page/state/view.ts";

const NOON = Date.UTC(2026, 10, 25, 12, 0, 30);

test.each([
	["", ""],
	["?range=1h", ""],
	["?range=24h", "?range=24h"],
	["?range=7y&other=1", ""],
	["?model=gpt-5&route=chat", "?route=chat&model=gpt-5"],
	["?provider=", "?provider="],
	["?model=%22%3E%3Cscript%3E%26", "?model=%22%3E%3Cscript%3E%26"],
	[
		"?range=7d&since=2026-11-25T08:00:00Z&until=2026-11-25T09:00:00Z",
		"?range=7d&since=2026-11-25T08%3A00%3A00.000Z&until=2026-11-25T09%3A00%3A00.000Z",
	],
	["?since=2026-11-25T08:00:00Z", ""],
	["?since=2026-11-25T09:00:00Z&until=2026-11-25T08:00:00Z", ""],
	["?since=yesterday&until=today", ""],
	["?since=1999-12-31&until=2000-01-01", ""],
	["?since=2001-01-01&until=2026-01-01", ""],
	["?since=2026-01-01T00:00Z&until=%2B275760-09-13T00:00:00Z", ""],
	[`?model=${"m".repeat(257)}`, ""],
])("the address %j holds the view %j", (search, written) => {
	expect(viewSearch(parseView(search))).toBe(written);
	expect(parseView(written)).toEqual(parseView(search));
});

test("a range ends with the step that is under way, and stays the same until the next", () => {
	const view = parseView("?range=15m");
	const stretch = stretchOf(view, NOON);
	expect(stretch).toEqual({ since: NOON + 10_000 - 900_000, until: NOON + 10_000, stepSeconds: 10 });
	expect(stretchOf(view, NOON + 9999)).toEqual(stretch);
	expect(stretchOf(view, NOON + 10_000).until).toBe(stretch.until + 10_000);
});

test("every range is of whole steps, as many as a chart can show", () => {
	for (const range of RANGES) {
		const steps = range.ms / 1000 / range.stepSeconds;
		expect(Number.isInteger(steps), range.name).toBe(true);
		expect(steps, range.name).toBeGreaterThanOrEqual(60);
		expect(steps, range.name).toBeLessThanOrEqual(120);
	}
});

test.each([
	[0.5, 10_000, 1],
	[100, 100_000, 1],
	[7200, 7_200_000, 60],
	[40 * 86_400, 40 * 86_400_000, 43_200],
])("a drag over %d s shows %d ms in steps of %d s", (seconds, ms, step) => {
	const { filters, range, zoom } = zoomed(parseView("?range=30d&route=chat"), NOON, NOON + seconds * 1000);
	expect([range.name, filters]).toEqual(["30d", { route: "chat" }]);
	expect(zoom).toEqual({ since: NOON, until: NOON + ms });
	const stretch = stretchOf({ filters, range, ...(zoom && { zoom }) }, 0);
	expect(stretch.stepSeconds).toBe(step);
	expect(stretch.since).toBeLessThanOrEqual(NOON);
	expect(stretch.until).toBeGreaterThanOrEqual(NOON + ms);
	expect((stretch.until - stretch.since) % (step * 1000)).toBe(0);
});

test("what the server is asked", () => {
	const view = parseView("?range=1h&model=a%26b&provider=");
	expect(seriesQuery(view, NOON)).toBe(
		"since=2026-11-25T11%3A01%3A00.000Z&until=2026-11-25T12%3A01%3A00.000Z&step=60&model=a%26b&provider=",
	);
	expect([...callsQuery(view, NOON).keys()]).toEqual(["since", "until", "model", "provider"]);
});

test("labels that something does not have filter nothing out", () => {
	expect(matches({}, { route: "chat" })).toBe(true);
	expect(matches({ route: "chat" }, { route: "chat", model: "m" })).toBe(true);
	expect(matches({ route: "chat" }, { route: "batch" })).toBe(false);
	expect(matches({ route: "chat" }, { model: "m" })).toBe(true);
	expect(matches({ provider: "" }, { provider: "openai" })).toBe(false);
});
