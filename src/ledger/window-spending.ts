import { MoneySum } from "../core/money.ts";
import type { WindowBounds } from "./budget-window.ts";

/** What a budget knows of one of its windows. */
export class WindowSpending {
	readonly bounds: WindowBounds;
	/** What other processes have spent in it, as far as the ledger has told. */
	others: MoneySum = new MoneySum();
	/** What this process has spent in it. */
	own: MoneySum = new MoneySum();
	/** Set aside for calls under way, in 10⁻¹² USD: integers do not drift. */
	reserved = 0;
	/** How many of the thresholds are passed. */
	passed = 0;

	constructor(bounds: WindowBounds) {
		this.bounds = bounds;
	}

	/** By everybody, exactly. */
	get spent(): MoneySum {
		const spent = new MoneySum();
		spent.addSum(this.others);
		spent.addSum(this.own);
		return spent;
	}
}
