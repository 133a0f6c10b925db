import { inspect } from "node:util";
import { HyperAgentError } from "./hyperagent-error.ts";

/**
 * The `BAD_OPTION` that says what was expected, where, and what was there instead: "initPrometheus(): expected a number of at
 * least 0 at `prices.models[2].input`, got '3'."
 *
 * @param who the function or the option of a command that was given it
 * @param where as it is to be read: a path in backquotes
 */
export function badOption(who: string, where: string, expected: string, got: unknown): HyperAgentError {
	const shown =
		typeof got === "function" ? "a function" : inspect(got, { breakLength: Infinity }).slice(0, 80);
	return new HyperAgentError("BAD_OPTION", `${who}: expected ${expected} at ${where}, got ${shown}.`);
}
