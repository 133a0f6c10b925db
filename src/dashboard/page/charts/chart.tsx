import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { formatMoment, formatStretch } from "../format.ts";
import { memo } from "../memo.ts";
import { useIsDark } from "./palette.ts";
import { plotData, type PlotEvents, plotOptions, type PlotSize } from "./plot-options.ts";
import { describePlot, isEmpty, type Plot } from "./plot.ts";

/** What can be done with every chart. */
export interface ZoomHandlers {
	zoom(since: number, until: number): void;
	zoomOut(): void;
}

interface ChartProps {
	readonly id: string;
	readonly title: string;
	readonly plot: Plot;
	readonly handlers: ZoomHandlers;
	/** Whether the lines are named below; where a list does that already it has the same colours, and the cursor names them. */
	readonly legend?: boolean;
}

/** A chart over time: drag to zoom, double click to go back; its cursor goes in step with all others. */
export const Chart = memo(function Chart({ handlers, id, legend = true, plot, title }: ChartProps) {
	const place = useRef<HTMLDivElement>(null);
	const chart = useRef<uPlot>(null);
	const latest = useRef({ plot, handlers });
	latest.current = { plot, handlers };
	const [index, setIndex] = useState<number>();
	const isDark = useIsDark();
	const shape = JSON.stringify([plot.style, plot.lines.map(({ hue, label }) => [hue, label])]);

	useLayoutEffect(() => {
		const parent = place.current;
		if (parent === null) return undefined;
		const events: PlotEvents = {
			zoom: (since, until) => latest.current.handlers.zoom(since, until),
			zoomOut: () => latest.current.handlers.zoomOut(),
			point: setIndex,
		};
		const options = plotOptions(latest.current.plot, sizeOf(parent), events, () => latest.current.plot);
		const made = new uPlot(options, plotData(latest.current.plot), parent);
		chart.current = made;
		const observer = new ResizeObserver(() => {
			const size = sizeOf(parent);
			if (size.width > 0 && (size.width !== made.width || size.height !== made.height)) made.setSize(size);
		});
		observer.observe(parent);
		return () => {
			observer.disconnect();
			made.destroy();
			chart.current = null;
		};
	}, [shape, isDark]);

	useEffect(() => {
		chart.current?.setData(plotData(plot));
	}, [plot]);

	return (
		<figure class="chart" id={id}>
			<div class="canvas" role="img" aria-label={describePlot(title, plot)} ref={place}>
				{isEmpty(plot) && <span class="nothing">nothing in this time</span>}
				{!legend && index !== undefined && <Readout plot={plot} index={index} />}
			</div>
			{legend && <Legend plot={plot} index={index} />}
		</figure>
	);
});

function sizeOf({ clientHeight, clientWidth }: HTMLElement): PlotSize {
	return { width: clientWidth, height: clientHeight };
}

const MOST_LINES = 8;

/** What stands at the cursor, on the side where it is not; a line of nothing is left out. */
function Readout({ index, plot }: { readonly plot: Plot; readonly index: number }) {
	const at = plot.at[index];
	if (at === undefined) return null;
	const side = at - plot.since < (plot.until - plot.since) / 2 ? "readout right" : "readout";
	const lines = plot.lines.filter(({ values }) => (values[index] ?? 0) !== 0).toReversed();
	return (
		<span class={side} aria-hidden="true">
			<span class="when">{stepOf(plot, at)}</span>
			{lines.slice(0, MOST_LINES).map(({ hue, label, values }) => (
				<span key={label}>
					<Swatch hue={hue} isLine={plot.style === "lines"} /> {label}{" "}
					<b>{plot.format(values[index] ?? 0)}</b>
				</span>
			))}
			{lines.length > MOST_LINES && <span>and {lines.length - MOST_LINES} more</span>}
			{lines.length === 0 && <b>{plot.format(0)}</b>}
		</span>
	);
}

/** A step from its start to its end, or the moment where numbers are of moments. */
function stepOf({ at, isOfMoments, until }: Plot, start: number): string {
	const length = (at[1] ?? until) - (at[0] ?? start);
	return isOfMoments === true
		? formatMoment(start, Date.now())
		: formatStretch(start, start + length, Date.now());
}

/** What the colours and dashes mean, and the values where the cursor is. */
function Legend({ index, plot }: { readonly plot: Plot; readonly index: number | undefined }) {
	const at = index === undefined ? undefined : plot.at[index];
	return (
		<figcaption class="legend">
			{plot.lines.map(({ dash, hue, label, values }) => {
				const value = index === undefined ? undefined : values[index];
				return (
					<span key={label}>
						<Swatch hue={hue} dash={dash} isLine={plot.style === "lines"} /> {label}
						{at !== undefined && <b>{value === null || value === undefined ? "–" : plot.format(value)}</b>}
					</span>
				);
			})}
			{at !== undefined && <span class="when">{stepOf(plot, at)}</span>}
		</figcaption>
	);
}

interface SwatchProps {
	readonly hue: Plot["lines"][number]["hue"];
	readonly dash?: readonly number[] | undefined;
	readonly isLine?: boolean;
}

/** A piece of a line or a bar. */
export function Swatch({ dash, hue, isLine = false }: SwatchProps) {
	return (
		<svg class={`swatch hue-${hue}`} width="18" height="8" aria-hidden="true">
			{isLine ? (
				<line x1="0" x2="18" y1="4" y2="4" stroke-dasharray={dash?.join(" ")} />
			) : (
				<rect x="5" width="8" height="8" />
			)}
		</svg>
	);
}
