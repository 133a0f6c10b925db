import { useMemo } from "preact/hooks";
import { Chart, Swatch } from "../charts/chart.tsx";
import type { Hue } from "../charts/palette.ts";
import type { Plot } from "../charts/plot.ts";
import { formatCalls, formatDuration, formatStep, NOTHING, splitDuration } from "../format.ts";
import { memo } from "../memo.ts";
import { Card, ProcessLine } from "./card.tsx";
import type { PanelProps } from "./panel-props.ts";

/** Each line's dashes say which it is without its colour. */
const P90_DASH = [6, 3];
const P99_DASH = [2, 2];
const FIRST_DASH = [10, 3, 2, 3];

/** How long calls took, and how long streams kept one waiting for their first token. */
export const LatencyPanel = memo(function LatencyPanel({ handlers, process, series, window }: PanelProps) {
	const { at, since, stepSeconds, steps, total, until } = series;
	const plot = useMemo((): Plot => {
		const lines = [
			{ label: "P50", hue: 1, values: steps.p50 },
			{ label: "P90", hue: 2, values: steps.p90, dash: P90_DASH },
			{ label: "P99", hue: 4, values: steps.p99, dash: P99_DASH },
			{ label: "first token P50", hue: 3, values: steps.firstTokenP50, dash: FIRST_DASH },
		] as const;
		return { at, since, until, lines, style: "lines", format: formatDuration };
	}, [series]);
	return (
		<Card id="latency" title="Latency percentiles" window={window}>
			<dl class="numbers">
				<Percentile id="latency-p50" name="P50" ms={total.p50} hue={1} />
				<Percentile id="latency-p90" name="P90" ms={total.p90} hue={2} dash={P90_DASH} />
				<Percentile id="latency-p99" name="P99" ms={total.p99} hue={4} dash={P99_DASH} />
			</dl>
			<p class="detail">
				<Swatch hue={3} dash={FIRST_DASH} isLine /> First token: P50{" "}
				<span id="first-token-p50">{formatDuration(total.firstTokenP50)}</span>, P99{" "}
				<span id="first-token-p99">{formatDuration(total.firstTokenP99)}</span>
				{` · ${formatCalls(total.calls)} ended`}
			</p>
			<Chart
				id="latency-chart"
				title={`Latency in steps of ${formatStep(stepSeconds)}`}
				plot={plot}
				handlers={handlers}
			/>
			<ProcessLine id="latency" text={process} />
		</Card>
	);
});

interface PercentileProps {
	readonly id: string;
	readonly name: string;
	readonly ms: number | null;
	readonly hue?: Hue;
	readonly dash?: readonly number[];
}

function Percentile({ dash, hue, id, ms, name }: PercentileProps) {
	const [amount, unit] = ms === null ? [NOTHING, ""] : splitDuration(ms);
	return (
		<div>
			<dt>
				{hue !== undefined && <Swatch hue={hue} dash={dash} isLine />}
				{name}
			</dt>
			<dd id={id}>
				{amount} <span class="unit">{unit}</span>
			</dd>
		</div>
	);
}
