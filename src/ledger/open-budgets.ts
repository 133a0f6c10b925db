import { processSlot } from "../core/process-slot.ts";
import type { Budget } from "./budget.ts";

const slot = processSlot<Map<string, Budget>>("budgets");
slot.value ??= new Map();

/** The budgets of this process by their names, in the order of their adding. */
export const openBudgets: Map<string, Budget> = slot.value;
