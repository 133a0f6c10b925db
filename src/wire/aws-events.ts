import { isRecord } from "./is-record.ts";

/** Lengths and a checksum stand before a message's headers, and a checksum behind its payload. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
/** AWS has no larger ones, in bytes: 24 MiB. */
const MAX_MESSAGE_BYTES: number = 24 * 1024 * 1024;
/** A header's value that is text. */
const STRING = 7;

/** Whether a `content-type` is that of an AWS event stream. */
export function isAwsEvents(type: string | null): boolean {
	return /^\s*application\/vnd\.amazon\.eventstream/i.test(type ?? "");
}

/**
 * Events out of the messages in which Bedrock sends what others send as server-sent events: JSON with the event in base64.
 * Checksums are for the reader to check.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html for the framing
 */
export class AwsEvents {
	/** A part of it could not be read. */
	hasSkipped = false;
	readonly #onEvent: (name: string | undefined, data: string) => void;
	/** The beginning of a message whose end has not come. */
	#held: Buffer = Buffer.alloc(0);
	/** Nobody knows where the next message begins. */
	#isLost = false;

	/** @param onEvent is given the data as Latin-1 text, a character a byte */
	constructor(onEvent: (name: string | undefined, data: string) => void) {
		this.#onEvent = onEvent;
	}

	/** The next bytes. */
	push(chunk: Uint8Array): void {
		if (this.#isLost) return;
		// A copy: the bytes are their reader's.
		let rest = Buffer.concat([this.#held, chunk]);
		while (rest.length >= PRELUDE_BYTES) {
			const size = rest.readUInt32BE(0);
			const payloadAt = PRELUDE_BYTES + rest.readUInt32BE(4);
			if (payloadAt + CHECKSUM_BYTES > size || size > MAX_MESSAGE_BYTES) {
				this.hasSkipped = true;
				this.#isLost = true;
				this.#held = Buffer.alloc(0);
				return;
			}
			if (rest.length < size) break;
			this.#message(rest.subarray(PRELUDE_BYTES, payloadAt), rest.subarray(payloadAt, size - CHECKSUM_BYTES));
			rest = rest.subarray(size);
		}
		this.#held = rest;
	}

	/** There are no more bytes. */
	end(): void {
		if (this.#held.length > 0) this.hasSkipped = true;
	}

	#message(headers: Buffer, payload: Buffer): void {
		const { ":exception-type": exception, ":error-code": code, ":error-message": told } = textsOf(headers);
		const value = valueOf(payload);
		const type = exception ?? code;
		if (type !== undefined) {
			const error = { type, message: told ?? value?.["message"] };
			this.#onEvent("error", Buffer.from(JSON.stringify({ type: "error", error })).toString("latin1"));
		} else if (typeof value?.["bytes"] === "string") {
			this.#onEvent(undefined, Buffer.from(value["bytes"], "base64").toString("latin1"));
		} else if (value === undefined) this.hasSkipped = true;
	}
}

/** The headers that are text; Bedrock has no others. */
function textsOf(headers: Buffer): Readonly<Record<string, string | undefined>> {
	const texts: Record<string, string> = {};
	let at = 0;
	while (at < headers.length) {
		const nameEnd = at + 1 + headers.readUInt8(at);
		if (nameEnd + 3 > headers.length || headers.readUInt8(nameEnd) !== STRING) break;
		const end = nameEnd + 3 + headers.readUInt16BE(nameEnd + 1);
		texts[headers.toString("utf8", at + 1, nameEnd)] = headers.toString("utf8", nameEnd + 3, end);
		at = end;
	}
	return texts;
}

function valueOf(payload: Buffer): Readonly<Record<string, unknown>> | undefined {
	try {
		const value: unknown = JSON.parse(payload.toString("utf8"));
		return isRecord(value) ? value : undefined;
	} catch {
		return undefined;
	}
}
