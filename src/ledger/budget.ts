import type { CallFacts } from "../core/call-gate.ts";
import { PROCESS_ID } from "../core/call-id.ts";
import { MoneySum } from "../core/money.ts";
import type { BudgetThreshold, CheckedBudgetOptions } from "./budget-options.ts";
import { isInScope } from "./budget-options.ts";
import { refusalOf } from "./budget-refusal.ts";
import { windowAt } from "./budget-window.ts";
import { CostEstimate } from "./cost-estimate.ts";
import type { CostGroup, WindowCosts } from "./ledger-store.ts";
import { OthersRefresh } from "./others-refresh.ts";
import { readPastCosts } from "./past-costs.ts";
import { WindowSpending } from "./window-spending.ts";

const PICO = 1e12;
/** Of the limit: one call that was dearer must not stop all later ones, for then nobody would learn that they are not. */
const MOST_FEARED = 0.5;
const MOST_PAIRS = 100;

/** How a budget stands now. Times are in milliseconds since the epoch. */
export interface BudgetState {
	readonly name: string;
	readonly limitUsd: number;
	/** In the window that runs now; calls count in the window in which they started. */
	readonly spentUsd: number;
	/** Exactly, in cents, as a decimal. */
	readonly spentCents: string;
	/** Set aside for calls under way: what they will probably cost. */
	readonly reservedUsd: number;
	/** Calls that were refused, since the budget was added. */
	readonly blockedCalls: number;
	readonly windowStart: number;
	readonly resetsAt: number;
}

/** What a budget stands on, beside its options. */
export interface BudgetParts {
	/** Milliseconds since the epoch, by the clock that calls start by. */
	readonly now: () => number;
	/** Told of what goes wrong; it harms no call. */
	readonly report: (message: string, cause: unknown) => void;
	readonly onClose: (budget: Budget) => void;
}

/** A budget that is kept: see `addBudget`. */
export class Budget {
	readonly name: string;
	/** What may be spent in a window, exactly. */
	readonly limit: MoneySum = new MoneySum();
	readonly #options: CheckedBudgetOptions;
	readonly #parts: BudgetParts;
	readonly #refresh: OthersRefresh | undefined;
	#window: WindowSpending;
	/** The one before it: a clock that was wrong for a moment comes back to it. */
	#left: WindowSpending | undefined;
	/** Where a route and model are not enough to tell what its calls cost. */
	readonly #estimate: CostEstimate | undefined;
	#isClosed = false;
	#blocked = 0;

