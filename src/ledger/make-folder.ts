import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder, and those that it lies in, where there are none. Node.js's own `recursive` tries for ever where a file
 * system says that there is no such folder while there is, as Linux does below /proc.
 *
 * @throws what the file system throws
 */
export function makeFolder(path: string): void {
	try {
		mkdirSync(path);
	} catch (error) {
		const code = error instanceof Error && "code" in error ? error.code : undefined;
		if (code === "EEXIST" && statSync(path).isDirectory()) return;
		if (code !== "ENOENT" || existsSync(dirname(path))) throw error;
		makeFolder(dirname(path));
		makeFolder(path);
	}
}
