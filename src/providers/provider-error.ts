import { HyperAgentError } from "../core/hyperagent-error.ts";
import { LlmError } from "../core/llm-error.ts";
import { classifyError } from "../wire/classify-error.ts";
import { isRecord } from "../wire/is-record.ts";

/** Whose failure it is; the key only so that no message shows it. */
export interface ProviderIdentity {
	readonly provider: string;
	readonly model: string;
	readonly apiKey: string;
}

/**
 * What a backend throws for what its SDK threw, or for an error body that came under HTTP 200: the caller's own reason
 * when its signal cut the call (a signal's timeout is an `LlmError`), else an `LlmError`. An answer that was there
 * before the abort stands.
 */
export function providerError(
	error: unknown,
	who: ProviderIdentity,
	signal: AbortSignal | undefined,
): unknown {
	if (error instanceof HyperAgentError) return error;
	const { errorType, status, retryAfterMs } = classifyError(error);
	if (signal?.aborted === true && (status === undefined || isCausedBy(signal.reason, error))) {
		return isTimeout(signal.reason)
			? new LlmError("timeout", `${who.provider} ${who.model}: the call's signal timed out.`, {
					provider: who.provider,
					cause: signal.reason,
				})
			: signal.reason;
	}
	const message = redact(`${who.provider} ${who.model}: ${describe(error)}`, who.apiKey);
	return new LlmError(errorType, message, { provider: who.provider, status, retryAfterMs, cause: error });
}

/** An answer that is none: not JSON, empty, or of another shape. */
export function invalidResponse(what: string, who: ProviderIdentity): LlmError {
	return new LlmError("invalid_response", `${who.provider} ${who.model}: ${what}`, {
		provider: who.provider,
	});
}

/** A request that the provider cannot be asked. */
export function invalidRequest(what: string, who: ProviderIdentity): LlmError {
	return new LlmError("validation", `${who.provider} ${who.model}: ${what}`, { provider: who.provider });
}

/** The reason may look like anything, even like an answer. */
function isCausedBy(reason: unknown, error: unknown): boolean {
	return error === reason || (error instanceof Error && error.cause === reason);
}

function isTimeout(reason: unknown): boolean {
	return reason instanceof Error && reason.name === "TimeoutError";
}

/** The SDK's message, with what the socket said where that is "Connection error." alone. */
function describe(error: unknown): string {
	if (!(error instanceof Error)) return messageIn(error) ?? "an error that says nothing.";
	let root: Error = error;
	for (let depth = 0; depth < 8 && root.cause instanceof Error; depth += 1) root = root.cause;
	const code: unknown = isRecord(root) ? root["code"] : undefined;
	const reason = root.message === "" && typeof code === "string" ? code : root.message;
	return reason === "" || error.message.includes(reason) ? error.message : `${error.message} (${reason})`;
}

function messageIn(body: unknown): string | undefined {
	if (typeof body === "string") return body;
	if (!isRecord(body)) return undefined;
	return typeof body["message"] === "string" ? body["message"] : messageIn(body["error"]);
}

/** Providers quote keys back, whole or with stars in the middle. */
function redact(message: string, apiKey: string): string {
	const whole = apiKey.length < 4 ? message : message.replaceAll(apiKey, "[redacted]");
	return whole.replace(/[\w.-]*\*{3,}[\w.-]*/g, "[redacted]");
}
