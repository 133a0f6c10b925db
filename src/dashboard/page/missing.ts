import type { DashboardStats, ReasonCount } from "../stats.ts";
import { byId, element } from "./element.ts";
import { formatCalls, formatExact } from "./format.ts";

/** What is missing, and how to fix it, by the reason. */
const FIXES: Readonly<Record<string, string>> = {
	unknown_model:
		"The price book does not know this model. Check its spelling; update @hyperagent/observe for newer prices; or add the cost with recordLlmCost(route, model, usd).",
	unknown_rate:
		"The price book knows the model, but not the price of one kind of its tokens. Update @hyperagent/observe for newer prices, or add the rest with recordLlmCost(route, model, usd).",
	server_tool:
		"The provider bills a tool, such as web search, whose price is not known. Add it with recordLlmCost(route, model, usd).",
	aborted:
		"The caller left before the provider had reported its usage. Read streams to their end where the numbers matter.",
	not_reported:
		"The provider reported no usage. Turn it on there (stream_options.include_usage on OpenAI-compatible servers), or add it with recordLlmTokens(route, model, input, output).",
	parse_error:
		"The provider's usage could not be read: update @hyperagent/observe, and report it where that does not help.",
};

/** Shows which calls have no price or no usage, and says so beside the cost; nothing where none is missing. */
export function showMissing({ internalErrors, unpriced, usageMissing }: DashboardStats): void {
	const blocks = [
		...byReason(unpriced).map((calls) => block("without a known price", calls)),
		...byReason(usageMissing).map((calls) => block("without usage", calls)),
	];
	if (internalErrors > 0) {
		const count = `${formatExact(internalErrors)} ${internalErrors === 1 ? "value" : "values"}`;
		const fix =
			"Something was NaN, negative, or without a name. initPrometheus({ onError: console.error }) tells what; no call was harmed.";
		blocks.push(
			element("div", "", element("h3", "", `${count} refused by the recorder`), element("p", "detail", fix)),
		);
	}
	byId("missing").hidden = blocks.length === 0;
	byId("cost-missing").hidden = unpriced.length + usageMissing.length === 0;
	byId("missing-list").replaceChildren(...blocks);
}

function byReason(counts: readonly ReasonCount[]): (readonly ReasonCount[])[] {
	return [...new Set(counts.map(({ reason }) => reason))].map((reason) =>
		counts.filter((count) => count.reason === reason),
	);
}

function block(what: string, calls: readonly ReasonCount[]): HTMLElement {
	const total = calls.reduce((sum, { count }) => sum + count, 0);
	const lines = calls.slice(0, 5).map(({ count, model, route }) => {
		const name = element("span", "name", `${route} · ${model}`);
		return element("li", "", name, element("span", "amount", formatExact(count)));
	});
	if (calls.length > 5)
		lines.push(element("li", "", element("span", "amount", `and ${calls.length - 5} more`)));
	return element(
		"div",
		"",
		element("h3", "", `${formatCalls(total)} ${what}`),
		element("p", "detail", FIXES[calls[0]?.reason ?? ""] ?? ""),
		element("ul", "bars", ...lines),
	);
}
