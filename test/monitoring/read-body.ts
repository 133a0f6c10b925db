/** Ways to read a body that the types of Node 22 do not have, or not in one piece. */

export function bodyOf({ body }: Response): ReadableStream<Uint8Array> {
	if (body === null) throw new Error("There is no body.");
	return body;
}

/** `response.bytes()`, which the types of Node 22 leave out. */
export async function bytesOf(response: Response): Promise<Uint8Array> {
	return (response as unknown as { bytes(): Promise<Uint8Array> }).bytes();
}

export async function joined(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
	const all: Uint8Array[] = [];
	for await (const part of parts) all.push(part);
	return Buffer.concat(all);
}
