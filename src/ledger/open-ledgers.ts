import { processSlot } from "../core/process-slot.ts";
import type { Ledger } from "./ledger.ts";

const slot = processSlot<Set<Ledger>>("ledgers");
slot.value ??= new Set();

/** The ledgers that are open in this process, in the order of their opening. */
export const openLedgers: Set<Ledger> = slot.value;
