import type { RouteHandler } from "../app.ts";

/** `GET /ready`: 200 while calls are recorded and the server listens, 503 once it is closing. */
export function readyRoute(isReady: () => boolean): RouteHandler {
	return (c) => {
		const ready = isReady();
		return c.json({ status: ready ? "ready" : "closing" }, ready ? 200 : 503, {
			"Cache-Control": "no-store",
		});
	};
}
