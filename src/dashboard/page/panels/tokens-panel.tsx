import { useMemo } from "preact/hooks";
import { Chart } from "../charts/chart.tsx";
import { type Hue, HUES, hueAt } from "../charts/palette.ts";
import type { Plot } from "../charts/plot.ts";
import { formatCount, formatExact, formatPercent, formatStep } from "../format.ts";
import { memo } from "../memo.ts";
import { Bars } from "./bars.tsx";
import { Card, ProcessLine, Value } from "./card.tsx";
import type { PanelProps } from "./panel-props.ts";

/** How many tokens went through, and through which models. */
export const TokensPanel = memo(function TokensPanel({ handlers, process, series, window }: PanelProps) {
	const { at, since, stepSeconds, tokensByModel, total, until } = series;
	const sum = total.inputTokens + total.outputTokens;
	const plot = useMemo((): Plot => {
		const lines = tokensByModel.map(({ model, steps }, i) => ({
			label: model,
			hue: hueOf(model, i),
			values: steps,
		}));
		return { at, since, until, lines, style: "bars", format: formatCount };
	}, [series]);
	const bars = tokensByModel.map(({ model, total: tokens }, i) => {
		const share = `${formatPercent(sum > 0 ? tokens / sum : 0)} %`;
		return { name: model, amount: formatCount(tokens), note: share, size: tokens, hue: hueOf(model, i) };
	});
	return (
		<Card id="tokens" title="Token usage by model" window={window}>
			<Value id="tokens-value" unit="tokens">
				{formatCount(sum)}
			</Value>
			<p id="tokens-detail" class="detail">
				{`${formatExact(total.inputTokens)} in · ${formatExact(total.outputTokens)} out`}
				{total.cacheReadTokens > 0 &&
					` · ${formatExact(total.cacheReadTokens)} of the input from prompt caches`}
			</p>
			<Chart
				id="tokens-chart"
				title={`Tokens by model in steps of ${formatStep(stepSeconds)}`}
				plot={plot}
				handlers={handlers}
				legend={false}
			/>
			<Bars id="tokens-list" bars={bars} most={HUES + 1} />
			<ProcessLine id="tokens" text={process} />
		</Card>
	);
});

/** The rest of the models is grey. */
function hueOf(model: string, index: number): Hue {
	return model === "other" ? "rest" : hueAt(index);
}
