import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const compress = promisify(gzip);

/** A file that the page is made of. */
export interface PageFile {
	/** Where it is served. */
	readonly path: string;
	readonly contentType: string;
	readonly body: Buffer;
	readonly gzipped: Buffer;
	/** Changes with the file (RFC 9110, 8.8.3). */
	readonly etag: string;
}

/** Where the build puts the page; from the sources one gets the last build. */
const FOLDER: URL = new URL(
	import.meta.url.endsWith(".ts") ? "../../dist/dashboard/page/" : "page/",
	import.meta.url,
);
const CONTENT_TYPES: Readonly<Record<string, string>> = {
	".html": "text/html; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
};

/** Reads the page once: it is a few small files, and what is not in the list can never be asked for. */
export async function loadPageFiles(
	notice: string | undefined,
	folder: URL = FOLDER,
): Promise<readonly PageFile[]> {
	const names = (await readdir(folder)).filter((name) => extname(name) in CONTENT_TYPES);
	return Promise.all(names.map(async (name) => loadFile(folder, name, notice ?? "")));
}

async function loadFile(folder: URL, name: string, notice: string): Promise<PageFile> {
	const text = await readFile(new URL(name, folder), "utf8");
	const isPage = name === "index.html";
	const body = Buffer.from(isPage ? text.replace("<!--notice-->", () => escapeHtml(notice)) : text);
	return {
		path: isPage ? "/" : `/${name}`,
		contentType: CONTENT_TYPES[extname(name)] ?? "",
		body,
		gzipped: await compress(body),
		etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
	};
}

function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
