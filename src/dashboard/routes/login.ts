import type { Context } from "hono";
import { tokenSender } from "../access.ts";
import type { Env, RouteHandler } from "../app.ts";
import type { AccessPolicy } from "../access.ts";
import { type LoginNote, loginPage, LOGIN_STYLE } from "../login-page.ts";
import { readForm } from "../read-form.ts";
import { isSameOrigin } from "../same-origin.ts";
import { readCookie, writeCookie } from "../session-cookie.ts";
import type { Sessions } from "../sessions.ts";
import { hashToken } from "../token.ts";

// Addresses are relative: a proxy may serve all of it below a path of its own.

/** What logging in and out needs. */
export interface LoginParts {
	readonly policy: AccessPolicy;
	readonly sessions: Sessions;
	readonly tokenHash: Buffer;
}

/** `GET /login`: the form; who has a session goes on to the page. The query is the page's, and comes along. */
export function loginFormRoute({ policy, sessions }: LoginParts): RouteHandler {
	return (c) => {
		const session = sessions.read(readCookie(c.req.header("cookie"), policy.cookie), Date.now());
		if (session !== undefined) return c.redirect(`./${queryOf(c)}`, 303);
		return form(c, "ask", 200);
	};
}

/** `POST /login` with the form's `token`: begins a session, and goes on to the page. */
export function loginRoute({ policy, sessions, tokenHash }: LoginParts): RouteHandler {
	return async (c) => {
		const { incoming } = c.env;
		if (!isSameOrigin(incoming.headers)) return form(c, "foreign", 403);
		const fields = await readForm(incoming);
		if (typeof fields === "number") return refuse(c, fields);
		const token = fields.get("token") ?? "";
		if (fields.size !== 1 || token === "") return refuse(c, 400);
		const { headers, httpVersion, socket } = incoming;
		const sender = tokenSender({ peer: socket.remoteAddress, headers, httpVersion });
		const verdict = policy.throttle.check(sender, hashToken(token), [tokenHash], "all");
		if (verdict.kind === "throttled") {
			c.header("Retry-After", String(verdict.retryAfterSeconds));
			return form(c, "throttled", 429);
		}
		if (verdict.kind === "wrong") return form(c, "wrong", 401);
		const cookie = sessions.write(sessions.begin(Date.now()));
		c.header("Set-Cookie", writeCookie(policy.cookie, cookie, sessions.lifeSeconds, incoming));
		c.header("Cache-Control", "no-store");
		return c.redirect(`./${queryOf(c)}`, 303);
	};
}

/** `POST /logout`: ends the session everywhere, takes the cookie away, and goes to the form. */
export function logoutRoute({ policy, sessions }: LoginParts): RouteHandler {
	return (c) => {
		const { incoming } = c.env;
		if (!isSameOrigin(incoming.headers)) {
			return c.json({ error: "Log out by the page's own button." }, 403, { "Cache-Control": "no-store" });
		}
		const now = Date.now();
		const session = sessions.read(readCookie(incoming.headers.cookie, policy.cookie), now);
		if (session !== undefined) sessions.end(session, now);
		c.header("Set-Cookie", writeCookie(policy.cookie, "", 0, incoming));
		c.header("Cache-Control", "no-store");
		return c.redirect("./login", 303);
	};
}

/** `GET /login.css`. */
export function loginStyleRoute(): RouteHandler {
	return (c) =>
		c.body(LOGIN_STYLE, 200, { "Content-Type": "text/css; charset=utf-8", "Cache-Control": "no-cache" });
}

/** With its "?"; "" where there is none. */
export function queryOf(c: Context<Env>): string {
	return new URL(c.req.url).search;
}

function form(c: Context<Env>, note: LoginNote, status: 200 | 401 | 403 | 429): Response {
	return c.html(loginPage(note), status, { "Cache-Control": "no-store" });
}

const EXPECTED =
	"Expected the form's field `token`, in at most 4096 bytes of application/x-www-form-urlencoded.";

function refuse(c: Context<Env>, status: 400 | 413 | 415): Response {
	// What is left of the body is not read.
	c.header("Connection", "close");
	return c.json({ error: EXPECTED }, status, { "Cache-Control": "no-store" });
}
