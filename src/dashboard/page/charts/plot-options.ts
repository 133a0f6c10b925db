import uPlot from "uplot";
import { formatDay, formatMinute, formatTime } from "../format.ts";
import { colourOf } from "./palette.ts";
import { drawnLines, drawnValues, type Plot } from "./plot.ts";

/** What a chart tells of what is done to it. */
export interface PlotEvents {
	/** A stretch was dragged over, in milliseconds since the epoch. */
	zoom(since: number, until: number): void;
	zoomOut(): void;
	/** The cursor is at that step, in this chart or another; `undefined` when it has left. */
	point(index: number | undefined): void;
}

/** In CSS pixels. */
export interface PlotSize {
	readonly width: number;
	readonly height: number;
}

const FONT = "11px system-ui, sans-serif";
/** Pixels below which a drag is a click. */
const LEAST_DRAG = 4;

/** How uPlot draws it. It is read once: what changes later comes by {@link plotData}, and the times by `current()`. */
export function plotOptions(
	plot: Plot,
	size: PlotSize,
	events: PlotEvents,
	current: () => Plot,
): uPlot.Options {
	const { lines, style } = plot;
	const ink = colourOf("--soft");
	const grid = { stroke: colourOf("--grid"), width: 1 };
	return {
		...size,
		ms: 1,
		padding: [6, 18, 0, 0],
		legend: { show: false },
		scales: {
			x: { time: true, range: () => [current().since, current().until] },
			y: { range: (_, __, max) => [0, current().top ?? topOf(max)] },
		},
		axes: [
			{
				stroke: ink,
				font: FONT,
				size: 22,
				gap: 4,
				space: 70,
				grid: { show: false },
				ticks: { ...grid, size: 3 },
				values: (_, splits) => timeLabels(splits),
			},
			{
				stroke: ink,
				font: FONT,
				size: 56,
				gap: 4,
				space: 28,
				grid,
				ticks: { show: false },
				values: (_, splits) => splits.map((value) => (plot.axis ?? plot.format)(value)),
			},
		],
		series: [{}, ...drawnLines(plot).map((line) => seriesOf(line, style, lines.length === 1))],
		cursor: {
			y: false,
			points: { show: style === "lines", size: 5 },
			drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG },
			// Only the cursor goes in step: a zoom comes back as another view.
			sync: {
				key: "page",
				setSeries: false,
				scales: ["x", null],
				filters: { pub: (type) => type === "mousemove" || type === "mouseleave" },
			},
			bind: {
				dblclick: () => () => {
					events.zoomOut();
					return null;
				},
			},
		},
		hooks: {
			setCursor: [
				({ cursor }) => events.point((cursor.left ?? -1) < 0 ? undefined : (cursor.idx ?? undefined)),
			],
			setSelect: [
				(chart) => {
					const { left, width: wide } = chart.select;
					if (wide < LEAST_DRAG) return;
					events.zoom(chart.posToVal(left, "x"), chart.posToVal(left + wide, "x"));
					chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
				},
			],
		},
	};
}

/** The numbers in uPlot's order. */
export function plotData(plot: Plot): uPlot.AlignedData {
	return [[...plot.at], ...drawnValues(plot)];
}

function seriesOf(
	{ dash, hue }: Plot["lines"][number],
	style: Plot["style"],
	isAlone: boolean,
): uPlot.Series {
	const colour = colourOf(`--hue-${hue}`);
	if (style === "bars") {
		const bars = uPlot.paths.bars?.({ size: [1, 24], gap: 1, align: 1 });
		return { fill: colour, width: 0, points: { show: false }, ...(bars && { paths: bars }) };
	}
	return {
		stroke: colour,
		width: 1.75,
		// A value between two gaps is no line: it gets a point.
		points: { show: false, size: 4, fill: colour, filter: ({ data }, series) => lonely(data[series]) },
		...(dash && { dash: [...dash] }),
		...(isAlone && { fill: `${colour}1f` }),
	};
}

/** Where a value stands between two gaps. */
function lonely(values: ArrayLike<number | null | undefined> = []): number[] {
	const isGap = (i: number): boolean => values[i] === null || values[i] === undefined;
	return Array.from(values, (_, i) => i).filter((i) => !isGap(i) && isGap(i - 1) && isGap(i + 1));
}

/** A little room above the largest value, and a scale where there is none. */
function topOf(max: number | null): number {
	return max === null || max <= 0 ? 1 : max * 1.08;
}

/** The time of day, the day where it begins, or seconds where they matter. */
function timeLabels(splits: readonly number[]): string[] {
	const apart = (splits[1] ?? Infinity) - (splits[0] ?? 0);
	return splits.map((at) => {
		if (apart < 60_000) return formatTime(at);
		const date = new Date(at);
		return date.getHours() + date.getMinutes() === 0 ? formatDay(at) : formatMinute(at);
	});
}
