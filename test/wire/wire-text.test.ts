import fc from "fast-check";
import { expect, test } from "vitest";
import { latin1Json, wireText } from "../../src/wire/wire-text.ts";

/** Text as it comes out of the parser: a character a byte. */
function onTheWire(text: string): string {
	return Buffer.from(text).toString("latin1");
}

test("a text of JSON on the wire is what was meant", () => {
	fc.assert(
		fc.property(fc.string({ unit: "grapheme" }), (text) => {
			expect(wireText(String(latin1Json(onTheWire(JSON.stringify(text)))))).toBe(text.toWellFormed());
		}),
	);
});

test.each(["gpt-5-mini", "", "modèle-é", "模型", "🎈"])("%j", (model) => {
	expect(wireText(onTheWire(model))).toBe(model);
});

test("escapes bring characters that no byte stands for, and are left as they are", () => {
	expect(wireText(String(latin1Json('"\\u6a21\\u578b"')))).toBe("模型");
});

test("what is no JSON is undefined", () => {
	for (const text of ["", "{", "undefined", "[1,]"]) expect(latin1Json(text)).toBeUndefined();
});
