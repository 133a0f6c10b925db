import { type ProcessSlot, processSlot } from "../core/process-slot.ts";
import type { Prices } from "./prices.ts";

/** The user's own prices, checked: plain data, so that every loaded copy of this package can read it. */
export const installedPrices: ProcessSlot<Prices> = processSlot<Prices>("prices");
