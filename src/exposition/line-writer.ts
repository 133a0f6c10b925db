import { formatCents } from "../core/money.ts";
import type { Placement } from "../metrics/layout.ts";
import type { LabelSet } from "../metrics/scope-series.ts";
import { ByteText } from "./byte-text.ts";
import { LINE, type LineFormat } from "./line-plan.ts";
import { LineText } from "./line-text.ts";

/** Writes a text for the first time, and remembers where each line's value stands and comes from. */
export class LineWriter {
	lines = 0;
	/** Slots without a value, whose lines are left out. */
	readonly waiting: number[] = [];
	/** The last line of each family that has one. */
	readonly families: { readonly name: string; readonly lastLine: number }[] = [];
	readonly #format: LineFormat;
	readonly #slots: Float64Array;
	readonly #value: ByteText = new ByteText();
	#bytes: Buffer = Buffer.allocUnsafeSlow(1 << 16);
	#length = 0;
	#start: Uint32Array = new Uint32Array(1024);
	#end: Uint32Array = new Uint32Array(1024);
	#slotOf: Uint32Array = new Uint32Array(1024);
	#kinds: Uint8Array = new Uint8Array(1024);
	#sum = 0;
	#firstLine = 0;

	constructor(format: LineFormat, slots: Float64Array) {
		this.#format = format;
		this.#slots = slots;
	}

	/** All lines of a family for one label set. */
	series(placement: Placement, labelSet: LabelSet): void {
		for (const { kind, offset, start } of this.#format.lines(placement, labelSet)) {
			const slot = labelSet.base + offset;
			if (kind === LINE.value && Number.isNaN(this.#slots[slot]!)) {
				this.waiting.push(slot);
				continue;
			}
			if (this.lines === this.#firstLine) this.#text(this.#format.header(placement));
			this.#text(start);
			this.#line(kind, slot);
		}
	}

	/** What comes next is another family. */
	endFamily(name: string): void {
		if (this.lines > this.#firstLine) this.families.push({ name, lastLine: this.lines - 1 });
		this.#firstLine = this.lines;
	}

	/** The text, whose memory is no larger than it. */
	text(): LineText {
		const { lines } = this;
		const bytes = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length);
		return new LineText(bytes, this.#start.slice(0, lines), this.#end.slice(0, lines));
	}

	kinds(): Uint8Array {
		return this.#kinds.slice(0, this.lines);
	}

	slotOf(): Uint32Array {
		return this.#slotOf.slice(0, this.lines);
	}

	#line(kind: (typeof LINE)[keyof typeof LINE], slot: number): void {
		const { lines } = this;
		if (lines === this.#start.length) this.#growLines();
		this.#start[lines] = this.#length;
		this.#text(this.#valueOf(kind, slot));
		this.#end[lines] = this.#length;
		this.#slotOf[lines] = slot;
		this.#kinds[lines] = kind;
		this.lines += 1;
		this.#text("\n");
	}

	#valueOf(kind: (typeof LINE)[keyof typeof LINE], slot: number): string {
		const value = this.#slots[slot]!;
		switch (kind) {
			case LINE.money:
				return formatCents(value, this.#slots[slot + 1]!);
			case LINE.firstBucket:
				this.#sum = value;
				return this.#written(this.#sum) + this.#format.afterBucket(slot);
			case LINE.bucket:
				this.#sum += value;
				return this.#written(this.#sum) + this.#format.afterBucket(slot);
			case LINE.count:
				return this.#written(this.#sum);
			case LINE.fixed:
				return "";
			case LINE.value:
				return this.#written(value);
		}
	}

	/** As the renderer will write it later. */
	#written(value: number): string {
		this.#value.clear();
		this.#value.number(value);
		return Buffer.from(this.#value.bytes.buffer, 0, this.#value.length).toString("latin1");
	}

	#text(text: string): void {
		// A UTF-16 unit is three bytes of UTF-8 at most.
		const most = this.#length + text.length * 3;
		if (most > this.#bytes.length) {
			const grown = Buffer.allocUnsafeSlow(Math.max(most, this.#bytes.length * 2));
			this.#bytes.copy(grown, 0, 0, this.#length);
			this.#bytes = grown;
		}
		this.#length += this.#bytes.write(text, this.#length, "utf8");
	}

	#growLines(): void {
		this.#start = grown(this.#start, Uint32Array);
		this.#end = grown(this.#end, Uint32Array);
		this.#slotOf = grown(this.#slotOf, Uint32Array);
		this.#kinds = grown(this.#kinds, Uint8Array);
	}
}

function grown<T extends Uint8Array | Uint32Array>(array: T, type: new (length: number) => T): T {
	const larger = new type(array.length * 2);
	larger.set(array);
	return larger;
}
