import type { MiddlewareHandler } from "hono";
import type { Env } from "./app.ts";

/** A browser may ask for how long without asking whether it may. */
const PREFLIGHT_SECONDS = "600";

/**
 * Lets pages of these origins read answers: without cookies, so they send the token as programs do. Others get no word of
 * it, which a browser takes for a no.
 */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler<Env> {
	const allowed = new Set(origins);
	return async (c, next) => {
		const origin = c.req.header("origin");
		const isAllowed = origin !== undefined && allowed.has(origin);
		const isPreflight =
			c.req.method === "OPTIONS" && c.req.header("access-control-request-method") !== undefined;
		if (isAllowed && isPreflight) {
			return c.body(null, 204, {
				"Access-Control-Allow-Origin": origin,
				"Access-Control-Allow-Methods": "GET, HEAD",
				"Access-Control-Allow-Headers": "Authorization",
				"Access-Control-Max-Age": PREFLIGHT_SECONDS,
				Vary: "Origin",
			});
		}
		c.header("Vary", "Origin");
		if (isAllowed) c.header("Access-Control-Allow-Origin", origin);
		return next();
	};
}
