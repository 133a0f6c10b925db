import { type CallFacts, callGate, type CallGate, type Reservation } from "../core/call-gate.ts";
import type { SettledCall } from "../core/settled-call.ts";
import { addSettlementListener, type SettlementListener } from "../core/settlement-listeners.ts";
import type { Budget } from "./budget.ts";
import { CostEstimate } from "./cost-estimate.ts";
import { openBudgets } from "./open-budgets.ts";
import type { WindowSpending } from "./window-spending.ts";

/** What was set aside for one call in the budgets that are for it. */
class Held implements Reservation {
	readonly #windows: readonly WindowSpending[];
	readonly #amounts: readonly number[];

	/** @param amounts what each budget has told, in 10⁻¹² USD */
	constructor(budgets: readonly Budget[], amounts: readonly number[]) {
		this.#amounts = amounts;
		this.#windows = budgets.map((budget, i) => budget.reserve(amounts[i] ?? 0));
	}

	release(): void {
		for (const [i, window] of this.#windows.entries()) window.reserved -= this.#amounts[i] ?? 0;
	}
}

const MOST_PAIRS = 1000;

/** Asks all budgets before a call is made, and tells them what it has cost. */
class BudgetGate implements CallGate, SettlementListener {
	readonly #estimate = new CostEstimate(MOST_PAIRS);
	readonly #now: () => number;

	constructor(now: () => number) {
		this.#now = now;
	}

	/** All that are for the call are asked before any sets something aside, so that a refusal leaves nothing behind. */
	admit(call: CallFacts): Reservation | undefined {
		const covering: Budget[] = [];
		for (const budget of openBudgets.values()) if (budget.covers(call)) covering.push(budget);
		if (covering.length === 0) return undefined;
		const estimate = this.#estimate.of(call.route, call.model);
		const amounts = covering.map((budget) => budget.check(call, estimate));
		return new Held(covering, amounts);
	}

	settled(call: SettledCall): void {
		const { costUsd, model, route, startedAt } = call;
		if (costUsd === undefined) return;
		this.#estimate.learn(route, model, costUsd);
		for (const budget of openBudgets.values()) {
			if (!budget.covers(call)) continue;
			budget.learn(route, model, costUsd);
			budget.add(startedAt, costUsd);
		}
	}

	recorded(route: string, model: string, _input: number, _output: number, costUsd: number): void {
		if (costUsd === 0) return;
		const at = this.#now();
		for (const budget of openBudgets.values()) {
			if (budget.covers({ route, model, provider: "", tags: undefined })) budget.add(at, costUsd);
		}
	}
}

/** From the first budget on, every call asks; it costs next to nothing where no budget is for it. */
export function openBudgetGate(now: () => number): void {
	if (callGate.value !== undefined) return;
	const gate = new BudgetGate(now);
	callGate.value = gate;
	addSettlementListener(gate);
}
