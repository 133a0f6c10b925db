import type { IncomingMessage } from "node:http";

/** The most that a form may be. */
const MOST_BYTES = 4096;

/** A form's fields, or why there are none, as an HTTP status. */
export type ReadForm = URLSearchParams | 400 | 413 | 415;

/** Reads `application/x-www-form-urlencoded` of 4 KiB at most; what is larger is not read on. */
export async function readForm(incoming: IncomingMessage): Promise<ReadForm> {
	const { headers } = incoming;
	const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
	if (type !== "application/x-www-form-urlencoded" || headers["content-encoding"] !== undefined) return 415;
	if (Number(headers["content-length"] ?? 0) > MOST_BYTES) return 413;
	const chunks: Buffer[] = [];
	let size = 0;
	return new Promise((resolve) => {
		incoming.on("data", (chunk: Buffer) => {
			size += chunk.length;
			if (size <= MOST_BYTES) chunks.push(chunk);
			else resolve(413);
		});
		incoming.once("end", () => resolve(new URLSearchParams(Buffer.concat(chunks).toString())));
		incoming.once("error", () => resolve(400));
		incoming.once("close", () => resolve(400));
	});
}
