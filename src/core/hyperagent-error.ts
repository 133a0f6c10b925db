/** A stable, machine-readable name for what went wrong. */
export type HyperAgentErrorCode =
	| "ALREADY_INITIALIZED"
	| "BAD_OPTION"
	| "BUDGET_EXCEEDED"
	| "INTERNAL"
	| "INVALID_VALUE"
	| "LEDGER"
	| "LISTEN_FAILED"
	| "LLM"
	| "MISSING_PEER"
	| "NOT_INITIALIZED"
	| "UNSUPPORTED_NODE";

/**
 * The one error of this package. Its message says what happened, where, and how to fix it;
 * `code` is for programs, `cause` is what was thrown underneath, if anything was.
 *
 * @example
 * ```ts
 * import { HyperAgentError } from "@hyperagent/observe/monitoring";
 *
 * const error = new HyperAgentError("BAD_OPTION", "initPrometheus: buckets must increase.");
 * console.log(error.code); // "BAD_OPTION"
 * ```
 */
export class HyperAgentError extends Error {
	override readonly name: string = "HyperAgentError";
	readonly code: HyperAgentErrorCode;

	constructor(code: HyperAgentErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}
