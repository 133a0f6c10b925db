import { isRecord } from "./is-record.ts";
import { latin1Json } from "./wire-text.ts";

const LF = 10;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN = 123;
const CLOSE = 125;

/** Where an event, and a line of it, begins, and where the event ends. */
interface Place {
	readonly start: number;
	readonly line: number;
	readonly end: number;
}

/**
 * What `stream_options.include_usage` has put into these events of OpenAI's chat or completions API, given as Latin-1 text:
 * events that have nothing but the usage, and the `"usage":null` of others, with a comma.
 *
 * @returns where each begins and ends, in turn: in one list, for there is one in nearly every event
 */
export function usageCuts(text: string): readonly number[] {
	// Nearly everybody sends no other ends than these, which are found quickly. V8 would look for the CR again at each event,
	// were the answer only used there.
	return text.includes("\r") ? cutsBetween(text, ANY_ENDS) : cutsBetween(text, PLAIN_ENDS);
}

function cutsBetween(text: string, ends: LineEnds): readonly number[] {
	const cuts: number[] = [];
	let start = 0;
	let end = 0;
	let missed = 0;
	let at = text.indexOf(NAME);
	while (at !== -1) {
		while (end <= at) {
			start = end;
			end = ends.endOfEvent(text, start);
			missed = 0;
		}
		const place = { start, end, line: ends.lineStart(text, start, at) };
		const isCut = cutAt(text, place, at - 1, cuts);
		if (!isCut) missed += 1;
		// An event has one; what has more is none of OpenAI's, and with two cuts might be no JSON any more.
		at = text.indexOf(NAME, isCut || missed >= MOST_MISSED ? end : at + NAME.length);
	}
	return cuts;
}

/** The end of the name: a quote to begin with would be found too often on the way. */
const NAME = 'usage"';
/** An event that names it so often, and nowhere as OpenAI does, is let be. */
const MOST_MISSED = 16;
const COLON_BETWEEN = /[ \t]*:[ \t]*/y;
const COMMA_BEHIND = /[ \t]*,[ \t]*/y;
const COMMA_BEFORE = /,[ \t]*$/;
const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;

/**
 * Cuts out what the usage that stands there in an event has put into it.
 *
 * @returns whether it is anything
 */
function cutAt(text: string, { end, line, start }: Place, at: number, cuts: number[]): boolean {
	if (text.charCodeAt(at) !== QUOTE || !isData(text, line)) return false;
	const value = valueAt(text, at + NAME.length + 1);
	if (value === -1) return false;
	if (text.charCodeAt(value) === OPEN) {
		if (!isExtra(text.slice(start, end))) return false;
		cuts.push(start, end);
		return true;
	}
	const after = value + 4;
	if (!text.startsWith("null", value) || !isOutermost(text, after, end)) return false;
	if (text.charCodeAt(at - 1) === COMMA) {
		cuts.push(at - 1, after);
		return true;
	}
	const before = COMMA_BEFORE.exec(text.slice(Math.max(line, at - 8), at));
	COMMA_BEHIND.lastIndex = after;
	const last = before === null && COMMA_BEHIND.test(text) ? COMMA_BEHIND.lastIndex : after;
	cuts.push(at - (before?.[0].length ?? 0), last);
	return true;
}

/** Whether the line that begins there is an event's data, and that is an object. */
function isData(text: string, line: number): boolean {
	if (!text.startsWith("data:", line)) return false;
	const first = text.charCodeAt(line + 5);
	return first === OPEN || (first === SPACE && text.charCodeAt(line + 6) === OPEN);
}

/** Where the value begins of a field whose name ends there; -1 where it is no name. */
function valueAt(text: string, nameEnd: number): number {
	if (text.charCodeAt(nameEnd) === COLON && text.charCodeAt(nameEnd + 1) > SPACE) return nameEnd + 1;
	COLON_BETWEEN.lastIndex = nameEnd;
	return COLON_BETWEEN.test(text) ? COLON_BETWEEN.lastIndex : -1;
}

/** Whether an event is the chunk that has nothing but the usage. */
function isExtra(event: string): boolean {
	if (!NO_CHOICES.test(event)) return false;
	const chunk = latin1Json(/(?:^|[\r\n])data:([^\r\n]*)/.exec(event)?.[1] ?? "");
	const choices = isRecord(chunk) && isRecord(chunk["usage"]) ? chunk["choices"] : undefined;
	return Array.isArray(choices) && choices.length === 0;
}

/** Whether what stands there in a JSON object stands in none that is inside of it: only one thing closes after it. */
function isOutermost(text: string, from: number, end: number): boolean {
	let depth = 1;
	for (let at = from; at < end; at += 1) {
		const char = text.charCodeAt(at);
		if (char === QUOTE) at = endOfText(text, at);
		else if (char === OPEN || char === OPEN_LIST) depth += 1;
		else if (char === CLOSE || char === CLOSE_LIST) depth -= 1;
		if (depth === 0)
			return text.charCodeAt(at + 1) === LF || /^[ \t]*(?:[\r\n]|$)/.test(text.slice(at + 1, end));
	}
	return false;
}

/** Where the JSON text that begins there has its last quote. */
function endOfText(text: string, start: number): number {
	let end = text.indexOf('"', start + 1);
	while (end !== -1) {
		let slashes = 0;
		while (text[end - 1 - slashes] === "\\") slashes += 1;
		if (slashes % 2 === 0) return end;
		end = text.indexOf('"', end + 1);
	}
	return text.length;
}

/** Between two ends of lines, of which a CR that an LF may still follow is not yet one; who sends CRs alone does so always. */
const BLANK_LINE = /(?:\r\n|\n)(?:\r\n|\n|\r(?!\n|$))|\r(?!\n)(?:\r\n|\n|\r)/g;
const LINE_END = /[\r\n]/g;

/** How the lines of a text end. */
interface LineEnds {
	/** Where the event that begins there ends, its blank line included. */
	endOfEvent(text: string, start: number): number;
	/** Where the line begins that a place in an event is in. */
	lineStart(text: string, start: number, at: number): number;
}

const PLAIN_ENDS: LineEnds = {
	endOfEvent(text, start) {
		const end = text.indexOf("\n\n", start);
		return end === -1 ? text.length : end + 2;
	},
	lineStart(text, start, at) {
		let line = start;
		let end = text.indexOf("\n", line);
		while (end !== -1 && end < at) {
			line = end + 1;
			end = text.indexOf("\n", line);
		}
		return line;
	},
};

const ANY_ENDS: LineEnds = {
	endOfEvent(text, start) {
		BLANK_LINE.lastIndex = start;
		return BLANK_LINE.test(text) ? BLANK_LINE.lastIndex : text.length;
	},
	lineStart(text, start, at) {
		let line = start;
		LINE_END.lastIndex = start;
		while (LINE_END.test(text) && LINE_END.lastIndex <= at) line = LINE_END.lastIndex;
		return line;
	},
};

/** Where the last whole event of a text ends; -1 where there is none. */
export function endOfEvents(text: string): number {
	if (text.endsWith("\n\n")) return text.length;
	if (!text.includes("\r")) {
		const end = text.lastIndexOf("\n\n");
		return end === -1 ? -1 : end + 2;
	}
	let end = -1;
	BLANK_LINE.lastIndex = 0;
	while (BLANK_LINE.test(text)) end = BLANK_LINE.lastIndex;
	return end;
}
