/** Where the programs are that some tests run; `npm run setup` installs them. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Every one that a test may ask for. */
type Service = "chromium" | "prometheus" | "prometheus-alertmanager" | "promtool";

/**
 * The path of an installed program, for a test that cannot do without it.
 *
 * @throws Error that names the cure where it is missing: such a test fails and is not skipped
 */
export function requireBinary(name: Service): string {
	const path = process.env["PATH"] ?? "";
	for (const folder of path.split(delimiter)) {
		const file = join(folder, name);
		try {
			accessSync(file, constants.X_OK);
			return file;
		} catch {
			// Not in this folder.
		}
	}
	throw new Error(`This test needs ${name}, which is not in PATH (${path}): run \`npm run setup\`.`);
}
