import { latin1 } from "./wire-text.ts";

/** How large one event may be, unless said otherwise, in bytes: 16 MiB. */
const MAX_EVENT_BYTES: number = 16 * 1024 * 1024;
/** A larger buffer is not kept for the next line. */
const MAX_KEPT_BYTES: number = 64 * 1024;
const NOTHING: Uint8Array = new Uint8Array(0);
const BYTE_ORDER_MARK: Uint8Array = Uint8Array.of(0xef, 0xbb, 0xbf);
const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;

/**
 * Server-sent events out of bytes that are cut anywhere, as the WHATWG's HTML standard (9.2.6) has them. It works on
 * Latin-1 text, a character a byte, so that a character cut in two is nothing special.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class SseParser {
	/** An event was too large, and left out. */
	hasSkipped = false;
	readonly #onEvent: (name: string | undefined, data: string) => void;
	readonly #maxEventBytes: number;
	/** The bytes of a line whose end has not come, and room for more: it doubles, so that each is copied seldom. */
	#held: Uint8Array = NOTHING;
	#heldBytes = 0;
	/** The last chunk ended in a CR: an LF that comes now belongs to it. */
	#endedInCr = false;
	/** How much of a byte order mark has come, which may be in pieces; afterwards none is expected. */
	#markBytes: number | undefined = 0;
	#name: string | undefined = undefined;
	#data: string | undefined = undefined;
	/** The event is too large: its text is let go until the next one. */
	#isTooLarge = false;
	/** The beginning of a line that has not ended was let go. */
	#isLineCut = false;

	constructor(
		onEvent: (name: string | undefined, data: string) => void,
		maxEventBytes: number = MAX_EVENT_BYTES,
	) {
		this.#onEvent = onEvent;
		this.#maxEventBytes = maxEventBytes;
	}

	/** The next bytes, and the same as text. */
	push(chunk: Uint8Array, text: string = latin1(chunk)): void {
		if (chunk.length === 0) return;
		let start = this.#endedInCr && text.charCodeAt(0) === LF ? 1 : 0;
		this.#endedInCr = text.charCodeAt(text.length - 1) === CR;
		if (this.#markBytes !== undefined) {
			start = this.#afterMark(chunk, start);
			// No more than the beginning of a mark has come.
			if (this.#markBytes !== undefined) return;
		}
		let lf = text.indexOf("\n", start);
		let cr = text.indexOf("\r", start);
		while (lf !== -1 || cr !== -1) {
			const isCr = cr !== -1 && (lf === -1 || cr < lf);
			const end = isCr ? cr : lf;
			if (this.#heldBytes > 0 || this.#isLineCut) this.#endHeld(text.slice(start, end));
			else if (start === end) this.#dispatch();
			else this.#line(text, start, end);
			start = end + (isCr && lf === end + 1 ? 2 : 1);
			if (lf !== -1 && lf < start) lf = text.indexOf("\n", start);
			if (cr !== -1 && cr < start) cr = text.indexOf("\r", start);
		}
		if (start < text.length) this.#hold(start === 0 ? chunk : chunk.subarray(start));
	}

	/**
	 * There are no more bytes. What no blank line ends is an event all the same: OpenAI's SDK gives it to its caller, and
	 * what others do not give to theirs was said, too.
	 */
	end(): void {
		if (this.#heldBytes > 0) this.#endHeld("");
		this.#dispatch();
	}

	/** Where the text begins behind a byte order mark, if one stands there. */
	#afterMark(chunk: Uint8Array, from: number): number {
		let start = from;
		let seen = this.#markBytes ?? 0;
		while (seen < BYTE_ORDER_MARK.length && start < chunk.length && chunk[start] === BYTE_ORDER_MARK[seen]) {
			start += 1;
			seen += 1;
		}
		const isOpen = start === chunk.length && seen < BYTE_ORDER_MARK.length;
		this.#markBytes = isOpen ? seen : undefined;
		// What began like one, and is none, is text.
		if (!isOpen && seen < BYTE_ORDER_MARK.length) this.#hold(BYTE_ORDER_MARK.subarray(0, seen));
		return start;
	}

	/** Keeps the bytes of a line whose end has not come. */
	#hold(bytes: Uint8Array): void {
		if (this.#isLineCut || bytes.length === 0) return;
		const size = this.#heldBytes + bytes.length;
		if (size > this.#maxEventBytes) {
			// Only data makes an event large: a comment may be as long as it likes.
			const beginning =
				latin1(this.#held.subarray(0, Math.min(this.#heldBytes, 4))) + latin1(bytes.subarray(0, 4));
			this.#isTooLarge ||= beginning.startsWith("data");
			this.#isLineCut = true;
			this.#heldBytes = 0;
			this.#held = NOTHING;
			return;
		}
		if (size > this.#held.length) {
			const grown = new Uint8Array(Math.max(size, 2 * this.#held.length));
			grown.set(this.#held.subarray(0, this.#heldBytes));
			this.#held = grown;
		}
		this.#held.set(bytes, this.#heldBytes);
		this.#heldBytes = size;
	}

	/** The end has come of a line whose beginning was held. */
	#endHeld(end: string): void {
		if (this.#isLineCut) {
			this.#isLineCut = false;
			return;
		}
		const line = latin1(this.#held.subarray(0, this.#heldBytes)) + end;
		this.#heldBytes = 0;
		if (this.#held.length > MAX_KEPT_BYTES) this.#held = NOTHING;
		this.#line(line, 0, line.length);
	}

	/** A line of a text that is not blank. Other fields, and comments, say nothing of an event. */
	#line(text: string, start: number, end: number): void {
		if (text.startsWith("data", start)) {
			const value = valueAt(text, start + 4, end);
			if (value !== undefined) this.#add(value);
		} else if (text.startsWith("event", start)) {
			const value = valueAt(text, start + 5, end);
			if (value !== undefined) this.#name = value === "" ? undefined : value;
		}
	}

	#add(value: string): void {
		const before = this.#data;
		if (value.length + (before?.length ?? 0) > this.#maxEventBytes) this.#isTooLarge = true;
		if (this.#isTooLarge) this.#data = undefined;
		else this.#data = before === undefined ? value : `${before}\n${value}`;
	}

	#dispatch(): void {
		const data = this.#data;
		const name = this.#name;
		this.#data = undefined;
		this.#name = undefined;
		if (this.#isTooLarge) {
			this.#isTooLarge = false;
			this.hasSkipped = true;
		} else if (data !== undefined) this.#onEvent(name, data);
	}
}

/** The value of a field whose name ends there; `undefined` where the name goes on. */
function valueAt(text: string, nameEnd: number, end: number): string | undefined {
	if (nameEnd === end) return "";
	if (text.charCodeAt(nameEnd) !== COLON) return undefined;
	return text.slice(text.charCodeAt(nameEnd + 1) === SPACE ? nameEnd + 2 : nameEnd + 1, end);
}
