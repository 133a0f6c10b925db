import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageChunkFilter } from "../../src/wire/usage-chunk-filter.ts";
import { recordedEvents, recordingsAbsent, recordingsOf } from "./recordings.ts";
import { byteByByte, cutInto, framed } from "./streams.ts";

const USAGE = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };

function filtered(pieces: Iterable<Uint8Array>): string {
	const filter = new UsageChunkFilter();
	const out = [...pieces].map((piece) => filter.push(piece));
	return Buffer.concat([...out, filter.end()]).toString();
}

/** What goes over the wire with the option, and what would without it. */
interface Both {
	readonly asked: string;
	readonly plain: string;
}

/** JSON with the spaces of Python's `json.dumps`, or without. */
function json(value: unknown, isSpaced: boolean): string {
	if (!isSpaced || typeof value !== "object" || value === null) return JSON.stringify(value);
	if (Array.isArray(value)) return `[${value.map((item) => json(item, true)).join(", ")}]`;
	return `{${Object.entries(value)
		.map(([key, item]) => `${JSON.stringify(key)}: ${json(item, true)}`)
		.join(", ")}}`;
}

/** A chunk with a `usage` that is `null` before its field at that place. */
function withNull(chunk: object, place: number): object {
	const fields = Object.entries(chunk);
	return Object.fromEntries([...fields.slice(0, place), ["usage", null], ...fields.slice(place)]);
}

