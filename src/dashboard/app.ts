import type { HttpBindings } from "@hono/node-server";
import { type Handler, Hono, type MiddlewareHandler } from "hono";
import type { PrometheusHandle } from "../monitoring/index.ts";
import { type AccessPolicy, decideAccess } from "./access.ts";
import { allowOrigins } from "./cors.ts";
import type { EventHub } from "./event-hub.ts";
import type { HistoryAnswers } from "./history-answers.ts";
import type { DashboardLogger } from "./logger.ts";
import { ASK_AGAIN_PAGE } from "./login-page.ts";
import type { PageFile } from "./page-files.ts";
import { eventsRoute } from "./routes/events.ts";
import { healthRoute } from "./routes/health.ts";
import { callsRoute, costsRoute, seriesRoute } from "./routes/history.ts";
import {
	loginFormRoute,
	type LoginParts,
	loginRoute,
	loginStyleRoute,
	logoutRoute,
	queryOf,
} from "./routes/login.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { noPageRoute, pageRoute } from "./routes/page.ts";
import { readyRoute } from "./routes/ready.ts";
import { statsRoute } from "./routes/stats.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";
import { writeCookie } from "./session-cookie.ts";
import type { Session } from "./sessions.ts";
import type { DashboardStats } from "./stats.ts";

/** What a request carries through the routes. */
export interface Env {
	readonly Bindings: HttpBindings;
	readonly Variables: { session: Session | undefined };
}
/** The routes as one, on Node's own request and response. */
export type App = Hono<Env>;
/** Answers one path. */
export type RouteHandler = Handler<Env>;

/** What the routes stand on. */
export interface AppParts {
	readonly handle: PrometheusHandle;
	readonly collect: () => Promise<DashboardStats>;
	readonly history: HistoryAnswers;
	readonly events: EventHub;
	readonly isReady: () => boolean;
	readonly page: readonly PageFile[];
	readonly policy: AccessPolicy;
	readonly corsOrigins: readonly string[];
	readonly logger: DashboardLogger;
}

type Routes = Readonly<Record<string, { readonly get?: RouteHandler; readonly post?: RouteHandler }>>;

const TOKEN_NEEDED =
	"Send the token that the server was started with as `Authorization: Bearer <token>`; a browser logs in at /login.";
const NO_TOKEN_SET =
	"This is for programs on the server's own machine. Set the server's authToken to let others in, and what comes through a proxy.";
const TOO_MANY =
	"Too many wrong tokens came from your address, or from everywhere. Wait, then send the right one.";

/** All routes behind the access check; GET and HEAD only, but for logging in and out. */
export function createApp(parts: AppParts): App {
	const { collect, events, handle, history, isReady, page, policy } = parts;
	return assemble(parts, {
		...publicRoutes(handle, isReady),
		"/api/stats": { get: statsRoute(collect) },
		"/api/series": { get: seriesRoute(history) },
		"/api/calls": { get: callsRoute(history) },
		"/api/costs": { get: costsRoute(history) },
		"/api/events": { get: eventsRoute(events) },
		"/": { get: noPageRoute() },
		...Object.fromEntries(page.map((file) => [file.path, { get: pageRoute(file) }])),
		...loginRoutes(policy),
	});
}

/** Only what scrapers and load balancers ask for. */
export function createMetricsApp(
	parts: Pick<AppParts, "handle" | "isReady" | "policy" | "corsOrigins" | "logger">,
): App {
	return assemble(parts, publicRoutes(parts.handle, parts.isReady));
}

function publicRoutes(handle: PrometheusHandle, isReady: () => boolean): Routes {
	return {
		"/metrics": { get: metricsRoute(handle) },
		"/health": { get: healthRoute() },
		"/ready": { get: readyRoute(isReady) },
	};
}

