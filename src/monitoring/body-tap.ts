/** Sees an answer's body while its reader reads it, and never before. Its methods do not throw. */
export interface BodyTap {
	/** Whether it has seen all that it wants to. */
	readonly isOver: boolean;
	/** Whether the reader may get other bytes than were sent. */
	readonly altersBytes: boolean;
	/** Bytes on their way to their reader, whose own they are: none are kept. The answer is what the reader gets instead. */
	bytes(chunk: Uint8Array): Uint8Array;
	/** There are no more; the answer is what was held back, if anything. */
	end(): Uint8Array | undefined;
	/** The body was read as JSON. */
	json(value: unknown): void;
	/** The body was read as text. */
	text(text: string): void;
	/** Reading it failed. */
	failed(error: unknown): void;
	/** The reader wants no more. */
	left(): void;
	/** What nobody has begun to read, nobody can read any more. */
	forgotten(): void;
	/** How it is read cannot be seen. */
	unwatched(): void;
	/** Nor can anybody read on. */
	dropped(): void;
	/** From now on somebody should read it. */
	waits(): void;
	/** A read begins. */
	reading(): void;
	/** It has ended. */
	rested(): void;
}

/** How the body of one response is read. */
export interface TapState {
	/** Its reader leaves by giving up its lock: then the stream is cancelled. */
	readonly leavesByUnlocking: boolean;
	/** Somebody reads the stream itself. */
	isByBytes: boolean;
	/** The response reads its own stream: what comes of it is looked at, and not the bytes. */
	isWhole: boolean;
}
