import { HyperAgentError } from "../core/hyperagent-error.ts";
import { splitCallId } from "../core/call-id.ts";
import { type ExactCost, type LedgerRow, rowId } from "./ledger-row.ts";
import type { CallsOrder } from "./ledger-store.ts";

/** Where a page of calls ends: the last row's place in the order, and which row it is, should others share the place. */
export interface CallsCursor {
	/** Of the latest: when the row's call started. */
	readonly at: number | undefined;
	/** Of the dearest. */
	readonly cost: ExactCost | undefined;
	readonly process: string;
	readonly sequence: number;
}

/**
 * What a question for the calls after a row says as `after`. It stays right while rows are added, and when the row
 * itself is forgotten.
 *
 * @example
 * ```ts
 * import { mkdtempSync } from "node:fs";
 * import { callsCursor, initPrometheus, openLedger, recordLlmCost } from "@hyperagent/observe/monitoring";
 *
 * initPrometheus();
 * const ledger = openLedger({ path: `${mkdtempSync("/tmp/ledger-")}/costs.db` });
 * for (const usd of [0.1, 0.3, 0.2]) recordLlmCost("chat", "gpt-4-turbo", usd);
 * await ledger.flush();
 * const [dearest] = await ledger.calls({ order: "dearest", limit: 1 });
 * const after = dearest && callsCursor(dearest, "dearest");
 * const [next] = await ledger.calls({ order: "dearest", limit: 1, after });
 * console.log(next?.cost); // { whole: 0, pico: 200000000000 }
 * await ledger.close();
 * ```
 */
export function callsCursor(row: LedgerRow, order: CallsOrder = "latest"): string {
	const { at, cost } = row;
	const place = order === "latest" ? `l${at}` : `d${cost?.whole ?? 0}.${cost?.pico ?? 0}`;
	return `${place}_${rowId(row)}`;
}

/** @throws HyperAgentError `BAD_OPTION` for what {@link callsCursor} does not say of that order */
export function parseCallsCursor(text: string, order: CallsOrder = "latest"): CallsCursor {
	const [, at, whole, pico, id = ""] =
		/^(?:l(-?\d{1,16})|d(\d{1,16})\.(\d{1,12}))_(.{1,40}-[0-9a-z]{1,11})$/.exec(text) ?? [];
	if ((order === "latest" ? at : whole) === undefined) {
		throw new HyperAgentError(
			"BAD_OPTION",
			`Expected what the page before has said is next at \`after\`, in the same order, got ${JSON.stringify(text.slice(0, 80))}.`,
		);
	}
	return {
		at: at === undefined ? undefined : Number(at),
		cost: whole === undefined ? undefined : { whole: Number(whole), pico: Number(pico) },
		...splitCallId(id),
	};
}
