import { isRecord } from "./is-record.ts";
import { latin1Json } from "./wire-text.ts";

/** What is larger passes as it is, in bytes: 1 MiB. */
const MAX_EVENT_BYTES: number = 1024 * 1024;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Takes out of a stream of OpenAI's chat or completions API what `stream_options.include_usage` has put in: the last
 * chunk, whose `choices` is empty and which has the usage, and the `"usage":null` of the others. All other bytes pass as
 * they are; only of an event that has not come whole the bytes wait.
 */
export class UsageChunkFilter {
	/** The bytes of the event that has not come whole, as Latin-1 text. */
	#held = "";

	push(chunk: Uint8Array): Uint8Array {
		const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
		const held = this.#held;
		const all = held === "" ? text : held + text;
		const end = endOfEvents(all);
		// Much that has no end is no event of ours.
		const cut = end === 0 && all.length > MAX_EVENT_BYTES ? all.length : end;
		this.#held = cut === all.length ? "" : all.slice(cut);
		const whole = cut === all.length ? all : all.slice(0, cut);
		const kept = whole.includes('"usage"') ? withoutUsage(whole) : whole;
		if (held === "" && kept === text) return chunk;
		return kept === "" ? NOTHING : Buffer.from(kept, "latin1");
	}

	/** What has waited: the stream ends in the middle of it. */
	end(): Uint8Array {
		const held = this.#held;
		this.#held = "";
		return held === "" ? NOTHING : Buffer.from(withoutUsage(held), "latin1");
	}
}

/** Where the last whole event of a text ends, its blank line included; 0 where there is none. */
function endOfEvents(text: string): number {
	const lf = text.lastIndexOf("\n\n");
	const crlf = text.lastIndexOf("\r\n\r\n");
	const cr = text.lastIndexOf("\r\r");
	return Math.max(lf === -1 ? 0 : lf + 2, crlf === -1 ? 0 : crlf + 4, cr === -1 ? 0 : cr + 2);
}

const EVENT = /[\s\S]*?(?:\r\n\r\n|\n\n|\r\r|$)/g;

function withoutUsage(events: string): string {
	return events.replace(EVENT, (event) => (event.includes('"usage"') ? eventWithout(event) : event));
}

const NULL_USAGE = /,\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,\s*/;

function eventWithout(event: string): string {
	const data = /(?:^|[\r\n])data:[ ]?([^\r\n]*)/.exec(event)?.[1];
	const chunk = data === undefined ? undefined : latin1Json(data);
	if (!isRecord(chunk)) return event;
	const { choices, usage } = chunk;
	if (usage === null) return event.replace(NULL_USAGE, "");
	return isRecord(usage) && Array.isArray(choices) && choices.length === 0 ? "" : event;
}
