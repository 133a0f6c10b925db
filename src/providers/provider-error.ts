import { HyperAgentError } from "../core/hyperagent-error.ts";
import { LlmError } from "../core/llm-error.ts";
import type { Exchange } from "../monitoring/exchange.ts";
import { classifyError } from "../wire/classify-error.ts";
import { isRecord } from "../wire/is-record.ts";

/** Whose failure it is; the secrets only so that no message shows them. */
export interface ProviderIdentity {
	readonly provider: string;
	readonly model: string;
	/** The key, and the values of the headers that the user set. */
	readonly secrets: readonly string[];
}

/** What no message may show. Fetch trims keys that come from a file, and so must we. */
export function secretsOf(apiKey: string, headers: Readonly<Record<string, string>> = {}): readonly string[] {
	const values = Object.values(headers);
	// Behind "Bearer" and its like stands the secret itself.
	const words = values.flatMap((value) => value.split(/\s+/)).filter((word) => word.length > 7);
	return [apiKey, ...values, ...words].map((secret) => secret.trim()).filter((secret) => secret.length > 3);
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
	const message = redact(`${who.provider} ${who.model}: ${describe(error)}`, who.secrets);
	return new LlmError(errorType, message, { provider: who.provider, status, retryAfterMs, cause: error });
}

/** The same, and tells the exchange that no answer will come, and why. */
export function failed(
	error: unknown,
	who: ProviderIdentity,
	signal: AbortSignal | undefined,
	exchange: Exchange,
): unknown {
	const thrown = providerError(error, who, signal);
	exchange.failed(thrown instanceof LlmError ? thrown.errorType : undefined);
	return thrown;
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

/** An error message of this length says nothing more in the rest of it. */
const LONGEST_MESSAGE = 2000;

/** The SDK's message, with what the socket said where that is "Connection error." alone. */
function describe(error: unknown): string {
	// Its message would show the beginning of the answer.
	if (error instanceof SyntaxError || (error instanceof Error && error.cause instanceof SyntaxError)) {
		return "the answer is not the JSON that it says it is.";
	}
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

/** Providers quote keys back, whole or with stars in the middle, and sometimes half of what they were asked. */
function redact(message: string, secrets: readonly string[]): string {
	// A secret at the very end would be cut in two, and not known any more: the last word goes.
	let shown =
		message.length > LONGEST_MESSAGE ? message.slice(0, LONGEST_MESSAGE).replace(/\S{0,256}$/, "…") : message;
	for (const secret of secrets) shown = shown.replaceAll(secret, "[redacted]");
	return shown.replace(/[\w.-]{0,64}\*{3,64}[\w.-]{0,64}/g, "[redacted]");
}
