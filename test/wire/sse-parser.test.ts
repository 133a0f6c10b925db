import fc from "fast-check";
import { _iterSSEMessages } from "openai/core/streaming";
import { describe, expect, test } from "vitest";
import { SseParser } from "../../src/wire/sse-parser.ts";
import { recordingsAbsent } from "./recordings.ts";
import { byteByByte, cutInto, readPieces, recordedStream, STREAMS } from "./streams.ts";

type Event = readonly [name: string | undefined, data: string];

/** The events in these pieces, as the parser gives them: a character a byte. */
function rawEventsOf(pieces: Iterable<Uint8Array>): readonly Event[] {
	const events: Event[] = [];
	const parser = new SseParser((name, data) => events.push([name, data]));
	for (const piece of pieces) parser.push(piece);
	parser.end();
	return events;
}

function eventsOf(pieces: Iterable<Uint8Array>): readonly Event[] {
	return rawEventsOf(pieces).map(([name, data]) => [
		name === undefined ? undefined : decoded(name),
		decoded(data),
	]);
}

function isSame(seen: readonly Event[], whole: readonly Event[]): boolean {
	if (seen.length !== whole.length) return false;
	return seen.every(([name, data], index) => name === whole[index]?.[0] && data === whole[index]?.[1]);
}

function decoded(latin1: string): string {
	return Buffer.from(latin1, "latin1").toString("utf8");
}

/** What the decoder of OpenAI's SDK gives. It gives events without data as well, which the standard does not. */
async function referenceOf(bytes: Uint8Array<ArrayBuffer>): Promise<readonly Event[]> {
	const events: Event[] = [];
	for await (const { data, event } of _iterSSEMessages(new Response(bytes), new AbortController())) {
		if (data !== "") events.push([event === null || event === "" ? undefined : event, data]);
	}
	return events;
}

function withData(events: readonly Event[]): readonly Event[] {
	return events.filter(([, data]) => data !== "");
}

