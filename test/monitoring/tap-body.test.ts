/** Whatever is done with a body that is watched, it goes as with one that is not; and all that is read is seen, once. */
import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ResponseTap } from "../../src/monitoring/response-tap.ts";
import { tapBody } from "../../src/monitoring/tap-body.ts";
import { make, type Source, STEPS, take } from "./body-steps.ts";
import { bodyOf, bytesOf, joined } from "./read-body.ts";
import { RecordingTap } from "./recording-tap.ts";

const CHUNKS = fc.array(fc.uint8Array({ minLength: 1, maxLength: 12 }), { maxLength: 5 });
const SOURCE: fc.Arbitrary<Source> = fc.record({
	chunks: CHUNKS,
	isBytes: fc.boolean(),
	fails: fc.boolean(),
	isSlow: fc.boolean(),
});

const KIND = fc.constantFrom("touched", "lazy", "neither");

/** A stream that somebody has given a method, which does what it did. */
function touch(response: Response, isTouched: boolean): void {
	const { body } = response;
	if (body === null || !isTouched) return;
	const value = (...args: Parameters<typeof body.pipeTo>): Promise<void> =>
		// oxlint-disable-next-line typescript/unbound-method -- it is applied to its stream
		Reflect.apply(ReadableStream.prototype.pipeTo, body, args);
	Object.defineProperty(body, "pipeTo", { configurable: true, value });
}

/** Of a response that nobody has had the body is watched when somebody gets at it. */
const watch = (response: Response, tap: RecordingTap, isLazy: boolean, isStream = false): boolean =>
	isLazy ? ResponseTap.watchNodes(response, tap, false) : tapBody(response, tap, { isStream });

test("any steps in any order: each goes as without us, and asks the source no sooner", async () => {
	const steps = fc.array(fc.constantFrom(...Object.keys(STEPS)), { minLength: 1, maxLength: 8 });
	await fc.assert(
		fc.asyncProperty(SOURCE, steps, fc.boolean(), KIND, async (source, names, isStream, kind) => {
			const isTouched = kind === "touched";
			const without = make(source);
			touch(without.response, isTouched);
			const plain = await take(names, without);
			const made = make(source);
			touch(made.response, isTouched);
			const tap = new RecordingTap();
			expect(watch(made.response, tap, kind === "lazy", isStream)).toBe(true);
			expect(await take(names, made)).toEqual(plain);
		}),
		{ numRuns: 1000 },
	);
}, 60_000);

test("the response and its body are the objects that they were", () => {
	const { response } = make({ chunks: [], isBytes: true, fails: false });
	const { body, headers } = response;
	tapBody(response, new RecordingTap());
	expect(response.body).toBe(body);
	expect(response.headers).toBe(headers);
	expect(body).toBeInstanceOf(ReadableStream);
	expect(Object.keys(response)).toEqual([]);
	expect(Object.keys(body ?? {})).toEqual([]);
});

test("there is no way to read a stream of Node's own that is not watched", () => {
	const { response } = make({ chunks: [], isBytes: true, fails: false });
	tapBody(response, new RecordingTap());
	const body = bodyOf(response);
	const ways = Reflect.ownKeys(ReadableStream.prototype).filter((key) => {
		const { value }: PropertyDescriptor =
			Object.getOwnPropertyDescriptor(ReadableStream.prototype, key) ?? {};
		return typeof value === "function" && key !== "constructor" && typeof key === "string";
	});
	expect(ways.length).toBeGreaterThan(5);
	for (const key of [...ways, Symbol.asyncIterator]) {
		expect(Reflect.get(body, key), String(key)).not.toBe(Reflect.get(ReadableStream.prototype, key));
	}
	// One that has it from its prototype looks like one that has not.
	const listed: string[] = [];
	for (const key in body) listed.push(key);
	const plain: string[] = [];
	for (const key in new ReadableStream()) plain.push(key);
	expect(listed.toSorted()).toEqual(plain.toSorted());
});

