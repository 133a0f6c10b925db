import { HyperAgentError } from "./hyperagent-error.ts";

/**
 * Why a call failed: the guide's ten values of the `error_type` label, and `quota`
 * (money or a spend limit exhausted, which providers also send as HTTP 429).
 */
export const ERROR_TYPES = [
	"rate_limit",
	"auth_failed",
	"network",
	"invalid_response",
	"api_error",
	"serialization",
	"validation",
	"timeout",
	"token_limit",
	"model_unavailable",
	"quota",
] as const;

/** One of {@link ERROR_TYPES}. */
export type ErrorType = (typeof ERROR_TYPES)[number];

/** What is known of a failed call beside its type. */
export interface LlmErrorOptions extends ErrorOptions {
	/** The provider that failed, as in the `provider` label. */
	readonly provider?: string | undefined;
	/** The HTTP status, where there was an answer. */
	readonly status?: number | undefined;
	/** How long the provider asks to wait, in milliseconds. */
	readonly retryAfterMs?: number | undefined;
}

/**
 * What the backends of `/providers` throw: a failed LLM call, classified. `cause` holds the
 * SDK's own error, untouched.
 *
 * @example
 * ```ts
 * import { LlmError } from "@hyperagent/observe/providers";
 *
 * const error = new LlmError("rate_limit", "openai: 429 slow down", { status: 429 });
 * console.log(error.errorType, error.status); // "rate_limit" 429
 * ```
 */
export class LlmError extends HyperAgentError {
	override readonly name: string = "LlmError";
	readonly errorType: ErrorType;
	readonly provider: string | undefined;
	readonly status: number | undefined;
	readonly retryAfterMs: number | undefined;

	constructor(errorType: ErrorType, message: string, options: LlmErrorOptions = {}) {
		super("LLM", message, options);
		this.errorType = errorType;
		this.provider = options.provider;
		this.status = options.status;
		this.retryAfterMs = options.retryAfterMs;
	}
}
