import { HyperAgentError } from "./hyperagent-error.ts";

/** What a refusal says of its budget. */
export interface BudgetExcess {
	readonly budget: string;
	readonly limitUsd: number;
	/** In the window that runs now, without the calls under way. */
	readonly spentUsd: number;
	/** When the next window begins, in milliseconds since the epoch. */
	readonly resetsAt: number;
}

/**
 * A budget with `block: true` has refused a call before it was made: no provider was asked, nothing was spent. It is not
 * one of the provider's errors, so asking again before `resetsAt` is of no use.
 *
 * @example
 * ```ts
 * import { BudgetExceededError } from "@hyperagent/observe/monitoring";
 *
 * const facts = { budget: "search", limitUsd: 5, spentUsd: 5, resetsAt: Date.now() + 3_600_000 };
 * const error: unknown = new BudgetExceededError("The budget is spent.", facts);
 * console.log(error instanceof BudgetExceededError ? error.budget : "another error"); // search
 * ```
 */
export class BudgetExceededError extends HyperAgentError implements BudgetExcess {
	override readonly name: string = "BudgetExceededError";
	readonly budget: string;
	readonly limitUsd: number;
	readonly spentUsd: number;
	readonly resetsAt: number;

	constructor(message: string, { budget, limitUsd, resetsAt, spentUsd }: BudgetExcess) {
		super("BUDGET_EXCEEDED", message);
		this.budget = budget;
		this.limitUsd = limitUsd;
		this.spentUsd = spentUsd;
		this.resetsAt = resetsAt;
	}
}
