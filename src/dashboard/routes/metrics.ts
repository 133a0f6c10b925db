import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { PROCESS_ID } from "../../core/call-id.ts";
import type { PrometheusHandle } from "../../monitoring/index.ts";
import { acceptsGzip } from "../accept-encoding.ts";
import type { RouteHandler } from "../app.ts";

const compress = promisify(gzip);

/**
 * `GET /metrics`, in the format that the scraper asks for, gzipped where it asks for that; `?name[]=llm_cost_usd_total`,
 * as often as one likes, picks families. The header `X-HyperAgent-Process` says whose counters they are: the rows of that
 * process in a ledger add up to them.
 */
export function metricsRoute(handle: PrometheusHandle): RouteHandler {
	/** What has not changed since the last scrape is not compressed again. */
	const compressed = new WeakMap<Uint8Array, Promise<Buffer>>();
	return async (c) => {
		const names = c.req.queries("name[]");
		const { body, contentType } = await handle.scrape({ accept: c.req.header("accept"), names });
		c.header("Content-Type", contentType);
		c.header("X-HyperAgent-Process", PROCESS_ID);
		c.header("Cache-Control", "no-store");
		c.header("Vary", "Accept, Accept-Encoding");
		if (!acceptsGzip(c.req.header("accept-encoding"))) return answer(c, body);
		let zipped = compressed.get(body);
		if (zipped === undefined) {
			// Off this thread: compressing costs as much as rendering.
			zipped = compress(body, { level: constants.Z_BEST_SPEED });
			compressed.set(body, zipped);
		}
		c.header("Content-Encoding", "gzip");
		return answer(c, await zipped);
	};
}

/** With its length, so that HEAD need not make the body to tell it. */
function answer(c: Parameters<RouteHandler>[0], bytes: Uint8Array): Response {
	c.header("Content-Length", String(bytes.length));
	// A response's types want bytes that are in no SharedArrayBuffer, as ours never are: this saves a copy.
	return c.body(bytes as Uint8Array<ArrayBuffer>);
}
