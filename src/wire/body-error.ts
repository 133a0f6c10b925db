import { isRecord } from "./is-record.ts";

/** For `classifyError`: an `invalid_response`. */
export const WRONG_FORM: unknown = {
	name: "SyntaxError",
	message: "The answer has not the form that its API promises.",
};

/**
 * Why a JSON body that was answered with HTTP 200 is no answer, for `classifyError`: the error that it tells of (Google's
 * servers put it into a list), or that it has not the form of its API.
 */
export function bodyError(value: unknown): unknown {
	const body: unknown = Array.isArray(value) ? value[0] : value;
	const error = isRecord(body) ? body["error"] : undefined;
	return isRecord(error) || (typeof error === "string" && error !== "") ? body : WRONG_FORM;
}
