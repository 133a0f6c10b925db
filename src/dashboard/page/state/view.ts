/** state/: what the page knows, and where it is from. This file: what is looked at, as it stands in the URL. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A stretch of time that ends now. */
export interface Range {
	readonly name: string;
	/** As a button says it, and after "last". */
	readonly label: string;
	readonly ms: number;
	readonly stepSeconds: number;
	/** How often it is asked for at most, while calls come in. */
	readonly everyMs: number;
}

/** The one to start with. */
const DEFAULT_RANGE: Range = {
	name: "1h",
	label: "1 h",
	ms: HOUR,
	stepSeconds: 60,
	everyMs: 1200,
};

/** What there is to choose from, the shortest first. In the short ones a call is seen within two seconds. */
export const RANGES: readonly Range[] = [
	{ name: "15m", label: "15 min", ms: 15 * MINUTE, stepSeconds: 10, everyMs: 1200 },
	DEFAULT_RANGE,
	{ name: "6h", label: "6 h", ms: 6 * HOUR, stepSeconds: 300, everyMs: 5000 },
	{ name: "24h", label: "24 h", ms: DAY, stepSeconds: 900, everyMs: 10_000 },
	{ name: "7d", label: "7 d", ms: 7 * DAY, stepSeconds: 7200, everyMs: 30_000 },
	{ name: "30d", label: "30 d", ms: 30 * DAY, stepSeconds: 21_600, everyMs: 60_000 },
];

/** From a time up to another, in milliseconds since the epoch. */
export interface Stretch {
	readonly since: number;
	readonly until: number;
}

/** Which labels to look at; without one, all of them. "" is a provider, too: that of records by hand. */
export interface Filters {
	readonly route?: string;
	readonly model?: string;
	readonly provider?: string;
}

/** One of the labels to filter by. */
export type FilterName = keyof Filters;

/** All that a shared address says. */
export interface View {
	readonly range: Range;
	/** What was zoomed to, instead of the range. */
	readonly zoom?: Stretch;
	readonly filters: Filters;
}

const FILTER_NAMES: readonly FilterName[] = ["route", "model", "provider"];
/** Steps of zoomed stretches, in seconds. */
const STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400];
const MOST_STEPS = 120;
const SHORTEST_ZOOM = 10_000;
/** What the server takes: ten years between 2000 and the last year of four digits, and names of so many characters. */
const EARLIEST: number = Date.UTC(2000, 0, 2);
const LATEST: number = Date.UTC(9999, 0);
const LONGEST_ZOOM = 10 * 365 * DAY;
const LONGEST_NAME = 256;

/** Reads what stands behind the "?" of an address; what it does not say, or says wrong, is as at the start. */
export function parseView(search: string): View {
	const parameters = new URLSearchParams(search);
	const range = RANGES.find(({ name }) => name === parameters.get("range")) ?? DEFAULT_RANGE;
	const zoom = parseZoom(parameters);
	const filters: Record<string, string> = {};
	for (const name of FILTER_NAMES) {
		const value = parameters.get(name);
		if (value !== null && value.length <= LONGEST_NAME) filters[name] = value;
	}
	return { range, filters, ...(zoom && { zoom }) };
}

function parseZoom(parameters: URLSearchParams): Stretch | undefined {
	const [since, until] = ["since", "until"].map((name) => Date.parse(parameters.get(name) ?? ""));
	if (since === undefined || until === undefined) return undefined;
	if (!(since >= EARLIEST && until <= LATEST && until - since <= LONGEST_ZOOM)) return undefined;
	return until - since >= SHORTEST_ZOOM ? { since, until } : undefined;
}

/** The same the other way round: "?range=24h&model=gpt-5", or "" for what one starts with. */
export function viewSearch({ filters, range, zoom }: View): string {
	const parameters = new URLSearchParams();
	if (range.name !== DEFAULT_RANGE.name) parameters.set("range", range.name);
	if (zoom !== undefined) appendStretch(parameters, zoom);
	appendFilters(parameters, filters);
	const text = parameters.toString();
	return text === "" ? "" : `?${text}`;
}

/** A view of less: a stretch that was dragged over, ten seconds at least and in whole seconds. */
export function zoomed(view: View, since: number, until: number): View {
	const start = Math.floor(since / 1000) * 1000;
	const end = Math.ceil(until / 1000) * 1000;
	const first = Math.max(EARLIEST, start);
	const last = Math.min(LATEST, Math.max(end, first + SHORTEST_ZOOM), first + LONGEST_ZOOM);
	return { ...view, zoom: { since: first, until: last } };
}

/** The stretch in whole steps: the same until the next one begins, so that bars stay where they are. */
export function stretchOf({ range, zoom }: View, now: number): Stretch & { readonly stepSeconds: number } {
	const stepSeconds = zoom === undefined ? range.stepSeconds : zoomStep(zoom);
	const step = stepSeconds * 1000;
	if (zoom !== undefined) {
		const since = Math.floor(zoom.since / step) * step;
		return { since, until: Math.ceil(zoom.until / step) * step, stepSeconds };
	}
	const until = (Math.floor(now / step) + 1) * step;
	return { since: until - range.ms, until, stepSeconds };
}

function zoomStep({ since, until }: Stretch): number {
	const seconds = (until - since) / 1000;
	return (
		STEPS.find((step) => seconds / step <= MOST_STEPS) ?? Math.ceil(seconds / MOST_STEPS / 86_400) * 86_400
	);
}

/** What to ask `/api/series` for. */
export function seriesQuery(view: View, now: number): string {
	const stretch = stretchOf(view, now);
	const parameters = new URLSearchParams();
	appendStretch(parameters, stretch);
	parameters.set("step", String(stretch.stepSeconds));
	appendFilters(parameters, view.filters);
	return parameters.toString();
}

/** What to ask `/api/calls` for, without order, outcome and page. */
export function callsQuery(view: View, now: number): URLSearchParams {
	const parameters = new URLSearchParams();
	appendStretch(parameters, stretchOf(view, now));
	appendFilters(parameters, view.filters);
	return parameters;
}

function appendStretch(parameters: URLSearchParams, { since, until }: Stretch): void {
	parameters.set("since", new Date(since).toISOString());
	parameters.set("until", new Date(until).toISOString());
}

function appendFilters(parameters: URLSearchParams, filters: Filters): void {
	for (const name of FILTER_NAMES) {
		const value = filters[name];
		if (value !== undefined) parameters.set(name, value);
	}
}

/** Whether anything is filtered out. */
export function isFiltered(filters: Filters): boolean {
	return FILTER_NAMES.some((name) => filters[name] !== undefined);
}

/** Whether something with these labels is looked at; a label that it does not have does not matter. */
export function matches(filters: Filters, labels: Filters): boolean {
	return FILTER_NAMES.every((name) => {
		return filters[name] === undefined || labels[name] === undefined || filters[name] === labels[name];
	});
}
