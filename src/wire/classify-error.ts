import { ERROR_TYPES, type ErrorType } from "../core/llm-error.ts";
import { type ErrorFacts, type ErrorWords, readErrorWords } from "./error-facts.ts";
import { typeByMessage, typeByName, typeByStatus, typeByVagueName } from "./error-names.ts";
import { isRecord } from "./is-record.ts";

/**
 * Why a call failed, of anything that was thrown (an SDK's error, an `LlmError`, what `fetch` and Node throw) and of
 * an error body inside an HTTP-200 stream. In this order of trust: the provider's code, its type, the HTTP status,
 * the error's class, its message, its cause. What nothing explains is an `api_error`. Never throws.
 */
export function classifyError(error: unknown): ErrorFacts {
	try {
		const chain = causeChain(error);
		const own = chain.find(isLlmError);
		if (own !== undefined) return facts(own.errorType, own.status, own.retryAfterMs);
		const words = chain.map(readErrorWords);
		const status = words.find((of) => of.status !== undefined)?.status;
		const retryAfterMs = words.find((of) => of.retryAfterMs !== undefined)?.retryAfterMs;
		return facts(typeOf(chain, words), status, retryAfterMs);
	} catch {
		// A getter or a proxy of somebody else's threw.
		return { errorType: "api_error" };
	}
}

const ABORT_CLASSES: ReadonlySet<string> = new Set(["APIUserAbortError", "AbortError"]);
/** What both SDKs say of an abort, for bundles in which a minifier has renamed the class. */
const ABORT_MESSAGE = "Request was aborted.";

/** In both SDKs the timeout class extends the connection class, which extends APIError: hence the order. */
function typeOf(chain: readonly unknown[], words: readonly ErrorWords[]): ErrorType {
	const timedOut = chain.some(isTimeout);
	for (const said of words) {
		const type = typeByName(said) ?? typeByStatus(said) ?? typeByVagueName(said);
		// A socket that failed may have failed by a timeout.
		if (type !== undefined) return type === "network" && timedOut ? "timeout" : type;
	}
	if (timedOut) return "timeout";
	const byClass = chain.map(typeByClass).find((type) => type !== undefined);
	return byClass ?? words.map(typeByMessage).find((type) => type !== undefined) ?? "api_error";
}

function typeByClass(error: unknown): ErrorType | undefined {
	const names = classNames(error);
	const message = messageOf(error);
	if (names.includes("APIConnectionError")) return "network";
	// Both SDKs turn an abort that the caller did not ask for into a timeout.
	if (names.some((name) => ABORT_CLASSES.has(name)) || message === ABORT_MESSAGE) return "timeout";
	if (names.includes("SyntaxError")) return "invalid_response";
	if (names.includes("LengthFinishReasonError")) return "token_limit";
	if (names.includes("ContentFilterFinishReasonError")) return "invalid_response";
	if (/circular structure|serialize a BigInt|could not be cloned/i.test(message)) return "serialization";
	if (/^(fetch failed|terminated|other side closed|socket hang up|Connection error\b)/i.test(message))
		return "network";
	if (names.includes("OpenAIError") || names.includes("AnthropicError")) {
		if (names.includes("APIError")) return undefined;
		return /no body/i.test(message) ? "invalid_response" : "validation";
	}
	return undefined;
}

function isTimeout(error: unknown): boolean {
	if (classNames(error).some((name) => /Timeout(Error)?$/.test(name))) return true;
	const code = isRecord(error) ? error["code"] : undefined;
	return (
		(typeof code === "string" && /TIMEDOUT|_TIMEOUT$/.test(code)) ||
		/^Request timed out\b/.test(messageOf(error))
	);
}

/** `name`, then the names of the classes up to `Error`. Anthropic's classes have both, OpenAI's only the latter. */
function classNames(error: unknown): readonly string[] {
	if (!isRecord(error)) return [];
	const names: string[] = typeof error["name"] === "string" ? [error["name"]] : [];
	let prototype: unknown = Object.getPrototypeOf(error);
	for (let depth = 0; depth < 8 && isRecord(prototype); depth += 1) {
		const { constructor } = prototype;
		if (typeof constructor === "function") names.push(constructor.name);
		prototype = Object.getPrototypeOf(prototype);
	}
	return names;
}

function messageOf(error: unknown): string {
	if (typeof error === "string") return error;
	return isRecord(error) && typeof error["message"] === "string" ? error["message"] : "";
}

/** The error and its causes; of an AggregateError (several addresses tried) the first error stands for all. */
function causeChain(error: unknown): readonly unknown[] {
	const chain: unknown[] = [error];
	let link: unknown = error;
	while (isRecord(link) && chain.length < 8) {
		link = link["cause"] ?? (Array.isArray(link["errors"]) ? link["errors"][0] : undefined);
		if (link === undefined || link === null || chain.includes(link)) break;
		chain.push(link);
	}
	return chain;
}

interface Classified {
	readonly errorType: ErrorType;
	readonly status?: number;
	readonly retryAfterMs?: number;
}

/** By its shape, not by `instanceof`: the package may be loaded twice. */
function isLlmError(error: unknown): error is Classified {
	return (
		isRecord(error) && error["name"] === "LlmError" && ERROR_TYPES.some((type) => type === error["errorType"])
	);
}

function facts(
	errorType: ErrorType,
	status: number | undefined,
	retryAfterMs: number | undefined,
): ErrorFacts {
	return {
		errorType,
		...(status === undefined ? undefined : { status }),
		...(retryAfterMs === undefined ? undefined : { retryAfterMs }),
	};
}
