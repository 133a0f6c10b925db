/** Builds the browser page from src/dashboard/page into dist/dashboard/page, and weighs it. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT, runCommand, TSC } from "./run-command.ts";

const SOURCE: string = join(ROOT, "src/dashboard/page");
const TARGET: string = join(ROOT, "dist/dashboard/page");

/** The packages whose code is in `page.js`. */
const BUNDLED = ["preact", "uplot"];

/** What all files of the page may weigh together, gzipped, in bytes. */
export const PAGE_BUDGET = 100_000;

/** Builds the page; the answer is what the compiler or Vite complained about, or "" where they are content. */
export async function buildPage(): Promise<string> {
	const [types, bundle] = await Promise.all([checkTypes(), bundlePage(SOURCE, TARGET)]);
	await writeLicenses(TARGET);
	return types + bundle || (await weighPage(TARGET));
}

async function checkTypes(): Promise<string> {
	const { code, output } = await runCommand("node", [TSC, "-p", SOURCE, "--noEmit"]);
	return code === 0 ? "" : output;
}

/** Bundles the page in `source` into `target`, which is emptied; the answer is what Vite complained about. */
export async function bundlePage(source: string, target: string): Promise<string> {
	const { createLogger, build } = await import("vite");
	const { NODE_ENV } = process.env;
	const problems: string[] = [];
	const logger = createLogger("warn", { allowClearScreen: false });
	const note = (message: string): number => problems.push(`${message}\n`);
	try {
		await build({
			root: source,
			base: "./",
			configFile: false,
			envDir: false,
			logLevel: "warn",
			publicDir: false,
			mode: "production",
			customLogger: { ...logger, info: () => {}, warn: note, warnOnce: note, error: note },
			build: {
				outDir: target,
				emptyOutDir: true,
				target: "es2023",
				modulePreload: false,
				// As files, not as data in the style sheet: the page's policy is strict.
				assetsInlineLimit: 0,
				cssCodeSplit: false,
				rolldownOptions: {
					output: {
						entryFileNames: "page.js",
						assetFileNames: (asset) => (asset.names.some(isStyle) ? "page.css" : "[name][extname]"),
						codeSplitting: false,
					},
				},
			},
		});
	} catch (error) {
		// Vite throws what it has logged, with the place in the source.
		problems.push(`The page cannot be built: ${error instanceof Error ? error.message : String(error)}\n`);
	} finally {
		// Vite sets it to "production", and tests that run later in this process would take it for theirs.
		if (NODE_ENV === undefined) delete process.env["NODE_ENV"];
		else process.env["NODE_ENV"] = NODE_ENV;
	}
	return problems.join("");
}

/** What is bundled may be copied with its license beside it. */
export async function writeLicenses(target: string): Promise<void> {
	const texts = await Promise.all(
		BUNDLED.map(async (name) => {
			const license = await readFile(join(ROOT, "node_modules", name, "LICENSE"), "utf8");
			return `${name}\n\n${license.trim()}\n`;
		}),
	);
	await mkdir(target, { recursive: true });
	await writeFile(join(target, "third-party-licenses.txt"), texts.join("\n\n"));
}

function isStyle(name: string): boolean {
	return name.endsWith(".css");
}

/** Says so where the files in `folder` weigh more than `budget` bytes, each gzipped; "" where they do not. */
export async function weighPage(folder: string, budget: number = PAGE_BUDGET): Promise<string> {
	const names = await readdir(folder);
	const sizes = await Promise.all(
		names.map(async (name) => [name, gzipSync(await readFile(join(folder, name))).length] as const),
	);
	const total = sizes.reduce((sum, [, size]) => sum + size, 0);
	if (total <= budget) return "";
	const each = sizes.map(([name, size]) => `${name} ${size}`).join(", ");
	return `The page weighs ${total} bytes gzipped, ${budget} are allowed: ${each}.\n`;
}
