/** What is to be told of one HTTP request. Its methods do not throw. */
export interface HttpExchange {
	/** Its headers are here: who reads the body is the caller, still. */
	answered(response: Response): void;
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
	/** To be read once: each time takes Node's own longer than all the rest of it. */
	readonly body: unknown;
	/** There is no body to come. */
	readonly isEmpty: boolean;
}

const NO_HEADERS = { get: (): null => null };

/** Reads it tolerantly: other implementations of `fetch`, and what tests put in their place, leave things out. */
export function headOf(response: Response): AnswerHead | undefined {
	// Whatever its type says.
	const answer: unknown = response;
	if (typeof answer !== "object" || answer === null) return undefined;
	const { body, headers, ok, status, type }: Partial<Record<keyof Response, unknown>> = answer;
	const readable = hasGet(headers) ? headers : NO_HEADERS;
	const isOk = typeof ok === "boolean" ? ok : typeof status !== "number" || (status >= 200 && status < 300);
	return {
		status: typeof status === "number" ? status : isOk ? 200 : 500,
		isOk,
		headers: readable,
		areHeadersFixed: type === "basic" || type === "cors",
		body,
		isEmpty: body === null || status === 204 || readable.get("content-length") === "0",
	};
}

function hasGet(headers: unknown): headers is { get(name: string): string | null } {
	return (
		typeof headers === "object" && headers !== null && "get" in headers && typeof headers.get === "function"
	);
}