function loginRoutes(policy: AccessPolicy): Routes {
	const { sessions, tokenHash } = policy;
	if (sessions === undefined || tokenHash === undefined) return {};
	const parts: LoginParts = { policy, sessions, tokenHash };
	return {
		"/login": { get: loginFormRoute(parts), post: loginRoute(parts) },
		"/login.css": { get: loginStyleRoute() },
		"/logout": { post: logoutRoute(parts) },
	};
}

function assemble(
	{ corsOrigins, logger, policy }: Pick<AppParts, "policy" | "corsOrigins" | "logger">,
	routes: Routes,
): App {
	const app = new Hono<Env>();
	app.use(secureHeaders());
	app.use(headLength());
	if (corsOrigins.length > 0) app.use(allowOrigins(corsOrigins));
	app.use(checkAccess(policy, "/login" in routes));
	for (const [path, { get, post }] of Object.entries(routes)) {
		if (get !== undefined) app.get(path, get); // hono answers HEAD by it as well
		if (post !== undefined) app.post(path, post);
		const methods = [...(get === undefined ? [] : ["GET", "HEAD"]), ...(post === undefined ? [] : ["POST"])];
		app.all(path, (c) =>
			c.json({ error: `Use ${methods.join(" or ")}.` }, 405, { Allow: methods.join(", ") }),
		);
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
	const headers = Object.entries(SECURITY_HEADERS);
	return async (c, next) => {
		for (const [name, value] of headers) c.header(name, value);
		await next();
	};
}

/** HEAD tells the length that GET would send; hono drops it with the body. */
function headLength(): MiddlewareHandler<Env> {
	return async (c, next) => {
		await next();
		if (c.req.method !== "HEAD" || c.res.headers.has("Content-Length") || c.res.body === null) return;
		const body = await c.res.clone().arrayBuffer();
		c.header("Content-Length", String(body.byteLength));
	};
}

/** @param hasLogin whether a browser can be sent to the form */
function checkAccess(policy: AccessPolicy, hasLogin: boolean): MiddlewareHandler<Env> {
	return async (c, next) => {
		const { incoming } = c.env;
		const { headers, httpVersion, socket } = incoming;
		const now = Date.now();
		const request = { peer: socket.remoteAddress, path: c.req.path, headers, httpVersion };
		const decision = decideAccess(request, policy, now);
		switch (decision.kind) {
			case "allowed": {
				const { session } = decision;
				c.set("session", session);
				if (session !== undefined && policy.sessions?.isOld(session, now) === true) {
					const cookie = policy.sessions.write(policy.sessions.begin(now, session.id));
					c.header("Set-Cookie", writeCookie(policy.cookie, cookie, policy.sessions.lifeSeconds, incoming));
				}
				return next();
			}
			case "throttled":
				c.header("Retry-After", String(decision.retryAfterSeconds));
				return c.json({ error: TOO_MANY }, 429, { "Cache-Control": "no-store" });
			case "unauthorized": {
				c.header("Cache-Control", "no-store");
				const isPage = c.req.path === "/" && ["GET", "HEAD"].includes(c.req.method);
				if (isPage && hasLogin && headers.authorization === undefined) {
					return isFromElsewhere(headers["sec-fetch-site"])
						? c.html(ASK_AGAIN_PAGE)
						: c.redirect(`./login${queryOf(c)}`, 303);
				}
				c.header("WWW-Authenticate", "Bearer");
				const needsToken = policy.tokenHash !== undefined || c.req.path === "/metrics";
				return c.json({ error: needsToken ? TOKEN_NEEDED : NO_TOKEN_SET }, 401);
			}
			case "foreign-host":
				return c.json({ error: "Ask for this machine by localhost or 127.0.0.1, or set an authToken." }, 403);
		}
	};
}

/** Whether a browser follows another site's link, and so keeps a session's cookie to itself. */
function isFromElsewhere(site: string | string[] | undefined): boolean {
	return site === "cross-site" || site === "same-site";
}
