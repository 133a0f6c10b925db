import { HyperAgentError } from "../core/hyperagent-error.ts";
import { MoneySum } from "../core/money.ts";
import { wallTime } from "../core/wall-clock.ts";
import { Budget } from "../ledger/budget.ts";
import { openBudgetGate } from "../ledger/budget-gate.ts";
import { type BudgetOptions, checkBudgetOptions } from "../ledger/budget-options.ts";
import { openBudgets } from "../ledger/open-budgets.ts";
import { installedRecorder } from "../metrics/recorder.ts";
import { reportInternalError } from "./internal-errors.ts";

/**
 * Keeps a budget from now on: what the calls in its scope cost, metered ones and those recorded by hand, in the window
 * that runs now. With `block`, a call that would go over the limit is refused before it is made: what calls under way will
 * probably cost is set aside until they have ended, so that many at once go over it by what was in flight at the very most.
 * Add budgets at the start of the program; with a ledger they know what was spent before it.
 *
 * @throws HyperAgentError `BAD_OPTION` saying what was expected, or that there is a budget of that name
 * @example
 * ```ts
 * import { addBudget, initPrometheus, recordLlmCost } from "@hyperagent/observe/monitoring";
 *
 * initPrometheus();
 * const budget = addBudget({ name: "chat", limitUsd: 50, window: "day", scope: { route: "chat" }, block: true });
 * recordLlmCost("chat", "gpt-4-turbo", 0.0025);
 * console.log(budget.state.spentCents, budget.state.limitUsd); // 0.25 50
 * budget.close();
 * ```
 */
export function addBudget(options: BudgetOptions): Budget {
	const checked = checkBudgetOptions(options);
	if (openBudgets.has(checked.name)) {
		throw new HyperAgentError(
			"BAD_OPTION",
			`addBudget(): there is a budget "${checked.name}" already. Give each its own \`name\`, or close() the other first.`,
		);
	}
	const budget = new Budget(checked, {
		now,
		report: (message, cause) => reportInternalError("budget", message, cause),
		onClose: (closed) => {
			if (openBudgets.get(closed.name) !== closed) return;
			openBudgets.delete(closed.name);
			// Its series stay: what they told last would stand there for ever, in each later window.
			const { blockedCalls } = closed.state;
			installedRecorder.value?.budget(closed.name, closed.limit, new MoneySum(), blockedCalls);
		},
	});
	openBudgets.set(checked.name, budget);
	openBudgetGate(now);
	return budget;
}

/** By the clock that calls start by. */
function now(): number {
	return wallTime(performance.now());
}
