import fc from "fast-check";
import { expect, test } from "vitest";
import type { Hue } from "../../../src/dashboard/page/charts/palette.ts";
import { assignHues, byHue } from "../../../src/dashboard/page/charts/use-hues.ts";

const NONE: ReadonlyMap<string, Hue> = new Map();

test("colours go in order at first, and stay with their names when the order changes", () => {
	const first = assignHues(NONE, ["a", "b", "c"]);
	expect([...first]).toEqual([
		["a", 1],
		["b", 2],
		["c", 3],
	]);
	const second = assignHues(first, ["d", "c", "a"]);
	expect(["a", "c", "d"].map((name) => second.get(name))).toEqual([1, 3, 4]);
	// Who comes back has its colour still.
	expect(assignHues(second, ["b"]).get("b")).toBe(2);
});

test("with more names than colours the last are grey, and get the colours of those that are gone", () => {
	const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
	const full = assignHues(NONE, names);
	expect([full.get("g"), full.get("h")]).toEqual([7, "rest"]);
	expect(assignHues(full, names.slice(1)).get("h")).toBe(1);
});

test("no two names that are there share a colour, whatever was before", () => {
	const some = fc.uniqueArray(fc.constantFrom(...Array.from("abcdefghijkl")), { maxLength: 10 });
	fc.assert(
		fc.property(some, some, some, (one, two, three) => {
			const last = assignHues(assignHues(assignHues(NONE, one), two), three);
			const hues = three.map((name) => last.get(name)).filter((hue) => hue !== "rest");
			expect(new Set(hues).size).toBe(hues.length);
			expect(hues.length).toBe(Math.min(7, three.length));
		}),
	);
});

test("layers are in the order of their colours, grey on top", () => {
	const hues = (["rest", 3, 1] as const).map((hue) => ({ hue }));
	expect(byHue(hues).map(({ hue }) => hue)).toEqual([1, 3, "rest"]);
});
