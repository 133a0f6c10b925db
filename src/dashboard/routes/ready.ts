import { openLedgers } from "../../ledger/open-ledgers.ts";
import type { RouteHandler } from "../app.ts";

/** How the process's ledgers do, where one of them is in need. */
interface LedgerNeed {
	readonly writable: boolean;
	readonly pendingRows: number;
	readonly spooledRows: number;
	readonly lostRows: number;
}

/**
 * `GET /ready`: 200 while calls are recorded and the server listens, 503 once it is closing. Where a ledger's file cannot
 * be written it says `degraded`, still with 200, for calls go on and rows are kept until it can; 503 once rows are lost.
 */
export function readyRoute(isReady: () => boolean): RouteHandler {
	return (c) => {
		c.header("Cache-Control", "no-store");
		if (!isReady()) return c.json({ status: "closing" }, 503);
		const states = [...openLedgers].map((ledger) => ledger.state);
		const inNeed = states.filter(({ lastError, losing }) => lastError !== undefined || losing);
		if (inNeed.length === 0) return c.json({ status: "ready" }, 200);
		const ledgers = inNeed.map(
			({ lostRows, pendingRows, spooledRows, writable }): LedgerNeed => ({
				writable,
				pendingRows,
				spooledRows,
				lostRows,
			}),
		);
		return c.json({ status: "degraded", ledgers }, inNeed.some(({ losing }) => losing) ? 503 : 200);
	};
}
