import { roundUsd } from "../core/money.ts";
import type { SeriesSnapshot } from "../monitoring/index.ts";
import type { Families } from "./families.ts";
import { quantile } from "./quantile.ts";
import type { PairStats } from "./stats.ts";

type Row = { -readonly [key in keyof PairStats]: PairStats[key] };

/** A row for each (route, model) that has been used, the dearest first. Declared pairs that nobody used are left out. */
export function collectPairs(families: Families): PairStats[] {
	const rows = new Map<string, Row>();
	const rowOf = ({ labels }: SeriesSnapshot): Row => {
		const { route = "", model = "" } = labels;
		const key = JSON.stringify([route, model]);
		let row = rows.get(key);
		if (row === undefined) {
			row = { route, model, ...EMPTY };
			rows.set(key, row);
		}
		return row;
	};
	const add = (name: string, field: keyof typeof SUMMED): void => {
		for (const series of families.series(name)) if (series.value > 0) rowOf(series)[field] += series.value;
	};
	for (const [field, name] of Object.entries(SUMMED)) add(name, field as keyof typeof SUMMED); // its own keys
	for (const series of families.series("llm_cost_usd_total")) {
		if (series.value > 0) rowOf(series).costUsd = roundUsd(series.value / 100); // it counts cents
	}
	for (const series of families.series("llm_latency_ms")) {
		const { histogram, value } = series;
		if (histogram === undefined || value === 0) continue;
		const row = rowOf(series);
		row.p50 = quantile(0.5, histogram.bounds, histogram.counts);
		row.p99 = quantile(0.99, histogram.bounds, histogram.counts);
	}
	return [...rows.values()].toSorted(
		(a, b) =>
			b.costUsd - a.costUsd ||
			b.requests - a.requests ||
			compare(a.route, b.route) ||
			compare(a.model, b.model),
	);
}

/** The columns that are sums of a family's series. */
const SUMMED = {
	requests: "llm_requests_total",
	errors: "llm_errors_total",
	inputTokens: "llm_tokens_input_total",
	outputTokens: "llm_tokens_output_total",
	unpriced: "llm_unpriced_requests_total",
	active: "llm_active_requests",
} as const;

const EMPTY = {
	requests: 0,
	errors: 0,
	inputTokens: 0,
	outputTokens: 0,
	costUsd: 0,
	unpriced: 0,
	p50: null,
	p99: null,
	active: 0,
} as const;

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
