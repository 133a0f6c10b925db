/** The JSON of Latin-1 text that stands for the wire's bytes; `undefined` where it is none. Its texts are still Latin-1. */
export function latin1Json(data: string): unknown {
	try {
		return JSON.parse(data);
	} catch {
		return undefined;
	}
}

/** The wire's bytes as Latin-1 text, a character a byte. */
export function latin1({ buffer, byteLength, byteOffset }: Uint8Array): string {
	return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

/** Whether an event begins like JSON and is none: what does not begin so may be a server's sign of life. */
export function isBroken(data: string): boolean {
	return data.startsWith("{") && latin1Json(data) === undefined;
}

/** A text of such JSON as it was meant: ASCII, mostly, and the same then. */
export function wireText(latin1: string): string {
	// Escapes may have brought characters that no byte stands for: then it was not cut out of bytes alone.
	return /^[\0-\x7f]*$/.test(latin1) || /[^\0-\xff]/.test(latin1)
		? latin1
		: Buffer.from(latin1, "latin1").toString("utf8");
}
