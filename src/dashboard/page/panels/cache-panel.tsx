import { useMemo } from "preact/hooks";
import { Chart } from "../charts/chart.tsx";
import type { Plot } from "../charts/plot.ts";
import { formatExact, formatPercent, formatPercentSign, formatStep, formatUsd, NOTHING } from "../format.ts";
import { memo } from "../memo.ts";
import { Card, ProcessLine, Value } from "./card.tsx";
import type { PanelProps } from "./panel-props.ts";

const UNKNOWN = "No answer from the cache has a known usage and price";

/** How often the response cache had the answer, and what that saved. */
export const CachePanel = memo(function CachePanel({ handlers, process, series, window }: PanelProps) {
	const { at, since, stepSeconds, steps, total, until } = series;
	const isUnknown = total.cacheHits > 0 && total.savedUsd === 0;
	const lookups = total.cacheHits + total.cacheMisses;
	const plot = useMemo((): Plot => {
		const rates = steps.cacheHits.map((hits, i) => {
			const all = hits + (steps.cacheMisses[i] ?? 0);
			return all === 0 ? null : hits / all;
		});
		const lines = [{ label: "hit rate", hue: 3, values: rates }] as const;
		return { at, since, until, lines, style: "lines", top: 1, format: formatPercentSign };
	}, [series]);
	return (
		<Card id="cache" title="Cache hit rate" window={window}>
			<Value id="cache-value" unit="%">
				{formatPercent(lookups > 0 ? total.cacheHits / lookups : null)}
			</Value>
			<p class="detail">
				<span id="cache-detail">
					{lookups === 0
						? "no lookups"
						: `${formatExact(total.cacheHits)} of ${formatExact(lookups)} lookups`}
				</span>
				{" · saved "}
				<span id="saved-value" title={isUnknown ? UNKNOWN : ""}>
					{isUnknown ? NOTHING : formatUsd(total.savedUsd)}
				</span>
			</p>
			<Chart
				id="cache-chart"
				title={`Cache hit rate in steps of ${formatStep(stepSeconds)}`}
				plot={plot}
				handlers={handlers}
			/>
			<ProcessLine id="cache" text={process} />
		</Card>
	);
});