	/** @see addBudget */
	constructor(options: CheckedBudgetOptions, parts: BudgetParts) {
		this.name = options.name;
		this.limit.add(options.limitUsd);
		this.#options = options;
		this.#parts = parts;
		this.#window = new WindowSpending(windowAt(parts.now(), options.window, options.timeZone));
		const { ledger, scope } = options;
		if (scope.tags !== undefined || scope.provider !== undefined)
			this.#estimate = new CostEstimate(MOST_PAIRS);
		if (ledger === undefined) return;
		this.#begin(ledger.path);
		this.#refresh = new OthersRefresh(
			async () => {
				const window = this.#currentWindow();
				const costs = await ledger.windowCosts({ since: window.bounds.start, process: PROCESS_ID });
				this.#hear(window, costs);
			},
			(cause) => parts.report(`The budget "${this.name}" could not ask its ledger.`, cause),
		);
	}

	/** How it stands now. */
	get state(): BudgetState {
		const { bounds, reserved, spent } = this.#currentWindow();
		return {
			name: this.name,
			limitUsd: this.limit.usd,
			spentUsd: spent.usd,
			spentCents: spent.toCents(),
			reservedUsd: reserved / PICO,
			blockedCalls: this.#blocked,
			windowStart: bounds.start,
			resetsAt: bounds.end,
		};
	}

	/** What was told when it was added. */
	get options(): CheckedBudgetOptions {
		return this.#options;
	}

	/** In the window that runs now, exactly. */
	get spent(): MoneySum {
		return this.#currentWindow().spent;
	}

	/** Ends the budget: nothing is counted for it, or refused by it, any more. */
	close(): void {
		this.#isClosed = true;
		this.#refresh?.stop();
		this.#parts.onClose(this);
	}

	/** Whether it is for that call. */
	covers(call: Omit<CallFacts, "startedAt">): boolean {
		return isInScope(this.#options.scope, call);
	}

	/**
	 * Before a call is made.
	 *
	 * @param general what calls of its route and model have cost, in this budget or not
	 * @returns what is to be set aside for it, in 10⁻¹² USD
	 * @throws BudgetExceededError where the budget blocks, and the call would go over it
	 */
	check(call: CallFacts, general: number | undefined): number {
		const window = this.#currentWindow();
		const { limit } = this;
		const most = picoOf(limit);
		const estimateUsd = this.#estimate?.of(call.route, call.model) ?? general ?? 0;
		const estimate = Math.round(estimateUsd * PICO);
		if (!this.#options.block) return estimate;
		const { bounds, reserved, spent } = window;
		const known = picoOf(spent);
		const room = most - known - reserved;
		if (known < most && Math.min(estimate, most * MOST_FEARED) <= room) return estimate;
		this.#blocked += 1;
		throw refusalOf(call, {
			budget: this.name,
			limitUsd: limit.usd,
			spentUsd: spent.usd,
			reservedUsd: reserved / PICO,
			estimateUsd,
			window: this.#options.window,
			resetsAt: bounds.end,
		});
	}

	/** Sets what {@link check} has told aside until the call has ended; the answer is the window that holds it. */
	reserve(pico: number): WindowSpending {
		this.#window.reserved += pico;
		return this.#window;
	}

	/** A call in its scope has cost that. */
	learn(route: string, model: string, usd: number): void {
		this.#estimate?.learn(route, model, usd);
	}

	/** So much was spent by a call that started then. */
	add(startedAt: number, usd: number): void {
		const { bounds, own } = this.#currentWindow();
		if (startedAt >= bounds.start) {
			own.add(usd);
			this.#tell(false);
		} else if (this.#left !== undefined && startedAt >= this.#left.bounds.start) this.#left.own.add(usd);
	}

	/** The window that runs now: the next one where it is over, and also an earlier one, where a clock was set right. */
	#currentWindow(): WindowSpending {
		const now = this.#parts.now();
		const { bounds } = this.#window;
		if (now >= bounds.start && now < bounds.end) return this.#window;
		const next = windowAt(now, this.#options.window, this.#options.timeZone);
		const known = this.#left?.bounds.start === next.start ? this.#left : undefined;
		this.#left = this.#window;
		this.#window = known ?? new WindowSpending(next);
		this.#refresh?.soon();
		return this.#window;
	}

	/** What the file holds already; rows of this process that are in it were before the budget, and are told nowhere else. */
	#begin(path: string): void {
		try {
			const costs = readPastCosts(path, { since: this.#window.bounds.start, process: PROCESS_ID });
			if (costs === undefined) return;
			const own = this.#sum(costs.own);
			this.#window.own = MoneySum.ofPico(own);
			this.#window.others = MoneySum.ofPico(this.#sum(costs.all) - own);
			this.#tell(true);
		} catch (cause) {
			this.#parts.report(`The budget "${this.name}" could not read its ledger yet.`, cause);
		}
	}

	#hear(window: WindowSpending, { all, isWhole, own }: WindowCosts): void {
		// The window may have turned meanwhile.
		if (this.#isClosed || window !== this.#window) return;
		// Where rows are kept no more, what was counted here stands for this process's: those in the file are at most as many.
		const others = this.#sum(all) - (isWhole ? this.#sum(own) : exactPico(window.own));
		const least = isWhole ? 0n : exactPico(window.others);
		window.others = MoneySum.ofPico(others > least ? others : least);
		this.#tell(false);
	}

	#sum(groups: readonly CostGroup[]): bigint {
		return groups.reduce((sum, group) => (this.covers(group) ? sum + group.costPico : sum), 0n);
	}

	/** Calls `onThreshold` for what has been passed now, once the running code is done. */
	#tell(wasPassed: boolean): void {
		const { onThreshold, thresholds } = this.#options;
		const window = this.#window;
		let next = thresholds[window.passed];
		if (next === undefined) return;
		const { limit } = this;
		const { spent } = window;
		const [limitUsd, spentUsd] = [limit.usd, spent.usd];
		const [most, known] = [picoOf(limit), picoOf(spent)];
		// 0.8 of $0.07 is 0.056 only after rounding.
		while (next !== undefined && known >= Math.round(next * most)) {
			window.passed += 1;
			const { end: resetsAt, start: windowStart } = window.bounds;
			const passed: BudgetThreshold = {
				budget: this.name,
				threshold: next,
				limitUsd,
				spentUsd,
				windowStart,
				resetsAt,
				wasPassed,
			};
			if (onThreshold !== undefined) setImmediate(() => void this.#callBack(onThreshold, passed));
			next = thresholds[window.passed];
		}
	}

	async #callBack(fn: (passed: BudgetThreshold) => unknown, passed: BudgetThreshold): Promise<void> {
		try {
			await fn(passed);
		} catch (cause) {
			this.#parts.report(`onThreshold of the budget "${this.name}" has thrown.`, cause);
		}
	}
}

/** In 10⁻¹² USD: exact up to $9,007, and to a millionth of a cent far beyond. */
function picoOf({ pico, whole }: MoneySum): number {
	return whole * PICO + pico;
}

function exactPico({ pico, whole }: MoneySum): bigint {
	return BigInt(whole) * BigInt(PICO) + BigInt(pico);
}
