import type { RouteHandler } from "../app.ts";
import type { DashboardStats } from "../stats.ts";

/** `GET /api/stats`: the page's numbers as JSON. */
export function statsRoute(collect: () => Promise<DashboardStats>): RouteHandler {
	return async (c) => c.json(await collect(), 200, { "Cache-Control": "no-store" });
}
