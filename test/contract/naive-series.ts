import { OUTCOMES } from "../../src/core/settled-call.ts";
import { totalInput } from "../../src/core/token-usage.ts";
import { type ExactCost, type LedgerRow, rowId } from "../../src/ledger/ledger-row.ts";
import type { NameFilter, Percentiles, Series, SeriesSums } from "../../src/ledger/series-query.ts";

/** The first row of each id: later ones count for nothing. */
export function firstRows(rows: readonly LedgerRow[]): LedgerRow[] {
	return [...new Map(rows.toReversed().map((one) => [rowId(one), one])).values()];
}

/** The same as a store answers, reckoned from each row by itself, in the steps that the answer has chosen. */
export function naiveSeries(
	rows: readonly LedgerRow[],
	{ since, stepSeconds, until }: Series,
	filter: NameFilter,
): Series {
	const inRange = firstRows(rows).filter(({ at }) => at >= since && at < until);
	const lets = (names: readonly string[] | undefined, name: string): boolean =>
		names === undefined || names.length === 0 || names.includes(name);
	const meant = inRange.filter(
		({ model, provider, route }) =>
			lets(filter.routes, route) && lets(filter.models, model) && lets(filter.providers, provider),
	);
	const count = (until - since) / stepSeconds / 1000;
	const starts = Array.from({ length: count }, (_, i) => since + i * stepSeconds * 1000);
	const within = (of: readonly LedgerRow[], start: number, end: number): LedgerRow[] =>
		of.filter(({ at }) => at >= start && at < end);
	const steps = (of: readonly LedgerRow[]): LedgerRow[][] =>
		starts.map((start) => within(of, start, start + stepSeconds * 1000));
	const names = (of: (row: LedgerRow) => string): string[] =>
		[...new Set(inRange.map(of))].filter((name) => name !== "").toSorted();
	const groups = Map.groupBy(meant, ({ model, provider, route }) => JSON.stringify([route, model, provider]));
	return {
		since,
		until,
		stepSeconds,
		choices: {
			routes: names(({ route }) => route),
			models: names(({ model }) => model),
			providers: names(({ provider }) => provider),
		},
		total: naiveSums(meant),
		steps: steps(meant).map(naiveSums),
		tokensByModel: named(steps(meant), ({ model }) => model, tokensOf),
		errorsByType: named(
			steps(meant),
			({ errorType = "" }) => errorType,
			(one) => Number(isError(one)),
		),
		groups: [...groups]
			.map(([key, of]) => {
				const [route = "", model = "", provider = ""] = JSON.parse(key) as string[];
				const part = (until - since) / 24;
				// The cost is told as finely as it is kept: in hours, minutes or tens of either.
				const kept = [10_800, 3600, 300, 60, 10].find((seconds) => stepSeconds % seconds === 0) ?? 10;
				const begun = of.map((one) => ({ ...one, at: Math.floor(one.at / kept / 1000) * kept * 1000 }));
				return {
					route,
					model,
					provider,
					...naiveSums(of),
					spark: Array.from({ length: 24 }, (_, i) =>
						sumPico(within(begun, since + i * part, since + (i + 1) * part).map(({ cost }) => cost)),
					),
				};
			})
			.filter(({ model }) => model !== "")
			.toSorted((a, b) => {
				if (a.costPico !== b.costPico) return a.costPico > b.costPico ? -1 : 1;
				return JSON.stringify([a.route, a.model, a.provider]) < JSON.stringify([b.route, b.model, b.provider])
					? -1
					: 1;
			}),
	};
}

function named(
	steps: readonly (readonly LedgerRow[])[],
	nameOf: (row: LedgerRow) => string,
	countOf: (row: LedgerRow) => number,
): Series["tokensByModel"] {
	const counted = steps.flat().filter((one) => countOf(one) > 0);
	return [...new Set(counted.map(nameOf))]
		.map((name) => {
			const byStep = steps.map((of) =>
				sum(of.filter((one) => nameOf(one) === name).map((one) => countOf(one))),
			);
			return { name, total: sum(byStep), steps: byStep };
		})
		.toSorted((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
}

function naiveSums(rows: readonly LedgerRow[]): SeriesSums {
	const where = (is: (row: LedgerRow) => boolean): number => rows.filter(is).length;
	return {
		calls: {
			success: 0,
			error: 0,
			aborted: 0,
			abandoned: 0,
			...Object.fromEntries(OUTCOMES.map((name) => [name, where(({ outcome }) => outcome === name)])),
		},
		errors: where(isError),
		inputTokens: sum(rows.map(({ usage }) => (usage === undefined ? 0 : (totalInput(usage) ?? 0)))),
		outputTokens: sum(rows.map(({ usage }) => usage?.output ?? 0)),
		cacheReadTokens: sum(rows.map(({ usage }) => usage?.cacheRead ?? 0)),
		costPico: sumPico(rows.map(({ cost }) => cost)),
		unpricedCalls: where(({ event, unpriced }) => unpriced !== undefined || event === "unpriced"),
		callsWithoutUsage: where(({ usageMissing }) => usageMissing !== undefined),
		cacheHits: where(({ event }) => event === "cache_hit"),
		cacheMisses: where(({ event }) => event === "cache_miss"),
		savedPico: sumPico(rows.map(({ saved }) => saved)),
		rateLimited: where(({ event }) => event === "rate_limited"),
		latency: exact(
			rows.flatMap(({ latencyMs, outcome }) =>
				latencyMs === undefined || outcome === "abandoned" ? [] : [latencyMs],
			),
		),
		firstToken: exact(rows.flatMap(({ timeToFirstTokenMs: ms }) => (ms === undefined ? [] : [ms]))),
	};
}

function isError({ event, outcome }: LedgerRow): boolean {
	return outcome === "error" || event === "error";
}

function tokensOf({ usage }: LedgerRow): number {
	return usage === undefined ? 0 : (totalInput(usage) ?? 0) + (usage.output ?? 0);
}

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}

function sumPico(costs: readonly (ExactCost | undefined)[]): bigint {
	return costs.reduce(
		(total, cost) => total + BigInt(cost?.whole ?? 0) * 10n ** 12n + BigInt(cost?.pico ?? 0),
		0n,
	);
}

/** By nearest rank. */
export function exact(values: readonly number[]): Percentiles | undefined {
	if (values.length === 0) return undefined;
	const sorted = values.toSorted((a, b) => a - b);
	// Whole hundredths: 0.99 × 100 would be a hair more than 99.
	const at = (percent: number): number => sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? 0;
	return { p50: at(50), p90: at(90), p99: at(99) };
}
