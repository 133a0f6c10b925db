import type { StreamReader, WatchedReader } from "./watched-reader.ts";

/** How a stream is piped. */
export type PipeOptions = Parameters<ReadableStream["pipeTo"]>[1];

/**
 * A stream of what a reader reads, for what works on streams from the inside. It asks only when it is asked.
 *
 * @param isBytes whether it is to be one of bytes, as the streams of `fetch` are: their readers may bring buffers
 */
export function passing(reader: WatchedReader, isBytes: boolean): ReadableStream<Uint8Array> {
	const cancel = (reason: unknown): Promise<void> => reader.cancel(reason);
	// Failures pass at once, whether or not anybody reads.
	const start = (controller: { error(reason: unknown): void }): void =>
		reader.whenFailed((reason) => controller.error(reason));
	if (isBytes) {
		return new ReadableStream({
			type: "bytes",
			start,
			async pull(controller): Promise<void> {
				const { done, value } = await reader.read();
				if (!done) controller.enqueue(new Uint8Array(value));
				else {
					controller.close();
					controller.byobRequest?.respond(0);
				}
			},
			cancel,
		});
	}
	return new ReadableStream<Uint8Array>(
		{
			start,
			async pull(controller): Promise<void> {
				const { done, value } = await reader.read();
				if (done) controller.close();
				else controller.enqueue(value);
			},
			cancel,
		},
		{ highWaterMark: 0 },
	);
}

/** Sends what a reader reads into a stream, and gives up its lock when that has ended. */
export async function pipe(
	reader: WatchedReader,
	destination: WritableStream<Uint8Array>,
	options: PipeOptions,
): Promise<void> {
	try {
		await passing(reader, false).pipeTo(destination, options);
	} finally {
		reader.releaseLock();
	}
}

/** Whether a stream is one of bytes: nothing else says so. */
export function isByteStream(getReader: (options: { mode: "byob" }) => StreamReader): boolean {
	try {
		getReader({ mode: "byob" }).releaseLock();
		return true;
	} catch {
		return false;
	}
}
