import { openBudgets } from "../ledger/open-budgets.ts";
import type { BudgetStats } from "./stats.ts";

/** How the process's budgets stand now. */
export function collectBudgets(): readonly BudgetStats[] {
	return [...openBudgets.values()].map(({ options, state }) => ({
		name: state.name,
		limitUsd: state.limitUsd,
		spentUsd: state.spentUsd,
		reservedUsd: state.reservedUsd,
		window: options.window,
		resetsAt: state.resetsAt,
		blocks: options.block,
		blockedCalls: state.blockedCalls,
	}));
}
