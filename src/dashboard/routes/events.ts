import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { RouteHandler } from "../app.ts";
import type { EventHub } from "../event-hub.ts";
import { EVENT_STREAM } from "../http-server.ts";

/** A browser, or who follows 503, comes back after so many seconds. */
const RETRY_SECONDS = "5";

/** `GET /api/events`: see {@link EventHub}. 503 where too many listen already. */
export function eventsRoute(hub: EventHub): RouteHandler {
	return (c) => {
		if (!hub.hasRoom) {
			const headers = { "Retry-After": RETRY_SECONDS, "Cache-Control": "no-store" };
			return c.json({ error: "Too many pages are open; try again later." }, 503, headers);
		}
		const head = c.body(null, 200, {
			"Content-Type": EVENT_STREAM,
			"Cache-Control": "no-store",
			// nginx would collect what should be seen at once.
			"X-Accel-Buffering": "no",
		});
		if (c.req.method === "HEAD") return head;
		const { outgoing } = c.env;
		head.headers.forEach((value, name) => outgoing.setHeader(name, value));
		outgoing.writeHead(200);
		hub.add(outgoing, c.get("session"));
		return RESPONSE_ALREADY_SENT;
	};
}
