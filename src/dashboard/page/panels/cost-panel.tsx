import { useMemo } from "preact/hooks";
import { Chart } from "../charts/chart.tsx";
import type { Plot } from "../charts/plot.ts";
import { formatAxisUsd, formatCalls, formatExactUsd, formatStep, formatUsd } from "../format.ts";
import { memo } from "../memo.ts";
import { Card, ProcessLine, Value } from "./card.tsx";
import type { PanelProps } from "./panel-props.ts";

/** What it cost: all of it, exactly, and by step. */
export const CostPanel = memo(function CostPanel({ handlers, process, series, window }: PanelProps) {
	const { at, since, stepSeconds, steps, total, until } = series;
	const missing = total.unpriced + total.withoutUsage;
	const plot = useMemo((): Plot => {
		const lines = [{ label: "cost", hue: 1, values: steps.costUsd }] as const;
		return { at, since, until, lines, style: "bars", format: formatUsd, axis: formatAxisUsd };
	}, [series]);
	return (
		<Card id="cost" title="Total cost" window={window}>
			<Value id="cost-value" unit="USD">
				{(missing > 0 ? "≥ " : "") + formatUsd(total.costUsd)}
			</Value>
			<p class="detail">
				<span>
					exactly <span id="cost-exact">{formatExactUsd(total.exactUsd)}</span>
				</span>
				<span id="cost-per-call">
					{total.calls > 0 && ` · ${missing > 0 ? "≥ " : ""}${formatUsd(total.costUsd / total.calls)} a call`}
				</span>
				{missing > 0 && (
					<a id="cost-missing" href="#missing">
						{formatCalls(missing)} without cost
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
