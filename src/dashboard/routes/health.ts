import type { RouteHandler } from "../app.ts";

/** `GET /health`: 200 as long as the process answers at all. */
export function healthRoute(): RouteHandler {
	return (c) => c.json({ status: "ok" }, 200, { "Cache-Control": "no-store" });
}
