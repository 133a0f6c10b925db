import { useMemo } from "preact/hooks";
import { Chart } from "../charts/chart.tsx";
import { HUES } from "../charts/palette.ts";
import type { Plot } from "../charts/plot.ts";
import { byHue, useHues } from "../charts/use-hues.ts";
import {
	formatAxisCount,
	formatErrors,
	formatExact,
	formatPace,
	formatPercent,
	formatStep,
} from "../format.ts";
import { memo } from "../memo.ts";
import { Bars } from "./bars.tsx";
import { Card, ProcessLine, Value } from "./card.tsx";
import type { PanelProps } from "./panel-props.ts";

/** Which part of the calls failed, and of what; errors recorded by hand are of no call that is counted. */
export const ErrorsPanel = memo(function ErrorsPanel({ handlers, process, series, window }: PanelProps) {
	const { at, errorsByType, since, stepSeconds, total, until } = series;
	const seconds = Math.max(1, (until - since) / 1000);
	const byHand = total.errors - total.failed;
	const hueOf = useHues(errorsByType.map(({ type }) => type));
	const plot = useMemo((): Plot => {
		const lines = errorsByType.map(({ steps, type }) => ({ label: type, hue: hueOf(type), values: steps }));
		return {
			at,
			since,
			until,
			lines: byHue(lines),
			style: "bars",
			format: formatExact,
			axis: formatAxisCount,
		};
	}, [series]);
	const bars = errorsByType.map(({ total: count, type }) => ({
		name: type,
		amount: formatExact(count),
		note: formatPace(count, seconds),
		size: count,
		hue: hueOf(type),
	}));
	return (
		<Card id="errors" title="Error rate by type" window={window}>
			<Value id="errors-value" unit="% of calls">
				{formatPercent(total.calls > 0 ? total.failed / total.calls : null)}
			</Value>
			<p id="errors-detail" class="detail">
				{`${formatErrors(total.errors)}${byHand > 0 ? `, ${formatExact(byHand)} by hand` : ""} · ${formatPace(total.errors, seconds)}`}
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
