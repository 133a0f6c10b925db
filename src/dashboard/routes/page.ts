import { acceptsGzip } from "../accept-encoding.ts";
import type { RouteHandler } from "../app.ts";
import type { PageFile } from "../page-files.ts";

/** `GET /` and the files that the page loads; a browser that has one is told when it is still the same. */
export function pageRoute({ body, contentType, etag, gzipped, path }: PageFile): RouteHandler {
	return (c) => {
		// The page itself is kept by nobody: after a logout it must not come back. Files by the browser alone: a session's
		// cookie may come with them.
		c.header("Cache-Control", path === "/" ? "no-store" : "private, no-cache");
		c.header("Vary", "Accept-Encoding", { append: true });
		c.header("ETag", etag);
		if (c.req.header("if-none-match") === etag) return c.body(null, 304);
		const isGzip = acceptsGzip(c.req.header("accept-encoding"));
		if (isGzip) c.header("Content-Encoding", "gzip");
		const bytes = isGzip ? gzipped : body;
		c.header("Content-Type", contentType);
		c.header("Content-Length", String(bytes.length));
		// A response's types want bytes that are in no SharedArrayBuffer, as ours never are: this saves a copy.
		return c.body(bytes as Uint8Array<ArrayBuffer>);
	};
}

/** `GET /` where the page's files were left behind. */
export function noPageRoute(): RouteHandler {
	return (c) =>
		c.json({ error: "The page's files are missing beside the server's: build the package." }, 503, {
			"Cache-Control": "no-store",
		});
}
