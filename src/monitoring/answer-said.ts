import { isValidUsage, type TokenUsage } from "../core/token-usage.ts";
import { type BillSaid, NO_BILL } from "../wire/bill-said.ts";

/** What the answer says of itself that a call's caller gets, wherever it comes from. */
export class AnswerSaid {
	usage: TokenUsage | undefined = undefined;
	/** What it says of its price. */
	bill: BillSaid = NO_BILL;
	/** It has a usage whose fields are no counts. */
	isUnreadable = false;
	/** It comes from a response cache. */
	isCached = false;
	/** The usage of the call that was made for it once, where it comes from a response cache. */
	servedUsage: TokenUsage | undefined = undefined;

	/** The last word counts. The answer is whether it can be read; an empty usage says nothing. */
	take(usage: unknown, bill: BillSaid): boolean {
		this.bill = bill;
		const isValid = isValidUsage(usage);
		this.usage = isValid ? usage : undefined;
		const isEmpty = typeof usage === "object" && usage !== null && Object.keys(usage).length === 0;
		this.isUnreadable = !isValid && !isEmpty;
		return !this.isUnreadable;
	}
}
