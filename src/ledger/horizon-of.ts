import type { Horizon } from "./ledger-store.ts";
import { KEEP_STEPS_MS } from "./step-schema.ts";
import type { WriterOptions } from "./writer-state.ts";

const DAY_MS = 86_400_000;

/**
 * What is too old to be kept.
 *
 * @param now milliseconds since the epoch
 */
export function horizonOf({ keepCallsDays, keepTotalsDays }: WriterOptions, now: number): Horizon {
	const before = (days: number | undefined): number | undefined =>
		days === undefined ? undefined : now - days * DAY_MS;
	return {
		calls: before(keepCallsDays),
		totals: before(keepTotalsDays),
		steps: { 10: now - KEEP_STEPS_MS[10], 60: now - KEEP_STEPS_MS[60], 300: now - KEEP_STEPS_MS[300] },
	};
}
