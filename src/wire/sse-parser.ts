/** How large one event may be, unless said otherwise, in bytes: 16 MiB. */
const MAX_EVENT_BYTES: number = 16 * 1024 * 1024;

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
	/** The bytes of a line whose end has not come. */
	#rest = "";
	/** The last chunk ended in a CR: an LF that comes now belongs to it. */
	#endedInCr = false;
	#isFirst = true;
	#name: string | undefined = undefined;
	#data: string | undefined = undefined;
	/** The event, or a line of it, is too large: its text is let go until the next one. */
	#isTooLarge = false;
	#isLineCut = false;

	constructor(
		onEvent: (name: string | undefined, data: string) => void,
		maxEventBytes: number = MAX_EVENT_BYTES,
	) {
		this.#onEvent = onEvent;
		this.#maxEventBytes = maxEventBytes;
	}

	/** The next bytes. */
	push(chunk: Uint8Array): void {
		if (chunk.length === 0) return;
		let text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
		if (this.#endedInCr && text.charCodeAt(0) === 10) text = text.slice(1);
		this.#endedInCr = text === "" ? false : text.charCodeAt(text.length - 1) === 13;
		const held = this.#rest;
		if (held !== "") {
			text = held + text;
			this.#rest = "";
		}
		if (this.#isFirst) {
			// The byte order mark may come in pieces.
			if (text.length < 3 && "\u00ef\u00bb\u00bf".startsWith(text)) {
				this.#rest = text;
				return;
			}
			if (text.startsWith("\u00ef\u00bb\u00bf")) text = text.slice(3);
			this.#isFirst = false;
		}
		// What was held back has no line end in it.
		this.#lines(text, held === "" || text.length < held.length ? 0 : held.length);
	}

	/** There are no more bytes. An event that no blank line ends is one all the same: so the official SDKs have it. */
	end(): void {
		if (this.#rest !== "" && !this.#isFirst) this.#line(this.#rest);
		this.#rest = "";
		this.#dispatch();
	}

	#lines(text: string, from: number): void {
		let start = 0;
		let lf = text.indexOf("\n", from);
		let cr = text.indexOf("\r", from);
		while (lf !== -1 || cr !== -1) {
			const isCr = cr !== -1 && (lf === -1 || cr < lf);
			const at = isCr ? cr : lf;
			this.#line(text.slice(start, at));
			start = at + (isCr && lf === at + 1 ? 2 : 1);
			if (lf !== -1 && lf < start) lf = text.indexOf("\n", start);
			if (cr !== -1 && cr < start) cr = text.indexOf("\r", start);
		}
		const rest = start === 0 ? text : text.slice(start);
		if (rest.length <= this.#maxEventBytes) this.#rest = rest;
		else {
			this.#isTooLarge = true;
			this.#isLineCut = true;
		}
	}

	#line(line: string): void {
		if (this.#isLineCut) {
			// The end of a line whose beginning was let go.
			this.#isLineCut = false;
			return;
		}
		if (line === "") {
			this.#dispatch();
			return;
		}
		const colon = line.indexOf(":");
		if (colon === 0) return;
		const field = colon === -1 ? line : line.slice(0, colon);
		if (field !== "data" && field !== "event") return;
		const value = colon === -1 ? "" : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
		if (field === "event") {
			this.#name = value === "" ? undefined : value;
			return;
		}
		const size = value.length + (this.#data?.length ?? 0);
		if (size > this.#maxEventBytes) {
			this.#isTooLarge = true;
			this.#data = undefined;
		} else if (!this.#isTooLarge) this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
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
