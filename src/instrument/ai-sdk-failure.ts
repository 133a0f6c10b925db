import { type ErrorType, LlmError } from "../core/llm-error.ts";
import { isRecord } from "../wire/is-record.ts";

/** The AI SDK's errors that say by their name alone what happened: most are thrown before or after the request. */
const NAMES: ReadonlyMap<unknown, ErrorType> = new Map<unknown, ErrorType>([
	["AI_LoadAPIKeyError", "auth_failed"],
	["AI_NoSuchModelError", "model_unavailable"],
	["AI_InvalidArgumentError", "validation"],
	["AI_InvalidPromptError", "validation"],
	["AI_LoadSettingError", "validation"],
	["AI_NoSuchProviderReferenceError", "validation"],
	["AI_TooManyEmbeddingValuesForCallError", "validation"],
	["AI_UnsupportedFunctionalityError", "validation"],
	["AI_EmptyResponseBodyError", "invalid_response"],
	["AI_InvalidResponseDataError", "invalid_response"],
	["AI_JSONParseError", "invalid_response"],
	["AI_NoContentGeneratedError", "invalid_response"],
	["AI_TypeValidationError", "invalid_response"],
]);

/**
 * What a model threw, or said in an `error` part, in a shape that can be classified: the provider's own words stand in
 * an `APICallError`'s `responseBody`, where nothing else looks for them. What needs no translation is returned as it is.
 */
export function readableFailure(error: unknown): unknown {
	if (!isRecord(error)) return error;
	const { cause, code, data, message, name, responseBody, statusCode, type } = error;
	const known = NAMES.get(name);
	if (known !== undefined) return new LlmError(known, `The AI SDK threw ${String(name)}.`, { cause: error });
	if (typeof statusCode !== "number") return error;
	// An answer that had begun: why it could not be read is the cause.
	if (statusCode < 400) return readableFailure(cause ?? error);
	const body = typeof responseBody === "string" && /^\s*[[{]/.test(responseBody) ? responseBody : data;
	return { name, message, code, type, status: statusCode, error: body, cause };
}
