import { setImmediate as nextTurn } from "node:timers/promises";
import { bytesOf, joined } from "./read-body.ts";

/** What can be done with a response's body, one step after the other, and how each step went. */

/** A body that is made of these chunks, of which nothing is made before it is asked for. */
export interface Source {
	readonly chunks: readonly Uint8Array[];
	readonly isBytes: boolean;
	/** It fails after its chunks. */
	readonly fails: boolean;
	/** Each chunk keeps its reader waiting. */
	readonly isSlow?: boolean;
}

export interface Made {
	readonly response: Response;
	/** How often the source was asked, and what it was cancelled with. */
	readonly asked: () => string;
}

export function make({ chunks, fails, isBytes, isSlow = false }: Source): Made {
	let pulls = 0;
	let cancelled = "";
	const source = {
		async pull(controller: {
			enqueue(chunk: Uint8Array): void;
			close(): void;
			error(reason: unknown): void;
			byobRequest?: ReadableStreamBYOBRequest | null;
		}): Promise<void> {
			const chunk = chunks[pulls];
			pulls += 1;
			if (isSlow) await nextTurn();
			if (chunk !== undefined) controller.enqueue(new Uint8Array(chunk));
			else if (fails) controller.error(new TypeError("terminated"));
			else {
				controller.close();
				controller.byobRequest?.respond(0);
			}
		},
		cancel(reason: unknown): void {
			cancelled += ` cancelled ${String(reason)}`;
		},
	};
	const stream = isBytes
		? new ReadableStream({ ...source, type: "bytes" as const })
		: new ReadableStream(source, { highWaterMark: 0 });
	return {
		response: new Response(stream, { headers: { "content-type": "application/json" } }),
		asked: () => `${pulls}${cancelled}`,
	};
}

/** A response, and what was taken from it by then. */
interface Held {
	response: Response;
	readers: { read(view?: unknown): Promise<unknown>; cancel(): Promise<void>; releaseLock(): void }[];
	iterators: AsyncIterator<Uint8Array, unknown>[];
	streams: ReadableStream<Uint8Array>[];
}

type Step = (held: Held) => unknown;

const newest = <T>(list: readonly T[]): T => {
	const last = list.at(-1);
	if (last === undefined) throw new Error("none");
	return last;
};
const bodyOf = ({ response, streams }: Held): ReadableStream<Uint8Array> => {
	const body = streams.at(-1) ?? response.body;
	if (body === null) throw new Error("no body");
	return body;
};
const failing = (): WritableStream =>
	new WritableStream({
		write: () => {
			throw new Error("full");
		},
	});

export const STEPS: Readonly<Record<string, Step>> = {
	getReader: (held) => void held.readers.push(bodyOf(held).getReader()),
	byobReader: (held) => void held.readers.push(bodyOf(held).getReader({ mode: "byob" })),
	badReader: (held) => bodyOf(held).getReader({ mode: "nothing" } as never),
	read: ({ readers }) => newest(readers).read(new Uint8Array(5)),
	readNothing: ({ readers }) => newest(readers).read(),
	readIntoView: ({ readers }) => newest(readers).read(new DataView(new ArrayBuffer(9), 2, 6)),
	releaseLock: ({ readers }) => newest(readers).releaseLock(),
	cancelReader: ({ readers }) => newest(readers).cancel(),
	cancel: (held) => bodyOf(held).cancel("enough"),
	values: (held) => void held.iterators.push(bodyOf(held).values()),
	valuesOn: (held) => void held.iterators.push(bodyOf(held).values({ preventCancel: true })),
	next: ({ iterators }) => newest(iterators).next(),
	return: ({ iterators }) => newest(iterators).return?.("bye"),
	nextTwice: ({ iterators }) => Promise.all([newest(iterators).next(), newest(iterators).next()]),
	nextAndReturn: ({ iterators }) =>
		Promise.all([newest(iterators).next(), newest(iterators).return?.("bye"), newest(iterators).next()]),
	forAwait: (held) => joined(bodyOf(held)),
	tee: (held) => void held.streams.push(...bodyOf(held).tee()),
	otherStream: (held) => void held.streams.pop(),
	clone: (held) => {
		held.response = held.response.clone();
	},
	wrap: (held) => {
		held.response = new Response(held.response.body, held.response);
	},
	pipeTo: async (held) => {
		const parts: Uint8Array[] = [];
		await bodyOf(held).pipeTo(new WritableStream({ write: (part) => void parts.push(part) }));
		return Buffer.concat(parts);
	},
	// Whose failure is told where both ends fail is a race.
	pipeToFailing: (held) =>
		bodyOf(held)
			.pipeTo(failing(), { preventCancel: true })
			.catch(() => "failed"),
	pipeToNowhere: (held) => bodyOf(held).pipeTo("nowhere" as never),
	pipeThrough: (held) => joined(bodyOf(held).pipeThrough(new TransformStream())),
	pipeThroughNothing: (held) => bodyOf(held).pipeThrough({} as never),
	text: ({ response }) => response.text(),
	json: ({ response }) => response.json(),
	bytes: ({ response }) => bytesOf(response),
	arrayBuffer: ({ response }) => response.arrayBuffer(),
	blob: async ({ response }) => (await response.blob()).text(),
	formData: ({ response }) => response.formData(),
};

/** Takes the steps one by one, and says how each went and how the response was after it. */
export async function take(steps: readonly string[], { asked, response }: Made): Promise<string[]> {
	const held: Held = { response, readers: [], iterators: [], streams: [] };
	const log: string[] = [];
	for (const step of steps) {
		let outcome: string;
		try {
			outcome = said(await Promise.race([STEPS[step]?.(held), turns(12)]));
		} catch (error) {
			const { code, message, name } = error as { code?: string; message: string; name: string };
			outcome = `${name} ${code} ${message}`;
		}
		// A pipe gives up its lock a little after its end has come out of it.
		await nextTurn();
		const state = `used ${held.response.bodyUsed} locked ${held.response.body?.locked} asked ${asked()}`;
		log.push(`${step}: ${outcome} | ${state}`);
	}
	return log;
}

/** Some steps never end, those that are taken while another one has the lock for example. */
async function turns(count: number): Promise<string> {
	for (let turn = 0; turn < count; turn += 1) await nextTurn();
	return "still under way";
}

function said(value: unknown): string {
	if (value instanceof ArrayBuffer) return said(new Uint8Array(value));
	if (ArrayBuffer.isView(value)) {
		const { buffer, byteLength, byteOffset, constructor } = value;
		// A Buffer is what the tests make of bytes.
		const kind = constructor.name === "Buffer" ? "" : `${constructor.name} of ${buffer.byteLength} `;
		return kind + Buffer.from(buffer, byteOffset, byteLength).toString("hex");
	}
	if (Array.isArray(value)) return `[${value.map(said).join(", ")}]`;
	if (typeof value === "object" && value !== null && "done" in value && "value" in value)
		return `done ${String(value.done)} ${said(value.value)}`;
	return JSON.stringify(value) ?? "undefined";
}
