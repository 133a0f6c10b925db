import { byId, element } from "./element.ts";
import { formatWindow } from "./format.ts";

/** A small picture of the last minutes. */
export interface Chart {
	/** For those who cannot see it, and in short below it. */
	readonly label: string;
	readonly caption: string;
	/** Oldest first; the newest stands at the right edge. `null` leaves a gap. */
	readonly lines: readonly (readonly (number | null)[])[];
	readonly style: "bars" | "area" | "lines";
	/** The top of the scale; by default the largest value. */
	readonly top?: number;
	readonly stepSeconds: number;
}

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 60;
/** Steps from edge to edge: five minutes. */
const STEPS = 60;

/** Draws it into the figure with that id; nothing as long as there are not two points. */
export function drawChart(id: string, { caption, label, lines, stepSeconds, style, top }: Chart): void {
	const figure = byId(id);
	const length = lines[0]?.length ?? 0;
	if (length < 2) {
		figure.replaceChildren();
		return;
	}
	const highest = top ?? Math.max(...lines.flat().map((value) => value ?? 0), Number.MIN_VALUE);
	const x = (i: number): number => WIDTH * (1 - (length - 1 - i) / STEPS);
	const y = (value: number): number => HEIGHT * (1 - Math.min(1, value / highest));
	const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
	picture.setAttribute("aria-label", label);
	picture.append(svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT, ...CRISP }));
	for (const [n, values] of lines.entries()) {
		if (style === "bars") picture.append(...drawRects(values, x, y));
		else picture.append(...drawLine(values, x, y, style === "area", n > 0));
	}
	const reach = element("span", "", formatWindow(length * stepSeconds));
	figure.replaceChildren(picture, element("figcaption", "", element("span", "", caption), reach));
}

const CRISP = { "vector-effect": "non-scaling-stroke" };

type Scale = (value: number) => number;

function drawRects(values: readonly (number | null)[], x: Scale, y: Scale): SVGElement[] {
	const width = (WIDTH / STEPS) * 0.7;
	return values.flatMap((value, i) => {
		if (value === null || value <= 0) return [];
		const height = Math.max(1, HEIGHT - y(value));
		return [svg("rect", { x: x(i) - width, y: HEIGHT - height, width, height, rx: 0.8 })];
	});
}

function drawLine(
	values: readonly (number | null)[],
	x: Scale,
	y: Scale,
	area: boolean,
	second: boolean,
): SVGElement[] {
	return runs(values).flatMap((run) => {
		const path = run
			.map(([i, value], n) => `${n === 0 ? "M" : "L"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`)
			.join("");
		const line = svg("path", { d: path, class: second ? "second" : "first", ...CRISP });
		const [first, last] = [run[0], run.at(-1)];
		if (!area || first === undefined || last === undefined) return [line];
		const closed = `${path}L${x(last[0]).toFixed(1)} ${HEIGHT}L${x(first[0]).toFixed(1)} ${HEIGHT}Z`;
		return [svg("path", { d: closed, class: "area" }), line];
	});
}

/** The stretches without a gap, as pairs of index and value. */
function runs(values: readonly (number | null)[]): [number, number][][] {
	const found: [number, number][][] = [[]];
	for (const [i, value] of values.entries()) {
		if (value === null) found.push([]);
		else found.at(-1)?.push([i, value]);
	}
	return found.filter((run) => run.length > 1);
}

function svg(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
	const created = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, String(value));
	return created;
}
