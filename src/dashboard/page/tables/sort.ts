/** tables/: what stands below the panels, row by row. This file: by which column a table is sorted, and how. */
import type { SeriesGroup } from "../../series-answer.ts";

/** A column that a table can be sorted by. */
export interface Column {
	readonly name: string;
	readonly title: string;
	/** `null` is last, whichever way it is sorted. */
	readonly value: (group: SeriesGroup) => string | number | null;
	readonly isNumber: boolean;
	/** Rows are the parts of something in this column. */
	readonly hint?: string;
}

/** Which column, and which way. */
export interface Sorting {
	readonly column: string;
	readonly descending: boolean;
}

/** The dearest first. */
export const FIRST_SORTING: Sorting = { column: "cost", descending: true };

/** The columns of the table of models and routes. */
export const COLUMNS: readonly Column[] = [
	{ name: "route", title: "Route", value: ({ route }) => route, isNumber: false },
	{ name: "model", title: "Model", value: ({ model }) => model, isNumber: false },
	{ name: "provider", title: "Provider", value: ({ provider }) => provider, isNumber: false },
	{ name: "cost", title: "Cost (USD)", value: ({ costUsd }) => costUsd, isNumber: true },
	{ name: "share", title: "Share of spend", value: ({ share }) => share, isNumber: true },
	{ name: "calls", title: "Calls", value: ({ calls }) => calls, isNumber: true },
	{ name: "errors", title: "Errors", value: ({ errors }) => errors, isNumber: true },
	{ name: "input", title: "Input tokens", value: ({ inputTokens }) => inputTokens, isNumber: true },
	{ name: "output", title: "Output tokens", value: ({ outputTokens }) => outputTokens, isNumber: true },
	{ name: "p50", title: "P50", value: ({ p50 }) => p50, isNumber: true },
	{ name: "p90", title: "P90", value: ({ p90 }) => p90, isNumber: true },
	{ name: "p99", title: "P99", value: ({ p99 }) => p99, isNumber: true },
	{ name: "first", title: "First token P50", value: ({ firstTokenP50 }) => firstTokenP50, isNumber: true },
];

/** What a click on a column makes of it: the other way round, or the column's most interesting end first. */
export function sortedBy(column: Column, now: Sorting): Sorting {
	if (now.column === column.name) return { column: column.name, descending: !now.descending };
	return { column: column.name, descending: column.isNumber };
}

/** The groups in that order; equal ones stay as they came, the dearest first. */
export function sortGroups(groups: readonly SeriesGroup[], sorting: Sorting): SeriesGroup[] {
	const column = COLUMNS.find(({ name }) => name === sorting.column);
	if (column === undefined) return [...groups];
	const direction = sorting.descending ? -1 : 1;
	return groups.toSorted((a, b) => compare(column.value(a), column.value(b), direction));
}

function compare(a: string | number | null, b: string | number | null, direction: 1 | -1): number {
	if (a === null || b === null) return Number(a === null) - Number(b === null);
	if (typeof a === "number" && typeof b === "number") return (a - b) * direction;
	return String(a).localeCompare(String(b)) * direction;
}
