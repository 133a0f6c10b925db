const TEXT = new TextEncoder();
const SMALLEST_PIECE = 4096;
/** The longest field that is not a string: a tag and a number. */
const LONGEST_NUMBER = 11;

/**
 * Writes protobuf: https://protobuf.dev/programming-guides/encoding/. A tag is that of a field below 16, so one byte.
 *
 * What stands before the last {@link keep} is never copied again: growing moves only what was begun since then, so no
 * step takes long, however much there is.
 */
export class ProtobufWriter {
	#bytes: Uint8Array<ArrayBuffer>;
	#view: DataView;
	#at = 0;
	/** Where the part begins that has to stay in one piece. */
	#kept = 0;
	readonly #full: Uint8Array<ArrayBuffer>[] = [];
	/** How many bytes the full pieces have. */
	#before = 0;
	/** Of each message that is open: where it begins, from {@link #kept}, and the room left for its length. */
	readonly #open: number[] = [];

	/** @param expected how many bytes there will be; a guess that is too low costs copying */
	constructor(expected: number) {
		this.#bytes = new Uint8Array(Math.max(expected, SMALLEST_PIECE));
		this.#view = new DataView(this.#bytes.buffer);
	}

	/** How many bytes were written. */
	get length(): number {
		return this.#before + this.#at;
	}

	/** What has been written is final; no message may be open. */
	keep(): void {
		this.#kept = this.#at;
	}

	/** Takes back what was written since {@link keep}, messages that are open included. */
	drop(): void {
		this.#at = this.#kept;
		this.#open.length = 0;
	}

	/** Takes back what was written since {@link keep}, and gives it out. */
	take(): Uint8Array {
		const taken = this.#bytes.slice(this.#kept, this.#at);
		this.drop();
		return taken;
	}

	/** All that was written, in order. */
	pieces(): readonly Uint8Array<ArrayBuffer>[] {
		return [...this.#full, this.#bytes.subarray(0, this.#at)];
	}

	/** A non-negative integer, or the length of a message that is written next. */
	uint(tag: number, value: number): void {
		this.#need(LONGEST_NUMBER);
		const bytes = this.#bytes;
		const at = this.#at;
		bytes[at] = tag;
		if (value < 128) {
			bytes[at + 1] = value;
			this.#at = at + 2;
		} else this.#at = putVarint(bytes, at + 1, value);
	}

	/** An integer of either sign, of the types sint32 and sint64. */
	sint(tag: number, value: number): void {
		this.uint(tag, value < 0 ? -2 * value - 1 : 2 * value);
	}

	double(tag: number, value: number): void {
		this.#need(LONGEST_NUMBER);
		this.#bytes[this.#at] = tag;
		this.#view.setFloat64(this.#at + 1, value, true);
		this.#at += 9;
	}

	/** A lone surrogate becomes U+FFFD. */
	string(tag: number, text: string): void {
		this.begin(tag, text.length < 128 ? 1 : 2);
		this.#need(text.length * 3);
		this.#at += TEXT.encodeInto(text, this.#bytes.subarray(this.#at)).written;
		this.close();
	}

	/** Whole fields that were encoded before. */
	raw(fields: Uint8Array): void {
		const { length } = fields;
		if (length === 0) return;
		this.#need(length);
		this.#bytes.set(fields, this.#at);
		this.#at += length;
	}

	/** A message whose fields follow, until {@link close}. */
	begin(tag: number, room: number): void {
		this.#need(1);
		this.#bytes[this.#at] = tag;
		this.#at += 1;
		this.open(room);
	}

	/**
	 * A message without a tag, as a stream of messages has them.
	 *
	 * @param room how many bytes its length will take; a wrong guess costs a copy of the message
	 */
	open(room: number): void {
		this.#need(room);
		this.#at += room;
		this.#open.push(this.#at - this.#kept, room);
	}

	/** Ends the message that was opened last. */
	close(): void {
		const room = this.#open.pop() ?? 0;
		const start = this.#kept + (this.#open.pop() ?? 0);
		const length = this.#at - start;
		const size = sizeOf(length);
		if (size !== room) {
			this.#need(size);
			// Growing moves the kept part's beginning, and with it the message's.
			const from = this.#at - length;
			this.#bytes.copyWithin(from - room + size, from, this.#at);
			this.#at += size - room;
		}
		putVarint(this.#bytes, this.#at - length - size, length);
	}

	#need(count: number): void {
		if (this.#at + count > this.#bytes.length) this.#grow(count);
	}

	#grow(count: number): void {
		const moved = this.#bytes.subarray(this.#kept, this.#at);
		if (this.#kept > 0) this.#full.push(this.#bytes.subarray(0, this.#kept));
		this.#before += this.#kept;
		const bytes = new Uint8Array(2 * Math.max(moved.length + count, SMALLEST_PIECE));
		bytes.set(moved);
		this.#bytes = bytes;
		this.#view = new DataView(bytes.buffer);
		this.#at = moved.length;
		this.#kept = 0;
	}
}

/** How many bytes a non-negative integer takes. */
export function sizeOf(value: number): number {
	let size = 1;
	for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
	return size;
}

/** The answer is where the next byte goes. */
function putVarint(bytes: Uint8Array, at: number, value: number): number {
	let rest = value;
	let end = at;
	// Past 2^31 shifts would lose bits.
	for (; rest >= 0x8000_0000; rest = Math.floor(rest / 128)) bytes[end++] = (rest % 128) | 128;
	for (; rest >= 128; rest >>>= 7) bytes[end++] = (rest & 127) | 128;
	bytes[end] = rest;
	return end + 1;
}
