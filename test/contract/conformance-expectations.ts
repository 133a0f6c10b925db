import type { ErrorType } from "../../src/core/llm-error.ts";
import type { ColumnName } from "../instrument/scripted/clients.ts";
import type { RowName } from "../instrument/scripted/rows.ts";

/** The columns of the table: the scripted ones, and our own providers. */
export type MatrixColumn = ColumnName | "providers";

/** What one cell must have counted, worked out by hand from what the server does and the caller sees. */
export interface Expected {
	readonly outcome: "success" | "error" | "aborted";
	readonly errorType?: ErrorType;
	/** How many operations ended so (1). */
	readonly calls?: number;
	/** Operations that ended as errors before that (0): tries that are made above what is metered. */
	readonly failedBefore?: number;
	readonly attempts: Readonly<Partial<Record<"success" | "rate_limited" | "error" | "aborted", number>>>;
	readonly retries?: number;
	/** What the provider had said: all, what it says by its first text, or nothing. */
	readonly usage: "whole" | "mid" | "none";
	readonly missing?: "aborted" | "not_reported";
	/** A first token was seen. */
	readonly firstToken?: boolean;
}

const DONE: Expected = { outcome: "success", attempts: { success: 1 }, usage: "whole" };
const STREAMED: Expected = { ...DONE, firstToken: true };
const UNTOLD: Expected = { ...STREAMED, usage: "none", missing: "not_reported" };
const LEFT: Expected = {
	outcome: "aborted",
	attempts: { success: 1 },
	usage: "mid",
	missing: "aborted",
	firstToken: true,
};
const LEFT_BEFORE_HEADERS: Expected = {
	outcome: "aborted",
	attempts: { aborted: 1 },
	usage: "none",
	missing: "aborted",
};
const broken = (errorType: ErrorType): Expected => ({
	outcome: "error",
	errorType,
	attempts: { success: 1 },
	usage: "mid",
	missing: "not_reported",
	firstToken: true,
});
const unreadable: Expected = {
	outcome: "error",
	errorType: "invalid_response",
	attempts: { success: 1 },
	usage: "none",
	missing: "not_reported",
};
const refused = (errorType: ErrorType): Expected => ({
	outcome: "error",
	errorType,
	attempts: { error: 1 },
	usage: "none",
});
const RETRIED = { attempts: { rate_limited: 1, success: 1 }, retries: 1 };
/** `generateText` asks the model again: two operations of the model, of which the first was refused. */
const ASKED_AGAIN = { attempts: { rate_limited: 1, success: 1 }, failedBefore: 1 };

type ByColumn = Expected | Readonly<Partial<Record<MatrixColumn, Expected>> & { rest: Expected }>;

/** By row, and where columns differ by column. */
const EXPECTED: Readonly<Record<RowName, ByColumn>> = {
	complete: DONE,
	stream: STREAMED,
	// A bare fetch is never altered, so a server that is not asked does not tell.
	"stream without asking for usage": { rest: STREAMED, fetch: UNTOLD },
	// One request that asks and is refused, one that does not ask.
	"stream, usage option refused": {
		rest: { ...UNTOLD, attempts: { error: 1, success: 1 } },
		fetch: UNTOLD,
	},
	"tool call": DONE,
	"tool call in a stream": STREAMED,
	"early break": LEFT,
	"abort before headers": LEFT_BEFORE_HEADERS,
	"abort before headers, stream": LEFT_BEFORE_HEADERS,
	"abort mid-stream": LEFT,
	"error in stream": {
		rest: broken("api_error"),
		anthropic: broken("model_unavailable"),
		gemini: broken("model_unavailable"),
	},
	"429 then success": { rest: { ...DONE, ...RETRIED }, "ai-sdk": { ...DONE, ...ASKED_AGAIN } },
	"429 then success, stream": {
		rest: { ...STREAMED, ...RETRIED },
		"ai-sdk": { ...STREAMED, ...ASKED_AGAIN },
	},
	"429 exhausted": {
		rest: { ...refused("rate_limit"), attempts: { rate_limited: 2 }, retries: 1 },
		"ai-sdk": { ...refused("rate_limit"), attempts: { rate_limited: 2 }, calls: 2 },
		fetch: { ...refused("rate_limit"), attempts: { rate_limited: 1 } },
	},
	"429 quota": refused("quota"),
	"401 bad key": refused("auth_failed"),
	"401 bad key, stream": refused("auth_failed"),
	"400 context length": refused("token_limit"),
	"404 model": refused("model_unavailable"),
	"529/503": refused("model_unavailable"),
	timeout: refused("timeout"),
	"malformed JSON": unreadable,
	"connection reset": refused("network"),
	"cut stream": broken("network"),
	"empty body": unreadable,
	"empty stream": unreadable,
	"stream without end mark": {
		outcome: "success",
		attempts: { success: 1 },
		usage: "mid",
		missing: "not_reported",
		firstToken: true,
	},
	"10 concurrent calls": { ...DONE, calls: 10, attempts: { success: 10 } },
};

export function expectedOf(row: RowName, column: MatrixColumn): Expected {
	const cell = EXPECTED[row];
	return "rest" in cell ? (cell[column] ?? cell.rest) : cell;
}
