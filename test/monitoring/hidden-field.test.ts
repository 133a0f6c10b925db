import { inspect } from "node:util";
import { expect, test } from "vitest";
import { hiddenField } from "../../src/monitoring/hidden-field.ts";

test("an object has what was put into its field, once, and nobody sees it", () => {
	const field = hiddenField<string>();
	const other = hiddenField<number>();
	const response = new Response("body");
	const plain = inspect(response, { showHidden: true });
	field.set(response, "one");
	expect(field.get(response)).toBe("one");
	expect(other.get(response)).toBeUndefined();
	expect(() => field.set(response, "two")).toThrow(TypeError);
	expect(field.get(response)).toBe("one");
	expect(inspect(response, { showHidden: true })).toBe(plain);
	// Not what it stands for, either.
	expect(field.get(new Proxy(response, {}))).toBeUndefined();
});

test.each([undefined, null, "text", 1, {}, () => undefined])("%s has none", (value) => {
	expect(hiddenField<string>().get(value)).toBeUndefined();
});