describe("a stream", () => {
	const tricky = fc.constantFrom(
		'"usage":null',
		',"usage":null}',
		'{"choices":[],"usage":{"prompt_tokens":1}}',
		"usage",
		'usage"',
		'\\"usage\\":null',
		"\\",
		'"',
		"data: {",
		"\n\ndata: [DONE]\n\n",
		"ä€🎈",
		"\u{2028}",
	);
	const text = fc.oneof(
		tricky,
		fc.string({ unit: "grapheme", maxLength: 12 }),
		fc.array(tricky).map((parts) => parts.join("")),
	);
	const call = fc.record({
		index: fc.nat(3),
		id: text,
		function: fc.record({
			name: text,
			arguments: text.map((value) => JSON.stringify({ usage: null, value })),
		}),
	});
	const delta = fc.record(
		{
			role: fc.constant("assistant"),
			content: fc.option(text),
			refusal: fc.option(text),
			tool_calls: fc.array(call, { maxLength: 2 }),
		},
		{ requiredKeys: [] },
	);
	const piece = fc.record(
		{
			id: text,
			model: text,
			choices: fc.array(
				fc.record({ index: fc.nat(1), delta, finish_reason: fc.option(fc.constant("stop")) }),
				{ minLength: 1, maxLength: 2 },
			),
			obfuscation: text,
			// An object inside has a usage of its own, which is nobody's to take.
			x_groq: fc.record({ id: text, usage: fc.constant(null), last: text }, { requiredKeys: ["usage"] }),
			logprobs: fc.constantFrom(null, [], [{ usage: null }]),
		},
		{ requiredKeys: ["choices"] },
	);
	const azure = fc.constant({
		choices: [],
		created: 0,
		model: "",
		prompt_filter_results: [{ prompt_index: 0 }],
	});
	const frame = (isSpaced: boolean, space: string, end: string): fc.Arbitrary<Both> => {
		const both = (asked: object | string, plain: object | string): Both => {
			const line = (value: object | string): string =>
				`data:${space}${typeof value === "string" ? value : json(value, isSpaced)}${end}${end}`;
			return { asked: line(asked), plain: line(plain) };
		};
		return fc.oneof(
			{
				weight: 6,
				arbitrary: fc
					.tuple(fc.oneof({ weight: 5, arbitrary: piece }, azure), fc.nat(8))
					.map(([chunk, place]) => both(withNull(chunk, place), chunk)),
			},
			// What the option adds is at the end, but it is as much in the way in the middle.
			piece.map(({ choices: _, ...chunk }) => ({
				asked: both({ ...chunk, choices: [], usage: USAGE }, "").asked,
				plain: "",
			})),
			// Some report the usage all along, and where there is an answer as well.
			piece.map((chunk) => both({ ...chunk, usage: USAGE }, { ...chunk, usage: USAGE })),
			// And one that is inside of something else is not what the option puts in.
			piece.map((chunk) => {
				const inside = { ...chunk, choices: [], x_groq: { usage: USAGE } };
				return both(inside, inside);
			}),
			text
				.filter((value) => !/[\r\n]/.test(value))
				.map((value) => {
					const comment = `: ${value} "usage":null}${end}${end}`;
					return { asked: comment, plain: comment };
				}),
			fc.constant(both("[DONE]", "[DONE]")),
		);
	};
	const stream = fc
		.tuple(fc.boolean(), fc.constantFrom(" ", ""), fc.constantFrom("\n", "\n", "\r\n", "\r"))
		.chain((style) => fc.array(frame(...style), { maxLength: 8 }));
	const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 40 });

	test("has, however it is cut, the very bytes that it would have without the option", () => {
		fc.assert(
			fc.property(stream, cuts, (frames, sizes) => {
				const asked = new Uint8Array(Buffer.from(frames.map((both) => both.asked).join("")));
				const plain = frames.map((both) => both.plain).join("");
				expect(filtered([asked])).toBe(plain);
				expect(filtered(cutInto(asked, sizes))).toBe(plain);
				expect(filtered(byteByByte(asked))).toBe(plain);
			}),
			{ numRuns: 400 },
		);
	});

	test("gives each event as soon as it is whole", () => {
		fc.assert(
			fc.property(stream, cuts, (frames, sizes) => {
				const filter = new UsageChunkFilter();
				let came = 0;
				let given = 0;
				for (const bytes of cutInto(Buffer.from(frames.map((both) => both.asked).join("")), sizes)) {
					came += bytes.length;
					given += filter.push(bytes).length;
					let [end, whole] = [0, 0];
					for (const { asked, plain } of frames) {
						end += Buffer.byteLength(asked);
						if (end <= came) whole += Buffer.byteLength(plain);
					}
					// Behind a CR that ends a chunk an LF might still come, but nothing waits for it.
					expect(given).toBeGreaterThanOrEqual(whole);
				}
			}),
			{ numRuns: 200 },
		);
	});

	test("passes in the same objects where nothing is taken out", () => {
		const chunk = { choices: [{ index: 0, delta: { content: '"usage":null' } }] };
		const whole = framed(
			"openai-chat",
			[JSON.stringify(chunk), ": usage"].flatMap((data) => [data, data]),
		);
		const filter = new UsageChunkFilter();
		for (const bytes of whole) expect(filter.push(bytes)).toBe(bytes);
		expect(filter.end()).toHaveLength(0);
	});

	test("keeps what else is in an event, and the class of its chunks", () => {
		const event = 'id: 7\nevent: x\ndata: {"choices":[1] , "usage" :null , "a":1}\nretry: 1\n\n';
		const plain = 'id: 7\nevent: x\ndata: {"choices":[1]  , "a":1}\nretry: 1\n\n';
		const bytes = new Uint8Array(Buffer.from(event));
		const out = new UsageChunkFilter().push(bytes);
		expect(Buffer.from(out).toString()).toBe(plain);
		// As `fetch` gives them: no Buffer, and no piece of a memory that others write to.
		expect(out.constructor).toBe(Uint8Array);
		expect(out.buffer.byteLength).toBe(out.length);
		expect(bytes).toEqual(new Uint8Array(Buffer.from(event)));
	});

	test.each([
		['{"usage":null,"usage":null,"a":1}', '{"usage":null,"a":1}'],
		['{"a":1,"usage":null,"b":2,"usage":null}', '{"a":1,"b":2,"usage":null}'],
		['{"choices":[],"usage":null,"usage":{"prompt_tokens":1}}', '{"choices":[],"usage":{"prompt_tokens":1}}'],
	])("an event that names it twice, %s, stays an event", (asked, plain) => {
		const next = 'data: {"b":1}\n\n';
		expect(filtered([Buffer.from(`data: ${asked}\n\n${next}`)])).toBe(`data: ${plain}\n\n${next}`);
	});

	test("without a blank line at its end, or cut in the middle of an event, loses nothing", () => {
		const asked = 'data: {"choices":[1],"usage":null}\n\ndata: {"choices":[2],"usage":null,"b":"ä"}';
		const bytes = Buffer.from(asked);
		const first = 'data: {"choices":[1],"usage":null}\n\n'.length;
		for (let length = first; length <= bytes.length; length += 1) {
			const piece = bytes.subarray(0, length);
			const rest =
				length === bytes.length ? 'data: {"choices":[2],"b":"ä"}' : piece.subarray(first).toString();
			expect(filtered([piece])).toBe(`data: {"choices":[1]}\n\n${rest}`);
			expect(filtered(byteByByte(piece))).toBe(`data: {"choices":[1]}\n\n${rest}`);
		}
		const last = 'data: {"choices":[],"usage":{"prompt_tokens":1}}';
		expect(filtered([Buffer.from(last)])).toBe("");
		expect(filtered([Buffer.from(last.slice(0, -1))])).toBe(last.slice(0, -1));
	});

	test("keeps a copy of what waits: the memory of a chunk that has passed is its sender's", () => {
		const filter = new UsageChunkFilter();
		const memory = new Uint8Array(Buffer.from('data: {"choices":[1]}\n\ndata: {"cho'));
		const first = filter.push(memory);
		memory.fill(0);
		expect(first.buffer.byteLength).toBe(first.length);
		const second = filter.push(Buffer.from("ices\n\n"));
		expect(Buffer.concat([first, second]).toString()).toBe('data: {"choices":[1]}\n\ndata: {"choices\n\n');
	});

	test("of anything at all passes", () => {
		const junk = fc.oneof(
			fc.uint8Array(),
			fc
				.constantFrom("\n\n", 'data: {"usage":null', '"usage":null}', "\r", "\n")
				.map((part) => new Uint8Array(Buffer.from(part))),
		);
		fc.assert(
			fc.property(fc.array(junk), (pieces) => {
				const filter = new UsageChunkFilter();
				let length = 0;
				for (const piece of pieces) length += filter.push(piece).length;
				length += filter.end().length;
				const all = Buffer.concat(pieces);
				expect(length).toBeLessThanOrEqual(all.length);
				expect(length).toBeGreaterThanOrEqual(all.includes('"usage"') ? 0 : all.length);
			}),
		);
	});
});

