import { catchUp } from "../core/afterwards.ts";
import { HyperAgentError } from "../core/hyperagent-error.ts";
import { formatPico } from "../core/exact-usd.ts";
import { LabelGuard } from "../core/label-guard.ts";
import { MoneySum } from "../core/money.ts";
import { OUTCOMES, type Outcome, type SettledCall } from "../core/settled-call.ts";
import { addSettlementListener } from "../core/settlement-listeners.ts";
import { totalInput } from "../core/token-usage.ts";
import { type CostReport, costReport } from "./cost-report.ts";
import type { Ledger } from "./ledger.ts";
import type { TotalsQuery } from "./ledger-store.ts";
import { monthCosts, monthOf, type MonthReport } from "./month-costs.ts";

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
	/** What answers from a response cache would have cost, at today's prices, in USD: those whose usage and price are known. */
	readonly savedByCacheUsd: number;
	/** The same, exactly, in cents. */
	readonly savedByCacheCents: string;
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
	/** What `openLedger` has opened: it remembers what was spent before this process, and in others. */
	readonly ledger?: Ledger | undefined;
}

class Account {
	readonly route: string;
	readonly model: string;
	readonly calls: Record<Outcome, number> = { success: 0, error: 0, aborted: 0, abandoned: 0 };
	readonly cost: MoneySum = new MoneySum();
	readonly saved: MoneySum = new MoneySum();
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
		this.saved.addSum(other.saved);
	}

	totals(): CostTotals {
		const { callsWithoutUsage, cost, inputTokens, outputTokens, saved, unpricedCalls } = this;
		const savings = { savedByCacheUsd: saved.usd, savedByCacheCents: saved.toCents() };
		const money = { costUsd: cost.usd, costCents: cost.toCents(), ...savings };
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
 * instrument, and what is recorded by hand once there is a recorder. In memory, so that it starts anew with the process;
 * with a ledger, {@link history} and {@link month} know what was before it, and by day, hour, provider and tag.
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
	readonly #ledger: Ledger | undefined;

	/** @throws HyperAgentError `BAD_OPTION` */
	constructor(options: CostTrackerOptions = {}) {
		const { ledger, maxPairs = 1000 } = options;
		if (!Number.isSafeInteger(maxPairs) || maxPairs < 1) {
			throw new HyperAgentError(
				"BAD_OPTION",
				"new CostTracker(): expected an integer of at least 1 at `maxPairs`.",
			);
		}
		if (ledger !== undefined && typeof ledger?.totals !== "function") {
			throw new HyperAgentError(
				"BAD_OPTION",
				"new CostTracker(): expected what openLedger() returns at `ledger`.",
			);
		}
		this.#ledger = ledger;
		// The recorder's rule. Pairs that were declared count there and not here: only what was used does.
		this.#guard = new LabelGuard(
			maxPairs,
			(route, model) => this.#accounts.push(new Account(route, model)) - 1,
			() => undefined,
		);
		this.close = addSettlementListener({
			settled: (call) => this.#account(call.route, call.model).addCall(call),
			served: (call) => {
				if (call.costUsd !== undefined) this.#account(call.route, call.model).saved.add(call.costUsd);
			},
			recorded: (route, model, inputTokens, outputTokens, costUsd) =>
				this.#account(route, model).addManual(inputTokens, outputTokens, costUsd),
		});
	}

	/** Everything together. */
	totals(): CostTotals {
		const all = new Account("", "");
		for (const account of this.#told()) all.addAccount(account);
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
		return this.#told().map((account) => ({
			route: account.route,
			model: account.model,
			...account.totals(),
		}));
	}

	/**
	 * What the ledger holds, of this process and of all others that write to it.
	 *
	 * @param query `by` model, route, provider, day, hour or tag:NAME; `since` and `until` in milliseconds since the epoch
	 * @throws HyperAgentError `NOT_INITIALIZED` without a ledger, `LEDGER` where it cannot be read
	 */
	async history(query: TotalsQuery): Promise<CostReport> {
		return costReport(query, await this.#open.totals(query));
	}

	/**
	 * What this month has cost and what response caches have saved in it, by the ledger, and a linear projection of the cost.
	 *
	 * @throws HyperAgentError `NOT_INITIALIZED` without a ledger, `LEDGER` where it cannot be read
	 */
	async month(now: number = Date.now()): Promise<MonthReport> {
		const range = monthOf(now);
		const [totals, { total }] = await Promise.all([
			this.#open.totals({ by: [], ...range }),
			this.#open.series({ ...range, stepSeconds: 86_400 }),
		]);
		return { ...monthCosts(totals, now), savedByCacheUsd: formatPico(total.savedPico) };
	}

	get #open(): Ledger {
		if (this.#ledger !== undefined) return this.#ledger;
		throw new HyperAgentError(
			"NOT_INITIALIZED",
			"CostTracker: only a ledger knows the past. Make it with `new CostTracker({ ledger: openLedger({ path }) })`.",
		);
	}

	#grouped(key: (account: Account) => string): Map<string, CostTotals> {
		const groups = new Map<string, Account>();
		for (const account of this.#told()) {
			const name = key(account);
			const group = groups.get(name) ?? new Account("", "");
			groups.set(name, group);
			group.addAccount(account);
		}
		return new Map([...groups].map(([name, account]) => [name, account.totals()]));
	}

	#told(): readonly Account[] {
		catchUp();
		return this.#accounts;
	}

	#account(route: string, model: string): Account {
		const account = this.#accounts[this.#guard.resolve(route, model)];
		// The guard answers with the index of an account that it had made.
		return account!;
	}
}