test("options that throw leave the stream unlocked", () => {
	const { response } = make({ chunks: [Buffer.from("ab")], isBytes: true, fails: false });
	tapBody(response, new RecordingTap());
	const options = {
		get preventCancel(): boolean {
			throw new Error("none");
		},
	};
	expect(() => bodyOf(response).values(options)).toThrow("none");
	expect(bodyOf(response).locked).toBe(false);
});

test("what is read through a getter of the prototype's is seen", async () => {
	const { response } = make({ chunks: [Buffer.from("ab")], isBytes: true, fails: false });
	const tap = new RecordingTap();
	tapBody(response, tap);
	const body: unknown = Reflect.get(Response.prototype, "body", response);
	expect((await joined(body as ReadableStream<Uint8Array>)).toString()).toBe("ab"); // it is what `body` is
	expect(tap.heard).toEqual(["end"]);
});

async function* chunksOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array> {
	for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}
/** Each reads all that there is. */
const WHOLE: Readonly<Record<string, (response: Response) => Promise<Buffer>>> = {
	"for await": (response) => joined(bodyOf(response)),
	getReader: (response) => joined(chunksOf(bodyOf(response).getReader())),
	"two readers, one after the other": async (response) => {
		const first = bodyOf(response).getReader();
		const { value = Buffer.alloc(0) } = await first.read();
		first.releaseLock();
		return Buffer.concat([value, await joined(chunksOf(bodyOf(response).getReader()))]);
	},
	"an iterator that is left without cancelling, and another one": async (response) => {
		const parts: Uint8Array[] = [];
		for await (const part of bodyOf(response).values({ preventCancel: true })) {
			parts.push(part);
			break;
		}
		return Buffer.concat([...parts, await joined(bodyOf(response))]);
	},
	tee: async (response) => {
		const [one, other] = await Promise.all(bodyOf(response).tee().map(joined));
		expect(one).toEqual(other);
		return one ?? Buffer.alloc(0);
	},
	clone: async (response) => {
		const copy = response.clone();
		const [one, other] = await Promise.all([response.arrayBuffer(), copy.arrayBuffer()]);
		expect(one).toEqual(other);
		return Buffer.from(one);
	},
	pipeTo: async (response) => {
		const parts: Uint8Array[] = [];
		await bodyOf(response).pipeTo(new WritableStream({ write: (part) => void parts.push(part) }));
		return Buffer.concat(parts);
	},
	pipeThrough: (response) => joined(bodyOf(response).pipeThrough(new TransformStream())),
	arrayBuffer: async (response) => Buffer.from(await response.arrayBuffer()),
	bytes: async (response) => Buffer.from(await bytesOf(response)),
	blob: async (response) => Buffer.from(await (await response.blob()).arrayBuffer()),
	"new Response(body)": async (response) =>
		Buffer.from(await new Response(response.body, response).arrayBuffer()),
	"Readable.fromWeb": (response) => joined(Readable.fromWeb(bodyOf(response) as never)),
	"Readable.from": (response) => joined(Readable.from(bodyOf(response))),
};

describe.each(Object.entries(WHOLE))("%s", (_, read) => {
	test("gives all bytes, and shows each of them once", async () => {
		await fc.assert(
			fc.asyncProperty(CHUNKS, fc.boolean(), KIND, async (chunks, isBytes, kind) => {
				const { asked, response } = make({ chunks, isBytes, fails: false });
				touch(response, kind === "touched");
				const tap = new RecordingTap();
				watch(response, tap, kind === "lazy");
				const expected = Buffer.concat(chunks);
				expect((await read(response)).equals(expected)).toBe(true);
				expect(tap.seen.equals(expected)).toBe(true);
				expect(tap.heard).toEqual(["end"]);
				expect(tap.reads).toBe(0);
				expect(asked()).toBe(String(chunks.length + 1));
			}),
			{ numRuns: 30 },
		);
	});

	test("fails as the body does, and tells of it once", async () => {
		const { response } = make({ chunks: [Buffer.from("abc")], isBytes: true, fails: true });
		const tap = new RecordingTap();
		tapBody(response, tap);
		await expect(read(response)).rejects.toThrow("terminated");
		expect(tap.seen.toString()).toBe("abc");
		expect(tap.heard).toEqual(["failed TypeError: terminated"]);
	});
});

