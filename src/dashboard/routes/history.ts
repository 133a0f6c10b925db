import { acceptsGzip } from "../accept-encoding.ts";
import type { RouteHandler } from "../app.ts";
import type { HistoryAnswers, Parameters } from "../history-answers.ts";
import type { SharedAnswer } from "../shared-answers.ts";

/**
 * `GET /api/series?since=24h&model=gpt-4o`: what happened in each step of a stretch of time; 400 for what is no question,
 * 503 where the ledger cannot be read, or too many questions wait.
 */
export function seriesRoute(history: HistoryAnswers): RouteHandler {
	return answerRoute((parameters) => history.series(parameters));
}

/** `GET /api/calls?outcome=error&order=dearest`: single calls, a page of them. */
export function callsRoute(history: HistoryAnswers): RouteHandler {
	return answerRoute((parameters) => history.calls(parameters));
}

/** `GET /api/costs?by=model,day&since=7d`: what calls came to, exactly. */
export function costsRoute(history: HistoryAnswers): RouteHandler {
	return answerRoute((parameters) => history.costs(parameters));
}

function answerRoute(ask: (parameters: Parameters) => Promise<SharedAnswer> | undefined): RouteHandler {
	return async (c) => {
		c.header("Cache-Control", "no-store");
		try {
			const answer = ask(c.req.queries());
			if (answer === undefined) {
				c.header("Retry-After", "1");
				return c.json({ error: "Too many questions wait for the ledger; try again." }, 503);
			}
			const wantsGzip = acceptsGzip(c.req.header("accept-encoding"));
			const { body, isGzip } = await (await answer).bytes(wantsGzip);
			c.header("Vary", "Accept-Encoding", { append: true });
			if (isGzip) c.header("Content-Encoding", "gzip");
			c.header("Content-Type", "application/json");
			c.header("Content-Length", String(body.length));
			// A response's types want bytes that are in no SharedArrayBuffer, as ours never are: this saves a copy.
			return c.body(body as Uint8Array<ArrayBuffer>);
		} catch (error) {
			// By its shape: the ledger may be of another loaded copy of this package.
			if (!(error instanceof Error) || !("code" in error)) throw error;
			if (error.code === "BAD_OPTION") return c.json({ error: error.message }, 400);
			if (error.code !== "LEDGER") throw error;
			// What SQLite says may name files of this machine.
			return c.json({ error: "The ledger cannot be read now." }, 503);
		}
	};
}
