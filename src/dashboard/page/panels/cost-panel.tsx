import { useMemo } from "preact/hooks";
import type { SeriesTotal } from "../../series-answer.ts";
import { Chart } from "../charts/chart.tsx";
import type { Plot } from "../charts/plot.ts";
import { formatAxisUsd, formatExact, formatExactUsd, formatStep, formatUsd } from "../format.ts";
import { memo } from "../memo.ts";
import { Card, ProcessLine, Value } from "./card.tsx";
import type { PanelProps } from "./panel-props.ts";

/** What it cost: all of it, exactly, and by step. */
export const CostPanel = memo(function CostPanel({ handlers, process, series, window }: PanelProps) {
	const { at, since, stepSeconds, steps, total, until } = series;
	const missing = missingOf(total);
	const atLeast = missing === "" ? "" : "≥ ";
	const plot = useMemo((): Plot => {
		const lines = [{ label: "cost", hue: 1, values: steps.costUsd }] as const;
		return { at, since, until, lines, style: "bars", format: formatUsd, axis: formatAxisUsd };
	}, [series]);
	return (
		<Card id="cost" title="Total cost" window={window}>
			<Value id="cost-value" unit="USD">
				{atLeast + formatUsd(total.costUsd)}
			</Value>
			<p class="detail">
				<span>
					exactly <span id="cost-exact">{formatExactUsd(total.exactUsd)}</span>
				</span>
				<span id="cost-per-call">
					{total.calls > 0 && ` · ${atLeast}${formatUsd(total.callsUsd / total.calls)} a call`}
				</span>
				{missing !== "" && (
					<a id="cost-missing" href="#missing">
						{missing}
					</a>
				)}
			</p>
			<Chart
				id="cost-chart"
				title={`Cost in steps of ${formatStep(stepSeconds)}`}
				plot={plot}
				handlers={handlers}
			/>
			<ProcessLine id="cost" text={process} />
		</Card>
	);
});

/** "2 unpriced · 1 without usage"; "" where nothing is missing. A call can be both, so there is no sum. */
function missingOf({ unpriced, withoutUsage }: SeriesTotal): string {
	const parts = [
		unpriced > 0 ? `${formatExact(unpriced)} unpriced` : "",
		withoutUsage > 0 ? `${formatExact(withoutUsage)} without usage` : "",
	];
	return parts.filter(Boolean).join(" · ");
}
