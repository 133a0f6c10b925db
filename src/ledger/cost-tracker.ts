/** ledger/: what was spent, on which model and route; for now in memory. */
import { HyperAgentError } from "../core/hyperagent-error.ts";
import { LabelGuard } from "../core/label-guard.ts";
import { MoneySum } from "../core/money.ts";
import { OUTCOMES, type Outcome, type SettledCall } from "../core/settled-call.ts";
import { addSettlementListener } from "../core/settlement-listeners.ts";
import { totalInput } from "../core/token-usage.ts";

/** What a set of calls came to. */
export interface CostTotals {
	/** Calls that ended, by outcome. What was recorded by hand is no call. */
	readonly calls: Readonly<Record<Outcome, number>>;
	/** All input tokens, cached ones included. */
	readonly inputTokens: number;
	readonly outputTokens: number;
	/** In USD, as the nearest double. */
	readonly costUsd: number;
	/** The exact cost in cents, as a decimal: "0.25". */
	readonly costCents: string;
	/** Calls of which at least a part has no known price, so that the cost misses it. */
	readonly unpricedCalls: number;
	/** Calls whose usage is not known. */
	readonly callsWithoutUsage: number;
}

/** Totals of one (route, model) pair. */
export interface PairTotals extends CostTotals {
	readonly route: string;
	readonly model: string;
}

/** What a tracker can be told. */
export interface CostTrackerOptions {
	/** The most (route, model) pairs; further models are kept as `other`. 1,000, as the recorder's `bounds.pairs`. */
	readonly maxPairs?: number;
}

class Account {
	readonly route: string;
	readonly model: string;
	readonly calls: Record<Outcome, number> = { success: 0, error: 0, aborted: 0, abandoned: 0 };
	readonly cost: MoneySum = new MoneySum();
	inputTokens = 0;
	outputTokens = 0;
	unpricedCalls = 0;
	callsWithoutUsage = 0;

	constructor(route: string, model: string) {
		this.route = route;
		this.model = model;
	}

	addCall(call: SettledCall): void {
		this.calls[call.outcome] += 1;
		if (call.unpriced !== undefined) this.unpricedCalls += 1;
		if (call.usageMissing !== undefined) this.callsWithoutUsage += 1;
		if (call.costUsd !== undefined) this.cost.add(call.costUsd);
		if (call.usage === undefined) return;
		this.inputTokens += totalInput(call.usage) ?? 0;
		this.outputTokens += call.usage.output ?? 0;
	}

	addManual(inputTokens: number, outputTokens: number, costUsd: number): void {
		this.inputTokens += inputTokens;
		this.outputTokens += outputTokens;
		this.cost.add(costUsd);
	}

	addAccount(other: Account): void {
		for (const outcome of OUTCOMES) this.calls[outcome] += other.calls[outcome];
		this.inputTokens += other.inputTokens;
		this.outputTokens += other.outputTokens;
		this.unpricedCalls += other.unpricedCalls;
		this.callsWithoutUsage += other.callsWithoutUsage;
		this.cost.addSum(other.cost);
	}

	totals(): CostTotals {
		const { callsWithoutUsage, cost, inputTokens, outputTokens, unpricedCalls } = this;
		const money = { costUsd: cost.usd, costCents: cost.toCents() };
		return {
			calls: { ...this.calls },
			inputTokens,
			outputTokens,
			...money,
			unpricedCalls,
			callsWithoutUsage,
		};
	}
}

/**
 * Holds what every call in the process came to, from the tracker's construction on, exactly: calls through any
 * instrument, and what is recorded by hand once there is a recorder. In memory: it starts anew with the process.
 *
 * @example
 * ```ts
 * import { CostTracker, initPrometheus, recordLlmCost } from "@hyperagent/observe/monitoring";
 *
 * initPrometheus();
 * const costs = new CostTracker();
 * recordLlmCost("chat", "gpt-4-turbo", 0.0025);
 * console.log(costs.totals().costCents); // "0.25"
 * console.log(costs.byRoute().get("chat")?.costUsd); // 0.0025
 * ```
 */
export class CostTracker {
	/** Milliseconds since the epoch: what happened before is not in the totals. */
	readonly since: number = Date.now();
	/** Ends the tracking; the totals stay as they are. */
	readonly close: () => void;
	readonly #accounts: Account[] = [];
	readonly #guard: LabelGuard;

	/** @throws HyperAgentError `BAD_OPTION` */
	constructor(options: CostTrackerOptions = {}) {
		const { maxPairs = 1000 } = options;
		if (!Number.isSafeInteger(maxPairs) || maxPairs < 1) {
			throw new HyperAgentError(
				"BAD_OPTION",
				"new CostTracker(): expected an integer of at least 1 at `maxPairs`.",
			);
		}
		// The recorder's rule. Pairs that were declared count there and not here: only what was used does.
		this.#guard = new LabelGuard(
			maxPairs,
			(route, model) => this.#accounts.push(new Account(route, model)) - 1,
			() => undefined,
		);
		this.close = addSettlementListener({
			settled: (call) => this.#account(call.route, call.model).addCall(call),
			recorded: (route, model, inputTokens, outputTokens, costUsd) =>
				this.#account(route, model).addManual(inputTokens, outputTokens, costUsd),
		});
	}

	/** Everything together. */
	totals(): CostTotals {
		const all = new Account("", "");
		for (const account of this.#accounts) all.addAccount(account);
		return all.totals();
	}

	/** By requested model. */
	byModel(): ReadonlyMap<string, CostTotals> {
		return this.#grouped(({ model }) => model);
	}

	/** By route. */
	byRoute(): ReadonlyMap<string, CostTotals> {
		return this.#grouped(({ route }) => route);
	}

	/** By both, in the order of first use. */
	byPair(): readonly PairTotals[] {
		return this.#accounts.map((account) => ({
			route: account.route,
			model: account.model,
			...account.totals(),
		}));
	}

	#grouped(key: (account: Account) => string): Map<string, CostTotals> {
		const groups = new Map<string, Account>();
		for (const account of this.#accounts) {
			const name = key(account);
			const group = groups.get(name) ?? new Account("", "");
			groups.set(name, group);
			group.addAccount(account);
		}
		return new Map([...groups].map(([name, account]) => [name, account.totals()]));
	}

	#account(route: string, model: string): Account {
		const account = this.#accounts[this.#guard.resolve(route, model)];
		// The guard answers with the index of an account that it had made.
		return account!;
	}
}
