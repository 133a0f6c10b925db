import { isRecord } from "./is-record.ts";

/**
 * Reads counts out of a usage object, and remembers in `bad` whether anything it read was no count: a
 * string, a fraction, a negative number. A field that is missing or `null` was not reported, which is no fault.
 */
export class CountReader {
	bad = false;

	/** The whole number, at least 0, under that key. */
	count(from: unknown, key: string): number | undefined {
		const value = this.#field(from, key);
		if (value === undefined) return undefined;
		if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
		this.bad = true;
		return undefined;
	}

	/** The object under that key. */
	record(from: unknown, key: string): Readonly<Record<string, unknown>> | undefined {
		const value = this.#field(from, key);
		if (value === undefined || isRecord(value)) return value;
		this.bad = true;
		return undefined;
	}

	/** The array under that key; empty when there is none. */
	list(from: unknown, key: string): readonly unknown[] {
		const value = this.#field(from, key);
		if (value === undefined) return [];
		if (Array.isArray(value)) return value;
		this.bad = true;
		return [];
	}

	#field(from: unknown, key: string): unknown {
		if (from === undefined || from === null) return undefined;
		if (isRecord(from)) return from[key] ?? undefined;
		this.bad = true;
		return undefined;
	}
}
