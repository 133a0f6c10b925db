/** What is to be told of one HTTP request. Its methods do not throw. */
export interface HttpExchange {
	/**
	 * Its headers are here: who reads the body is the caller, still.
	 *
	 * @param isNodes whether it comes from Node's own `fetch` and nobody has had it yet
	 */
	answered(response: Response, isNodes: boolean): void;
	/** No answer has come. */
	failed(error: unknown): void;
}

/** What an answer says ahead of its body. */
export interface AnswerHead {
	readonly status: number;
	readonly isOk: boolean;
	readonly headers: { get(name: string): string | null };
	/** Nobody can change them any more, as nobody can those that came over the net to Node's own `fetch`. */
	readonly areHeadersFixed: boolean;
	/** It comes from Node's own `fetch`, and nobody has had it yet. */
	readonly isNodes: boolean;
}

const NO_HEADERS = { get: (): null => null };

/** Reads it tolerantly: other implementations of `fetch`, and what tests put in their place, leave things out. */
export function headOf(response: Response): AnswerHead | undefined {
	// Whatever its type says.
	const answer: unknown = response;
	if (typeof answer !== "object" || answer === null) return undefined;
	const { headers, ok, status, type }: Partial<Record<keyof Response, unknown>> = answer;
	const readable = hasGet(headers) ? headers : NO_HEADERS;
	const isOk = typeof ok === "boolean" ? ok : typeof status !== "number" || (status >= 200 && status < 300);
	return {
		status: typeof status === "number" ? status : isOk ? 200 : 500,
		isOk,
		headers: readable,
		areHeadersFixed: type === "basic" || type === "cors",
		isNodes: false,
	};
}

/** The same where nobody can have changed it. To ask Node's own for what its status tells takes longer than all the rest. */
export function nodesHead({ headers, status }: Response): AnswerHead {
	return { status, isOk: status >= 200 && status < 300, headers, areHeadersFixed: true, isNodes: true };
}

/**
 * Whether there is no body to come.
 *
 * @param body what the response has for one, as far as it was looked at
 */
export function isEmpty({ headers, status }: AnswerHead, body: unknown): boolean {
	return body === null || status === 204 || status === 205 || headers.get("content-length") === "0";
}

function hasGet(headers: unknown): headers is { get(name: string): string | null } {
	return (
		typeof headers === "object" && headers !== null && "get" in headers && typeof headers.get === "function"
	);
}
