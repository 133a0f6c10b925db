import { useMemo } from "preact/hooks";
import type { SeriesAnswer } from "../../series-answer.ts";
import type { RemainingQuota } from "../../stats.ts";
import { Chart } from "../charts/chart.tsx";
import type { Plot } from "../charts/plot.ts";
import { formatAxisCount, formatCount, formatExact, formatStep } from "../format.ts";
import { type Filters, matches } from "../state/view.ts";
import { Bars } from "./bars.tsx";
import { Card, ProcessLine, Value } from "./card.tsx";
import type { PanelProps } from "./panel-props.ts";

interface LimitsPanelProps extends PanelProps {
	readonly remaining: readonly RemainingQuota[];
	readonly filters: Filters;
}

const MOST_QUOTAS = 5;

/** Where providers refused for their rate limits, and what they say is left now. */
export function LimitsPanel({ filters, handlers, process, remaining, series, window }: LimitsPanelProps) {
	const { at, since, stepSeconds, steps, total, until } = series;
	const plot = useMemo((): Plot => {
		const lines = [{ label: "refused", hue: 2, values: steps.rateLimited }] as const;
		return { at, since, until, lines, style: "bars", format: formatExact, axis: formatAxisCount };
	}, [series]);
	const { model, provider } = filters;
	const labels = { ...(provider !== undefined && { provider }), ...(model !== undefined && { model }) };
	const quotas = quotasOf(remaining.filter((quota) => matches(labels, quota)));
	return (
		<Card id="rate-limits" title="Rate limits" window={window}>
			<Value id="rate-limits-value" unit={total.rateLimited === 1 ? "attempt refused" : "attempts refused"}>
				{formatExact(total.rateLimited)}
			</Value>
			<Chart
				id="rate-limits-chart"
				title={`Attempts refused for a rate limit in steps of ${formatStep(stepSeconds)}`}
				plot={plot}
				handlers={handlers}
				legend={false}
			/>
			<Bars id="rate-limits-list" bars={refusals(series)} most={4} />
			<ProcessLine id="rate-limits" text={process} />
			<h3 id="remaining-title">
				Remaining quota <span class="soft">now{filters.route !== undefined && " · of all routes"}</span>
			</h3>
			{quotas.length === 0 ? (
				<p class="detail">No provider has said what is left.</p>
			) : (
				<ul id="remaining-list" class="bars plain">
					{quotas.slice(0, MOST_QUOTAS).map(({ name, left }) => (
						<li key={name}>
							<span class="name" title={name}>
								{name}
							</span>
							<span class="amount">{left}</span>
						</li>
					))}
					{quotas.length > MOST_QUOTAS && <li class="soft">and {quotas.length - MOST_QUOTAS} more</li>}
				</ul>
			)}
		</Card>
	);
}

function refusals({ groups }: SeriesAnswer): { name: string; amount: string; size: number; hue: 2 }[] {
	const counts = new Map<string, number>();
	for (const { model, provider, rateLimited } of groups) {
		if (rateLimited === 0) continue;
		const name = `${provider} · ${model}`;
		counts.set(name, (counts.get(name) ?? 0) + rateLimited);
	}
	return [...counts]
		.toSorted(([, a], [, b]) => b - a)
		.map(([name, size]) => ({ name, amount: formatExact(size), size, hue: 2 }));
}

/** A line for each model, the one that has the least left first. */
function quotasOf(remaining: readonly RemainingQuota[]): { name: string; left: string }[] {
	const byName = new Map<string, RemainingQuota[]>();
	for (const quota of remaining.toSorted((a, b) => a.value - b.value)) {
		const name = `${quota.provider} · ${quota.model}`;
		byName.set(name, [...(byName.get(name) ?? []), quota]);
	}
	return [...byName].map(([name, quotas]) => {
		const each = quotas.map(
			({ resource, value }) => `${formatCount(value)} ${resource.replaceAll("_", " ")}`,
		);
		return { name, left: each.join(" · ") };
	});
}
