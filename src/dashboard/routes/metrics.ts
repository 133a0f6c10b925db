import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { PrometheusHandle } from "../../monitoring/index.ts";
import { acceptsGzip } from "../accept-encoding.ts";
import type { RouteHandler } from "../app.ts";

const compress = promisify(gzip);

/** `GET /metrics`: the Prometheus text format, gzipped where the scraper asks for it. */
export function metricsRoute(handle: PrometheusHandle): RouteHandler {
	return async (c) => {
		const text = handle.render();
		c.header("Content-Type", handle.contentType);
		c.header("Cache-Control", "no-store");
		c.header("Vary", "Accept-Encoding");
		if (!acceptsGzip(c.req.header("accept-encoding"))) return c.body(text);
		// Off this thread: compressing costs as much as rendering.
		const compressed = await compress(text, { level: constants.Z_BEST_SPEED });
		c.header("Content-Encoding", "gzip");
		return c.body(new Uint8Array(compressed));
	};
}
