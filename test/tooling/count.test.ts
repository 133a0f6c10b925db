import { expect, test } from "vitest";
import { ProjectCopy } from "./project-copy.ts";

/** Planted in a copy of the project: the test that is switched off there is what the counting must find. */
const PLANTED = `import { describe, beforeAll, expect, test } from "vitest";

test("passes", () => expect(1).toBe(1));
test("fails", () => expect(1).toBe(2));
test("has no service", ({ skip }) => skip("no recordings here"));
test.skip("is switched off", () => expect(1).toBe(2));
describe("a suite whose hook throws", () => {
	beforeAll(() => {
		throw new Error("planted");
	});
	test("never runs", () => expect(1).toBe(1));
});
`;

test("npm test counts what failed, names what was skipped and why, and exits with 1", async () => {
	await using copy = await ProjectCopy.make();
	await copy.plant("test/planted/planted.test.ts", PLANTED);
	await copy.plant("test/planted/broken.test.ts", 'import "./missing.ts";\n');
	const { code, stdout } = await copy.run("node", ["scripts/test.ts", "test/planted/"]);
	expect(code).toBe(1);
	const lines = stdout.trimEnd().split("\n");
	const last = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(lines.at(-1) ?? "");
	// The build and the checks count too; here they only stand beside the planted tests.
	const red = lines.filter((line) => /^(build|check [a-z ]+): FAILED/.test(line)).length;
	const green = lines.filter((line) => /^check [a-z ]+: ok/.test(line)).length;
	expect(last?.slice(1).map(Number)).toEqual([green + 1, red + 3, 3]);
	expect(stdout).toContain("skipped: no recordings here:\n  test/planted/planted.test.ts: has no service\n");
	expect(stdout).toContain("skipped: no reason given:\n  test/planted/planted.test.ts: is switched off\n");
	expect(stdout).toContain("skipped: its setup failed:\n");
});

test("a forgotten .only is a failure", async () => {
	await using copy = await ProjectCopy.make();
	await copy.plant(
		"test/planted/only.test.ts",
		'import { test } from "vitest";\n\ntest.only("one", () => undefined);\ntest("two", () => undefined);\n',
	);
	const { code, output } = await copy.run("node", ["scripts/test.ts", "test/planted/"]);
	expect(output).toContain("Unexpected .only modifier");
	expect(code).toBe(1);
});
