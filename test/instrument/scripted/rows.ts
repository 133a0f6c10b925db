import { setTimeout as sleep } from "node:timers/promises";
import type { ClientColumn, ConnectOptions, ScriptedClient } from "./client-column.ts";
import type { ColumnName } from "./clients.ts";
import { comparable, type Outcome, reduceError } from "./outcome.ts";
import type { Overrides, ScenarioName } from "./scenarios.ts";
import type { Run, ScriptedProvider } from "./scripted-provider.ts";

export type RowName =
	| "complete"
	| "stream"
	| "stream without asking for usage"
	| "stream, usage option refused"
	| "tool call"
	| "tool call in a stream"
	| "early break"
	| "abort before headers"
	| "abort before headers, stream"
	| "abort mid-stream"
	| "error in stream"
	| "429 then success"
	| "429 then success, stream"
	| "429 exhausted"
	| "429 quota"
	| "401 bad key"
	| "401 bad key, stream"
	| "400 context length"
	| "404 model"
	| "529/503"
	| "timeout"
	| "malformed JSON"
	| "connection reset"
	| "cut stream"
	| "empty body"
	| "empty stream"
	| "stream without end mark"
	| "10 concurrent calls";

/** One row of the matrix: what the server does, and what the caller does with the client. */
export interface Row {
	readonly scenario: ScenarioName;
	readonly overrides?: Overrides;
	readonly maxRetries?: number;
	readonly timeoutMs?: number;
	readonly drive: (client: ScriptedClient, run: Run) => Promise<Outcome>;
	/** Columns in which the row has no meaning, and why. */
	readonly notFor?: Readonly<Partial<Record<ColumnName, string>>>;
	/** Whether the caller leaves before the server has sent everything. */
	readonly leavesEarly?: boolean;
}

/** What a row came to. */
export interface RowResult {
	readonly run: Run;
	readonly outcome: Outcome;
	/** Milliseconds from when the caller was done to when the server saw it leave; negative where the server was first. */
	readonly closedAfterMs: number | undefined;
}

const ALWAYS_TELLS = "the API always tells its usage";
const ALWAYS_ASKS = "the library always asks";
const NO_RETRIES = "fetch does not try again";

const complete = { drive: (client: ScriptedClient) => valueOf(client.complete()) };
const stream = { drive: (client: ScriptedClient) => eventsOf(client) };

/** One and no more, or how many a caller sees after it has aborted would be a matter of luck. */
const oneText = { overrides: { pieces: 1 } };

export const ROWS: Readonly<Record<RowName, Row>> = {
	complete: { scenario: "complete", ...complete },
	stream: { scenario: "stream", ...stream },
	"stream without asking for usage": {
		scenario: "stream-no-usage",
		drive: (client) => eventsOf(client, { askUsage: false }),
		notFor: {
			"openai-responses": ALWAYS_TELLS,
			anthropic: ALWAYS_TELLS,
			gemini: ALWAYS_TELLS,
			"ai-sdk": ALWAYS_ASKS,
		},
	},
	/** The caller does not ask: if somebody asks for it on its behalf, it must not notice. */
	"stream, usage option refused": {
		scenario: "stream-usage-refused",
		drive: (client) => eventsOf(client, { askUsage: false }),
		notFor: {
			"openai-responses": ALWAYS_TELLS,
			anthropic: ALWAYS_TELLS,
			gemini: ALWAYS_TELLS,
			"ai-sdk": ALWAYS_ASKS,
		},
	},
	"tool call": {
		scenario: "complete",
		overrides: { answer: "tool" },
		drive: (client) => valueOf(client.complete({ tool: true })),
	},
	"tool call in a stream": {
		scenario: "stream",
		overrides: { answer: "tool" },
		drive: (client) => eventsOf(client, { tool: true }),
	},
	/** There is one piece more to read: LangChain reads ahead, and its stream cannot be left while it waits for an event. */
	"early break": { scenario: "hold-stream", drive: breakAtText, leavesEarly: true },
	"abort before headers": {
		scenario: "hold-headers",
		drive: (client, run) => abortBeforeHeaders(run, (signal) => valueOf(client.complete({ signal }))),
		leavesEarly: true,
	},
	"abort before headers, stream": {
		scenario: "hold-headers",
		drive: (client, run) => abortBeforeHeaders(run, (signal) => eventsOf(client, { signal })),
		leavesEarly: true,
	},
	"abort mid-stream": { scenario: "hold-stream", ...oneText, drive: abortAtText, leavesEarly: true },
	"error in stream": { scenario: "error-in-stream", ...stream },
	"429 then success": {
		scenario: "429-then-success",
		maxRetries: 1,
		...complete,
		notFor: { fetch: NO_RETRIES },
	},
	"429 then success, stream": {
		scenario: "429-then-success",
		maxRetries: 1,
		...stream,
		notFor: { fetch: NO_RETRIES },
	},
	"429 exhausted": { scenario: "429-exhausted", maxRetries: 1, ...complete },
	"429 quota": { scenario: "429-quota", ...complete },
	"401 bad key": { scenario: "401", ...complete },
	"401 bad key, stream": { scenario: "401", ...stream },
	"400 context length": { scenario: "400-context-length", ...complete },
	"404 model": { scenario: "404-model", ...complete },
	"529/503": { scenario: "529-or-503", ...complete },
	timeout: { scenario: "hold-headers", timeoutMs: 80, ...complete, leavesEarly: true },
	"malformed JSON": { scenario: "malformed-json", ...complete },
	"connection reset": { scenario: "connection-reset", ...complete },
	"cut stream": { scenario: "cut-stream", ...stream },
	"empty body": { scenario: "empty-body", ...complete },
	"empty stream": { scenario: "ends-without-any-event", ...stream },
	"stream without end mark": { scenario: "ends-without-end-mark", ...stream },
	"10 concurrent calls": { scenario: "complete", drive: tenAtOnce },
};

