import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LabelGuard } from "../../src/core/label-guard.ts";

/** A guard whose slots are the numbers of its label sets, and what it has done. */
function guardOf(max: number) {
	const admitted: string[] = [];
	const seen = { overflows: 0 };
	const guard = new LabelGuard(
		max,
		(first, second) => admitted.push(`${first}/${second}`) - 1,
		() => {
			seen.overflows += 1;
		},
	);
	const name = (first: string, second: string): string => admitted[guard.resolve(first, second)] ?? "none";
	return { admitted, name, seen };
}

describe("the label guard", () => {
	test("gives each label set its own place, and the same one again", () => {
		const { admitted, name } = guardOf(10);
		expect(name("chat", "a")).toBe("chat/a");
		expect(name("chat", "b")).toBe("chat/b");
		expect(name("chat", "a")).toBe("chat/a");
		expect(admitted).toHaveLength(2);
	});

	test("finds each of many again, whatever was asked before, and under no first value", () => {
		const { admitted, name } = guardOf(100);
		const firsts = ["", "chat", "search"];
		const seconds = Array.from({ length: 20 }, (_, i) => `model-${i}`);
		for (const first of firsts) for (const second of seconds) name(first, second);
		expect(admitted).toHaveLength(60);
		for (const second of seconds) {
			for (const first of firsts) expect(name(first, second)).toBe(`${first}/${second}`);
		}
		expect(admitted).toHaveLength(60);
	});

	test("does not confuse what would read the same when put together", () => {
		const { admitted, name } = guardOf(10);
		name("a,b", "c");
		name("a", "b,c");
		expect(admitted).toEqual(["a,b/c", "a/b,c"]);
	});

	test("in excess the model becomes other and the route is kept", () => {
		// One route of a bound of 5: its `other` and (other, other) keep a place each, so 3 models fit.
		const { name, seen } = guardOf(5);
		expect(["m1", "m2", "m3", "m4", "m5"].map((model) => name("chat", model))).toEqual([
			"chat/m1",
			"chat/m2",
			"chat/m3",
			"chat/other",
			"chat/other",
		]);
		expect(seen.overflows).toBe(2);
	});

	test("routes in excess become other, too", () => {
		const { name } = guardOf(3);
		expect(name("r1", "m")).toBe("r1/m");
		expect(name("r2", "m")).toBe("other/other");
		expect(name("r1", "m2")).toBe("r1/other");
		expect(name("r1", "m")).toBe("r1/m");
	});

	test("a million models leave at most the bound", () => {
		const { admitted, name, seen } = guardOf(1000);
		for (let i = 0; i < 1_000_000; i += 1) name("chat", `model-${i}`);
		expect(admitted.length).toBeLessThanOrEqual(1000);
		expect(seen.overflows).toBe(1_000_000 - (admitted.length - 1));
	});

	test("a text that is no name is not kept", () => {
		const { admitted, name } = guardOf(10);
		expect(name("chat", "x".repeat(257))).toBe("chat/other");
		expect(name("x".repeat(257), "m")).toBe("other/other");
		expect(admitted).toEqual(["chat/other", "other/other"]);
	});

	test("lone surrogates share the place of what they are written as", () => {
		const { admitted, name } = guardOf(10);
		expect(name("chat", "a\ud800")).toBe("chat/a\ufffd");
		expect(name("chat", "a\ufffd")).toBe("chat/a\ufffd");
		expect(admitted).toHaveLength(1);
	});

	test("whatever comes, the bound holds, every answer is a place, and no place is given twice", () => {
		const label = fc.constantFrom("a", "b", "c", "d", "e", "f", "other", "x".repeat(300));
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 12 }),
				fc.array(fc.tuple(label, label), { maxLength: 80 }),
				(max, pairs) => {
					const { admitted, name } = guardOf(max);
					for (const [first, second] of pairs) {
						const place = name(first, second);
						const ok = [`${first}/${second}`, `${first}/other`, "other/other"];
						expect(ok).toContain(place);
						expect(name(first, second)).toBe(place);
					}
					expect(admitted.length).toBeLessThanOrEqual(max);
					expect(new Set(admitted).size).toBe(admitted.length);
				},
			),
		);
	});
});
