import type { DashboardStats } from "../stats.ts";
import { drawChart } from "./chart.ts";
import { byId, drawBars, element, setText } from "./element.ts";
import {
	formatCount,
	formatDuration,
	formatExact,
	formatPercent,
	formatRate,
	formatSince,
	formatUsd,
	formatWindow,
	NOTHING,
	splitDuration,
} from "./format.ts";

/** Shows the guide's six panels. */
export function showPanels(stats: DashboardStats): void {
	showCost(stats);
	showTokens(stats);
	showLatency(stats);
	showCache(stats);
	showErrors(stats);
	showActive(stats);
}

function showCost({ cost, history, now, recentSeconds }: DashboardStats): void {
	setText("cost-value", formatUsd(cost.usd), `exactly ${cost.cents} cents`);
	setText("cost-window", formatSince(cost.since, now));
	setText("cost-detail", `${formatUsd(cost.recentUsd)} in the ${formatWindow(recentSeconds)}`);
	const { costUsd, stepSeconds } = history;
	drawChart("cost-chart", {
		label: `Cost in steps of ${stepSeconds} seconds`,
		caption: `at most ${formatUsd(Math.max(...costUsd, 0))} in ${stepSeconds} s`,
		lines: [costUsd],
		style: "bars",
		stepSeconds,
	});
}

function showTokens({ now, since, tokens }: DashboardStats): void {
	setText("tokens-value", formatCount(tokens.total), `exactly ${formatExact(tokens.total)}`);
	const parts = `${formatCount(tokens.input)} in, ${formatCount(tokens.output)} out`;
	setText("tokens-window", `${formatSince(since, now)} · ${parts}`);
	const bars = tokens.byModel.map(({ input, model, output, total }) => {
		const title = `${model}: ${formatExact(input)} in, ${formatExact(output)} out`;
		return { name: model, amount: formatCount(total), size: total, title };
	});
	drawBars("tokens-list", bars, 3);
}

function showLatency({ history, latency, now, recentSeconds, since }: DashboardStats): void {
	const { largestBoundMs, recent, total } = latency;
	for (const name of ["p50", "p90", "p99"] as const) {
		showDuration(`latency-${name}`, recent[name], largestBoundMs);
	}
	setText("latency-window", `${formatWindow(recentSeconds)} · ${formatExact(recent.count)} observed`);
	const all = `P50 ${formatDuration(total.p50)}, P99 ${formatDuration(total.p99)}`;
	setText("latency-detail", total.count === recent.count ? "" : `${formatSince(since, now)}: ${all}`);
	const { p50, p99, stepSeconds } = history;
	const highest = Math.max(...p99.map((ms) => ms ?? 0), 0);
	drawChart("latency-chart", {
		label: "P50 and P99 of the minute before each point",
		caption: highest > 0 ? `P99 at most ${formatDuration(highest)}` : "",
		lines: [p50, p99],
		style: "lines",
		stepSeconds,
	});
}

function showDuration(id: string, ms: number | null, largestBoundMs: number | null): void {
	const target = byId(id);
	if (ms === null) {
		target.replaceChildren(NOTHING);
		return;
	}
	const [amount, unit] = splitDuration(ms);
	const atLeast = ms === largestBoundMs ? "≥ " : "";
	target.replaceChildren(`${atLeast}${amount} `, element("span", "unit", unit));
	target.title = `about ${formatExact(ms)} ms, from histogram buckets`;
}

function showCache({ cache, history, now, recentSeconds, since }: DashboardStats): void {
	const { recent, total } = cache;
	setText("cache-value", formatPercent(recent.rate));
	const lookups = recent.hits + recent.misses;
	const found =
		lookups === 0 ? "no lookups" : `${formatExact(recent.hits)} of ${formatExact(lookups)} lookups`;
	setText("cache-window", `${formatWindow(recentSeconds)} · ${found}`);
	const all = `${formatPercent(total.rate)} %, ${formatExact(total.hits)} of ${formatExact(total.hits + total.misses)}`;
	setText("cache-detail", total.hits + total.misses === lookups ? "" : `${formatSince(since, now)}: ${all}`);
	const { hitRate, stepSeconds } = history;
	const hasAny = hitRate.some((rate) => rate !== null);
	drawChart("cache-chart", {
		label: "Hit rate of the minute before each point, from 0 to 100 percent",
		caption: "0 to 100 %",
		lines: hasAny ? [hitRate] : [],
		style: "area",
		top: 1,
		stepSeconds,
	});
}

function showErrors({ errors, now, rateSeconds, since }: DashboardStats): void {
	setText("errors-value", formatRate(errors.perSecond));
	const all = `${formatExact(errors.total)} ${formatSince(since, now)}`;
	setText("errors-window", `${formatWindow(rateSeconds)} · ${all}`);
	const bars = errors.byType.map(({ perSecond, total, type }) => ({
		name: type,
		amount: `${formatRate(perSecond)}/s · ${formatExact(total)} in all`,
		size: total,
		title: `${type}: ${formatExact(total)} ${formatSince(since, now)}`,
	}));
	drawBars("errors-list", bars, 3);
}

function showActive({ active, history }: DashboardStats): void {
	setText("active-value", formatExact(active.total));
	const named = active.byModel.slice(0, 3).map(({ count, model }) => `${model} ${formatExact(count)}`);
	const more = active.byModel.length - named.length;
	const models = [...named, ...(more > 0 ? [`${more} more`] : [])].join(" · ");
	setText("active-detail", models, models);
	const { stepSeconds } = history;
	drawChart("active-chart", {
		label: "Active requests every five seconds",
		caption: `at most ${formatExact(Math.max(...history.active, 0))}`,
		lines: [history.active],
		style: "area",
		stepSeconds,
	});
}
