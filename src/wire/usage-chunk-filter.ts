import { endOfEvents, type UsageCut, usageCuts } from "./usage-cuts.ts";

/** What is larger passes as it is, in bytes: 1 MiB. */
const MAX_EVENT_BYTES: number = 1024 * 1024;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Takes out of a stream of OpenAI's chat or completions API what `stream_options.include_usage` has put in: the last
 * chunk, whose `choices` is empty and which has the usage, and the `"usage":null` of the others. All other bytes pass as
 * they are; only those of an event that has not come whole wait. What is not the chunk that came has memory of its own, as
 * what `fetch` gives has: its reader may transfer it.
 */
export class UsageChunkFilter {
	/** The bytes of the event that has not come whole. */
	#held: Uint8Array[] = [];
	#heldBytes = 0;
	/** The last two of them: an event's end may be cut in two. */
	#seam = "";

	push(chunk: Uint8Array): Uint8Array {
		if (chunk.length === 0) return chunk;
		const text = latin1(chunk);
		const end = endOfEvents(this.#seam + text) - this.#seam.length;
		if (end < 0 || (end === 0 && this.#heldBytes === 0)) {
			this.#hold(copied(chunk, 0, chunk.length), text);
			// Much that has no end is no event of ours.
			return this.#heldBytes > MAX_EVENT_BYTES ? this.#release() : NOTHING;
		}
		const last = end === chunk.length ? chunk : chunk.subarray(0, end);
		const kept = this.#heldBytes === 0 ? this.#without(last, text.slice(0, end)) : this.#withoutHeld(last);
		// A copy: what it is cut from has left us, and may be anything's memory by then.
		if (end < chunk.length) this.#hold(copied(chunk, end, chunk.length), text.slice(end));
		return kept === last && last !== chunk ? copied(chunk, 0, end) : kept;
	}

	/** What has waited: the stream ends in the middle of it. */
	end(): Uint8Array {
		return this.#heldBytes === 0 ? NOTHING : this.#withoutHeld(NOTHING);
	}

	#hold(bytes: Uint8Array, text: string): void {
		this.#held.push(bytes);
		this.#heldBytes += bytes.length;
		this.#seam = (this.#seam + text).slice(-2);
	}

	#release(): Uint8Array {
		const whole = joined(this.#held, this.#heldBytes);
		this.#held = [];
		this.#heldBytes = 0;
		this.#seam = "";
		return whole;
	}

	#withoutHeld(last: Uint8Array): Uint8Array {
		this.#hold(last, "");
		const whole = this.#release();
		return this.#without(whole, latin1(whole));
	}

	/** Whole events without what nobody has asked for: the same object where there is none of that. */
	#without(bytes: Uint8Array, text: string): Uint8Array {
		const cuts = usageCuts(text);
		return cuts.length === 0 ? bytes : withoutCuts(bytes, cuts);
	}
}

function latin1(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Of the same class, and, other than `slice` of a Buffer, with memory of its own. */
function copied(bytes: Uint8Array, from: number, to: number): Uint8Array {
	return Uint8Array.prototype.slice.call(bytes, from, to);
}

function withoutCuts(bytes: Uint8Array, cuts: readonly UsageCut[]): Uint8Array {
	let size = bytes.length;
	for (const [from, to] of cuts) size -= to - from;
	if (size === 0) return NOTHING;
	// What stands before the first cut is right by now.
	const kept = copied(bytes, 0, size);
	for (let index = 0, at = cuts[0]?.[0] ?? size; index < cuts.length; index += 1) {
		const piece = bytes.subarray(cuts[index]?.[1], cuts[index + 1]?.[0] ?? bytes.length);
		kept.set(piece, at);
		at += piece.length;
	}
	return kept;
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
	const [only] = parts;
	if (parts.length === 1 && only !== undefined) return only;
	const whole = new Uint8Array(size);
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
