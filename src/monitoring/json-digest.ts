import { isAscii } from "node:buffer";

/** From this length on, characters without a quote or a backslash among them are more than what is looked for. */
const RUN = 1024;
/** How much is left of them: more than the longest escape, which may have begun before them. */
const LEFT = 256;
/** A document of fewer characters is parsed as it is. */
const SMALL = 8192;
/** How much may be kept of one document, in characters: 16 MiB. */
const MAX_KEPT: number = 16 * 1024 * 1024;

/**
 * What of a JSON document is worth parsing, while it comes in pieces that are cut anywhere: all of it, but for the middles
 * of what is long, pictures in base64 and vectors for example. None of its bytes are kept, which are the reader's own.
 */
export class JsonDigest {
	/** What is left is too much, and was let go. */
	isTooLarge = false;
	/** There was nothing but white space. */
	isEmpty = true;
	#kept: string[] = [];
	#size = 0;
	#isAscii = true;

	/** The next bytes. */
	push(bytes: Uint8Array): void {
		const json = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
		this.isEmpty &&= json.trim() === "";
		this.#isAscii &&= isAscii(bytes);
		const piece = this.#size + json.length > SMALL ? shortened(json) : json;
		this.#size += piece.length;
		if (this.#size <= MAX_KEPT) this.#kept.push(piece);
		else {
			this.isTooLarge = true;
			this.#kept = [];
		}
	}

	/** The document's value, shortened; `undefined` where it is no JSON. */
	value(): unknown {
		const latin1 = this.#kept.join("");
		return parsed(this.#isAscii ? latin1 : Buffer.from(latin1, "latin1").toString("utf8"));
	}
}

/** The value of a text that is JSON, shortened where it is long; `undefined` where it is none. */
export function digestOf(json: string): unknown {
	return parsed(json.length > SMALL ? shortened(json) : json);
}

function parsed(json: string): unknown {
	try {
		return JSON.parse(json.startsWith("\ufeff") ? json.slice(1) : json);
	} catch {
		return undefined;
	}
}

const QUOTE = 34;
const BACKSLASH = 92;

/**
 * A piece of JSON without the middles of long runs. A run without quotes and backslashes lies in one text, or between two:
 * what is cut out of it changes nothing of what is around it.
 */
function shortened(json: string): string {
	let kept = "";
	let from = 0;
	let quote = -1;
	let backslash = -1;
	let at = 0;
	const cut = (start: number, end: number): void => {
		kept += json.slice(from, start);
		from = end;
	};
	while (at + RUN <= json.length) {
		// Most runs are short, and then hardly any of their characters are looked at.
		let last = at + RUN - 1;
		while (last >= at && !isMark(json.charCodeAt(last))) last -= 1;
		if (last >= at) {
			at = last + 1;
			continue;
		}
		if (quote < at) quote = found(json.indexOf('"', at));
		if (backslash < at) backslash = found(json.indexOf("\\", at));
		const end = Math.min(quote, backslash, json.length);
		if (IN_TEXT.test(json.slice(at, at + LEFT))) cut(at + LEFT, end);
		else cutLists(json, at, end, cut);
		at = end;
	}
	return from === 0 ? json : kept + json.slice(from);
}

/** What stands only in a text. */
const IN_TEXT: RegExp = /[^\s\d.,:+\-[\]{}eEtrufalsn]/;

/** Cuts out of long lists of numbers, or of words without quotes, all but the first items and the last. */
function cutLists(json: string, at: number, end: number, cut: (start: number, end: number) => void): void {
	let start = at;
	let open = -1;
	let close = -1;
	while (start < end) {
		if (open < start) open = found(json.indexOf("[", start));
		if (close < start) close = found(json.indexOf("]", start));
		const stop = Math.min(open, close, end);
		if (stop - start > 2 * LEFT) {
			const first = json.indexOf(",", start + LEFT);
			const last = json.lastIndexOf(",", stop - 1);
			if (first !== -1 && first < last) cut(first, last);
		}
		start = stop + 1;
	}
}

function isMark(code: number): boolean {
	return code === QUOTE || code === BACKSLASH;
}

function found(index: number): number {
	return index === -1 ? Infinity : index;
}
