import { useMemo } from "preact/hooks";
import { Chart } from "../charts/chart.tsx";
import { HUES } from "../charts/palette.ts";
import type { Plot } from "../charts/plot.ts";
import { byHue, useHues } from "../charts/use-hues.ts";
import { formatAxisCount, formatCount, formatExact, formatPercentSign, formatStep } from "../format.ts";
import { memo } from "../memo.ts";
import { Bars } from "./bars.tsx";
import { Card, ProcessLine, Value } from "./card.tsx";
import type { PanelProps } from "./panel-props.ts";

/** What the server calls all models but the most used: it has no colour of its own. */
const REST = "other";

/** How many tokens went through, and through which models. */
export const TokensPanel = memo(function TokensPanel({ handlers, process, series, window }: PanelProps) {
	const { at, since, stepSeconds, tokensByModel, total, until } = series;
	const sum = total.inputTokens + total.outputTokens;
	const hueOf = useHues(tokensByModel.map(({ model }) => model).filter((model) => model !== REST));
	const plot = useMemo((): Plot => {
		const lines = tokensByModel.map(({ model, steps }) => ({
			label: model,
			hue: hueOf(model),
			values: steps,
		}));
		return {
			at,
			since,
			until,
			lines: byHue(lines),
			style: "bars",
			format: formatCount,
			axis: formatAxisCount,
		};
	}, [series]);
	const bars = tokensByModel.map(({ model, total: tokens }) => {
		const share = formatPercentSign(sum > 0 ? tokens / sum : 0);
		return { name: model, amount: formatCount(tokens), note: share, size: tokens, hue: hueOf(model) };
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