describe("the examples of the standard", () => {
	test.each<readonly [string, string, readonly Event[]]>([
		["comments, and fields that are not ours", ": a test\nid: 1\nretry: 10\ndata: x\n\n", [[undefined, "x"]]],
		["several data lines", "data: YHOO\ndata: +2\ndata: 10\n\n", [[undefined, "YHOO\n+2\n10"]]],
		[
			"one space goes, the second stays",
			"data:  two\n\ndata:one\n\n",
			[
				[undefined, " two"],
				[undefined, "one"],
			],
		],
		["a field without a colon is empty", "data\ndata\n\n", [[undefined, "\n"]]],
		[
			"a name of an event",
			"event: add\ndata: 1\n\ndata: 2\n\n",
			[
				["add", "1"],
				[undefined, "2"],
			],
		],
		["a name without data is no event, and names no other", "event: add\n\ndata: 1\n\n", [[undefined, "1"]]],
		["the last name holds", "event: a\nevent: b\ndata: 1\n\n", [["b", "1"]]],
		[
			"names of fields are whole",
			"database: x\nevents: y\ndata : z\n data: z\ndata: 1\n\n",
			[[undefined, "1"]],
		],
		["a colon in the value stays", 'data: {"a":1}\n\n', [[undefined, '{"a":1}']]],
		[
			"CR and CRLF end lines, too",
			"data: 1\r\rdata: 2\r\n\r\ndata: 3\n\r\n",
			[
				[undefined, "1"],
				[undefined, "2"],
				[undefined, "3"],
			],
		],
		["a byte order mark goes", "\u{feff}data: 1\n\n", [[undefined, "1"]]],
		["only the first one", "\u{feff}\u{feff}data: 1\n\ndata: 2\n\n", [[undefined, "2"]]],
		[
			"what no blank line ends is an event: so OpenAI's SDK has it",
			"data: 1\n\ndata: 2",
			[
				[undefined, "1"],
				[undefined, "2"],
			],
		],
		["nothing", "", []],
	])("%s", (_, text, events) => {
		const bytes = Buffer.from(text);
		expect(eventsOf([bytes])).toEqual(events);
		expect(eventsOf(byteByByte(bytes))).toEqual(events);
		for (let at = 1; at < bytes.length; at += 1)
			expect(eventsOf([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(events);
	});

	test("a mark that is none is text", () => {
		const bytes = Buffer.from([0xef, 0xbb, 0x0a, 0x64, 0x61, 0x74, 0x61, 0x3a, 0x31]);
		expect(eventsOf([bytes])).toEqual([[undefined, "1"]]);
		expect(eventsOf(byteByByte(bytes))).toEqual([[undefined, "1"]]);
		expect(eventsOf([Uint8Array.of(0xef, 0xbb), Buffer.from("\ndata: 1\n\n")])).toEqual([[undefined, "1"]]);
		expect(eventsOf([Uint8Array.of(0xef, 0xbb), Buffer.from("\u{feff}\n\ndata: 1").subarray(2)])).toEqual([
			[undefined, "1"],
		]);
	});

	test("and the field that it stands before is another one", () => {
		expect(eventsOf([Uint8Array.of(0xef, 0xbb), Buffer.from("data: 1\n\ndata: 2\n\n")])).toEqual([
			[undefined, "2"],
		]);
	});

	test("chunks of nothing change nothing", () => {
		const nothing = new Uint8Array(0);
		expect(eventsOf([nothing, Buffer.from("data: 1\r"), nothing, Buffer.from("\n\n"), nothing])).toEqual([
			[undefined, "1"],
		]);
	});

	test("a view into a larger buffer is only itself", () => {
		const bytes = new Uint8Array(Buffer.from("data: 0\n\ndata: 1\n\ndata: 2\n\n"));
		expect(eventsOf([bytes.subarray(9, 18)])).toEqual([[undefined, "1"]]);
	});
});

test("agrees with the decoder of OpenAI's SDK, however the bytes are cut", async () => {
	const text = fc.oneof(
		{ weight: 3, arbitrary: fc.string({ unit: "grapheme", maxLength: 8 }) },
		fc.constantFrom("", " ", ":", "data", "event: x", '{"a":"ä€🎈"}', "\u{feff}"),
	);
	const line = fc.oneof(
		{ weight: 4, arbitrary: text.map((value) => `data: ${value}`) },
		text.map((value) => `data:${value}`),
		text.map((value) => `event: ${value}`),
		text.map((value) => `:${value}`),
		text.map((value) => `id: ${value}`),
		text.map((value) => `${value}x`),
		fc.constantFrom("data", "event", "", "", "", "datax: 1", "data :1"),
	);
	// Their decoder takes a mark off each line, the standard only off the first.
	const isAlike = (value: string): boolean =>
		!/[\r\n\u{85}\u{2028}\u{2029}]/u.test(value) && !value.startsWith("\u{feff}");
	const stream = fc
		.array(fc.tuple(line.filter(isAlike), fc.constantFrom("\n", "\r\n", "\r")), { maxLength: 24 })
		.map((lines) => lines.map(([content, end]) => content + end).join(""));
	const cuts = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 });
	await fc.assert(
		fc.asyncProperty(
			fc.boolean(),
			stream,
			fc.constantFrom("", "data: last", "data"),
			cuts,
			async (mark, body, rest, sizes) => {
				const bytes = new Uint8Array(Buffer.from((mark ? "\u{feff}" : "") + body + rest));
				const reference = await referenceOf(bytes);
				expect(withData(eventsOf([bytes]))).toEqual(reference);
				expect(withData(eventsOf(cutInto(bytes, sizes)))).toEqual(reference);
				expect(withData(eventsOf(byteByByte(bytes)))).toEqual(reference);
			},
		),
		{ numRuns: 500 },
	);
});

describe("an event above the bound", () => {
	const parse = (pieces: Iterable<Uint8Array>, max: number): { events: Event[]; hasSkipped: boolean } => {
		const events: Event[] = [];
		const parser = new SseParser((name, data) => events.push([name, data]), max);
		for (const piece of pieces) parser.push(piece);
		parser.end();
		return { events, hasSkipped: parser.hasSkipped };
	};
	const x = (length: number): string => "x".repeat(length);

	test.each([
		["in one line", `event: a\ndata: ${x(30)}\n\n`],
		["in many lines", `event: a\n${`data: ${x(9)}\n`.repeat(4)}\n`],
		["with a line after it", `data: ${x(30)}\ndata: 1\n\n`],
		["with a line before it", `data: 1\ndata: ${x(30)}\n\n`],
		["without a space", `data:${x(30)}\r\n\r\n`],
		["that ends without a blank line", `data: ${x(30)}`],
	])("%s is left out, and the next one is right", (_, large) => {
		const isLast = !/[\r\n]$/.test(large);
		const bytes = Buffer.from(`data: before\n\n${large}${isLast ? "" : "event: b\ndata: after\n\n"}`);
		const expected = [[undefined, "before"], ...(isLast ? [] : [["b", "after"]])];
		for (const pieces of [[bytes], [...byteByByte(bytes)], cutInto(bytes, [20, 20, 20])]) {
			expect(parse(pieces, 20)).toEqual({ events: expected, hasSkipped: true });
		}
	});

	test("is one only by its data: other lines may be as long as they like", () => {
		const bytes = Buffer.from(`: ${x(90)}\nid: ${x(90)}\ndata: 1\n\n: ${x(90)}\n\ndata: ${x(20)}\n\n`);
		for (const pieces of [[bytes], [...byteByByte(bytes)]]) {
			expect(parse(pieces, 26)).toEqual({
				events: [
					[undefined, "1"],
					[undefined, x(20)],
				],
				hasSkipped: false,
			});
		}
	});

	test("takes no more memory than the bound", () => {
		// 64 MB of one line: what is kept of it would be seen in the memory outside of the heap.
		const bound = 1024 * 1024;
		const chunk = Buffer.alloc(64 * 1024, "x");
		const { arrayBuffers } = process.memoryUsage();
		const events: Event[] = [];
		const parser = new SseParser((name, data) => events.push([name, data]), bound);
		parser.push(Buffer.from("data: "));
		let most = 0;
		for (let count = 0; count < 1024; count += 1) {
			parser.push(chunk);
			most = Math.max(most, process.memoryUsage().arrayBuffers - arrayBuffers);
		}
		parser.push(Buffer.from("\n\ndata: next\n\n"));
		expect(events).toEqual([[undefined, "next"]]);
		expect(parser.hasSkipped).toBe(true);
		expect(most).toBeLessThan(8 * bound);
	});
});

test("large events in small chunks take time in proportion to their size", () => {
	// 8 MB in 1 KB takes 25 ms; what looks at all that is held each time took 20 s.
	const data = "x".repeat(8 * 1024 * 1024);
	const bytes = Buffer.from(`data: ${data}\n\n`);
	const sizes: number[] = [];
	const parser = new SseParser((_, { length }) => sizes.push(length));
	const started = performance.now();
	for (let at = 0; at < bytes.length; at += 1024) parser.push(bytes.subarray(at, at + 1024));
	expect(performance.now() - started).toBeLessThan(2000);
	expect(sizes).toEqual([data.length]);
});

describe("recorded streams", () => {
	test("are there", ({ skip }) => {
		skip(recordingsAbsent !== undefined, recordingsAbsent);
		expect(STREAMS.length).toBeGreaterThan(20);
	});

	test.each(STREAMS)("%s/%s is the same whole and byte by byte", (folder, name, format) => {
		const bytes = Buffer.concat(recordedStream(folder, name, format));
		const whole = readPieces(format, [bytes]);
		expect(whole.isEmpty).toBe(false);
		expect(readPieces(format, byteByByte(bytes))).toEqual(whole);
		expect(readPieces(format, recordedStream(folder, name, format))).toEqual(whole);
	});

	// Between two events nothing is left of what was before, so a cut is seen by its own event and its neighbours alone.
	test.each(STREAMS)(
		"%s/%s is the same when it is cut in two at any byte",
		(folder, name, format) => {
			const events = recordedStream(folder, name, format);
			const wrong: number[] = [];
			let cuts = 0;
			events.forEach((event, index) => {
				const before = events[index - 1] ?? Buffer.alloc(0);
				const after = events[index + 1] ?? Buffer.alloc(0);
				const bytes = Buffer.concat([before, event, after]);
				const whole = rawEventsOf([bytes]);
				for (let at = before.length; at < before.length + event.length; at += 1) {
					const seen = rawEventsOf([bytes.subarray(0, at), bytes.subarray(at)]);
					// Not by `toEqual`, which takes its time.
					if (!isSame(seen, whole)) wrong.push(cuts);
					cuts += 1;
				}
			});
			expect(wrong).toEqual([]);
			expect(cuts).toBe(Buffer.concat(events).length);
		},
		60_000,
	);
});
