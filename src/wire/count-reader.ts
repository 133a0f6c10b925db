import { isRecord } from "./is-record.ts";

const NO_FIELDS: Readonly<Record<string, unknown>> = {};

/**
 * Reads counts out of a usage object, and remembers in `bad` whether anything it read was no count: a
 * string, a fraction, a negative number. A field that is missing or `null` was not reported, which is no fault.
 * It takes values: to be handed a name and look that up takes several times as long.
 */
export class CountReader {
	bad = false;

	/** The whole number, at least 0. */
	count(value: unknown): number | undefined {
		if (value === undefined || value === null) return undefined;
		if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
		this.bad = true;
		return undefined;
	}

	/** The object; without fields when there is none. */
	record(value: unknown): Readonly<Record<string, unknown>> {
		if (isRecord(value)) return value;
		if (value !== undefined && value !== null) this.bad = true;
		return NO_FIELDS;
	}

	/** The array; empty when there is none. */
	list(value: unknown): readonly unknown[] {
		if (value === undefined || value === null) return [];
		if (Array.isArray(value)) return value;
		this.bad = true;
		return [];
	}
}
