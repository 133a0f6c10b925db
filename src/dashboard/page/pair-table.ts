import type { DashboardStats, PairStats } from "../stats.ts";
import { byId, drawBars, element, setText } from "./element.ts";
import { formatCount, formatDuration, formatExact, formatSince, formatUsd, NOTHING } from "./format.ts";

/** More rows than anyone reads; /metrics has them all. */
const MOST_ROWS = 50;

let shown = "";

/** Shows the table of routes and models, and the rate limits below it. */
export function showPairs({ now, pairs, rateLimits, since }: DashboardStats): void {
	byId("pairs").hidden = pairs.length === 0;
	setText("pairs-window", formatSince(since, now));
	const more = pairs.length - MOST_ROWS;
	setText("pairs-more", more > 0 ? `and ${formatExact(more)} more, in /metrics` : "");
	// What has not changed stays, and so does the text that somebody is selecting in it.
	const rows = JSON.stringify(pairs);
	if (rows !== shown) byId("pairs-body").replaceChildren(...pairs.slice(0, MOST_ROWS).map(rowOf));
	shown = rows;

	byId("rate-limits").hidden = rateLimits.length === 0;
	setText("rate-limits-window", formatSince(since, now));
	const bars = rateLimits.map(({ count, model, provider }) => {
		return { name: `${provider} · ${model}`, amount: formatExact(count), size: count };
	});
	drawBars("rate-limits-list", bars, 12);
}

function rowOf(pair: PairStats): HTMLTableRowElement {
	const route = element("th", "", pair.route);
	route.scope = "row";
	const errors = numberCell(formatExact(pair.errors), pair.errors);
	if (pair.errors > 0) errors.classList.add("bad");
	const model = element("td", "model", pair.model);
	route.title = pair.route;
	model.title = pair.model;
	// What was recorded by hand only has tokens and cost, but no calls.
	const byHand = pair.requests === 0 && pair.inputTokens + pair.outputTokens + pair.costUsd > 0;
	return element(
		"tr",
		"",
		route,
		model,
		numberCell(byHand ? NOTHING : formatExact(pair.requests), pair.requests),
		errors,
		numberCell(formatCount(pair.inputTokens), pair.inputTokens),
		numberCell(formatCount(pair.outputTokens), pair.outputTokens),
		numberCell(costOf(pair), pair.costUsd),
		numberCell(formatDuration(pair.p50), pair.p50 ?? 0),
		numberCell(formatDuration(pair.p99), pair.p99 ?? 0),
		numberCell(formatExact(pair.active), pair.active),
	);
}

/** Never a silent $0: what is missing shows. */
function costOf({ costUsd, unpriced }: PairStats): string {
	if (unpriced === 0) return formatUsd(costUsd);
	return costUsd === 0 ? "unpriced" : `≥ ${formatUsd(costUsd)}`;
}

function numberCell(text: string, value: number): HTMLTableCellElement {
	return element("td", value === 0 ? "number zero" : "number", text);
}
