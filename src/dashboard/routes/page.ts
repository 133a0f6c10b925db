import type { RouteHandler } from "../app.ts";
import type { PageFile } from "../page-files.ts";

/** `GET /` and the files that the page loads. */
export function pageRoute(file: PageFile): RouteHandler {
	return (c) => c.body(file.text, 200, { "Content-Type": file.contentType, "Cache-Control": "no-cache" });
}
