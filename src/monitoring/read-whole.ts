import type { BodyTap, TapState } from "./body-tap.ts";

/** The two ways to read a response as a whole, of which it is enough to see what comes of them. */
export type Whole = "json" | "text";

/** Reads a response as a whole, so that its tap sees what comes of it. */
export function readWhole(name: Whole, read: () => unknown, tap: BodyTap, state: TapState): unknown {
	if (state.isByBytes || state.isWhole) return read();
	state.isWhole = true;
	tap.reading();
	const took = (value: unknown): unknown => {
		if (name === "json") tap.json(value);
		else tap.text(String(value));
		tap.rested();
		return value;
	};
	const lost = (error: unknown): never => {
		tap.failed(error);
		tap.rested();
		throw error;
	};
	let value: unknown;
	try {
		value = read();
	} catch (error) {
		return lost(error);
	}
	return value instanceof Promise ? value.then(took, lost) : took(value);
}
