import { BudgetExceededError } from "./budget-exceeded-error.ts";
import { processSlot } from "./process-slot.ts";

/** What is known of a call before it is made. */
export interface CallFacts {
	readonly route: string;
	readonly model: string;
	readonly provider: string;
	/** Milliseconds since the epoch. */
	readonly startedAt: number;
	readonly tags: Readonly<Record<string, string>> | undefined;
}

/** What was set aside for a call under way. */
export interface Reservation {
	/** The call has ended; what it really cost is told by its settlement. */
	release(): void;
}

/** Whoever may refuse calls. */
export interface CallGate {
	/**
	 * @returns `undefined` where nothing was set aside
	 * @throws BudgetExceededError for a call that must not be made
	 */
	admit(call: CallFacts): Reservation | undefined;
}

/** The process's gate; none as long as there is no budget. */
export const callGate: { value: CallGate | undefined } = processSlot<CallGate>("call-gate");

/** Whether an error is a refusal: the one error of ours that is meant for the caller. Any copy of this package may have made it. */
export function isRefusal(error: unknown): boolean {
	return (
		error instanceof BudgetExceededError || (error instanceof Error && error.name === "BudgetExceededError")
	);
}
