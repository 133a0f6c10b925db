import type { ParsedUsage } from "./parsed-usage.ts";

/** Reads what one answer says while it passes by. Nothing throws. */
export interface WireReader {
	/**
	 * One event of a stream: its name (`event:`), where it has one, and its data, as Latin-1 text of the wire's bytes (one
	 * character a byte): structure and ASCII are right, other text is decoded where it is kept.
	 */
	event(name: string | undefined, data: string): void;
	/** A whole answer: the parsed JSON body. */
	body(value: unknown): void;
	/** What was said of the usage by now; later reports replace earlier ones as the API defines. */
	readonly usage: ParsedUsage;
	/** The answering model, in the provider's words. */
	readonly model: string | undefined;
	/** What the first token of a stream was of, once it is here. */
	readonly firstToken: "answer" | "reasoning" | undefined;
	/** Nothing that the API knows has come. */
	readonly isEmpty: boolean;
	/** The provider has said all of its usage that it will. */
	readonly isComplete: boolean;
	/** The API's end mark was seen. */
	readonly isEnded: boolean;
	/** The error that was said under HTTP 200, for `classifyError`; `undefined` where none was. */
	readonly error: unknown;
}
