/** Recorded streams as they come over the wire, cut into pieces, and what our readers make of them. */
import { readerFor } from "../../src/wire/reader-for.ts";
import { SseParser } from "../../src/wire/sse-parser.ts";
import type { WireFormat } from "../../src/wire/wire-format.ts";
import type { WireReader } from "../../src/wire/wire-reader.ts";
import { isRecord } from "../../src/wire/is-record.ts";
import { recordedEvents, recordingsOf } from "./recordings.ts";

/** The folders of the recordings, and the format of the API in each. */
const RECORDED: readonly (readonly [folder: string, format: WireFormat])[] = [
	["openai-chat", "openai-chat"],
	["openai-completions", "openai-completions"],
	["openai-responses", "openai-responses"],
	["anthropic-messages", "anthropic-messages"],
	["google-generate-content", "gemini-generate"],
];

/** Every recorded stream. */
export const STREAMS: readonly (readonly [folder: string, name: string, format: WireFormat])[] =
	RECORDED.flatMap(([folder, format]) =>
		recordingsOf(folder, ".chunks.txt").map((name) => [folder, name, format] as const),
	);

/** Every recorded body that is no error. */
export const BODIES: readonly (readonly [folder: string, name: string, format: WireFormat])[] = [
	...RECORDED,
	["openai-embeddings", "openai-embeddings"] as const,
].flatMap(([folder, format]) =>
	recordingsOf(folder, ".json")
		.filter((name) => !name.startsWith("error"))
		.map((name) => [folder, name, format] as const),
);

/** The events of a stream of that API in the framing that it has on the wire, the end mark included. */
export function framed(format: WireFormat, events: readonly string[]): readonly Buffer[] {
	switch (format) {
		case "openai-chat":
		case "openai-completions":
			return [...events, "[DONE]"].map((data) => Buffer.from(`data: ${data}\n\n`));
		case "openai-responses":
		case "anthropic-messages":
			return events.map((data) => Buffer.from(`event: ${typeOf(data)}\ndata: ${data}\n\n`));
		case "openai-embeddings":
		case "gemini-generate":
		case "gemini-embed":
			return events.map((data) => Buffer.from(`data: ${data}\r\n\r\n`));
	}
}

/** A recorded stream, one buffer an event. */
export function recordedStream(folder: string, name: string, format: WireFormat): readonly Buffer[] {
	return framed(format, recordedEvents(folder, name));
}

function typeOf(data: string): string {
	const event: unknown = JSON.parse(data);
	return isRecord(event) ? String(event["type"]) : "";
}

/** What a reader says at the end. */
export function said(reader: WireReader): Omit<WireReader, "event" | "body"> {
	const { error, firstToken, isComplete, isEmpty, isEnded, model, usage } = reader;
	return { error, firstToken, isComplete, isEmpty, isEnded, model, usage };
}

/** Reads a stream that comes in these pieces. */
export function readPieces(
	format: WireFormat,
	pieces: Iterable<Uint8Array>,
): Omit<WireReader, "event" | "body"> {
	const reader = readerFor(format);
	const parser = new SseParser((name, data) => reader.event(name, data));
	for (const piece of pieces) parser.push(piece);
	parser.end();
	return said(reader);
}

/** Reads the events of a stream, given as their data. */
export function readEvents(
	format: WireFormat,
	...events: readonly unknown[]
): Omit<WireReader, "event" | "body"> {
	const data = events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)));
	const frames = framed(format, data);
	// Without the end mark: who wants one says so.
	return readPieces(format, frames.slice(0, data.length));
}

/** Reads a whole body. */
export function readBody(format: WireFormat, body: unknown): Omit<WireReader, "event" | "body"> {
	const reader = readerFor(format);
	reader.body(body);
	return said(reader);
}

/** The bytes one by one. */
export function* byteByByte(bytes: Uint8Array): Generator<Uint8Array> {
	for (let index = 0; index < bytes.length; index += 1) yield bytes.subarray(index, index + 1);
}

/** The bytes in pieces of these sizes, the last one of the rest. */
export function cutInto(bytes: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
	const pieces: Uint8Array[] = [];
	let from = 0;
	for (const size of sizes) {
		if (from >= bytes.length) break;
		pieces.push(bytes.subarray(from, from + size));
		from += size;
	}
	if (from < bytes.length) pieces.push(bytes.subarray(from));
	return pieces;
}
