import { NOTED_EVENTS, type NotedEventName } from "../core/settlement-listeners.ts";

/** What a row can be of beside calls and records of tokens or cost; `served`: an answer from a response cache, and what it has saved. */
export type LedgerEvent = NotedEventName | "served";

const LEDGER_EVENTS: readonly LedgerEvent[] = [...NOTED_EVENTS, "served"];

/** Whether it names one. */
export function isLedgerEvent(name: string | undefined): name is LedgerEvent {
	return LEDGER_EVENTS.some((event) => event === name);
}
