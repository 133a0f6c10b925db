import { formatPico } from "../core/exact-usd.ts";
import type { NamedSteps, Series, SeriesGroup, SeriesSums } from "../ledger/series-query.ts";
import type { SeriesAnswer, SeriesTotal } from "./series-answer.ts";

/** Models that have a curve of their own; colours for more cannot be told apart. */
const MOST_MODELS = 7;
/** What the rest is called, and what the bound on label sets calls its own. */
const REST = "other";

/** What the ledger says of a stretch of time, as the page reads it. */
export function seriesView(series: Series, source: SeriesAnswer["source"]): SeriesAnswer {
	const { choices, groups, since, stepSeconds, steps, total, until } = series;
	const each = <T>(read: (step: SeriesSums) => T): T[] => steps.map(read);
	return {
		source,
		since,
		until,
		stepSeconds,
		at: steps.map((_, i) => since + i * stepSeconds * 1000),
		choices,
		total: totalView(total, sumOf(groups.map(callsPico))),
		steps: {
			calls: each(callsOf),
			errors: each((step) => step.errors),
			failed: each((step) => step.calls.error),
			inputTokens: each((step) => step.inputTokens),
			outputTokens: each((step) => step.outputTokens),
			costUsd: each((step) => usd(step.costPico)),
			p50: each(({ latency }) => latency?.p50 ?? null),
			p90: each(({ latency }) => latency?.p90 ?? null),
			p99: each(({ latency }) => latency?.p99 ?? null),
			firstTokenP50: each(({ firstToken }) => firstToken?.p50 ?? null),
			cacheHits: each((step) => step.cacheHits),
			cacheMisses: each((step) => step.cacheMisses),
			rateLimited: each((step) => step.rateLimited),
		},
		tokensByModel: foldRest(series.tokensByModel).map(({ name, ...counts }) => ({ model: name, ...counts })),
		errorsByType: series.errorsByType.map(({ name, ...counts }) => ({ type: name, ...counts })),
		groups: groups.map((group) => ({
			route: group.route,
			model: group.model,
			provider: group.provider,
			...totalView(group, callsPico(group)),
			share: total.costPico === 0n ? 0 : Number(group.costPico) / Number(total.costPico),
			spark: group.spark.map(usd),
		})),
	};
}

function totalView(sums: SeriesSums, ofCalls: bigint): SeriesTotal {
	const { calls, firstToken, latency } = sums;
	return {
		calls: callsOf(sums),
		errors: sums.errors,
		failed: calls.error,
		aborted: calls.aborted,
		abandoned: calls.abandoned,
		inputTokens: sums.inputTokens,
		outputTokens: sums.outputTokens,
		cacheReadTokens: sums.cacheReadTokens,
		costUsd: usd(sums.costPico),
		exactUsd: formatPico(sums.costPico),
		callsUsd: usd(ofCalls),
		unpriced: sums.unpricedCalls,
		withoutUsage: sums.callsWithoutUsage,
		p50: latency?.p50 ?? null,
		p90: latency?.p90 ?? null,
		p99: latency?.p99 ?? null,
		firstTokenP50: firstToken?.p50 ?? null,
		firstTokenP99: firstToken?.p99 ?? null,
		cacheHits: sums.cacheHits,
		cacheMisses: sums.cacheMisses,
		savedUsd: usd(sums.savedPico),
		rateLimited: sums.rateLimited,
	};
}

/** The first few, and all others as one. */
function foldRest(models: readonly NamedSteps[]): readonly NamedSteps[] {
	const named = models.filter(({ name }) => name !== REST);
	const shown = named.slice(0, MOST_MODELS);
	const rest = models.filter((one) => !shown.includes(one));
	if (rest.length === 0) return shown;
	const total = rest.reduce((sum, one) => sum + one.total, 0);
	const steps = (rest[0]?.steps ?? []).map((_, i) => rest.reduce((sum, one) => sum + (one.steps[i] ?? 0), 0));
	return [...shown, { name: REST, total, steps }];
}

function callsOf({ calls }: SeriesSums): number {
	return calls.success + calls.error + calls.aborted + calls.abandoned;
}

/** A record by hand has no provider, and a call always has one. */
function callsPico({ costPico, provider }: SeriesGroup): bigint {
	return provider === "" ? 0n : costPico;
}

function sumOf(amounts: readonly bigint[]): bigint {
	return amounts.reduce((sum, pico) => sum + pico, 0n);
}

function usd(pico: bigint): number {
	return pico === 0n ? 0 : Number(formatPico(pico));
}
