import type { Component } from "../metrics/catalog.ts";
import { reportInternalError } from "./internal-errors.ts";

/** Does something of ours: what goes wrong in it is counted, and nobody else notices. */
export function quietly(component: Component, message: string, fn: () => void): void {
	try {
		fn();
	} catch (cause) {
		reportInternalError(component, message, cause);
	}
}
