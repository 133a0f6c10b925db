import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import type { LedgerRow } from "./ledger-row.ts";
import { readRow } from "./read-row.ts";
import { type PageSlice, ROW_WIDTH } from "./row-page.ts";

/** "HASP": the first four bytes of a frame. Then its generation, length and checksum, four bytes each. */
const MAGIC = 0x50534148;
/** Bytes before a frame's rows. */
export const FRAME_HEADER = 16;

/** Rows as bytes that tell by themselves whether they are whole. */
export function encodeFrame({ from, names, to, values }: PageSlice, generation: number): Buffer {
	const numbers = values.subarray(from * ROW_WIDTH, to * ROW_WIDTH);
	const text = Buffer.from(JSON.stringify(names));
	const length = Buffer.alloc(4);
	length.writeUInt32LE(text.length);
	// A copy: zlib does not take memory that threads share.
	const bytes = Buffer.from(new Float64Array(numbers).buffer);
	const body = deflateRawSync(Buffer.concat([length, text, bytes]), { level: 1 });
	const header = Buffer.alloc(FRAME_HEADER);
	header.writeUInt32LE(MAGIC, 0);
	header.writeUInt32LE(generation, 4);
	header.writeUInt32LE(body.length, 8);
	header.writeUInt32LE(crc32(body, generation), 12);
	return Buffer.concat([header, body]);
}

/** The rows of each frame, up to the first that is not whole, or of another generation than the first. */
export function* decodeFrames(bytes: Buffer): Generator<LedgerRow[]> {
	if (bytes.length < FRAME_HEADER) return;
	const generation = bytes.readUInt32LE(4);
	let at = 0;
	while (at + FRAME_HEADER <= bytes.length) {
		const end = at + FRAME_HEADER + bytes.readUInt32LE(at + 8);
		if (bytes.readUInt32LE(at) !== MAGIC || bytes.readUInt32LE(at + 4) !== generation || end > bytes.length)
			return;
		const body = bytes.subarray(at + FRAME_HEADER, end);
		if (crc32(body, generation) !== bytes.readUInt32LE(at + 12)) return;
		yield rowsOfBody(inflateRawSync(body));
		at = end;
	}
}

function rowsOfBody(body: Buffer): LedgerRow[] {
	const textEnd = 4 + body.readUInt32LE(0);
	// The list that encodeFrame has written: the checksum says so.
	const names = JSON.parse(body.toString("utf8", 4, textEnd)) as readonly string[];
	// A copy, because numbers want to begin at a multiple of eight bytes.
	const values = new Float64Array(new Uint8Array(body.subarray(textEnd)).buffer);
	const slice: PageSlice = { values, names, from: 0, to: values.length / ROW_WIDTH };
	return rowsOf(slice);
}

/** All rows of a slice, in their order. */
export function rowsOf(slice: PageSlice): LedgerRow[] {
	const rows: LedgerRow[] = [];
	for (let index = slice.from; index < slice.to; index += 1) rows.push(readRow(slice, index));
	return rows;
}
