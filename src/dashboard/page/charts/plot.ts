import type { Hue } from "./palette.ts";

/** One line, or one layer of bars. */
export interface PlotLine {
	readonly label: string;
	readonly hue: Hue;
	/** As long as the plot's times; `null` leaves a gap. */
	readonly values: readonly (number | null)[];
	/** Lengths of dashes and gaps in pixels: what tells lines apart without colour. */
	readonly dash?: readonly number[];
}

/** What a chart shows. */
export interface Plot {
	/** When each step begins, in milliseconds since the epoch. */
	readonly at: readonly number[];
	readonly since: number;
	readonly until: number;
	readonly lines: readonly PlotLine[];
	/** Bars stand on each other, the first at the bottom. */
	readonly style: "bars" | "lines";
	/** Numbers are of the moments at `at`, not of the steps from there. */
	readonly isOfMoments?: boolean;
	/** The scale's top; by default it grows with the largest value. */
	readonly top?: number;
	readonly format: (value: number) => string;
	/** The same where there is little room; `format` by default. */
	readonly axis?: (value: number) => string;
}

/** The values in the order in which they are drawn: bars from the whole down to the first, each over the one before. */
export function drawnValues({ lines, style }: Plot): (number | null)[][] {
	if (style === "lines") return lines.map(({ values }) => [...values]);
	const layers: (number | null)[][] = [];
	let below: readonly (number | null)[] = [];
	for (const { values } of lines) {
		const layer = values.map((value, i) => (value ?? 0) + (below[i] ?? 0));
		layers.push(layer);
		below = layer;
	}
	return layers.toReversed();
}

/** The lines in that order. */
export function drawnLines({ lines, style }: Plot): readonly PlotLine[] {
	return style === "lines" ? lines : lines.toReversed();
}

/** What the chart shows, for those who do not see it: each line's last value, least and most. */
export function describePlot(title: string, plot: Plot): string {
	const parts = plot.lines.map(({ label, values }) => {
		const known = values.filter((value) => value !== null);
		const last = known.at(-1);
		if (last === undefined) return `${label}: nothing`;
		const least = known.reduce((a, b) => Math.min(a, b));
		const most = known.reduce((a, b) => Math.max(a, b));
		return `${label}: from ${plot.format(least)} to ${plot.format(most)}, last ${plot.format(last)}`;
	});
	return `${title}. ${parts.join("; ") || "Nothing to show"}.`;
}

/** Whether there is anything to draw. */
export function isEmpty({ lines, style }: Plot): boolean {
	return lines.every(({ values }) =>
		values.every((value) => value === null || (value === 0 && style === "bars")),
	);
}
