import { describe, expect, test } from "vitest";
import { ProjectCopy } from "./project-copy.ts";

/** A violation: what is written where, the check that must turn red, and what it must say. */
interface Violation {
	name: string;
	file: string;
	text: string | ((before: string) => string);
	check: string;
	says: RegExp;
}

const VIOLATIONS: readonly Violation[] = [
	{
		name: "bad format",
		file: "src/core/planted.ts",
		text: "export const planted   : number=1\n",
		check: "format",
		says: /src\/core\/planted\.ts/,
	},
	{
		name: "a promise that nobody awaits",
		file: "src/core/planted.ts",
		text: "Promise.resolve(1);\nexport {};\n",
		check: "lint",
		says: /no-floating-promises[^]*src\/core\/planted\.ts/,
	},
	{
		name: "a cast without a reason",
		file: "src/core/planted.ts",
		text: "export function planted(x: unknown): number {\n\treturn x as number;\n}\n",
		check: "lint",
		says: /cast-reason[^]*src\/core\/planted\.ts/,
	},
	{
		name: "an import from a higher floor",
		file: "src/core/planted.ts",
		text: 'export { CATALOG } from "../metrics/catalog.ts";\n',
		check: "lint",
		says: /core must not import metrics: it is a higher floor/,
	},
	{
		name: "a type import from a room of the same floor",
		file: "src/wire/planted.ts",
		text: 'export type Planted = import("../metrics/catalog.ts").MetricDefinition;\n',
		check: "lint",
		says: /wire must not import metrics: rooms of one floor/,
	},
	{
		name: "a dynamic import from a nested folder",
		file: "src/dashboard/routes/planted.ts",
		text: 'export const planted: Promise<unknown> = import("../../providers/index.ts");\n',
		check: "lint",
		says: /dashboard must not import providers: rooms of one floor/,
	},
	{
		name: "a room that the house does not have",
		file: "src/utils/planted.ts",
		text: "export const planted = 1;\n",
		check: "lint",
		says: /src\/utils is no room of the house/,
	},
	{
		name: "an import from a room that the house does not have",
		file: "src/core/planted.ts",
		text: 'export { planted } from "../helpers/planted.ts";\n',
		check: "lint",
		says: /src\/helpers is no room of the house/,
	},
	{
		name: "an import from outside of src/",
		file: "src/core/planted.ts",
		text: 'export { ProjectCopy } from "../../test/tooling/project-copy.ts";\n',
		check: "lint",
		says: /leaves src\//,
	},
	{
		name: "a type error",
		file: "src/core/planted.ts",
		text: 'export const planted: number = "one";\n',
		check: "types",
		says: /src\/core\/planted\.ts\(1,14\): error TS2322/,
	},
	{
		name: "an export that nobody uses",
		file: "src/core/version.ts",
		text: (before) => `${before}export const plantedAndUnused = 1;\n`,
		check: "dead code",
		says: /plantedAndUnused/,
	},
	{
		name: "a dependency that nobody uses",
		file: "package.json",
		text: (before) => before.replace('"dependencies": {', '"dependencies": {\n    "undici-types": "6.21.0",'),
		check: "dead code",
		says: /Unused dependencies[^]*undici-types/,
	},
	{
		name: "a rule that was changed where it is generated",
		file: "deploy/prometheus/rules.yml",
		text: (before) => before.replace("> 50", "> 5000"),
		check: "generated",
		says: /deploy\/prometheus\/rules\.yml is not what `npm run generate` writes/,
	},
	{
		name: "an export whose file is not packed",
		file: "package.json",
		text: (before) => before.replace("./dist/providers/index.js", "./dist/providers/missing.js"),
		check: "package",
		says: /dist\/providers\/missing\.js/,
	},
	{
		name: "an export whose types are not packed",
		file: "package.json",
		text: (before) => before.replace("./dist/providers/index.d.ts", "./dist/providers/missing.d.ts"),
		check: "package",
		says: /dist\/providers\/missing\.d\.ts/,
	},
];

describe("each check turns red on a planted violation and names it", () => {
	test.for(VIOLATIONS)("$check: $name", async ({ file, text, check, says }) => {
		await using copy = await ProjectCopy.make();
		await copy.plant(file, text);
		const { code, output } = await copy.run("node", ["scripts/check.ts", check]);
		expect(output).toContain(`check ${check}: FAILED`);
		expect(output).toMatch(says);
		expect(code).toBe(1);
	});
});

test("a check that does not exist is an error that names those that do", async () => {
	await using copy = await ProjectCopy.make();
	const { code, output } = await copy.run("node", ["scripts/check.ts", "spelling"]);
	expect(output).toContain(
		'There is no check "spelling": choose from format, lint, types, dead code, generated, package.',
	);
	expect(code).toBe(1);
});
