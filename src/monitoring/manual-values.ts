import { reportInternalError } from "./internal-errors.ts";

/** Whether a value can be a label. */
export function isLabel(value: unknown): value is string {
	return typeof value === "string" && value.length > 0;
}

/** Whether a value can be an amount of anything: not negative, and not so large that sums would lose their units. */
export function isAmount(value: unknown): value is number {
	return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** Counts a value that a manual function does not take, and tells `onError`. */
export function refuse(
	what: string,
	expected = "names that are not empty, and numbers from 0 to 2^53 - 1",
): void {
	reportInternalError("manual", `A value was refused by ${what}. Expected ${expected}.`);
}
