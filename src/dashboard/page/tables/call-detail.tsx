import type { CallView, CostPart } from "../../calls-answer.ts";
import { formatDuration, formatExact, formatExactUsd, formatMoment, NOTHING } from "../format.ts";
import { fixOf } from "./fixes.ts";

const SOURCES: Readonly<Record<string, string>> = {
	reported: "the provider's own word",
	override: "your own prices (usePrices)",
	"genai-prices": "the genai-prices list",
};

/** One call: what its cost is made of, each token class × its price, and what else is known of it. */
export function CallDetail({ call }: { readonly call: CallView }) {
	return (
		<div class="detail-grid">
			<div>
				<h3>Cost</h3>
				{call.parts.length > 0 && <Parts call={call} />}
				{call.parts.length === 0 && (
					<p>{call.costUsd === null ? "No cost is known." : `${formatExactUsd(call.costUsd)} in all.`}</p>
				)}
				<p id="call-source" class="soft">
					{sourceOf(call)}
				</p>
				{!call.partsAddUp && call.parts.length > 0 && call.costUsd !== null && (
					<p id="call-mismatch">
						The parts do not add up to the cost: it was reckoned otherwise (several answers in one call, or
						prices that have changed since). The cost is what counts.
					</p>
				)}
				{call.unpriced !== null && <Cure title={`Unpriced: ${call.unpriced}`} reason={call.unpriced} />}
				{call.usageMissing !== null && (
					<Cure title={`Usage missing: ${call.usageMissing}`} reason={call.usageMissing} />
				)}
			</div>
			<dl class="facts">
				{factsOf(call).map(([name, value]) => (
					<div key={name}>
						<dt>{name}</dt>
						<dd>{value}</dd>
					</div>
				))}
			</dl>
		</div>
	);
}

function Parts({ call }: { readonly call: CallView }) {
	return (
		<table id="call-parts" class="parts">
			<thead>
				<tr>
					<th scope="col">Class</th>
					<th scope="col" class="number">
						Count
					</th>
					<th scope="col" class="number">
						× Price
					</th>
					<th scope="col" class="number">
						= Cost (USD)
					</th>
				</tr>
			</thead>
			<tbody>
				{call.parts.map((part) => (
					<tr key={part.class}>
						<th scope="row">{part.class}</th>
						<td class="number">{formatExact(part.count)}</td>
						<td class="number">{priceOf(part)}</td>
						<td class="number">
							{part.costUsd === null ? "unpriced" : formatExactUsd(decimal(part.costUsd))}
						</td>
					</tr>
				))}
			</tbody>
			<tfoot>
				<tr>
					<th scope="row" colSpan={3}>
						Sum
					</th>
					<td class="number">{call.costUsd === null ? "unpriced" : formatExactUsd(call.costUsd)}</td>
				</tr>
			</tfoot>
		</table>
	);
}

function Cure({ reason, title }: { readonly title: string; readonly reason: string }) {
	return (
		<p class="cure">
			<b>{title}.</b> {fixOf(reason)}
		</p>
	);
}

function priceOf({ per, price }: CostPart): string {
	return price === null ? "no price" : `$${decimal(price)} per ${per}`;
}

/** All digits of a small number, without an exponent and without a double's noise: costs are rounded to 10⁻¹². */
function decimal(value: number): string {
	return value.toFixed(12).replace(/\.?0+$/, "");
}

function sourceOf({ costUsd, pricedModel, priceSource, source }: CallView): string {
	if (source === "manual") return "Recorded by hand: recordLlmTokens, recordLlmCost.";
	if (costUsd === null || priceSource === null) return "";
	const model = pricedModel === null ? "" : `, as ${pricedModel}`;
	return `Price: ${SOURCES[priceSource] ?? priceSource}${model}.`;
}

function factsOf(call: CallView): (readonly [string, string])[] {
	const facts: (readonly [string, string | null])[] = [
		["Id", call.id],
		["Started", formatMoment(call.at, Date.now())],
		["Provider", call.provider === "" ? "recorded by hand" : call.provider],
		["Asked for", call.model],
		["Answered by", call.answeredModel],
		["Operation", call.operation],
		["Outcome", call.outcome],
		["Error", call.errorType],
		["Latency", call.latencyMs === null ? null : formatDuration(call.latencyMs)],
		["First token", call.firstTokenMs === null ? null : formatDuration(call.firstTokenMs)],
		["Attempts", call.source === "manual" ? null : formatExact(call.attempts)],
		["Input tokens", call.inputTokens === null ? NOTHING : formatExact(call.inputTokens)],
		["Output tokens", call.outputTokens === null ? NOTHING : formatExact(call.outputTokens)],
		...Object.entries(call.tags).map(([name, value]) => [`Tag ${name}`, value] as const),
	];
	return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}
