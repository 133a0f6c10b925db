import { expect, test } from "vitest";
import {
	describePlot,
	drawnLines,
	drawnValues,
	isEmpty,
	type Plot,
} from "../../../src/dashboard/page/charts/plot.ts";

function plot(style: Plot["style"], ...values: (readonly (number | null)[])[]): Plot {
	const lines = values.map((each, i) => ({ label: `line ${i}`, hue: "rest" as const, values: each }));
	return { at: [0, 1, 2], since: 0, until: 3, lines, style, format: (value) => `${value} s` };
}

test("bars stand on each other, and the whole is drawn first", () => {
	const bars = plot("bars", [1, 2, 3], [10, 0, null], [100, 100, 100]);
	expect(drawnValues(bars)).toEqual([
		[111, 102, 103],
		[11, 2, 3],
		[1, 2, 3],
	]);
	expect(drawnLines(bars).map(({ label }) => label)).toEqual(["line 2", "line 1", "line 0"]);
});

test("lines are as they are, with their gaps", () => {
	const lines = plot("lines", [1, null, 3], [4, 5, 6]);
	expect(drawnValues(lines)).toEqual([
		[1, null, 3],
		[4, 5, 6],
	]);
	expect(drawnLines(lines)).toBe(lines.lines);
});

test("a chart is told in words", () => {
	expect(describePlot("Latency", plot("lines", [5, null, 2], [null, null, null]))).toBe(
		"Latency. line 0: from 2 s to 5 s, last 2 s; line 1: nothing.",
	);
	expect(describePlot("Errors", plot("bars"))).toBe("Errors. Nothing to show.");
});

test("there is something to see where a bar has a height or a line a point", () => {
	expect(isEmpty(plot("bars"))).toBe(true);
	expect(isEmpty(plot("bars", [0, 0, null]))).toBe(true);
	expect(isEmpty(plot("bars", [0, 1, 0]))).toBe(false);
	expect(isEmpty(plot("lines", [null, 0, null]))).toBe(false);
});