/** Runs a row in a column; a test adds `fetch` or `wrap` for its instrumented run. */
export async function runRow(
	row: Row,
	column: ClientColumn,
	provider: ScriptedProvider,
	connect: Pick<ConnectOptions, "fetch" | "wrap"> = {},
): Promise<RowResult> {
	const run = provider.script(column.api, row.scenario, row.overrides);
	const { maxRetries, timeoutMs } = row;
	const client = column.connect({ ...connect, baseURL: run.baseURL, maxRetries, timeoutMs });
	const outcome = await row.drive(client, run);
	const doneAt = performance.now();
	const closed = row.leavesEarly === true ? await run.seen.closedWithin(300) : undefined;
	return { run, outcome, closedAfterMs: closed === undefined ? undefined : closed.at - doneAt };
}

async function valueOf(answer: Promise<unknown>): Promise<Outcome> {
	try {
		return { kind: "value", value: comparable(await answer) };
	} catch (error) {
		return { kind: "error", error: reduceError(error) };
	}
}

interface StreamOptions {
	readonly askUsage?: boolean;
	readonly tool?: boolean;
	readonly signal?: AbortSignal;
	/** Looks at each event; `true` leaves the stream. */
	readonly leaveAt?: (text: string) => boolean;
}

async function eventsOf(
	client: ScriptedClient,
	{ leaveAt, ...options }: StreamOptions = {},
): Promise<Outcome> {
	const events: unknown[] = [];
	let text = "";
	try {
		for await (const event of client.stream(options)) {
			events.push(comparable(event));
			text += client.textOf(event);
			if (leaveAt?.(text) === true) break;
		}
		return { kind: "events", events, text };
	} catch (error) {
		return { kind: "events", events, text, error: reduceError(error) };
	}
}

/** Leaves at the first text. */
function breakAtText(client: ScriptedClient): Promise<Outcome> {
	return eventsOf(client, { leaveAt: (text) => text !== "" });
}

/** Aborts at the first text, and reads on. */
function abortAtText(client: ScriptedClient): Promise<Outcome> {
	const controller = new AbortController();
	const { signal } = controller;
	return eventsOf(client, {
		signal,
		leaveAt: (text) => {
			if (text !== "" && !signal.aborted) controller.abort();
			return false;
		},
	});
}

/** Aborts when the server has the request. */
async function abortBeforeHeaders(
	{ seen }: Run,
	ask: (signal: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
	const controller = new AbortController();
	const outcome = ask(controller.signal);
	await seen.arrived(1);
	await sleep(10);
	controller.abort();
	return outcome;
}

async function tenAtOnce(client: ScriptedClient): Promise<Outcome> {
	return valueOf(Promise.all(Array.from({ length: 10 }, () => client.complete())));
}
