import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";

/** A file that the page is made of. */
export interface PageFile {
	/** Where it is served. */
	readonly path: string;
	readonly contentType: string;
	readonly text: string;
}

const FOLDER: URL = new URL("page/", import.meta.url);
const CONTENT_TYPES: Readonly<Record<string, string>> = {
	".html": "text/html; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
};

/** Reads the page once: it is a few small files, and what is not in the list can never be asked for. */
export async function loadPageFiles(notice: string | undefined): Promise<readonly PageFile[]> {
	const names = (await readdir(FOLDER)).filter((name) => extname(name) in CONTENT_TYPES);
	return Promise.all(
		names.map(async (name) => {
			const text = await readFile(new URL(name, FOLDER), "utf8");
			const contentType = CONTENT_TYPES[extname(name)] ?? "";
			if (name !== "index.html") return { path: `/${name}`, contentType, text };
			return { path: "/", contentType, text: text.replace("<!--notice-->", () => escapeHtml(notice ?? "")) };
		}),
	);
}

function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
