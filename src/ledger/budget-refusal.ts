import { BudgetExceededError } from "../core/budget-exceeded-error.ts";
import type { CallFacts } from "../core/call-gate.ts";
import type { BudgetWindow } from "./budget-window.ts";

/** How a budget stands that refuses a call; amounts in USD. */
interface Refusing {
	readonly budget: string;
	readonly limitUsd: number;
	readonly spentUsd: number;
	/** Set aside for calls under way. */
	readonly reservedUsd: number;
	/** What the call would probably cost; 0 where nobody knows. */
	readonly estimateUsd: number;
	readonly window: BudgetWindow;
	/** Milliseconds since the epoch. */
	readonly resetsAt: number;
}

/** The refusal of a call, in words that say why and what to do. */
export function refusalOf({ model, route }: CallFacts, refusing: Refusing): BudgetExceededError {
	const { budget, estimateUsd, limitUsd, reservedUsd, resetsAt, spentUsd, window } = refusing;
	const each = window === "hour" ? "an hour" : `a ${window}`;
	const underWay = reservedUsd > 0 ? ` and $${round(reservedUsd)} set aside for calls under way` : "";
	const cost = estimateUsd > 0 ? `, which would cost about $${round(estimateUsd)},` : "";
	return new BudgetExceededError(
		`The budget "${budget}" has $${round(limitUsd)} ${each}, of which $${round(spentUsd)} is spent${underWay}: a call of route "${route}" to model "${model}"${cost} was not made. Wait until ${new Date(resetsAt).toISOString()}, or raise \`limitUsd\` in addBudget().`,
		{ budget, limitUsd, spentUsd, resetsAt },
	);
}

/** For people: two decimals, and more only where those would hide the amount. */
function round(usd: number): string {
	return usd === 0 || usd >= 0.01 ? usd.toFixed(2) : usd.toPrecision(2);
}
