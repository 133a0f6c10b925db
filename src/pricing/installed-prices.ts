import { catchUp } from "../core/afterwards.ts";
import { type ProcessSlot, processSlot } from "../core/process-slot.ts";
import type { Prices } from "./prices.ts";

/** The user's own prices, checked: plain data, so that every loaded copy of this package can read it. */
export const installedPrices: ProcessSlot<Prices> = processSlot<Prices>("prices");

/** Prices what is asked from now on; what was answered before is priced as it was. */
export function installPrices(prices: Prices | undefined): void {
	catchUp();
	installedPrices.value = prices;
}
