import type { HttpBindings } from "@hono/node-server";
import { type Handler, Hono, type MiddlewareHandler } from "hono";
import type { PrometheusHandle } from "../monitoring/index.ts";
import { type AccessPolicy, decideAccess } from "./access.ts";
import type { DashboardLogger } from "./logger.ts";
import type { PageFile } from "./page-files.ts";
import { costsRoute } from "./routes/costs.ts";
import { healthRoute } from "./routes/health.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { pageRoute } from "./routes/page.ts";
import { readyRoute } from "./routes/ready.ts";
import { statsRoute } from "./routes/stats.ts";
import type { DashboardStats } from "./stats.ts";

type Env = { Bindings: HttpBindings };
/** The routes as one, on Node's own request and response. */
export type App = Hono<Env>;
/** Answers one path. */
export type RouteHandler = Handler<Env>;

/** What the routes stand on. */
export interface AppParts {
	readonly handle: PrometheusHandle;
	readonly collect: () => DashboardStats;
	readonly isReady: () => boolean;
	readonly page: readonly PageFile[];
	readonly policy: AccessPolicy;
	readonly logger: DashboardLogger;
}

/** No inline script or style, nothing from elsewhere, in no frame. */
const CONTENT_SECURITY_POLICY =
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/** Basic is what browsers ask their user for; they send it again with all that the page loads. */
const CHALLENGES = ["Bearer", 'Basic realm="HyperAgent", charset="UTF-8"'];
const TOKEN_NEEDED =
	"Send the server's authToken: `Authorization: Bearer <token>`, or in a browser as the password.";
/** No browser asks for a password here: there is none. */
const NO_TOKEN_SET =
	"This is for programs on the server's own machine. Set the server's authToken to let others in, and what comes through a proxy.";

/** All routes behind the access check; GET and HEAD only. */
export function createApp(parts: AppParts): App {
	const { collect, handle, isReady, logger, page, policy } = parts;
	const app = new Hono<Env>();
	app.use(secureHeaders());
	app.use(headLength());
	app.use(checkAccess(policy));
	const routes: Readonly<Record<string, RouteHandler>> = {
		"/metrics": metricsRoute(handle),
		"/health": healthRoute(),
		"/ready": readyRoute(isReady),
		"/api/stats": statsRoute(collect),
		"/api/costs": costsRoute(),
		...Object.fromEntries(page.map((file) => [file.path, pageRoute(file)])),
	};
	for (const [path, handler] of Object.entries(routes)) {
		app.get(path, handler); // hono answers HEAD by it as well
		app.all(path, (c) => c.json({ error: "Use GET or HEAD." }, 405, { Allow: "GET, HEAD" }));
	}
	app.notFound((c) =>
		c.json({ error: `There is nothing here; try ${Object.keys(routes).slice(0, 4).join(", ")}.` }, 404),
	);
	app.onError((error, c) => {
		logger.error(`DashboardServer: ${c.req.method} ${c.req.path} failed: ${error.message}`);
		return c.json({ error: "Internal error; the server's log says more." }, 500);
	});
	return app;
}

function secureHeaders(): MiddlewareHandler<Env> {
	return async (c, next) => {
		await next();
		c.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
		c.header("X-Content-Type-Options", "nosniff");
		c.header("Referrer-Policy", "no-referrer");
		c.header("Cross-Origin-Resource-Policy", "same-origin");
	};
}

/** HEAD tells the length that GET would send; hono drops it with the body. */
function headLength(): MiddlewareHandler<Env> {
	return async (c, next) => {
		await next();
		if (c.req.method !== "HEAD" || c.res.headers.has("Content-Length")) return;
		const body = await c.res.clone().arrayBuffer();
		c.header("Content-Length", String(body.byteLength));
	};
}

function checkAccess(policy: AccessPolicy): MiddlewareHandler<Env> {
	return async (c, next) => {
		const { headers, socket } = c.env.incoming;
		switch (decideAccess({ peer: socket.remoteAddress, path: c.req.path, headers }, policy)) {
			case "allowed":
				return next();
			case "unauthorized":
				// One line each, straight to Node: Chromium does not see the second challenge of a line.
				c.env.outgoing.setHeader("WWW-Authenticate", policy.tokenHash === undefined ? "Bearer" : CHALLENGES);
				return c.json({ error: policy.tokenHash === undefined ? NO_TOKEN_SET : TOKEN_NEEDED }, 401);
			case "foreign-host":
				return c.json({ error: "Ask for this machine by localhost or 127.0.0.1, or set an authToken." }, 403);
		}
	};
}
