import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MINIMUM_NODE, nodeVersionProblem } from "../../src/core/node-version.ts";
import { VERSION } from "../../src/core/version.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

test.each(["18.19.0", "20.20.2", "22.12.0", "22.0.0"])(
	"Node %s is told in one sentence what it takes",
	(version) => {
		const problem = nodeVersionProblem(version);
		expect(problem).toContain(`22.13.0 or newer and this is ${version}`);
		expect(problem).not.toContain("\n");
	},
);

test.each(["22.13.0", "22.23.3", "24.0.0", "26.10.0", "100.0.0"])("Node %s will do", (version) => {
	expect(nodeVersionProblem(version)).toBeUndefined();
});

test("package.json says the same", () => {
	expect(manifest.engines.node).toBe(`>=${MINIMUM_NODE}`);
	expect(manifest.version).toBe(VERSION);
});
