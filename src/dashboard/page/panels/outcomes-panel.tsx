import { useMemo } from "preact/hooks";
import { Chart } from "../charts/chart.tsx";
import type { Plot } from "../charts/plot.ts";
import { formatAxisCount, formatExact, formatPace, formatPercentSign, formatStep } from "../format.ts";
import { memo } from "../memo.ts";
import { Bars } from "./bars.tsx";
import { Card, ProcessLine, Value } from "./card.tsx";
import type { PanelProps } from "./panel-props.ts";

/** How many calls there were, and how they ended. */
export const OutcomesPanel = memo(function OutcomesPanel({ handlers, process, series, window }: PanelProps) {
	const { at, since, stepSeconds, steps, total, until } = series;
	const success = total.calls - total.failed - total.aborted - total.abandoned;
	const plot = useMemo((): Plot => {
		const others = steps.calls.map((calls, i) => calls - (steps.failed[i] ?? 0));
		const lines = [
			{ label: "errors", hue: 2, values: steps.failed },
			{ label: "other calls", hue: 1, values: others },
		] as const;
		return { at, since, until, lines, style: "bars", format: formatExact, axis: formatAxisCount };
	}, [series]);
	const outcomes = [
		["success", success],
		["error", total.failed],
		["aborted", total.aborted],
		["abandoned", total.abandoned],
	] as const;
	const bars = outcomes.map(([name, size]) => {
		const share = formatPercentSign(total.calls > 0 ? size / total.calls : null);
		return { name, amount: formatExact(size), note: share, size };
	});
	return (
		<Card id="outcomes" title="Calls by outcome" window={window}>
			<Value id="outcomes-value" unit={total.calls === 1 ? "call" : "calls"}>
				{formatExact(total.calls)}
			</Value>
			<p class="detail">{formatPace(total.calls, Math.max(1, (until - since) / 1000))}</p>
			<Chart
				id="outcomes-chart"
				title={`Calls in steps of ${formatStep(stepSeconds)}`}
				plot={plot}
				handlers={handlers}
			/>
			<Bars id="outcomes-list" bars={bars} most={bars.length} />
			<ProcessLine id="outcomes" text={process} />
		</Card>
	);
});
