/** What is left of a document, however it comes in pieces, is the document without the middles of what is long. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf, JsonDigest } from "../../src/monitoring/json-digest.ts";

function digested(bytes: Buffer, cuts: readonly number[]): JsonDigest {
	const digest = new JsonDigest();
	let from = 0;
	for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
		digest.push(bytes.subarray(from, cut));
		from = cut;
	}
	return digest;
}

const CUTS = fc.array(fc.nat(4000), { maxLength: 6 });

test("short documents are what JSON.parse makes of them, cut anywhere", () => {
	fc.assert(
		fc.property(fc.json({ maxDepth: 4 }), CUTS, (json, cuts) => {
			expect(digested(Buffer.from(json), cuts).value()).toEqual(JSON.parse(json));
			expect(digestOf(json)).toEqual(JSON.parse(json));
		}),
	);
});

test("texts full of quotes, backslashes and characters of several bytes, cut at every byte", () => {
	const value = { a: '\\"\\\\" {"b":[1,2]} \\', "c\\": "東京 🎉\u0001", d: ["\\\\\\", "", '"'] };
	const bytes = Buffer.from(JSON.stringify(value));
	for (let cut = 0; cut <= bytes.length; cut += 1) expect(digested(bytes, [cut]).value()).toEqual(value);
	const single = Array.from(bytes, (_, index) => index);
	expect(digested(bytes, single).value()).toEqual(value);
});

/** Whether a text is another one of which something was cut out. */
function isPartOf(part: string, text: string): boolean {
	let at = 0;
	for (let unit = 0; unit < text.length; unit += 1) if (text[unit] === part[at]) at += 1;
	return at === part.length;
}

test("of long texts the middles are left out, whatever they are made of", () => {
	const run = fc.record({
		unit: fc.constantFrom("a", "0,", "[1,2],", "true", "é", "东", "🎉", " ", '"', "\\", "\n", "\0", "\ud83d"),
		times: fc.constantFrom(1, 3, 700, 1500, 9000),
	});
	fc.assert(
		fc.property(fc.array(run, { maxLength: 6 }), CUTS, (runs, cuts) => {
			const long = runs.map(({ times, unit }) => unit.repeat(times)).join("");
			const json = JSON.stringify({ before: [1, "b"], long, after: { usage: [2] } });
			for (const value of [digestOf(json), digested(Buffer.from(json), cuts).value()]) {
				const { long: left } = value as { long: string };
				expect(value).toEqual({ before: [1, "b"], long: left, after: { usage: [2] } });
				// A character that was cut in two is replaced.
				expect(left.includes("\ufffd") || isPartOf(left, long)).toBe(true);
				expect(left.startsWith(long.slice(0, 40))).toBe(true);
			}
		}),
		{ numRuns: 300 },
	);
	const picture = JSON.stringify({ data: "iVBORw0KGgo".repeat(100_000) });
	expect(JSON.stringify(digestOf(picture)).length).toBeLessThan(300);
});

test("of long lists of numbers a few are left, and all of short ones", () => {
	const vector = Array.from({ length: 3072 }, (_, index) => (index % 7) * -1.25e-7 + index);
	const value = {
		data: [{ embedding: vector, index: 0 }, { embedding: [1, -2.5, 3e10] }],
		usage: { total: 9 },
	};
	for (const space of [0, 1]) {
		const bytes = Buffer.from(JSON.stringify(value, undefined, space));
		fc.assert(
			fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
				const read = digested(bytes, cuts).value() as typeof value;
				expect(read.data[1]).toEqual(value.data[1]);
				expect(read.usage).toEqual(value.usage);
				const left = read.data[0]?.embedding ?? [];
				expect(left[0]).toBe(vector[0]);
				expect(left.at(-1)).toBe(vector.at(-1));
			}),
			{ numRuns: 40 },
		);
	}
	const read = digestOf(JSON.stringify(value)) as typeof value;
	expect(read.data[0]?.embedding.length).toBeLessThan(100);
});

describe("what is no JSON", () => {
	test("of any kind has no value", () => {
		const long = "x".repeat(5000);
		for (const text of [
			"",
			"{",
			'{"a":',
			`{"a":"${long}`,
			`{"a":"${long}\\"}`,
			`{"a":"${long}" "b"}`,
			"<html>",
		]) {
			expect(digested(Buffer.from(text), [1, 2]).value()).toBeUndefined();
			expect(digestOf(text)).toBeUndefined();
		}
	});

	test("nothing but white space is nothing", () => {
		expect(digested(Buffer.from(" \n"), [1]).isEmpty).toBe(true);
		expect(digested(Buffer.from(" \n1"), [1]).isEmpty).toBe(false);
	});
});

test("a byte order mark is none of the document's", () => {
	expect(digestOf('\ufeff{"a":1}')).toEqual({ a: 1 });
	expect(digested(Buffer.from('\ufeff{"a":1}'), [1, 2]).value()).toEqual({ a: 1 });
});

test("of 64 MB in one text, and then in many, no more than 16 are ever kept", () => {
	const digest = new JsonDigest();
	const piece = Buffer.from("x".repeat(1_000_000));
	digest.push(Buffer.from('{"a":"'));
	for (let i = 0; i < 64; i += 1) digest.push(piece);
	digest.push(Buffer.from('","usage":1}'));
	expect(digest.isTooLarge).toBe(false);
	expect(digest.value()).toMatchObject({ usage: 1 });
	const many = new JsonDigest();
	const texts = Buffer.from(`"${"x".repeat(98)}",`.repeat(10_000));
	many.push(Buffer.from("["));
	for (let i = 0; i < 20; i += 1) many.push(texts);
	expect(many.isTooLarge).toBe(true);
});