test("what the stream refuses is not told, and changes nothing", async () => {
	const { response } = make({ chunks: [Buffer.from("ab")], isBytes: true, fails: false, isSlow: true });
	const tap = new RecordingTap();
	tapBody(response, tap);
	const body = bodyOf(response);
	const reader = body.getReader({ mode: "byob" });
	await expect(body.cancel()).rejects.toThrow("locked");
	await expect(reader.read(new Uint8Array(0))).rejects.toThrow(TypeError);
	const pending = reader.read(new Uint8Array(4));
	reader.releaseLock();
	await expect(pending).rejects.toThrow(TypeError);
	await expect(reader.cancel()).rejects.toThrow(TypeError);
	await expect(reader.read(new Uint8Array(4))).rejects.toThrow(TypeError);
	await new Promise((resolve) => setImmediate(resolve));
	expect(tap.heard).toEqual([]);
	expect((await joined(body)).toString()).toBe("ab");
	expect(tap.heard).toEqual(["end"]);
});

test("what was read as JSON or as text is seen as that, and not by the byte", async () => {
	const source = { chunks: [Buffer.from('{"a":'), Buffer.from("1}")], isBytes: true, fails: false };
	const [json, text] = [new RecordingTap(), new RecordingTap()];
	const [one, other] = [make(source).response, make(source).response];
	tapBody(one, json);
	tapBody(other, text);
	expect(await one.json()).toEqual({ a: 1 });
	expect(await other.text()).toBe('{"a":1}');
	expect(json.heard).toEqual(['json {"a":1}']);
	expect(json.seen.toString()).toBe("");
	expect(text.heard).toEqual(["text"]);
	expect(text.seen.toString()).toBe('{"a":1}');
});

/** Lets only the small letters through. */
class SmallLetters extends RecordingTap {
	override readonly altersBytes: boolean = true;
	#isOver = false;

	override bytes(chunk: Uint8Array): Uint8Array {
		super.bytes(chunk);
		const kept = chunk.filter((byte) => byte >= 97);
		return kept.length === chunk.length ? chunk : kept;
	}

	override end(): undefined {
		super.end();
		// The end of what was held back.
		if (!this.#isOver) {
			this.#isOver = true;
			return Buffer.from("z") as never;
		}
	}
}

test.each([...Object.entries(WHOLE), ["byob", readIntoBuffers] as const])(
	"%s: a tap that holds bytes back, and gives some at the end",
	async (_, read) => {
		const chunks = ["aB", "CD", "c", "E"].map((text) => Buffer.from(text));
		const { response } = make({ chunks, isBytes: true, fails: false });
		const tap = new SmallLetters();
		tapBody(response, tap, { isStream: true });
		expect((await read(response)).toString()).toBe("acz");
		expect(tap.seen.toString()).toBe("aBCDcE");
	},
);

test("a read that waits when its reader leaves gets nothing of what was held back", async () => {
	let sender: ReadableStreamDefaultController<Uint8Array> | undefined;
	const body = new ReadableStream<Uint8Array>({ start: (controller) => (sender = controller) });
	const response = new Response(body);
	tapBody(response, new SmallLetters(), { isStream: true });
	const reader = bodyOf(response).getReader();
	sender?.enqueue(Buffer.from("aB"));
	expect((await reader.read()).value?.toString()).toBe("a");
	const waiting = reader.read();
	await reader.cancel();
	expect(await waiting).toEqual({ done: true, value: undefined });
});

async function readIntoBuffers(response: Response): Promise<Buffer> {
	const reader = bodyOf(response).getReader({ mode: "byob" });
	const parts: Uint8Array[] = [];
	for (;;) {
		const { done, value } = await reader.read(new Uint8Array(2), { min: 1 });
		if (done) return Buffer.concat(parts);
		parts.push(value);
	}
}
