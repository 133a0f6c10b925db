import { useMemo } from "preact/hooks";
import { Chart } from "../charts/chart.tsx";
import { HUES, hueAt } from "../charts/palette.ts";
import type { Plot } from "../charts/plot.ts";
import { formatErrors, formatExact, formatPercent, formatRate, formatStep } from "../format.ts";
import { memo } from "../memo.ts";
import { Bars } from "./bars.tsx";
import { Card, ProcessLine, Value } from "./card.tsx";
import type { PanelProps } from "./panel-props.ts";

/** Which part of the calls failed, and of what. */
export const ErrorsPanel = memo(function ErrorsPanel({ handlers, process, series, window }: PanelProps) {
	const { at, errorsByType, since, stepSeconds, total, until } = series;
	const seconds = Math.max(1, (until - since) / 1000);
	const plot = useMemo((): Plot => {
		const lines = errorsByType.map(({ steps, type }, i) => ({ label: type, hue: hueAt(i), values: steps }));
		return { at, since, until, lines, style: "bars", format: formatExactOrLess };
	}, [series]);
	const bars = errorsByType.map(({ total: count, type }, i) => ({
		name: type,
		amount: formatExact(count),
		note: `${formatRate(count / seconds)}/s`,
		size: count,
		hue: hueAt(i),
	}));
	return (
		<Card id="errors" title="Error rate by type" window={window}>
			<Value id="errors-value" unit="% of calls">
				{formatPercent(total.calls > 0 ? total.errors / total.calls : null)}
			</Value>
			<p id="errors-detail" class="detail">
				{`${formatErrors(total.errors)} · ${formatRate(total.errors / seconds)}/s`}
			</p>
			<Chart
				id="errors-chart"
				title={`Errors by type in steps of ${formatStep(stepSeconds)}`}
				plot={plot}
				handlers={handlers}
				legend={false}
			/>
			<Bars id="errors-list" bars={bars} most={HUES + 1} />
			<ProcessLine id="errors" text={process} />
		</Card>
	);
});

/** An axis of a few errors has halves between them. */
function formatExactOrLess(count: number): string {
	return Number.isInteger(count) ? formatExact(count) : "";
}
