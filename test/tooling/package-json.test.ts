import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { VERSION } from "../../src/core/version.ts";

const ROOT: string = join(import.meta.dirname, "../..");

function read(name: string): Promise<string> {
	return readFile(join(ROOT, name), "utf8");
}

test("the lockfile holds no addresses of a registry", async () => {
	const lock = await read("package-lock.json");
	expect(lock).toContain('"integrity"');
	expect(lock).not.toContain('"resolved"');
	expect(await read(".npmrc")).toContain("omit-lockfile-registry-resolved=true");
});

test("every dependency is pinned to one version", async () => {
	const { dependencies, devDependencies } = JSON.parse(await read("package.json")) as {
		dependencies: Record<string, string>;
		devDependencies: Record<string, string>;
	};
	const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
		([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+$/.test(version),
	);
	expect(loose).toEqual([]);
});

test("VERSION is the version of package.json and has its part in the changelog", async () => {
	expect(JSON.parse(await read("package.json"))).toMatchObject({ version: VERSION });
	expect(await read("CHANGELOG.md")).toContain(`\n## ${VERSION}\n`);
});
