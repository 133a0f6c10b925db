import { isRecord } from "./is-record.ts";
import { latin1Json } from "./wire-text.ts";

/** What of a text is not to be seen. */
export type UsageCut = readonly [from: number, to: number];

/** Where an event, and a line of it, begins, and where the event ends. */
interface Place {
	readonly start: number;
	readonly line: number;
	readonly end: number;
}

/**
 * What `stream_options.include_usage` has put into these events of OpenAI's chat or completions API, given as Latin-1 text:
 * events that have nothing but the usage, and the `"usage":null` of others, with a comma.
 */
export function usageCuts(text: string): readonly UsageCut[] {
	const cuts: UsageCut[] = [];
	// Nearly everybody sends no other ends than these, which are found quickly.
	const isPlain = !text.includes("\r");
	let start = 0;
	let end = 0;
	let missed = 0;
	let at = text.indexOf(NAME);
	while (at !== -1) {
		while (end <= at) {
			start = end;
			end = endOfEvent(text, start, isPlain);
			missed = 0;
		}
		const line = isPlain ? lineStart(text, start, at) : anyLineStart(text, start, at);
		const cut = cutAt(text, { start, end, line }, at - 1);
		if (cut !== undefined) cuts.push(cut);
		else missed += 1;
		at = text.indexOf(NAME, cut?.[1] ?? (missed < MOST_MISSED ? at + NAME.length : end));
	}
	return cuts;
}

/** The end of the name: a quote to begin with would be found too often on the way. */
const NAME = 'usage"';
/** An event that names it so often, and nowhere as OpenAI does, is let be. */
const MOST_MISSED = 16;
const COLON = /[ \t]*:[ \t]*/y;
const COMMA = /[ \t]*,[ \t]*/y;
const COMMA_BEFORE = /,[ \t]*$/;
const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;

/** What the usage that stands there in an event has put into it. */
function cutAt(text: string, { end, line, start }: Place, at: number): UsageCut | undefined {
	const isName = text[at] === '"' && (text.startsWith("data: {", line) || text.startsWith("data:{", line));
	const value = isName ? valueAt(text, at + NAME.length + 1) : -1;
	if (value === -1) return undefined;
	if (text[value] === "{") return isExtra(text.slice(start, end)) ? [start, end] : undefined;
	if (!text.startsWith("null", value) || !isOutermost(text, value + 4, end)) return undefined;
	if (text[at - 1] === ",") return [at - 1, value + 4];
	const before = COMMA_BEFORE.exec(text.slice(Math.max(line, at - 8), at));
	if (before !== null) return [at - before[0].length, value + 4];
	COMMA.lastIndex = value + 4;
	return [at, COMMA.test(text) ? COMMA.lastIndex : value + 4];
}

/** Where the value begins of a field whose name ends there; -1 where it is no name. */
function valueAt(text: string, nameEnd: number): number {
	if (text.startsWith(":null", nameEnd)) return nameEnd + 1;
	COLON.lastIndex = nameEnd;
	return COLON.test(text) ? COLON.lastIndex : -1;
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
		const char = text[at];
		if (char === '"') at = endOfText(text, at);
		else if (char === "{" || char === "[") depth += 1;
		else if (char === "}" || char === "]") depth -= 1;
		if (depth === 0) return text[at + 1] === "\n" || /^[ \t]*(?:[\r\n]|$)/.test(text.slice(at + 1, end));
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

/** Where the event that begins there ends, its blank line included. */
function endOfEvent(text: string, start: number, isPlain: boolean): number {
	if (isPlain) {
		const end = text.indexOf("\n\n", start);
		return end === -1 ? text.length : end + 2;
	}
	BLANK_LINE.lastIndex = start;
	return BLANK_LINE.test(text) ? BLANK_LINE.lastIndex : text.length;
}

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

/** Where the line begins that a place in an event is in. */
function lineStart(text: string, start: number, at: number): number {
	let line = start;
	let end = text.indexOf("\n", line);
	while (end !== -1 && end < at) {
		line = end + 1;
		end = text.indexOf("\n", line);
	}
	return line;
}

function anyLineStart(text: string, start: number, at: number): number {
	let line = start;
	LINE_END.lastIndex = start;
	while (LINE_END.test(text) && LINE_END.lastIndex <= at) line = LINE_END.lastIndex;
	return line;
}

const LINE_END = /[\r\n]/g;
