import { endOfEvents, usageCuts } from "./usage-cuts.ts";
import { latin1 } from "./wire-text.ts";

/** What is larger passes as it is, in bytes: 1 MiB. */
const MAX_EVENT_BYTES: number = 1024 * 1024;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Takes out of a stream of OpenAI's chat or completions API what `stream_options.include_usage` has put in: the last
 * chunk, whose `choices` is empty and which has the usage, and the `"usage":null` of the others. All other bytes pass as
 * they are; only those of an event that has not come whole wait. What is not the chunk that came has memory of its own, as
 * what `fetch` gives has: its reader may transfer it. It works on Latin-1 text, a character a byte.
 */
export class UsageChunkFilter {
	/** The event that has not come whole. Nobody looks into it until then: so what is added to it copies nothing. */
	#held = "";
	/** The last two bytes of that: an event's end may be cut in two. */
	#seam = "";
	/** The chunks are of Node's own class. */
	#areBuffers = false;

	/** The next bytes, and the same as text; what their reader gets of them. */
	push(chunk: Uint8Array, text: string = latin1(chunk)): Uint8Array {
		if (chunk.length === 0) return chunk;
		this.#areBuffers = Buffer.isBuffer(chunk);
		const end = endOfEvents(this.#seam + text) - this.#seam.length;
		const held = this.#held;
		if (end < 0 || (end === 0 && held === "")) {
			this.#hold(held + text, this.#seam + text);
			// Much that has no end is no event of ours.
			return this.#held.length > MAX_EVENT_BYTES ? this.#bytes(this.#release()) : NOTHING;
		}
		const rest = text.slice(end);
		this.#hold(rest, rest);
		const events = held + text.slice(0, end);
		const kept = withoutUsage(events);
		return events.length === chunk.length && kept === events && held === "" ? chunk : this.#bytes(kept);
	}

	/** What has waited: the stream ends in the middle of it. */
	end(): Uint8Array {
		return this.#bytes(withoutUsage(this.#release()));
	}

	/** @param end which ends as the text does */
	#hold(text: string, end: string): void {
		this.#held = text;
		this.#seam = end.slice(-2);
	}

	#release(): string {
		const text = this.#held;
		this.#hold("", "");
		return text;
	}

	#bytes(text: string): Uint8Array {
		if (text === "") return NOTHING;
		const bytes = this.#areBuffers ? Buffer.allocUnsafeSlow(text.length) : new Uint8Array(text.length);
		Buffer.from(bytes.buffer).write(text, "latin1");
		return bytes;
	}
}

/** Whole events without what nobody has asked for. */
function withoutUsage(events: string): string {
	const cuts = usageCuts(events);
	let kept = "";
	let from = 0;
	for (let index = 0; index < cuts.length; index += 2) {
		kept += events.slice(from, cuts[index]);
		from = cuts[index + 1] ?? from;
	}
	return from === 0 ? events : kept + events.slice(from);
}
