const ZERO = 0x30;
/** Below this an integer's digits are quicker to write than its text. */
const SMALL = 1_000_000_000;

/**
 * Bytes that grow: written to at the end, read all at once. Numbers are written as the formats want them, in as few
 * digits as tell them apart from every other double.
 */
export class ByteText {
	bytes: Uint8Array = new Uint8Array(0);
	length = 0;

	clear(): void {
		this.length = 0;
	}

	/** A finite or infinite number; NaN is "NaN". */
	number(value: number): void {
		if (value < SMALL && value >= 0 && Number.isInteger(value)) this.#digits(value);
		else if (Number.isFinite(value)) this.ascii(String(value));
		else this.ascii(Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
	}

	/** Text of which every character is ASCII. */
	ascii(text: string): void {
		this.#reserve(text.length);
		const { bytes } = this;
		let at = this.length;
		for (let i = 0; i < text.length; i += 1) {
			bytes[at] = text.charCodeAt(i);
			at += 1;
		}
		this.length = at;
	}

	#digits(value: number): void {
		this.#reserve(10);
		const { bytes } = this;
		// A 32-bit integer from here on, and in a register.
		let rest = value | 0;
		let at = this.length;
		if (rest < 10) {
			bytes[at] = ZERO + rest;
			this.length = at + 1;
			return;
		}
		let width = 1;
		for (let power = 10; power <= rest; power *= 10) width += 1;
		this.length = at + width;
		at = this.length;
		while (rest > 0) {
			const tens = (rest / 10) | 0;
			at -= 1;
			bytes[at] = ZERO + rest - tens * 10;
			rest = tens;
		}
	}

	#reserve(count: number): void {
		if (this.length + count <= this.bytes.length) return;
		const grown = new Uint8Array(Math.max(4096, this.length + count, this.bytes.length * 2));
		grown.set(this.bytes);
		this.bytes = grown;
	}
}