describe("recorded streams", () => {
	test("are there", ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		expect(recordingsOf("openai-chat", ".chunks.txt")).toContain("openai-text.chunks.txt");
	});

	const streams = ["openai-chat", "openai-completions"].flatMap((folder) =>
		recordingsOf(folder, ".chunks.txt").map((name) => [folder, name] as const),
	);
	test.each(streams)("%s/%s are without the usage, and otherwise the same", (folder, name) => {
		const events = recordedEvents(folder, name);
		const plain = events.flatMap((data) => {
			const chunk = JSON.parse(data) as { choices: unknown[]; usage?: unknown };
			// They are written as JSON.stringify writes.
			expect(JSON.stringify(chunk)).toBe(data);
			if (chunk.usage === null) delete chunk.usage;
			return chunk.usage !== undefined && chunk.choices.length === 0 ? [] : [JSON.stringify(chunk)];
		});
		const asked = Buffer.concat(framed("openai-chat", events));
		const expected = Buffer.concat(framed("openai-chat", plain)).toString();
		expect(filtered([asked])).toBe(expected);
		expect(filtered(byteByByte(asked))).toBe(expected);
		expect(
			filtered(
				cutInto(
					asked,
					Array.from({ length: 3000 }, (_, index) => 1 + ((index * 37) % 611)),
				),
			),
		).toBe(expected);
	});
});

describe("time is in proportion to the size", () => {
	const within = (milliseconds: number, run: () => void): void => {
		const started = performance.now();
		run();
		expect(performance.now() - started).toBeLessThan(milliseconds);
	};

	// 16 ms; what looks at all that is held each time took 6 s.
	test("of an event in small chunks, which passes when it is too large", () => {
		const bytes = Buffer.from(
			`data: {"x":"${"x".repeat(8 * 1024 * 1024)}","usage":null}\n\ndata: {"usage":null}\n\n`,
		);
		const filter = new UsageChunkFilter();
		let [length, waiting] = [0, 0];
		within(2000, () => {
			for (let at = 0; at < bytes.length; at += 1024) {
				length += filter.push(bytes.subarray(at, at + 1024)).length;
				waiting = Math.max(waiting, Math.min(at + 1024, bytes.length) - length);
			}
			length += filter.end().length;
		});
		expect(length).toBe(bytes.length - '"usage":null'.length);
		expect(waiting).toBeLessThanOrEqual(1024 * 1024 + 1024);
	});

	test.each(["\n", "\r\n"])("of many events in one chunk, with %j", (end) => {
		const event = `data: {"choices":[{"delta":{"content":"x"}}],"usage":null}${end}${end}`;
		within(2000, () => {
			expect(filtered([Buffer.from(event.repeat(20_000))])).toBe(
				event.replace(',"usage":null', "").repeat(20_000),
			);
		});
	});

	test("of an event that has it many times", () => {
		const event = `data: {"a":1${',"usage":null'.repeat(50_000)}}\n\n`;
		within(2000, () => expect(filtered([Buffer.from(event)])).toBe(event.replace(',"usage":null', "")));
	});

	test("of a text that only looks like it", () => {
		const event = `data: {"choices":[{"delta":{"content":${JSON.stringify('"usage":null,'.repeat(50_000))}}}]}\n\n`;
		const deep = `data: {"x":${'{"usage":null,"x":'.repeat(50_000)}1${"}".repeat(50_001)}\n\n`;
		const keys = `data: {"x":[${'{"usage":null},'.repeat(20_000)}1]}\n\n`;
		within(2000, () => {
			expect(filtered([Buffer.from(event + keys + deep)])).toBe(event + keys + deep);
		});
	});
});
