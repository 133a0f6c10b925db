import type { BodyTap } from "./body-tap.ts";
import { setHidden } from "./hidden-method.ts";

/** What is asked of a `Readable` of Node's, which implementations of `fetch` older than Node's own have as the body. */
interface NodeStream extends AsyncIterable<unknown> {
	readonly emit: (name: string | symbol, ...args: readonly unknown[]) => boolean;
	readonly readableEncoding?: BufferEncoding | null;
}

/** Whether it is such a stream. */
export function isNodeStream(body: unknown): body is NodeStream {
	return typeof body === "object" && body !== null && "emit" in body && "pipe" in body && "read" in body;
}

/**
 * Watches a stream through what it emits: however it is read, it emits each piece as it is taken, and nothing listens that
 * would set it flowing.
 */
export function tapNodeStream(body: NodeStream, tap: BodyTap): boolean {
	const { emit } = body;
	const kept: Kept = { pieces: new WeakMap(), rest: undefined };
	const isWatched = setHidden(body, "emit", (name: string | symbol, ...args: readonly unknown[]): boolean => {
		observe(name, args[0], body.readableEncoding, tap, kept);
		return Reflect.apply(emit, body, [name, ...args]);
	});
	if (tap.altersBytes) {
		const iterate = body[Symbol.asyncIterator].bind(body);
		setHidden(body, Symbol.asyncIterator, () => keptOnly(iterate(), kept));
	}
	return isWatched;
}

/** What the reader is to get instead of the pieces that came. */
interface Kept {
	readonly pieces: WeakMap<object, Uint8Array>;
	/** What was held back until the end. */
	rest: Uint8Array | undefined;
}

/** The SDKs iterate a body: so it is there that they get what is kept. */
async function* keptOnly(pieces: AsyncIterator<unknown>, kept: Kept): AsyncGenerator<unknown, undefined> {
	for await (const piece of { [Symbol.asyncIterator]: () => pieces }) {
		const instead = typeof piece === "object" && piece !== null ? kept.pieces.get(piece) : undefined;
		if (instead === undefined) yield piece;
		else if (instead.length > 0) yield instead;
	}
	if (kept.rest !== undefined && kept.rest.length > 0) yield kept.rest;
}

function observe(
	name: string | symbol,
	value: unknown,
	encoding: BufferEncoding | null | undefined,
	tap: BodyTap,
	kept: Kept,
): void {
	if (name === "data") {
		tap.reading();
		if (value instanceof Uint8Array) {
			const instead = tap.bytes(value);
			if (instead !== value) kept.pieces.set(value, instead);
		} else if (typeof value === "string") tap.bytes(Buffer.from(value, encoding ?? "utf8"));
		tap.rested();
	} else if (name === "end") kept.rest = tap.end();
	else if (name === "close" || (name === "error" && isLeaving(value))) tap.left();
	else if (name === "error") tap.failed(value);
}

/** With it Node itself closes a stream whose iterator is left. */
function isLeaving(error: unknown): boolean {
	return (
		error instanceof Error && error.name === "AbortError" && "code" in error && error.code === "ABORT_ERR"
	);
}
